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
mod ent;
mod ent_traps;
mod forgotten;
mod imports;
mod live_ent;
mod logins;
mod rules;
mod speed;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::sync::Arc;

use passerelle::config::Config;
use passerelle::domain::Gateway;
use passerelle::domain::clock::Clock;
use passerelle::domain::directory::{Recipient, Verdict};
use passerelle::domain::import::{ImportFiles, ImportMode, Imported, Report};
use passerelle::domain::login::{Login, LoginRefusal};
use passerelle::model::{Address, Secret, Timestamp, User};
use passerelle::sample;
use passerelle::sentences::Sentence;
use passerelle::store::Store;
use support::TestStore;

pub(crate) const DOMAIN: &str = "ent.example.fr";
pub(crate) const START: i64 = 1_795_000_000;

/// A gateway over a fresh store, and its clock.
pub(crate) fn gateway(test: &TestStore) -> Gateway {
    let text = format!(
        "domain = \"{DOMAIN}\"\ndata_dir = \"{}\"\n[login]\ntries_max = 3\ntries_window_seconds = 60\n",
        test.folder.path().display()
    );
    let config: Config = toml::from_str(&text).unwrap();
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
        Login::Welcome { user, .. } => Ok(user.login),
        Login::Refused(refusal) => Err(refusal),
    }
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
