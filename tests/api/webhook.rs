//! Webhooks: what is told, how often, and what becomes of it where receivers and gateways fail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use passerelle::domain::clock::Clock;
use passerelle::domain::directory::Recipient;
use passerelle::model::{Group, GroupId, GroupKind, UsersRule};
use passerelle::sample;
use ring::hmac;

use crate::receiver::{Answers, Received, Receiver};
use crate::support;
use crate::world::{MOTHER, PUPIL, TEACHER, World};

const SECRET: &str = "un secret partagé avec l'ENT";

/// Settings of one webhook, in the order that TOML wants: last.
pub(crate) fn hook(port: u16, secret: &std::path::Path, more: &str) -> String {
    std::fs::write(secret, format!("{SECRET}\n")).unwrap();
    format!(
        "[[webhook]]\nname = 'accueil'\nurl = 'http://127.0.0.1:{port}/notification'\nprivate_addresses = true\n\
         secret_file = '{}'\nretry_seconds_min = 1\nretry_seconds_max = 1\nanswer_seconds_max = 2\n{more}",
        secret.display()
    )
}

struct Told {
    receiver: Receiver,
    folder: tempfile::TempDir,
}

impl Told {
    async fn new(answers: Answers) -> Self {
        Self { receiver: Receiver::start(answers).await, folder: tempfile::tempdir().unwrap() }
    }

    fn settings(&self, more: &str) -> String {
        hook(self.receiver.port, &self.folder.path().join("secret"), more)
    }
}

/// SQLite; and a fresh PostgreSQL where there is a server.
async fn engines() -> Vec<Option<String>> {
    std::iter::once(None).chain(support::postgres_url().await.map(Some)).collect()
}

fn everybody() -> Recipient {
    Recipient::Group(Group {
        id: GroupId::new(sample::BENCH_GROUP),
        school: None,
        parent: None,
        kind: GroupKind::Manual,
        profile: None,
        name: "Bench".to_owned(),
        users: UsersRule::Both,
        closed: false,
    })
}

