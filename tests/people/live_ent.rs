//! The live ENT, asked who may write to whom: a small HTTP server that is slow, wrong, away, or lies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use passerelle::config::{Config, WhenAway};
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::directory::Recipient;
use passerelle::model::Timestamp;
use passerelle::sample;
use passerelle::sentences::Sentence;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{self, TestStore};
use crate::{DOMAIN, START, import, not_allowed, user, writes};

/// What the server says to everybody; nothing at all where it is empty.
pub(crate) struct Server {
    port: u16,
    says: Arc<Mutex<String>>,
    /// The heads of the requests that came.
    asked: Arc<Mutex<Vec<String>>>,
    /// Connections open now, and the most there were at once.
    open: Arc<(AtomicUsize, AtomicUsize)>,
}

impl Server {
    pub(crate) async fn start(says: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            says: Arc::new(Mutex::new(says.to_owned())),
            asked: Arc::default(),
            open: Arc::default(),
        };
        let (says, asked, open) = (Arc::clone(&server.says), Arc::clone(&server.asked), Arc::clone(&server.open));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (says, asked, open) = (says.lock().clone(), Arc::clone(&asked), Arc::clone(&open));
                tokio::spawn(async move {
                    let now = open.0.fetch_add(1, Ordering::SeqCst) + 1;
                    open.1.fetch_max(now, Ordering::SeqCst);
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0 {}
                    asked.lock().push(String::from_utf8(head).unwrap());
                    if says.is_empty() {
                        // Until the client has had enough.
                        let _ = stream.read_u8().await;
                    }
                    let _ = stream.write_all(says.as_bytes()).await;
                    open.0.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    pub(crate) fn says(&self, text: &str) {
        text.clone_into(&mut self.says.lock());
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().len()
    }
}

pub(crate) fn answer(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub(crate) const YES: &str = "{\"can_communicate\": true}";
pub(crate) const NO: &str = "{\"can_communicate\": false}";

pub(crate) async fn school(test: &TestStore, server: &Server, change: impl FnOnce(&mut Config)) -> (Gateway, Clock) {
    std::fs::write(test.folder.path().join("token"), "s3cret\n").unwrap();
    let text = format!("domain = '{DOMAIN}'\ndata_dir = '{}'\n", test.folder.path().display());
    let mut config: Config = toml::from_str(&text).unwrap();
    config.ent.communication_url = Some(format!("http://127.0.0.1:{}/zimbra/communication", server.port));
    config.ent.token_file = Some(test.folder.path().join("token"));
    config.ent.answer_milliseconds_max = 5000;
    change(&mut config);
    let clock = Clock::fixed(Timestamp::from_seconds(START));
    let gateway = Gateway::new(Arc::new(config), test.store.clone(), clock.clone()).unwrap();
    import(&gateway, &sample::school()).await;
    (gateway, clock)
}

#[tokio::test]
async fn the_ent_decides_and_what_is_known_here_still_counts() {
    let test = support::sqlite().await;
    let server = Server::start(&answer(YES)).await;
    let (gateway, _) = school(&test, &server, |_| {}).await;
    // No rule here would allow it.
    assert!(writes(&gateway, "theo.lambert", "catherine.perrin").await.is_ok());
    assert!(matches!(writes(&gateway, "theo.lambert", "direction.victor-hugo").await, Ok(Recipient::Group(_))));
    let asked = server.asked.lock().clone();
    let line =
        format!("GET /zimbra/communication?from=theo.lambert%40{DOMAIN}&to=catherine.perrin%40{DOMAIN} HTTP/1.1");
    assert!(asked[0].starts_with(&line) && asked[0].contains("authorization: Bearer s3cret\r\n"), "{}", asked[0]);
    assert!(asked[1].contains(&format!("&to=vh-direction%40{DOMAIN} ")), "{}", asked[1]);

    server.says(&answer(NO));
    // A rule here would allow it.
    assert_eq!(writes(&gateway, "theo.lambert", "nadia.roussel").await, Err(not_allowed("nadia.roussel")));
    // Neither oneself, nor the suspended, nor lists, nor unknown addresses are the ENT's to say.
    assert!(writes(&gateway, "theo.lambert", "theo.lambert").await.is_ok());
    server.says(&answer(YES));
    let refused = writes(&gateway, "theo.lambert", "tous.victor-hugo").await;
    assert!(matches!(refused, Err(Sentence::ListNotAllowed { .. })), "{refused:?}");
    assert!(matches!(writes(&gateway, "theo.lambert", "nobody").await, Err(Sentence::UnknownRecipient { .. })));
    gateway.suspend_user(&user(&gateway, "zoe.martin").await.id, "partie").await.unwrap();
    let refused = writes(&gateway, "theo.lambert", "zoe.martin").await;
    assert!(matches!(refused, Err(Sentence::RecipientSuspended { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_answer_is_remembered_for_a_while() {
    let test = support::sqlite().await;
    let server = Server::start(&answer(YES)).await;
    let (gateway, clock) = school(&test, &server, |config| config.ent.remember_seconds = 60).await;
    for _ in 0..3 {
        assert!(writes(&gateway, "theo.lambert", "catherine.perrin").await.is_ok());
    }
    assert_eq!(server.count(), 1);
    server.says(&answer(NO));
    clock.set(Timestamp::from_seconds(START + 59));
    assert!(writes(&gateway, "theo.lambert", "catherine.perrin").await.is_ok());
    // The other way is another question.
    assert!(writes(&gateway, "catherine.perrin", "theo.lambert").await.is_err());
    clock.set(Timestamp::from_seconds(START + 60));
    assert_eq!(writes(&gateway, "theo.lambert", "catherine.perrin").await, Err(not_allowed("catherine.perrin")));
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn what_is_no_answer_is_neither_yes_nor_no() {
    let test = support::sqlite().await;
    let yes = Server::start(&answer(YES)).await;
    let server = Server::start("").await;
    let (gateway, _) = school(&test, &server, |config| config.ent.failures_max = 1000).await;
    let away = Err(Sentence::RulesAway);
    let elsewhere = format!("Location: http://127.0.0.1:{}/\r\nContent-Length: 0\r\n\r\n", yes.port);
    let yes_in = |status: &str| answer(YES).replace("200 OK", status);
    for says in [
        format!("HTTP/1.1 302 Found\r\n{elsewhere}"),
        format!("HTTP/1.1 307 Temporary Redirect\r\n{elsewhere}"),
        yes_in("500 Internal Server Error"),
        yes_in("401 Unauthorized"),
        yes_in("206 Partial Content"),
        answer("{\"can_communicate\": \"true\"}"),
        answer("{\"can_communicate\": 1}"),
        answer("{\"can_communicate\": true, \"can_communicate\": false}"),
        answer("{\"canCommunicate\": true}"),
        answer("[true]"),
        answer("<html>Connectez-vous</html>"),
        answer(""),
        answer(YES).replace(" true}", " tr"),
        answer(&format!("{{\"x\": \"{}\", \"can_communicate\": true}}", "y".repeat(5000))),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n{}", "x".repeat(20_000), answer(YES)),
        "SSH-2.0-OpenSSH_9\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"can_communicate\": true}".to_owned(),
    ] {
        server.says(&says);
        assert_eq!(writes(&gateway, "theo.lambert", "nadia.roussel").await, away, "{says}");
    }
    assert_eq!(yes.count(), 0, "a redirect is not followed");
    std::fs::remove_file(test.folder.path().join("token")).unwrap();
    server.says(&answer(YES));
    assert_eq!(writes(&gateway, "theo.lambert", "nadia.roussel").await, away, "without its token it is not asked");
    std::fs::write(test.folder.path().join("token"), "a\nb").unwrap();
    assert_eq!(writes(&gateway, "theo.lambert", "nadia.roussel").await, away);
    std::fs::write(test.folder.path().join("token"), "new").unwrap();
    assert!(writes(&gateway, "theo.lambert", "nadia.roussel").await.is_ok(), "a new token needs no restart");
}

#[tokio::test]
async fn a_slow_ent_is_waited_for_no_longer_than_the_setting_says() {
    let test = support::sqlite().await;
    let server = Server::start("").await;
    let (gateway, _) = school(&test, &server, |config| {
        config.ent.answer_milliseconds_max = 500;
        config.ent.questions_at_once_max = 2;
        config.ent.failures_max = 1000;
    })
    .await;
    let started = Instant::now();
    let ask = |to| writes(&gateway, "theo.lambert", to);
    let asked = tokio::join!(ask("nadia.roussel"), ask("zoe.martin"), ask("sandrine.legoff"), ask("lucas.fontaine"));
    assert_eq!([&asked.0, &asked.1, &asked.2, &asked.3], [&Err(Sentence::RulesAway); 4]);
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(server.open.1.load(Ordering::SeqCst), 2, "questions_at_once_max");
}

#[tokio::test]
async fn an_ent_that_fails_is_left_alone_and_tried_again() {
    let test = support::sqlite().await;
    let server = Server::start("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").await;
    let (gateway, clock) = school(&test, &server, |config| {
        config.ent.failures_max = 3;
        config.ent.pause_seconds = 30;
        config.ent.remembered_max = 1;
    })
    .await;
    for _ in 0..10 {
        assert_eq!(writes(&gateway, "theo.lambert", "nadia.roussel").await, Err(Sentence::RulesAway));
    }
    assert_eq!(server.count(), 3);
    clock.set(Timestamp::from_seconds(START + 30));
    for _ in 0..10 {
        assert_eq!(writes(&gateway, "theo.lambert", "nadia.roussel").await, Err(Sentence::RulesAway));
    }
    assert_eq!(server.count(), 4, "one try after the pause");
    server.says(&answer(YES));
    clock.set(Timestamp::from_seconds(START + 60));
    for to in ["nadia.roussel", "zoe.martin", "catherine.perrin"] {
        assert!(writes(&gateway, "theo.lambert", to).await.is_ok());
    }
    assert_eq!(server.count(), 7);
}

#[tokio::test]
async fn by_setting_the_stored_rules_decide_while_the_ent_is_away() {
    let test = support::sqlite().await;
    let server = Server::start("").await;
    let (gateway, _) = school(&test, &server, |config| {
        config.ent.when_away = WhenAway::Rules;
        // Nobody listens there any more.
        config.ent.communication_url = Some("http://127.0.0.1:1/communication".to_owned());
    })
    .await;
    assert!(writes(&gateway, "theo.lambert", "nadia.roussel").await.is_ok());
    assert_eq!(writes(&gateway, "theo.lambert", "catherine.perrin").await, Err(not_allowed("catherine.perrin")));
    let sheet = gateway.explain(&user(&gateway, "theo.lambert").await, "nadia.roussel").await.unwrap().unwrap();
    assert!(matches!(sheet.ruling, passerelle::domain::policy::Ruling::Allow(_)));
}
