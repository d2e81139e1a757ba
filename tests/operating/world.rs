//! Servers of two teachers, on SQLite and, where there is one, on PostgreSQL; and what tests say to them.

use std::net::SocketAddr;

use passerelle::control::{AdminAnswer, AdminCommand, Password, UserCommand, execute};
use passerelle::server::Server;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::sandbox::Sandbox;
use crate::support;

pub(crate) const PASSWORD: &str = "a long password";

/// A sandbox on each engine, with more lines in `[listen]`.
pub(crate) async fn sandboxes(listen: &str) -> Vec<Sandbox> {
    let mut sandboxes = vec![Sandbox::new()];
    sandboxes.extend(support::postgres_url().await.map(|url| Sandbox::on_store(&url)));
    for sandbox in &sandboxes {
        sandbox.set("[listen]\n", &format!("[listen]\n{listen}"));
    }
    sandboxes
}

/// Does it as an admin would.
pub(crate) async fn done(server: &Server, command: AdminCommand) -> AdminAnswer {
    let answer = execute(server.gateway(), command).await;
    assert!(!matches!(answer, AdminAnswer::Refused(_) | AdminAnswer::Failed(_)), "{answer:?}");
    answer
}

/// Anna and Bruno come in, with passwords.
pub(crate) async fn fill(sandbox: &Sandbox, server: &Server) {
    let folder = sandbox.write_school();
    std::fs::write(folder.join("links.csv"), "from;to;both_ways\nanna.un;bruno.deux;yes\n").unwrap();
    done(server, AdminCommand::Import { folder, dry_run: false, school: None, suspend: None }).await;
    for user in ["anna.un", "bruno.deux"] {
        let (user, password) = (user.to_owned(), Password::new(PASSWORD));
        done(server, AdminCommand::User(UserCommand::SetPassword { user, password })).await;
    }
}

/// A conversation on a port without TLS.
pub(crate) struct Talk(BufReader<TcpStream>);

impl Talk {
    pub(crate) async fn to(address: Option<SocketAddr>) -> Self {
        Self(BufReader::new(TcpStream::connect(address.unwrap()).await.unwrap()))
    }

    /// Says something and listens until a line begins so; everything heard.
    pub(crate) async fn say(&mut self, text: &str, until: &str) -> String {
        self.0.write_all(text.as_bytes()).await.unwrap();
        self.hear(until).await
    }

    pub(crate) async fn hear(&mut self, until: &str) -> String {
        let mut heard = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).await.unwrap(), 0, "{heard}");
            heard.push_str(&line);
            if line.starts_with(until) {
                return heard;
            }
        }
    }
}

/// The whole answer to a request without a body, as in `GET /metrics`.
pub(crate) async fn http(address: Option<SocketAddr>, request: &str) -> String {
    let mut stream = TcpStream::connect(address.unwrap()).await.unwrap();
    let request = format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Sends a letter to these recipients; what was answered to the letter.
pub(crate) async fn send(address: Option<SocketAddr>, recipients: &[&str], letter: &str) -> String {
    let mut smtp = Talk::to(address).await;
    smtp.hear("220 ").await;
    smtp.say("EHLO x\r\n", "250 ").await;
    // \0anna.un\0a long password
    smtp.say("AUTH PLAIN AGFubmEudW4AYSBsb25nIHBhc3N3b3Jk\r\n", "235 ").await;
    smtp.say("MAIL FROM:<anna.un@school.test>\r\n", "250 ").await;
    for recipient in recipients {
        smtp.say(&format!("RCPT TO:<{recipient}>\r\n"), "").await;
    }
    smtp.say("DATA\r\n", "354 ").await;
    smtp.say(&format!("From: <anna.un@school.test>\r\nSubject: x\r\n\r\n{letter}\r\n.\r\n"), "").await
}