/// The people told of, with how often; and the same id always said the same.
fn people(received: &[Received]) -> BTreeMap<String, usize> {
    let mut bodies: BTreeMap<String, &str> = BTreeMap::new();
    let mut people = BTreeMap::new();
    for one in received {
        let first = bodies.entry(one.id()).or_insert(&one.text);
        assert_eq!(*first, one.text, "one id, one content");
        for person in one.body["people"].as_array().unwrap() {
            *people.entry(person.as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    people
}

/// Those who a receiver that remembers ids is told of, with how often.
pub(crate) fn people_once(received: &[Received]) -> BTreeMap<String, usize> {
    let mut seen = BTreeSet::new();
    let first: Vec<Received> = received.iter().filter(|one| seen.insert(one.id())).cloned().collect();
    people(&first)
}

#[tokio::test]
async fn a_message_is_told_of_signed_without_its_subject() {
    for url in engines().await {
        let told = Told::new(Answers::With(200)).await;
        let world = World::new(url.as_deref(), &told.settings("")).await;
        world.send(TEACHER, MOTHER, "Secret").await;
        let one = told.receiver.wait_for(1).await.remove(0);
        assert!(one.head.starts_with("POST /notification HTTP/1.1"), "{one:?}");
        let mother = world.user(MOTHER).await.id;
        assert_eq!(one.body["people"], serde_json::json!([mother.as_str()]));
        assert_eq!(one.body["from"]["address"], "nadia.roussel@school.test");
        assert_eq!((&one.body["type"], one.body["id"].as_str()), (&"message.received".into(), Some(one.id().as_str())));
        assert!(!one.text.contains("Secret") && !one.text.contains("subject"), "{one:?}");
        let signature = one.header("passerelle-signature").unwrap();
        let (time, hex) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let octets: Vec<u8> =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
        hmac::verify(&key, format!("{time}.{}", one.text).as_bytes(), &octets).unwrap();
        let age = Clock::system().now().seconds() - time.parse::<i64>().unwrap();
        assert!((0..60).contains(&age));
        assert!(world.settled().await);
        world.server.stop().await;
        assert_eq!(told.receiver.received().len(), 1, "once");
    }
}

#[tokio::test]
async fn the_zimbra_connector_is_told_as_it_wants_it() {
    let told = Told::new(Answers::With(200)).await;
    let token = told.folder.path().join("token");
    std::fs::write(&token, "jeton\n").unwrap();
    let more = format!("shape = 'zimbra'\nsubjects = true\ntoken_file = '{}'\n", token.display());
    let world = World::new(None, &told.settings(&more)).await;
    world.send(TEACHER, MOTHER, "Sortie").await;
    let one = told.receiver.wait_for(1).await.remove(0);
    let mother = world.user(MOTHER).await.id;
    assert_eq!(one.body["sender"], "nadia.roussel@school.test");
    assert_eq!(one.body["recipient"], mother.as_str());
    assert_eq!(one.body["subject"], "Sortie");
    assert!(one.body["messageId"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!(one.header("authorization"), Some("Bearer jeton"));
    world.server.stop().await;
}

#[tokio::test]
async fn only_the_profiles_and_schools_of_the_setting_are_told_of() {
    let told = Told::new(Answers::With(200)).await;
    let world = World::new(None, &told.settings("profiles = ['Relative']\nschools = ['0750999v']\n")).await;
    world.send(TEACHER, PUPIL, "Eleve").await;
    world.send(TEACHER, MOTHER, "Parent").await;
    told.receiver.wait_for(1).await;
    assert!(world.settled().await);
    let mother = world.user(MOTHER).await.id;
    assert_eq!(people(&told.receiver.received()), [(mother.to_string(), 1)].into());
    world.server.stop().await;
}

#[tokio::test]
async fn failures_are_tried_again_with_the_same_id_until_it_is_told() {
    let fails = [
        Answers::With(500),
        Answers::HangsUp,
        Answers::Redirects,
        Answers::With(404),
        Answers::Late(Duration::from_secs(5)),
    ];
    for answers in fails {
        let told = Told::new(answers).await;
        let world = World::new(None, &told.settings("")).await;
        world.send(TEACHER, MOTHER, "Encore").await;
        let before = told.receiver.wait_for(2).await;
        assert!(before.iter().all(|one| one.head.starts_with("POST /notification")), "no redirect is followed");
        let state = world.server.gateway().webhook_states().await.unwrap().remove(0);
        assert_eq!((state.waiting, state.dead), (1, 0));
        assert!(state.last_error.is_some() || matches!(answers, Answers::Late(_)), "{state:?}");
        told.receiver.answer(Answers::With(204));
        assert!(world.settled().await, "{answers:?}");
        let mother = world.user(MOTHER).await.id.to_string();
        assert_eq!(people_once(&told.receiver.received()), [(mother, 1)].into());
        world.server.stop().await;
    }
}

#[tokio::test]
async fn a_request_that_the_receiver_does_not_like_stands_in_nobodys_way() {
    let told = Told::new(Answers::With(400)).await;
    let world = World::new(None, &told.settings("")).await;
    world.send(TEACHER, MOTHER, "Un").await;
    told.receiver.wait_for(1).await;
    told.receiver.answer(Answers::With(200));
    world.send(TEACHER, PUPIL, "Deux").await;
    assert!(world.settled().await);
    assert_eq!(people_once(&told.receiver.received()).len(), 2);
    world.server.stop().await;
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_told_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let made = passerelle::tls::make_certificate(folder.path(), &["localhost"], Clock::system().now());
    made.unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    use rustls_pki_types::pem::PemObject;
    let chain: Vec<_> = rustls_pki_types::CertificateDer::pem_file_iter(folder.path().join("cert.pem"))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let key = rustls_pki_types::PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, mut hearing) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                heard.send(String::new()).unwrap();
                continue;
            };
            let mut octets = vec![0; 64 << 10];
            let read = stream.read(&mut octets).await.unwrap_or(0);
            heard.send(String::from_utf8_lossy(&octets[..read]).into_owned()).unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
        }
    });
    let url = format!("url = 'https://localhost:{port}/n'\n");
    let settings = |more: &str| {
        let plain = hook(port, &folder.path().join("secret"), more);
        let (before, rest) = plain.split_once("url = ").unwrap();
        format!("{before}{url}{}", rest.split_once('\n').unwrap().1)
    };
    let world = World::new(None, &settings("")).await;
    world.send(TEACHER, MOTHER, "Secret").await;
    for _ in 0..2 {
        assert_eq!(hearing.recv().await.unwrap(), "", "not a word without trust");
    }
    world.server.stop().await;
    while hearing.try_recv().is_ok() {}
    // With the authority that the setting names it is told.
    let ca = folder.path().join("cert.pem");
    let world = World::new(None, &settings(&format!("ca_file = '{}'\n", ca.display()))).await;
    world.send(TEACHER, MOTHER, "Public").await;
    let text = loop {
        let text = hearing.recv().await.unwrap();
        if !text.is_empty() {
            break text;
        }
    };
    assert!(text.starts_with("POST /n "), "{text}");
    world.server.stop().await;
}

