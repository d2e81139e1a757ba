//! `/metrics`, scraped from a server at work.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::world::{PASSWORD, Talk, fill, http, sandboxes, send};
use passerelle::server::Server;

const LISTEN: &str = "metrics = \"127.0.0.1:0\"\n";

/// Series as written, with their values.
async fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let answer = http(server.addresses().metrics, "GET /metrics").await;
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain; version=0.0.4"), "{head}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.map(|line| line.rsplit_once(' ').unwrap());
    series.map(|(series, value)| (series.to_owned(), value.parse().unwrap())).collect()
}

/// Scrapes until it is so.
async fn until(server: &Server, so: impl Fn(&BTreeMap<String, f64>) -> bool) -> BTreeMap<String, f64> {
    let started = Instant::now();
    loop {
        let series = scrape(server).await;
        if so(&series) {
            return series;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{series:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted() {
    for sandbox in sandboxes(LISTEN).await {
        let server = sandbox.start().await;
        fill(&sandbox, &server).await;
        let addresses = server.addresses();
        let mut imap = Talk::to(addresses.imap).await;
        imap.say("a ID (\"name\" \"Thunderbird\" \"version\" \"153\")\r\n", "a OK").await;
        imap.say(&format!("b LOGIN bruno.deux \"wrong {PASSWORD}\"\r\n"), "b NO").await;
        imap.say(&format!("c LOGIN bruno.deux \"{PASSWORD}\"\r\n"), "c OK").await;
        imap.say("d SELECT INBOX\r\n", "d OK").await;
        imap.say("e STATUS nowhere (MESSAGES)\r\n", "e NO").await;
        imap.say("f IDLE\r\n", "+ ").await;

        let told = send(addresses.submission, &["bruno.deux@school.test", "nobody@school.test"], "x").await;
        assert!(told.starts_with("250 "), "{told}");
        imap.hear("* 1 EXISTS").await;
        // Its metric is written after the client has been told.
        let series = until(&server, |series| series["passerelle_push_seconds_count"] > 0.0).await;
        for (name, value) in [
            ("passerelle_connections{listener=\"imap\"}", 1.0),
            ("passerelle_connections_opened_total{listener=\"submission\"}", 1.0),
            ("passerelle_sessions{protocol=\"imap\",client=\"thunderbird\"}", 1.0),
            ("passerelle_sessions_opened_total{protocol=\"imap\",client=\"thunderbird\"}", 1.0),
            ("passerelle_logins_total{mechanism=\"password\",outcome=\"welcome\"}", 2.0),
            ("passerelle_logins_total{mechanism=\"password\",outcome=\"bad-credentials\"}", 1.0),
            ("passerelle_submissions_total{outcome=\"delivered\"}", 1.0),
            ("passerelle_submissions_total{outcome=\"refused\"}", 0.0),
            ("passerelle_recipients_total", 1.0),
            ("passerelle_refusals_total{protocol=\"smtp\",reason=\"unknown-recipient\"}", 1.0),
            ("passerelle_refusals_total{protocol=\"imap\",reason=\"bad-credentials\"}", 1.0),
            ("passerelle_refusals_total{protocol=\"imap\",reason=\"mailbox\"}", 1.0),
            ("passerelle_delivery_seconds_count", 1.0),
            ("passerelle_delivery_seconds_bucket{le=\"30\"}", 1.0),
            ("passerelle_push_seconds_count", 1.0),
            ("passerelle_push_seconds_bucket{le=\"10\"}", 1.0),
            ("passerelle_imap_command_seconds_count{command=\"select\"}", 1.0),
            ("passerelle_imap_command_seconds_count{command=\"login\"}", 2.0),
            ("passerelle_snapshots", 1.0),
            ("passerelle_spool_messages", 0.0),
            ("passerelle_build_info{version=\"0.1.0\"}", 1.0),
        ] {
            assert_eq!(series.get(name), Some(&value), "{name}: {series:#?}");
        }
        assert!(series["passerelle_store_work_seconds_count{work=\"write\"}"] > 2.0);
        assert!(series["passerelle_submission_bytes_total"] > 20.0);
        assert!(series["passerelle_disk_free_bytes"] < series["passerelle_disk_size_bytes"]);
        assert!(series["process_resident_memory_bytes"] > 1e6 && series["process_open_fds"] > 5.0);
        let started = series["process_start_time_seconds"];
        let now = passerelle::domain::clock::Clock::system().now().seconds() as f64;
        assert!((now - 3600.0..=now + 2.0).contains(&started), "{started}");
        assert!(series["passerelle_certificate_expiry_timestamp_seconds"] > now);
        let named = ["anna", "bruno", "school", "Lyc", "127.0.0"];
        assert!(!series.keys().any(|series| named.iter().any(|name| series.contains(name))), "{series:#?}");
        drop(imap);
        until(&server, |series| series["passerelle_sessions{protocol=\"imap\",client=\"thunderbird\"}"] == 0.0).await;
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_holds_is_counted() {
    for sandbox in sandboxes(LISTEN).await {
        let server = sandbox.start().await;
        fill(&sandbox, &server).await;
        let large = "0123456789abcdef\r\n".repeat(60_000);
        let told = send(server.addresses().submission, &["bruno.deux@school.test"], &large).await;
        assert!(told.starts_with("250 "), "{told}");
        server.gateway().count_everything().await.unwrap();
        let series = scrape(&server).await;
        for (name, value) in [
            ("passerelle_people", 2.0),
            // The sender's copy shows a Bcc.
            ("passerelle_messages", 2.0),
            ("passerelle_placements", 2.0),
            ("passerelle_large_bodies", 1.0),
            ("passerelle_quiet_letters", 0.0),
            ("passerelle_spool_bytes", 0.0),
        ] {
            assert_eq!(series.get(name), Some(&value), "{name}: {series:#?}");
        }
        assert!(series["passerelle_store_size_bytes"] > 10_000.0);
        let up = until(&server, |series| series.contains_key("passerelle_store_up")).await;
        assert_eq!(up["passerelle_store_up"], 1.0);
        server.gateway().store().close().await;
        server.gateway().observe().await;
        assert_eq!(scrape(&server).await["passerelle_store_up"], 0.0);
        server.stop().await;
    }
}

#[tokio::test]
async fn metrics_are_on_their_own_port_and_nowhere_else() {
    let sandbox = &sandboxes(LISTEN).await[0];
    let server = sandbox.start().await;
    let addresses = server.addresses();
    assert!(http(addresses.http, "GET /metrics").await.starts_with("HTTP/1.1 404"));
    for path in ["/", "/health/ready", "/status", "/autodiscover/autodiscover.xml"] {
        let answer = http(addresses.metrics, &format!("GET {path}")).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
    assert!(http(addresses.metrics, "POST /metrics").await.starts_with("HTTP/1.1 405"));
    server.stop().await;
}
