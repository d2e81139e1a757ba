//! People, rules, logins and imports over a real store, on both engines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod admin;
mod devices;
mod ent;
mod ent_traps;
mod finding;
mod forgotten;
mod imports;
mod issuer;
mod live_ent;
mod logins;
mod rules;
mod scram;
mod speed;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod token_clients;
mod tokens;

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::directory::{Recipient, Verdict};
use passerelle::domain::import::{ImportFiles, ImportMode, Imported, Report};
use passerelle::domain::login::{Admission, Caller, Credential, Login, LoginRefusal, Welcome};
use passerelle::model::{Address, Protocol, Secret, Timestamp, User};
use passerelle::sample;
use passerelle::sentences::Sentence;
use passerelle::store::Store;
use passerelle::store::people::standing;
use support::TestStore;

pub(crate) const DOMAIN: &str = "ent.example.fr";
pub(crate) const START: i64 = 1_795_000_000;

/// A gateway over a fresh store, and its clock.
pub(crate) fn gateway(test: &TestStore) -> Gateway {
    gateway_with(test, |_| {})
}

/// The same, with settings of its own.
pub(crate) fn gateway_with(test: &TestStore, change: impl FnOnce(&mut Config)) -> Gateway {
    let text = format!(
        "domain = \"{DOMAIN}\"\ndata_dir = \"{}\"\n[login]\nscram_iterations = 4096\ntries_max = 3\ntries_window_seconds = 60\n",
        test.folder.path().display()
    );
    let mut config: Config = toml::from_str(&text).unwrap();
    change(&mut config);
    Gateway::new(Arc::new(config), test.store.clone(), Clock::fixed(Timestamp::from_seconds(START))).unwrap()
}

/// A gateway with the sample school.
pub(crate) async fn school(test: &TestStore) -> Gateway {
    let gateway = gateway(test);
    import(&gateway, &sample::school()).await;
    gateway
}

pub(crate) async fn import(gateway: &Gateway, files: &ImportFiles) -> Report {
    match gateway.import(files, ImportMode::Apply).await.unwrap() {
        Imported::Done(report) => report,
        Imported::Refused(problems) => {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        }
        Imported::Stopped(stop) => panic!("{:?}", stop.schools),
    }
}

pub(crate) async fn user(gateway: &Gateway, name: &str) -> User {
    gateway.find_user(name).await.unwrap().unwrap_or_else(|| panic!("nobody is called {name}"))
}

pub(crate) fn address(local_part: &str) -> Address {
    Address::parse(&format!("{local_part}@{DOMAIN}")).unwrap()
}

/// May one write to the other? The sentence, where not.
pub(crate) async fn writes(gateway: &Gateway, from: &str, to: &str) -> Result<Recipient, Sentence> {
    let sender = user(gateway, from).await;
    match gateway.may_write(&sender, &address(to)).await.unwrap() {
        Verdict::Allow(recipient) => Ok(recipient),
        Verdict::Refuse(sentence) => Err(sentence),
    }
}

pub(crate) fn not_allowed(to: &str) -> Sentence {
    Sentence::NotAllowed { recipient: format!("{to}@{DOMAIN}") }
}

pub(crate) async fn log_in(gateway: &Gateway, name: &str, password: &str) -> Result<String, LoginRefusal> {
    match gateway.log_in(name, &Secret::new(password)).await.unwrap() {
        Login::Welcome(welcome) => Ok(welcome.user.login),
        Login::Refused(refusal) => Err(refusal),
    }
}

/// Logs in with the right password.
pub(crate) async fn welcome(gateway: &Gateway, name: &str, password: &str) -> Welcome {
    match gateway.log_in(name, &Secret::new(password)).await.unwrap() {
        Login::Welcome(welcome) => welcome,
        Login::Refused(refusal) => panic!("{name}: {refusal:?}"),
    }
}

/// A session that reads, come in with the person's own password, whatever it is.
pub(crate) async fn session(gateway: &Gateway, user: &User) -> Admission {
    let welcome =
        Welcome::new(user.clone(), Credential::Own { password_version: password_version(gateway, user).await });
    gateway.admit(&welcome, &reader(gateway), 5).await.unwrap().unwrap()
}

/// A client of IMAP that has said nothing of itself.
pub(crate) fn reader(gateway: &Gateway) -> Caller {
    gateway.caller(Protocol::Imap, "192.0.2.1".parse().unwrap())
}

async fn password_version(gateway: &Gateway, user: &User) -> i64 {
    let people = (vec![user.id.clone()], Vec::new());
    let standing =
        gateway.store().read_snapshot(people, |tx, people| Box::pin(standing::of(tx, people))).await.unwrap();
    standing.people[&user.id].password_version
}

pub(crate) async fn set_password(gateway: &Gateway, name: &str, password: &str) {
    let user = user(gateway, name).await;
    gateway.set_password(&user.id, Secret::new(password)).await.unwrap().unwrap();
}

/// One number out of the store, whichever engine.
pub(crate) async fn count(store: &Store, sql: &'static str) -> i64 {
    store
        .read(sql, |tx, sql| {
            Box::pin(async move {
                let sql = *sql;
                let row: (i64,) = match tx {
                    passerelle::store::Tx::Sqlite(c) => sqlx::query_as(sql).fetch_one(&mut **c).await?,
                    passerelle::store::Tx::Postgres(c) => sqlx::query_as(sql).fetch_one(&mut **c).await?,
                };
                Ok(row.0)
            })
        })
        .await
        .unwrap()
}
