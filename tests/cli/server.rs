//! The server in process, on free ports.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::sandbox::Sandbox;

pub(super) async fn connect(address: Option<SocketAddr>) -> BufReader<TcpStream> {
    BufReader::new(TcpStream::connect(address.unwrap()).await.unwrap())
}

pub(super) async fn encrypt(stream: TcpStream, certificate: &Path) -> BufReader<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    BufReader::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap())
}

pub(super) async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    line
}

pub(super) async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// Skips the lines of an EHLO answer.
async fn after_ehlo<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) {
    while line(stream).await.starts_with("250-") {}
}

/// The whole answer to a request without a body, as in `GET /health/ready`.
pub(super) async fn http(address: Option<SocketAddr>, request: &str) -> String {
    answer_to(address, &format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
}

/// The whole answer to a whole request.
pub(super) async fn answer_to(address: Option<SocketAddr>, request: &str) -> String {
    let mut stream = connect(address).await;
    say(&mut stream, request).await;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn every_port_speaks_its_protocol() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let addresses = server.addresses();
    let certificate = sandbox.path("tls/cert.pem");

    assert!(line(&mut connect(addresses.imap).await).await.starts_with("* OK "));
    assert!(line(&mut connect(addresses.submission).await).await.starts_with("220 "));
    let mut imaps = encrypt(connect(addresses.imaps).await.into_inner(), &certificate).await;
    assert!(line(&mut imaps).await.starts_with("* OK "));
    let mut submissions = encrypt(connect(addresses.submissions).await.into_inner(), &certificate).await;
    assert!(line(&mut submissions).await.starts_with("220 "));
    server.stop().await;
}

#[tokio::test]
async fn starttls_goes_on_encrypted_without_a_second_greeting() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let addresses = server.addresses();
    let certificate = sandbox.path("tls/cert.pem");

    let mut imap = connect(addresses.imap).await;
    line(&mut imap).await;
    say(&mut imap, "a STARTTLS\r\n").await;
    assert!(line(&mut imap).await.starts_with("a OK"));
    let mut imap = encrypt(imap.into_inner(), &certificate).await;
    say(&mut imap, "b NOOP\r\n").await;
    assert!(line(&mut imap).await.starts_with("b OK"));
    say(&mut imap, "c STARTTLS\r\n").await;
    assert!(line(&mut imap).await.starts_with("c BAD"));

    let mut smtp = connect(addresses.submission).await;
    line(&mut smtp).await;
    say(&mut smtp, "EHLO client.test\r\n").await;
    after_ehlo(&mut smtp).await;
    say(&mut smtp, "STARTTLS\r\n").await;
    assert!(line(&mut smtp).await.starts_with("220 "));
    let mut smtp = encrypt(smtp.into_inner(), &certificate).await;
    say(&mut smtp, "NOOP\r\n").await;
    assert!(line(&mut smtp).await.starts_with("250 "));
    server.stop().await;
}

#[tokio::test]
async fn stopping_says_goodbye_and_the_store_can_be_opened_again() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let addresses = server.addresses();
    let mut imap = connect(addresses.imap).await;
    let mut smtp = connect(addresses.submission).await;
    line(&mut imap).await;
    line(&mut smtp).await;
    server.stop().await;
    assert!(line(&mut imap).await.starts_with("* BYE "));
    assert_eq!(line(&mut imap).await, "");
    assert!(line(&mut smtp).await.starts_with("421 "));
    assert_eq!(line(&mut smtp).await, "");
    assert!(TcpStream::connect(addresses.imap.unwrap()).await.is_err());
    sandbox.start().await.stop().await;
}

#[tokio::test]
async fn a_client_in_the_middle_of_its_handshake_does_not_hold_the_server_up() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let mut silent = connect(server.addresses().imaps).await;
    silent.write_all(b"\x16\x03\x01").await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let sandbox = Sandbox::with("handshake_seconds_max = 1\n");
    let server = sandbox.start().await;
    let mut silent = connect(server.addresses().imaps).await;
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap(), 0);
    server.stop().await;
}

