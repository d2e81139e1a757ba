//! Behind a balancer that says by the PROXY protocol for whom it connects.

use tokio::io::AsyncReadExt;

use crate::sandbox::Sandbox;
use crate::server::{connect, encrypt, http, line, say};

const CLIENT: &str = "PROXY TCP4 192.0.2.7 198.51.100.1 40000 993\r\n";
/// The balancer asks for itself whether we live.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";

fn behind_a_balancer() -> Sandbox {
    Sandbox::with("proxies = [\"127.0.0.1\"]\nhandshake_seconds_max = 1\n")
}

#[tokio::test]
async fn the_client_counts_and_not_the_balancer() {
    let sandbox = behind_a_balancer();
    let server = sandbox.start().await;
    let addresses = server.addresses();
    // Loopback may log in without TLS here; who is behind the balancer on loopback may not.
    let mut imap = connect(addresses.imap).await;
    say(&mut imap, CLIENT).await;
    let greeting = line(&mut imap).await;
    assert!(greeting.starts_with("* OK [CAPABILITY ") && greeting.contains(" LOGINDISABLED"), "{greeting}");
    say(&mut imap, "a LOGIN anne secret\r\n").await;
    let refusal = line(&mut imap).await;
    assert!(refusal.starts_with("a NO [PRIVACYREQUIRED] "), "{refusal}");
    let mut itself = connect(addresses.imap).await;
    say(&mut itself, std::str::from_utf8(LOCAL).unwrap()).await;
    assert!(!line(&mut itself).await.contains("LOGINDISABLED"));
    for address in [addresses.imaps, addresses.submissions] {
        let mut client = connect(address).await;
        say(&mut client, CLIENT).await;
        let mut client = encrypt(client.into_inner(), &sandbox.path("tls/cert.pem")).await;
        let greeting = line(&mut client).await;
        assert!(greeting.starts_with("* OK ") || greeting.starts_with("220 "), "{greeting}");
    }
    let mut https = connect(addresses.https).await;
    say(&mut https, CLIENT).await;
    let mut https = encrypt(https.into_inner(), &sandbox.path("tls/cert.pem")).await;
    say(&mut https, "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert!(line(&mut https).await.starts_with("HTTP/1.1 200 "));
    // A reverse proxy speaks HTTP there.
    assert!(http(addresses.http, "GET /health/live").await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn a_balancer_that_does_not_say_it_is_cut_off() {
    let sandbox = behind_a_balancer();
    let server = sandbox.start().await;
    for first in ["a LOGIN anne secret\r\n", "PROXY TCP4 nobody\r\n", "", "PROXY TCP4 192.0.2.7"] {
        let mut balancer = connect(server.addresses().imap).await;
        say(&mut balancer, first).await;
        // Silence takes `listen.handshake_seconds_max`. What was sent and not read may end it by a reset.
        assert_eq!(balancer.read(&mut [0; 16]).await.unwrap_or(0), 0, "{first:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn nobody_else_can_say_to_be_somebody_else() {
    let sandbox = Sandbox::with("proxies = [\"192.0.2.0/24\"]\n");
    let server = sandbox.start().await;
    let mut imap = connect(server.addresses().imap).await;
    assert!(line(&mut imap).await.starts_with("* OK "), "nobody waits for a header");
    say(&mut imap, CLIENT).await;
    assert!(line(&mut imap).await.contains(" BAD "));
    server.stop().await;
}