#[tokio::test]
async fn private_addresses_are_told_nothing_unless_the_setting_allows_it() {
    let told = Told::new(Answers::With(200)).await;
    let settings = told.settings("").replace("private_addresses = true", "private_addresses = false");
    let world = World::new(None, &settings).await;
    world.send(TEACHER, MOTHER, "Non").await;
    let started = Instant::now();
    loop {
        let state = world.server.gateway().webhook_states().await.unwrap();
        if let Some(error) = state.first().and_then(|state| state.last_error.clone()) {
            assert!(error.contains("no public address"), "{error}");
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(told.receiver.received().is_empty());
    world.server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_told_is_given_up_and_can_be_tried_again_or_dropped() {
    let told = Told::new(Answers::With(500)).await;
    let world = World::new(None, &told.settings("give_up_days = 1\n")).await;
    let gateway = world.server.gateway();
    world.send(TEACHER, MOTHER, "Jamais").await;
    told.receiver.wait_for(1).await;
    world.age_outbox().await;
    let dead = async |count: u64| {
        let started = Instant::now();
        while gateway.webhook_states().await.unwrap().first().map_or(0, |state| state.dead) != count {
            assert!(started.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    dead(1).await;
    let tries = told.receiver.received().len();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(told.receiver.received().len(), tries, "given up is given up");
    told.receiver.answer(Answers::With(200));
    assert_eq!(gateway.retry_webhook("accueil").await.unwrap(), 1);
    assert!(world.settled().await);
    assert_eq!(people_once(&told.receiver.received()).len(), 1);
    told.receiver.answer(Answers::With(500));
    world.send(TEACHER, MOTHER, "Encore").await;
    told.receiver.wait_for(tries + 2).await;
    assert_eq!(gateway.drop_webhook("accueil", false).await.unwrap(), 0, "it is not given up");
    assert_eq!(gateway.drop_webhook("accueil", true).await.unwrap(), 1);
    assert!(gateway.webhook_states().await.unwrap().is_empty());
    world.server.stop().await;
}

#[tokio::test]
async fn a_letter_that_waits_for_the_end_of_quiet_hours_is_told_of_when_it_is_delivered() {
    let told = Told::new(Answers::With(200)).await;
    // Quiet but for one minute of the day that is not now.
    let hour = (Clock::system().now().seconds() / 3600 + 12) % 24;
    let quiet = format!(
        "[quiet]\nbinds = ['Relative']\ntime_zone = 'UTC'\nmorning = '{hour:02}:00'\nevening = '{hour:02}:01'\nweekends = false\n"
    );
    let world = World::new(None, &format!("{quiet}{}", told.settings(""))).await;
    world.send(TEACHER, MOTHER, "Attend").await;
    world.send(TEACHER, PUPIL, "Tout-de-suite").await;
    told.receiver.wait_for(1).await;
    assert!(world.settled().await);
    let pupil = world.user(PUPIL).await.id;
    assert_eq!(people(&told.receiver.received()), [(pupil.to_string(), 1)].into());
    world.end_waits().await;
    told.receiver.wait_for(2).await;
    let mother = world.user(MOTHER).await.id;
    assert_eq!(people(&told.receiver.received()), [(pupil.to_string(), 1), (mother.to_string(), 1)].into());
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_tell_everything_and_nobody_twice() {
    let Some(url) = support::postgres_url().await else { return };
    let told = Told::new(Answers::With(200)).await;
    let settings = told.settings("people_per_request_max = 7\n");
    let one = World::new(Some(&url), &settings).await;
    let two = World::beside(Some(&url), &settings).await;
    one.bench(100).await;
    for number in 0..10 {
        one.send_to("u0001", everybody(), &format!("A{number}")).await;
        two.send_to("u0002", everybody(), &format!("B{number}")).await;
    }
    assert!(one.settled().await);
    let once = people_once(&told.receiver.received());
    assert_eq!(once.len(), 100);
    assert!(once.values().all(|count| *count == 20), "{once:?}");
    assert_eq!(people(&told.receiver.received()), once, "while nothing fails, nothing comes twice");
    one.server.stop().await;
    // Who is left goes on.
    two.send_to("u0002", everybody(), "C").await;
    assert!(two.settled().await);
    assert_eq!(people_once(&told.receiver.received()).values().sum::<usize>(), 2100);
    two.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_5_000_is_delivered_as_fast_with_a_webhook_as_without() {
    for shared in engines().await {
        let engine = if shared.is_none() { "SQLite" } else { "PostgreSQL" };
        let told = Told::new(Answers::Late(Duration::from_millis(5))).await;
        let mut times = Vec::new();
        for settings in [String::new(), told.settings("")] {
            let url = if shared.is_some() { support::postgres_url().await } else { None };
            let world = World::new(url.as_deref(), &settings).await;
            world.bench(5000).await;
            let mut took = Vec::new();
            for number in 0..3 {
                let started = Instant::now();
                world.send_to("u0001", everybody(), &format!("L{number}")).await;
                took.push(started.elapsed());
            }
            took.sort();
            times.push(took[1]);
            if !settings.is_empty() {
                assert!(world.settled().await);
            }
            world.server.stop().await;
        }
        println!("{engine}: 5 000 people, median of 3: {:?} without a webhook, {:?} with", times[0], times[1]);
        assert!(times[1] < times[0].mul_f64(1.5) + Duration::from_millis(300), "{times:?}");
        let received = told.receiver.received();
        assert_eq!(people_once(&received).len(), 5000);
        assert_eq!(received.iter().map(Received::id).collect::<BTreeSet<_>>().len(), 30, "10 requests for each letter");
        assert!(told.receiver.open_at_once.load(std::sync::atomic::Ordering::SeqCst) <= 4, "requests_at_once_max");
    }
}
