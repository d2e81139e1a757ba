//! PostgreSQL by TLS; and what people see while it is away, in the middle of their sessions.

use std::time::{Duration, Instant};

use passerelle::domain::directory::Recipient;
use passerelle::store::{Store, Tx};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::cluster::Cluster;
use crate::world::{Client, PATIENCE, Site, add_people, send, user};

const VERIFIED: &str = "sslmode=verify-full&sslrootcert=CA";

#[tokio::test]
async fn tls_to_the_database_is_checked() {
    let Some(cluster) = Cluster::start() else { return };
    let store = Store::open(&cluster.url("localhost", VERIFIED), 2).await.unwrap();
    let encrypted = store.read((), |tx, ()| {
        Box::pin(async move {
            let Tx::Postgres(connection) = tx else { panic!("PostgreSQL") };
            let asked = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
            Ok(sqlx::query_scalar::<_, bool>(asked).fetch_one(&mut **connection).await?)
        })
    });
    assert!(encrypted.await.unwrap());
    store.close().await;
    // The certificate is for 127.0.0.1, and not for its neighbour, who can be reached all the same.
    let unchecked = cluster.url("127.0.0.2", "sslmode=verify-ca&sslrootcert=CA");
    Store::open(&unchecked, 2).await.unwrap().close().await;
    for (host, tls, why) in [
        ("127.0.0.2", VERIFIED, "a name that the certificate does not have"),
        ("localhost", "sslmode=verify-full", "an authority that nobody knows"),
        ("localhost", "sslmode=disable", "no TLS where the server wants it"),
    ] {
        assert!(Store::open(&cluster.url(host, tls), 2).await.is_err(), "{why}");
    }
}

/// One SMTP reply to one command, its last line.
async fn reply(smtp: &mut BufReader<TcpStream>, command: &str) -> String {
    smtp.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
    loop {
        let mut line = String::new();
        tokio::time::timeout(PATIENCE, smtp.read_line(&mut line)).await.expect(command).unwrap();
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_outlive_a_crash_of_the_database() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.url("localhost", VERIFIED);
    let site = Site::new(&url, "[store.postgres]\nconnect_seconds_max = 1\n");
    let server = site.start().await;
    add_people(&url, &server, 2).await;
    send(&server, Recipient::User(user(2)), "before").await;
    let mut imap = Client::log_in(&server, 2).await;
    imap.ok("SELECT INBOX").await;
    let mut idle = Client::idle(&server, 2).await;
    let mut smtp = BufReader::new(TcpStream::connect(server.addresses().submission.unwrap()).await.unwrap());
    smtp.read_line(&mut String::new()).await.unwrap();
    assert!(reply(&mut smtp, "EHLO c").await.starts_with("250 "));
    assert!(reply(&mut smtp, "AUTH PLAIN AHUxAHVuIG1vdCBkZSBwYXNzZSBsb25n").await.starts_with("235 "));
    for round in 1..=2 {
        cluster.crash();
        for command in ["FETCH 1 BODY.PEEK[]", "STORE 1 +FLAGS (\\Seen)", "LIST \"\" *", "STATUS INBOX (MESSAGES)"] {
            let answer = imap.tagged(command).await;
            assert!(answer.starts_with("NO [UNAVAILABLE]"), "{command}: {answer}");
        }
        let refused = reply(&mut smtp, "MAIL FROM:<u1@ent.test>").await;
        assert!(refused.starts_with("451 "), "{refused}");
        cluster.run();
        // The same sessions go on; at the first command, or a moment later.
        let started = Instant::now();
        while !imap.tagged("FETCH 1 BODY.PEEK[]").await.starts_with("OK") {
            assert!(started.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(reply(&mut smtp, "MAIL FROM:<u1@ent.test>").await.starts_with("250 "));
        assert!(reply(&mut smtp, "RSET").await.starts_with("250 "));
        send(&server, Recipient::User(user(2)), &format!("after {round}")).await;
        idle.hear(&format!("* {} EXISTS", round + 1)).await;
    }
    server.stop().await;
}
