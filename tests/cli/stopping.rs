//! Stopping: nobody new, nobody cut in the middle of something, and not everybody at the same moment.

use std::time::{Duration, Instant};

use passerelle::control::{AdminAnswer, AdminCommand, Password, UserCommand, ask};
use passerelle::server::Server;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::sandbox::Sandbox;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server with Anna and Bruno, who have a password.
async fn school(sandbox: &Sandbox) -> Server {
    let server = sandbox.start().await;
    let socket = sandbox.config().control_socket();
    let password = Password::new("a long password");
    for command in [
        AdminCommand::Import { folder: sandbox.write_school(), dry_run: false, school: None, suspend: None },
        AdminCommand::User(UserCommand::SetPassword { user: "anna.un".to_owned(), password }),
    ] {
        let answer = ask(&socket, &command).await.unwrap().unwrap();
        assert!(matches!(answer, AdminAnswer::Done | AdminAnswer::Import(_)), "{answer:?}");
    }
    server
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(address: Option<std::net::SocketAddr>) -> Self {
        Self(BufReader::new(TcpStream::connect(address.unwrap()).await.unwrap()))
    }

    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads on until a line begins so.
    async fn hear(&mut self, start: &str) {
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, self.0.read_line(&mut line)).await.expect(start).unwrap();
            assert_ne!(read, 0, "it ended before {start}");
            if line.starts_with(start) {
                return;
            }
        }
    }

    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        tokio::time::timeout(PATIENCE, self.0.read_to_string(&mut rest)).await.expect("an end").unwrap();
        rest
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_sent_is_finished() {
    let sandbox = Sandbox::new();
    let server = school(&sandbox).await;
    let (addresses, socket) = (server.addresses(), sandbox.config().control_socket());
    let mut rcpt = Client::connect(addresses.submission).await;
    let mut data = Client::connect(addresses.submission).await;
    for smtp in [&mut rcpt, &mut data] {
        smtp.say("EHLO c\r\nAUTH PLAIN AGFubmEudW4AYSBsb25nIHBhc3N3b3Jk\r\n").await;
        smtp.hear("235 ").await;
        smtp.say("MAIL FROM:<anna.un@school.test>\r\nRCPT TO:<anna.un@school.test>\r\n").await;
        smtp.hear("250 2.1.0").await;
        smtp.hear("250 2.1.5").await;
    }
    data.say("DATA\r\n").await;
    data.hear("354 ").await;
    data.say("From: anna.un@school.test\r\nSubject: half\r\n").await;
    let mut append = Client::connect(addresses.imap).await;
    append.say("a LOGIN anna.un \"a long password\"\r\nb APPEND INBOX {30}\r\n").await;
    append.hear("+ ").await;
    append.say("Subject: x\r\n").await;
    let mut idle = Client::connect(addresses.imap).await;
    idle.say("a LOGIN anna.un \"a long password\"\r\nb SELECT INBOX\r\nc IDLE\r\n").await;
    idle.hear("+ idling").await;

    let stopping = tokio::spawn(server.stop());
    assert!(idle.rest().await.starts_with("* BYE "));
    while TcpStream::connect(addresses.imap.unwrap()).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    append.say("\r\nBonjour, Bonjour\r\n").await;
    append.hear("b OK").await;
    assert!(append.rest().await.starts_with("* BYE "));
    data.say("\r\nBonjour\r\n.\r\n").await;
    data.hear("250 ").await;
    assert!(data.rest().await.starts_with("421 4.3.2 "));
    rcpt.say("DATA\r\n").await;
    rcpt.hear("354 ").await;
    rcpt.say("From: anna.un@school.test\r\nSubject: late\r\n\r\nBonjour\r\n.\r\n").await;
    rcpt.hear("250 ").await;
    assert!(rcpt.rest().await.starts_with("421 4.3.2 "));
    tokio::time::timeout(PATIENCE, stopping).await.unwrap().unwrap();
    assert!(!socket.exists());

    let server = sandbox.start().await;
    let mut imap = Client::connect(server.addresses().imap).await;
    imap.say("a LOGIN anna.un \"a long password\"\r\nb STATUS INBOX (MESSAGES)\r\n").await;
    imap.hear("* STATUS INBOX (MESSAGES 3)").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_told_one_after_the_other() {
    let sandbox = Sandbox::new();
    sandbox.set("drain_seconds = 0", "drain_seconds = 3");
    let server = sandbox.start().await;
    let addresses = server.addresses();
    let mut clients = Vec::new();
    for _ in 0..60 {
        let mut client = Client::connect(addresses.imap).await;
        client.hear("* OK").await;
        clients.push(client);
    }
    let started = Instant::now();
    let stopping = tokio::spawn(server.stop());
    let told = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            assert!(client.rest().await.starts_with("* BYE [UNAVAILABLE] "));
            started.elapsed()
        })
    });
    let mut times = Vec::new();
    for client in told.collect::<Vec<_>>() {
        times.push(client.await.unwrap());
    }
    stopping.await.unwrap();
    // All in one half: once in 2^59.
    let half = Duration::from_millis(1500);
    let early = times.iter().filter(|time| **time < half).count();
    assert!((1..60).contains(&early), "{times:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_same_signal_again_ends_it_at_once() {
    let sandbox = Sandbox::new();
    sandbox.set("drain_seconds = 0", "drain_seconds = 600");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    sandbox.set("imap = \"127.0.0.1:0\"", &format!("imap = \"127.0.0.1:{port}\""));
    let mut server = sandbox.serve();
    let mut clients: Vec<_> = (0..20).map(|_| std::net::TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    for client in &mut clients {
        std::io::Read::read_exact(client, &mut [0; 4]).unwrap();
    }
    server.signal("TERM");
    server.hear("stopping");
    let started = Instant::now();
    assert_eq!(server.stop("TERM"), Some(0));
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[test]
fn a_reload_says_what_needs_a_restart() {
    let sandbox = Sandbox::new();
    let mut server = sandbox.serve();
    assert!(!sandbox.done(&["reload"], "").contains("needs a restart"));
    sandbox.set("[listen]", "[imap]\npoll_seconds = 7\n[log]\nfilter = \"debug\"\n[listen]");
    let said = sandbox.done(&["reload"], "");
    assert!(said.contains("needs a restart: imap.poll_seconds") && !said.contains("log.filter"), "{said}");
    server.signal("HUP");
    let line = server.hear("need a restart");
    assert!(line.contains("imap.poll_seconds"), "{line}");
    sandbox.set("filter = \"debug\"", "filter = \"debug\"\nnonsense = 1");
    let refused = sandbox.refused(&["reload"], "");
    assert!(refused.contains("unknown key `log.nonsense`"), "{refused}");
    assert_eq!(server.stop("TERM"), Some(0));
}
