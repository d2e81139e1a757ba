//! How long PostgreSQL may take: nothing waits for ever.

use std::time::{Duration, Instant};

use passerelle::domain::open_store;
use passerelle::store::{Durability, Store, StoreError, Tx};
use sqlx::{Connection, Executor, PgConnection};

use crate::support;
use crate::world::Site;

/// A store on a fresh database, with these settings of `[store.postgres]`.
async fn store(settings: &str) -> Option<(Store, String)> {
    let url = support::postgres_url().await?;
    let config = Site::new(&url, &format!("[store.postgres]\n{settings}\n")).config();
    Some((open_store(&config).await.unwrap(), url))
}

/// Runs one statement on the store; why it failed, and after how long.
async fn failure(store: &Store, statement: &'static str) -> (StoreError, Duration) {
    let started = Instant::now();
    let write = store.write(Durability::Synced, statement, |tx, statement| {
        Box::pin(async move {
            let Tx::Postgres(connection) = tx else { panic!("PostgreSQL") };
            connection.execute(*statement).await?;
            Ok(())
        })
    });
    (write.await.unwrap_err(), started.elapsed())
}

fn code(error: &StoreError) -> String {
    match error {
        StoreError::Sql(sqlx::Error::Database(error)) => error.code().unwrap_or_default().into_owned(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended() {
    let Some((store, _)) = store("statement_seconds_max = 1").await else { return };
    let (error, time) = failure(&store, "select pg_sleep(20)").await;
    assert_eq!(code(&error), "57014");
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&time), "{time:?}");
    store.ping().await.unwrap();
    store.close().await;
}

/// A replica shows what was: no connection to one is used, whether at the start or later.
#[tokio::test]
async fn a_read_only_database_is_not_read() {
    let Some((store, url)) = store("connect_seconds_max = 1").await else { return };
    let (server, name) = url.rsplit_once('/').unwrap();
    let mut admin = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    let set =
        |value: &str| sqlx::AssertSqlSafe(format!("alter database {name} set default_transaction_read_only = {value}"));
    let others = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    let others = || sqlx::AssertSqlSafe(others.clone());
    admin.execute(set("on")).await.unwrap();
    admin.execute(others()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(store.ping().await.is_err(), "as if it were away");
    let refused = Store::open(&url, 2).await.err().expect("no start").to_string();
    assert!(refused.contains("read-only"), "{refused}");
    admin.execute(set("off")).await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn nobody_waits_for_a_lock_for_ever() {
    let Some((store, url)) = store("lock_seconds_max = 1").await else { return };
    let mut holder = PgConnection::connect(&url).await.unwrap();
    holder.execute("begin; update switch_version set version = version").await.unwrap();
    let (error, time) = failure(&store, "update switch_version set version = version + 1").await;
    assert_eq!(code(&error), "55P03");
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&time), "{time:?}");
    holder.execute("rollback").await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_transaction_that_does_nothing_gives_its_locks_back() {
    let Some((store, url)) = store("transaction_idle_seconds_max = 1").await else { return };
    let stuck = store.write(Durability::Synced, (), |tx, ()| {
        Box::pin(async move {
            let Tx::Postgres(connection) = tx else { panic!("PostgreSQL") };
            connection.execute("update switch_version set version = version + 1").await?;
            tokio::time::sleep(Duration::from_secs(3)).await;
            Ok(())
        })
    });
    let other = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut other = PgConnection::connect(&url).await.unwrap();
        let started = Instant::now();
        other.execute("update switch_version set version = version + 1").await.unwrap();
        started.elapsed()
    };
    let (stuck, waited) = tokio::join!(stuck, other);
    assert!(stuck.is_err(), "it was ended by PostgreSQL");
    assert!(waited < Duration::from_millis(2500), "{waited:?}");
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn nobody_waits_for_a_connection_for_ever() {
    // A port that accepts and says nothing, as a database behind a broken balancer.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/x", silent.local_addr().unwrap());
    let config = Site::new(&url, "[store.postgres]\nconnect_seconds_max = 1\n").config();
    let started = Instant::now();
    assert!(open_store(&config).await.is_err());
    assert!(started.elapsed() < Duration::from_secs(10));
}
