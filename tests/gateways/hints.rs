//! What changes through one gateway is told in an IDLE on another, at once; hints are few, may be lost, and may be false.

use std::time::{Duration, Instant};

use passerelle::domain::directory::Recipient;
use passerelle::model::{Scope, Suspension, Timestamp, Use, Uses};
use passerelle::server::Server;
use sqlx::postgres::PgListener;
use sqlx::{Connection, PgConnection};

use crate::support;
use crate::world::{Client, PATIENCE, Site, add_people, everybody, send, user};

const CHANNEL: &str = "passerelle_changes";

struct Pair {
    url: String,
    here: Server,
    there: Server,
    _sites: [Site; 2],
}

/// Two gateways on a fresh database with so many people.
async fn pair(people: i64, settings: &str) -> Option<Pair> {
    let url = support::postgres_url().await?;
    let sites = [Site::new(&url, settings), Site::new(&url, settings)];
    let (here, there) = (sites[0].start().await, sites[1].start().await);
    add_people(&url, &here, people).await;
    let pair = Pair { url, here, there, _sites: sites };
    pair.hearing(2).await;
    Some(pair)
}

impl Pair {
    async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Waits until so many connections listen.
    async fn hearing(&self, count: i64) -> Vec<i32> {
        let mut connection = self.connection().await;
        let started = Instant::now();
        loop {
            let listening: Vec<i32> = sqlx::query_scalar(
                "select pid from pg_stat_activity where datname = current_database() and query like 'LISTEN%'",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            if i64::try_from(listening.len()) == Ok(count) {
                return listening;
            }
            assert!(started.elapsed() < PATIENCE, "{listening:?} listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn stop(self) {
        self.here.stop().await;
        self.there.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_through_one_is_told_by_the_other_within_milliseconds() {
    let Some(pair) = pair(2, "").await else { return };
    let mut client = Client::idle(&pair.there, 2).await;
    let mut times = Vec::new();
    for number in 1..=20 {
        send(&pair.here, Recipient::User(user(2)), &format!("m{number}")).await;
        let accepted = Instant::now();
        client.hear(&format!("* {number} EXISTS")).await;
        times.push(accepted.elapsed());
    }
    times.sort();
    println!("from 250 to EXISTS: median {:?}, worst {:?}", times[10], times[19]);
    assert!(times[10] < Duration::from_millis(250), "{times:?}");
    // And a flag, the other way round.
    let mut other = Client::log_in(&pair.here, 2).await;
    other.ok("SELECT INBOX").await;
    other.ok("STORE 1 +FLAGS (\\Seen)").await;
    let stored = Instant::now();
    assert!(client.hear("* 1 FETCH").await.contains("\\Seen"));
    println!("from OK of STORE to FETCH: {:?}", stored.elapsed());
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_listener_comes_back_and_what_was_missed_is_looked_at() {
    let Some(pair) = pair(2, "").await else { return };
    let mut client = Client::idle(&pair.there, 2).await;
    let mut connection = pair.connection().await;
    // Nobody hears: both connections are cut, and cannot be made again for a while.
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut connection).await.unwrap();
    let allow = |allow: bool| sqlx::AssertSqlSafe(format!("alter database {name} allow_connections {allow}"));
    let admin_url = format!("{}/postgres", pair.url.rsplit_once('/').unwrap().0);
    let mut admin = PgConnection::connect(&admin_url).await.unwrap();
    let listening = pair.hearing(2).await;
    sqlx::query(allow(false)).execute(&mut admin).await.unwrap();
    for pid in listening {
        sqlx::query("select pg_terminate_backend($1)").bind(pid).execute(&mut connection).await.unwrap();
    }
    send(&pair.here, Recipient::User(user(2)), "missed").await;
    let unheard = tokio::time::timeout(Duration::from_millis(300), client.line()).await;
    assert!(unheard.is_err(), "nobody can have told: {unheard:?}");
    sqlx::query(allow(true)).execute(&mut admin).await.unwrap();
    assert_eq!(client.hear("* 1 EXISTS").await, "* 1 EXISTS");
    pair.hearing(2).await;
    send(&pair.here, Recipient::User(user(2)), "heard").await;
    client.hear("* 2 EXISTS").await;
    pair.stop().await;
}

/// What goes through the channel for a letter to everybody, until a client of the other gateway has heard of it.
async fn notices_of_a_letter_to_all(pair: &Pair) -> Vec<String> {
    let mut client = Client::idle(&pair.there, 2).await;
    let mut listener = PgListener::connect(&pair.url).await.unwrap();
    listener.listen(CHANNEL).await.unwrap();
    send(&pair.here, everybody(), "all").await;
    client.hear("* 1 EXISTS").await;
    notify(pair, "end").await;
    let mut heard = Vec::new();
    loop {
        let notice = tokio::time::timeout(PATIENCE, listener.recv()).await.expect("the end").unwrap();
        if notice.payload() == "end" {
            return heard;
        }
        heard.push(notice.payload().to_owned());
    }
}

async fn notify(pair: &Pair, text: &str) {
    let mut connection = pair.connection().await;
    sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(text).execute(&mut connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_5_000_is_a_dozen_notices() {
    let Some(pair) = pair(5000, "").await else { return };
    let heard = notices_of_a_letter_to_all(&pair).await;
    println!("{} notices of {} octets", heard.len(), heard.iter().map(String::len).sum::<usize>());
    assert!((1..=16).contains(&heard.len()), "{}", heard.len());
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_more_notices_were_needed_one_says_everything() {
    let Some(pair) = pair(2000, "[store.postgres]\nhint_notices_max = 2\n").await else { return };
    let heard = notices_of_a_letter_to_all(&pair).await;
    assert!(heard.len() == 1 && heard[0].contains("\"everything\":true"), "{heard:?}");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_put_on_the_channel_does_no_harm() {
    let Some(pair) = pair(2, "").await else { return };
    let mut client = Client::idle(&pair.there, 2).await;
    let long = format!("{{\"from\":1,\"mailboxes\":[{}1]}}", "1,".repeat(3900));
    let hostile =
        ["", "{", "null", "{\"from\":1,\"mailboxes\":[\"x\"]}", &long, "{\"from\":1,\"people\":[\"id-2\"]}", "\u{1}"];
    for text in hostile {
        notify(&pair, text).await;
    }
    for _ in 0..50 {
        notify(&pair, "{\"from\":1,\"everything\":true,\"switch\":true}").await;
    }
    send(&pair.here, Recipient::User(user(2)), "after").await;
    client.hear("* 1 EXISTS").await;
    pair.hearing(2).await;
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_is_heard_at_once() {
    let Some(pair) = pair(2, "").await else { return };
    let scope = || Scope { profile: None, school: None, user: Some(user(2).id) };
    let uses = Uses { sending: true, reading: true };
    let mut times = Vec::new();
    for _ in 0..5 {
        let mut client = Client::idle(&pair.there, 2).await;
        let started = Instant::now();
        let suspension = Suspension { scope: scope(), uses, reason: "vol".to_owned(), since: Timestamp(0) };
        pair.here.gateway().suspend(suspension).await.unwrap();
        assert!(client.rest().await.starts_with("* BYE [UNAVAILABLE]"));
        times.push(started.elapsed());
        assert!(pair.here.gateway().resume(scope(), uses, "").await.unwrap());
        while pair.there.gateway().turned_off(&user(2), Use::Reading).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    times.sort();
    println!("from the switch to BYE: {times:?}");
    assert!(times[2] < Duration::from_millis(300), "without hints it takes 200 to 400 milliseconds: {times:?}");
    pair.stop().await;
}
