//! A browser as plain as can be: TLS with or without a client certificate, one cookie, forms.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::sandbox::Sandbox;

/// Who signs client certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A client certificate and its key.
pub(crate) struct Identity {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { certificate: self.certificate.clone(), key: self.key.clone() }
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Operators");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// For somebody; `until`: the year in which it ends.
    pub(crate) fn issue(&self, name: Option<&str>, until: i32) -> Identity {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        if let Some(name) = name {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(until, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.der().to_vec(), key: key.serialize_der() }
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
    }

    /// What a form of the page would bring.
    pub(crate) fn token(&self) -> String {
        let rest = self.body.split("name=\"token\" value=\"").nth(1).unwrap_or_else(|| panic!("{}", self.body));
        rest.split('"').next().unwrap().to_owned()
    }
}

/// One person before a browser.
pub(crate) struct Browser {
    address: SocketAddr,
    connector: TlsConnector,
    pub(crate) cookie: Option<String>,
    /// More lines of each request's head.
    pub(crate) headers: String,
}

impl Browser {
    pub(crate) fn new(sandbox: &Sandbox, address: Option<SocketAddr>, identity: Option<&Identity>) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(sandbox.path("tls/cert.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(Identity { certificate, key }) => {
                let chain = vec![CertificateDer::from(certificate.clone())];
                builder.with_client_auth_cert(chain, PrivateKeyDer::try_from(key.clone()).unwrap()).unwrap()
            }
        };
        let connector = TlsConnector::from(Arc::new(config));
        Self { address: address.unwrap(), connector, cookie: None, headers: String::new() }
    }

    /// `None` where TLS itself turns it away.
    pub(crate) async fn try_ask(&mut self, method: &str, path: &str, form: Option<&str>) -> Option<Answer> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = self.connector.connect(name, stream).await.ok()?;
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}", self.headers);
        if let Some(cookie) = &self.cookie {
            request.push_str(&format!("Cookie: __Host-operator={cookie}\r\n"));
        }
        let body = form.unwrap_or_default();
        if form.is_some() {
            let length = body.len();
            request
                .push_str(&format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"));
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let text = String::from_utf8(answer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let answer = Answer { status, head: head.to_owned(), body: body.to_owned() };
        // The person's page has cookies of its own.
        if let Some(set) = answer.header("set-cookie").filter(|set| set.starts_with("__Host-operator=")) {
            assert!(set.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict") || set.contains("Max-Age=0"), "{set}");
            let value = set.split(['=', ';']).nth(1).unwrap();
            self.cookie = Some(value.to_owned()).filter(|value| !value.is_empty());
        }
        Some(answer)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.try_ask("GET", path, None).await.unwrap()
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.try_ask("POST", path, Some(form)).await.unwrap()
    }

    /// Sends a form with the token of a page.
    pub(crate) async fn send(&mut self, page: &str, path: &str, form: &str) -> Answer {
        let token = self.get(page).await.token();
        self.post(path, &format!("token={token}&{form}")).await
    }
}

/// A sandbox whose admin page is open; `admin`: more lines of its settings.
pub(crate) fn sandbox(sign_in: &str, authority: &Authority) -> Sandbox {
    let sandbox = Sandbox::new();
    dress(&sandbox, sign_in, authority);
    sandbox
}

/// Opens the admin page in these settings.
pub(crate) fn dress(sandbox: &Sandbox, sign_in: &str, authority: &Authority) {
    std::fs::write(sandbox.path("operators.pem"), authority.pem()).unwrap();
    sandbox.set("[listen]\n", "[listen]\nadmin = \"127.0.0.1:0\"\n");
    let ca = if sign_in == "password" { "" } else { "client_ca = \"operators.pem\"\n" };
    sandbox.set("[login]\n", &format!("[admin]\nsign_in = \"{sign_in}\"\n{ca}[login]\n"));
}