#[tokio::test]
async fn beyond_the_limit_clients_wait_and_are_served_when_there_is_room() {
    let sandbox = Sandbox::with("connections_max = 2\n");
    let server = sandbox.start().await;
    let addresses = server.addresses();
    let mut first = connect(addresses.imap).await;
    let mut second = connect(addresses.submission).await;
    line(&mut first).await;
    line(&mut second).await;
    // It is taken by the system, not by us: no greeting as long as both are there …
    let mut third = connect(addresses.imap).await;
    say(&mut first, "a NOOP\r\n").await;
    line(&mut first).await;
    assert_eq!(third.get_ref().try_read(&mut [0; 16]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    // … and health is told all the same.
    assert!(http(addresses.http, "GET /health/ready").await.starts_with("HTTP/1.1 200"));
    drop(first);
    assert!(line(&mut third).await.starts_with("* OK "));
    server.stop().await;
}

#[tokio::test]
async fn the_http_port_has_places_of_its_own() {
    let sandbox = Sandbox::with("http_connections_max = 1\n");
    let server = sandbox.start().await;
    let mut first = connect(server.addresses().http).await;
    say(&mut first, "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(line(&mut first).await.starts_with("HTTP/1.1 200"));
    let mut second = connect(server.addresses().http).await;
    say(&mut second, "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(line(&mut connect(server.addresses().imap).await).await.starts_with("* OK "));
    assert_eq!(second.get_ref().try_read(&mut [0; 16]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    drop(first);
    assert!(line(&mut second).await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn the_directory_has_places_of_its_own() {
    let sandbox = Sandbox::with("ldap = \"127.0.0.1:0\"\nldap_connections_max = 1\n");
    let server = sandbox.start().await;
    let addresses = server.addresses();
    // The server's own entry, which anybody may see.
    let search =
        "0%\u{2}\u{1}\u{1}c \u{4}\0\n\u{1}\0\n\u{1}\0\u{2}\u{1}\0\u{2}\u{1}\0\u{1}\u{1}\0\u{87}\u{b}objectClass0\0";
    let search: Vec<u8> = search.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect();
    let mut first = connect(addresses.ldap).await;
    first.get_mut().write_all(&search).await.unwrap();
    assert_eq!(first.get_mut().read_u8().await.unwrap(), 0x30);
    let mut second = connect(addresses.ldap).await;
    second.get_mut().write_all(&search).await.unwrap();
    assert!(line(&mut connect(addresses.imap).await).await.starts_with("* OK "));
    assert_eq!(second.get_ref().try_read(&mut [0; 16]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    drop(first);
    assert_eq!(second.get_mut().read_u8().await.unwrap(), 0x30);
    server.stop().await;
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off() {
    let sandbox = Sandbox::with("stop_seconds_max = 1\n");
    let server = sandbox.start().await;
    // Half a request: the connection would wait for the rest.
    let mut half = connect(server.addresses().http).await;
    say(&mut half, "GET /health/ready HTTP/1.1\r\n").await;
    http(server.addresses().http, "GET /health/ready").await;
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(5), server.stop()).await;
    assert!(stopped.is_ok());
}

#[tokio::test]
async fn the_http_port_answers_health_and_set_up_and_nothing_else() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let addresses = server.addresses();
    let health = http(addresses.http, "GET /health/ready").await;
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"), "{health}");
    for path in ["/mail/config-v1.1.xml?emailaddress=a%40school.test", "/.well-known/autoconfig/mail/config-v1.1.xml"] {
        let answer = http(addresses.http, &format!("GET {path}")).await;
        assert!(answer.contains("content-type: text/xml"), "{answer}");
        for address in [addresses.imap, addresses.imaps, addresses.submission, addresses.submissions] {
            assert!(answer.contains(&format!("<port>{}</port>", address.unwrap().port())), "{answer}");
        }
    }
    for request in ["GET /x", "POST /autodiscover/x.xml", "GET /../x", "GET /metrics", "GET /status", "GET /person"] {
        assert!(http(addresses.http, request).await.starts_with("HTTP/1.1 404"), "{request}");
    }
    // Nobody is signed in.
    for (request, answer) in [("GET /", "303"), ("PUT /", "405"), ("PROPFIND /.well-known/carddav", "301")] {
        let told = http(addresses.http, request).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {answer}")), "{request}: {told}");
    }
    assert!(http(addresses.http, "PUT /health/ready").await.starts_with("HTTP/1.1 405"));
    server.gateway().store().close().await;
    assert!(http(addresses.http, "GET /health/ready").await.starts_with("HTTP/1.1 503"));
    assert!(http(addresses.http, "GET /health/live").await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn https_answers_the_same_with_the_certificate_of_the_mail_ports() {
    let sandbox = Sandbox::with("handshake_seconds_max = 1\n");
    let server = sandbox.start().await;
    let address = server.addresses().https.unwrap();
    let ask = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let stream = TcpStream::connect(address).await.unwrap();
    let mut encrypted = encrypt(stream, &sandbox.path("tls/cert.pem")).await;
    say(&mut encrypted, ask).await;
    assert!(line(&mut encrypted).await.starts_with("HTTP/1.1 200"));
    // Without TLS nothing is answered, and who says nothing does not stay.
    let plain = answer_to(Some(address), ask).await;
    assert!(!plain.contains("HTTP"), "{plain}");
    let mut silent = connect(Some(address)).await;
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), silent.read(&mut [0; 16])).await;
    assert_eq!(ended.expect("an end").unwrap(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let error = sandbox.try_start().await.err().unwrap().to_string();
    assert!(error.contains("is in use by another process"), "{error}");
    assert!(line(&mut connect(server.addresses().imap).await).await.starts_with("* OK "), "the first one goes on");
    server.stop().await;
}
