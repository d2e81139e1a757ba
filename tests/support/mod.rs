//! What the test programs share: fresh stores on both engines.
//!
//! PostgreSQL is used where `PASSERELLE_TEST_POSTGRES` holds a URL (`tests/run` starts one and sets it).
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

pub mod deflate;
pub mod scram;

use std::sync::atomic::{AtomicU32, Ordering};

use passerelle::store::Store;
use tempfile::TempDir;

/// A store of its own for one test, and the folder it lies in.
pub struct TestStore {
    pub store: Store,
    pub engine: &'static str,
    pub folder: TempDir,
}

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A fresh SQLite store, and a fresh PostgreSQL one where there is a server.
pub async fn stores() -> Vec<TestStore> {
    let mut stores = vec![sqlite().await];
    if let Some(store) = postgres().await {
        stores.push(store);
    }
    stores
}

/// A fresh SQLite store.
pub async fn sqlite() -> TestStore {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    TestStore { store: Store::open(&url, 4).await.unwrap(), engine: "sqlite", folder }
}

/// A fresh PostgreSQL database; `None` where no server is given.
pub async fn postgres() -> Option<TestStore> {
    let url = postgres_url().await?;
    Some(TestStore {
        store: Store::open(&url, 8).await.unwrap(),
        engine: "postgres",
        folder: tempfile::tempdir().unwrap(),
    })
}

/// The URL of a fresh PostgreSQL database; `None` where no server is given.
pub async fn postgres_url() -> Option<String> {
    use sqlx::Connection;
    let server = std::env::var("PASSERELLE_TEST_POSTGRES").ok()?;
    let name = format!("t_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut connection = sqlx::PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    // A server that is not fresh may still have one of an earlier process with the same id.
    for statement in [format!("drop database if exists {name}"), format!("create database {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
    Some(format!("{server}/{name}"))
}
