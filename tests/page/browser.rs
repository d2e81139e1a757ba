//! A browser as far as the page needs one: cookies, forms, where they come from. It follows nothing by itself.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Browser {
    port: u16,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What it says of where a form comes from.
    pub(crate) site: Option<&'static str>,
    pub(crate) origin: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What a hidden field of the page's main part holds: the last of that name.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let at = self.body.rfind(&mark).unwrap_or_else(|| panic!("no {name}: {}", self.body)) + mark.len();
        self.body[at..].split('"').next().unwrap().to_owned()
    }

    /// The app password that is shown.
    pub(crate) fn secret(&self) -> Option<String> {
        let at = self.body.find("data-text=\"")? + "data-text=\"".len();
        Some(self.body[at..].split('"').next().unwrap().to_owned())
    }
}

/// As a form or a query holds it.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

impl Browser {
    pub(crate) fn new(port: u16) -> Self {
        let origin = Some(format!("http://127.0.0.1:{port}"));
        Self { port, cookies: BTreeMap::new(), site: Some("same-origin"), origin }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", "").await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let mut from = String::new();
        if let Some(site) = self.site {
            from += &format!("Sec-Fetch-Site: {site}\r\n");
        }
        if let Some(origin) = &self.origin {
            from += &format!("Origin: {origin}\r\n");
        }
        from += "Content-Type: application/x-www-form-urlencoded\r\n";
        self.ask("POST", path, &from, &pairs.join("&")).await
    }

    pub(crate) async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.send(method, path, headers, body).await;
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await.unwrap();
        let text = String::from_utf8_lossy(&octets).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match cookie.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        Answer { status, headers, body: body.to_owned() }
    }

    /// Asks, and leaves the answer to be read.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = if cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", cookies.join("; ")) };
        let (port, length) = (self.port, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{cookies}{headers}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }
}
