//! The engine: opening, writing in groups, what goes wrong.

use std::sync::Arc;
use std::time::Duration;

use passerelle::store::{Durability, Store, StoreError, Tx, Working};
use tokio::sync::Semaphore;

use crate::support;
use crate::world::{letter, user, worlds};

#[tokio::test]
async fn opens_and_migrates() {
    for test in support::stores().await {
        assert!(!test.store.engine_name().is_empty());
        test.store.close().await;
    }
}

/// PostgreSQL: a role that may not make the extension of the search index is told what to do.
#[tokio::test]
async fn a_role_without_the_right_to_index_is_told() {
    use sqlx::Connection;
    let Some(url) = support::postgres_url().await else { return };
    let role = format!("r_{}", std::process::id());
    let mut owner = sqlx::PgConnection::connect(&url).await.unwrap();
    for statement in [format!("drop role if exists {role}"), format!("create role {role} login")] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut owner).await.unwrap();
    }
    let poor = url.replacen("//postgres@", &format!("//{role}@"), 1);
    let refused = Store::open(&poor, 1).await.err().map(|error| error.to_string());
    sqlx::query(sqlx::AssertSqlSafe(format!("drop role {role}"))).execute(&mut owner).await.unwrap();
    if poor != url {
        let refused = refused.expect("a refusal");
        assert!(refused.contains("create extension pg_trgm"), "{refused}");
    }
}

#[tokio::test]
async fn a_second_process_on_the_same_file_is_refused() {
    let test = support::sqlite().await;
    let url = format!("sqlite:{}", test.folder.path().join("test.db").display());
    assert!(matches!(Store::open(&url, 1).await, Err(StoreError::Locked { .. })));
    test.store.close().await;
    Store::open(&url, 1).await.unwrap();
}

/// What was told of a change that a loss of power has taken must not be told of another.
#[tokio::test]
async fn a_file_that_was_not_closed_skips_mod_seqs() {
    const MOD_SEQ: &str = "select max(mod_seq) from mailbox";
    let world = worlds(1).await.remove(0);
    assert_eq!(world.engine, "sqlite");
    let inbox = world.mailbox(&user(1), "INBOX").await;
    world.append(&user(1), &inbox, &letter(1, "one", "", "")).await;
    let told = world.count(MOD_SEQ).await;
    let copy = tempfile::tempdir().unwrap();
    for file in ["test.db", "test.db-wal"] {
        std::fs::copy(world.folder.path().join(file), copy.path().join(file)).unwrap();
    }
    world.gateway.store().close().await;
    let url = |folder: &std::path::Path| format!("sqlite:{}", folder.join("test.db").display());
    let mod_seq = async |folder| {
        let store = Store::open(&url(folder), 1).await.unwrap();
        let read = store.read((), |tx, ()| {
            Box::pin(async move {
                let Tx::Sqlite(connection) = tx else { unreachable!() };
                Ok(sqlx::query_scalar::<_, i64>(MOD_SEQ).fetch_one(&mut **connection).await?)
            })
        });
        let mod_seq = read.await.unwrap();
        store.close().await;
        mod_seq
    };
    let skipped = mod_seq(copy.path()).await;
    assert!(skipped > told + 100_000, "{skipped} after {told}");
    assert_eq!(mod_seq(copy.path()).await, skipped, "it was closed");
    assert_eq!(mod_seq(world.folder.path()).await, told, "it was closed");
}

#[tokio::test]
async fn a_failing_write_takes_nobody_with_it() {
    for world in worlds(1).await {
        let store = world.gateway.store();
        let add = |row: &'static str| {
            store.write(Durability::Synced, row, |tx, row| {
                Box::pin(async move {
                    let statement = "insert into school (id, uai, name) values ($1, '', '')";
                    match tx {
                        Tx::Sqlite(c) => sqlx::query(statement).bind(*row).execute(&mut **c).await.map(drop)?,
                        Tx::Postgres(c) => sqlx::query(statement).bind(*row).execute(&mut **c).await.map(drop)?,
                    }
                    Ok(())
                })
            })
        };
        let (one, again, two) = tokio::join!(add("one"), add("one"), add("two"));
        assert!(one.is_ok() != again.is_ok(), "{}: one of the two is a double", world.engine);
        two.unwrap();
        assert_eq!(world.count("select count(*) from school").await, 2);
    }
}

#[tokio::test]
async fn a_panic_in_a_write_is_a_fault_and_the_next_one_works() {
    for world in worlds(1).await {
        let store = world.gateway.store().clone();
        let panicking = tokio::spawn(async move {
            store
                .write(Durability::Synced, (), |tx, ()| {
                    Box::pin(async move {
                        let statement = "insert into school (id, uai, name) values ('lost', '', '')";
                        match tx {
                            Tx::Sqlite(c) => sqlx::query(statement).execute(&mut **c).await.map(drop)?,
                            Tx::Postgres(c) => sqlx::query(statement).execute(&mut **c).await.map(drop)?,
                        }
                        assert_eq!(statement.len(), 0, "as bugs do");
                        Ok(())
                    })
                })
                .await
        });
        // On PostgreSQL the work runs in the caller's task, which ends with it.
        let outcome = panicking.await;
        assert!(matches!(outcome, Err(_) | Ok(Err(_))), "{}", world.engine);
        world.execute("insert into school (id, uai, name) select 'kept', '', '' where $1 = 1", 1).await;
        assert_eq!(world.count("select count(*) from school").await, 1, "{}", world.engine);
    }
}

#[tokio::test]
async fn a_full_database_refuses_and_recovers() {
    let world = worlds(1).await.remove(0);
    let pages = world.count("select page_count from pragma_page_count").await;
    world.execute("create table filling (bytes bytea)", 0).await;
    set_max_pages(world.gateway.store(), pages + 20).await;
    let fill = |store: &Store| {
        let store = store.clone();
        async move {
            store
                .write(Durability::Synced, (), |tx, ()| {
                    Box::pin(async move {
                        if let Tx::Sqlite(c) = tx {
                            sqlx::query("insert into filling values (zeroblob(1000000))").execute(&mut **c).await?;
                        }
                        Ok(())
                    })
                })
                .await
        }
    };
    let store = world.gateway.store();
    let (a, b, c) = tokio::join!(fill(store), fill(store), fill(store));
    assert!(a.is_err() && b.is_err() && c.is_err());
    assert_eq!(world.count("select count(*) from filling").await, 0);
    set_max_pages(store, 1_000_000).await;
    fill(store).await.unwrap();
    assert_eq!(world.count("select count(*) from filling").await, 1);
}

async fn set_max_pages(store: &Store, pages: i64) {
    let write = store.write(Durability::Synced, pages, |tx, pages| {
        Box::pin(async move {
            if let Tx::Sqlite(c) = tx {
                let statement = format!("pragma max_page_count = {pages}");
                sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut **c).await?;
            }
            Ok(())
        })
    });
    write.await.unwrap();
}

/// `store.connections_max` holds: who comes next waits for its turn, and is served.
#[tokio::test]
async fn no_more_connections_are_taken_than_the_setting_says() {
    // SQLite has one writer and as many readers as it needs.
    let Some(url) = support::postgres_url().await else { return };
    let (connections_max, readers) = (2, 5);
    let store = Store::open(&url, connections_max).await.unwrap();
    let (begun, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gates = || (Arc::clone(&begun), Arc::clone(&release));
    let readers: Vec<_> = (0..readers).map(|_| tokio::spawn(store_read(store.clone(), gates()))).collect();
    begun.acquire_many(connections_max).await.unwrap().forget();
    let one_more = tokio::time::timeout(Duration::from_millis(200), begun.acquire()).await;
    assert!(one_more.is_err(), "one connection more than the setting says");
    release.add_permits(1);
    begun.acquire().await.unwrap().forget();
    release.add_permits(readers.len());
    for reader in readers {
        reader.await.unwrap();
    }
    store.close().await;
}

/// When a read has begun, and when it may end.
type Gates = (Arc<Semaphore>, Arc<Semaphore>);

/// One read that says when it has begun, and ends when it is told to.
async fn store_read(store: Store, gates: Gates) {
    let run: for<'t, 'c> fn(&'t mut Tx<'c>, &'t Gates) -> Working<'t, ()> = |_, (begun, release)| {
        Box::pin(async move {
            begun.add_permits(1);
            release.acquire().await.unwrap().forget();
            Ok(())
        })
    };
    store.read(gates, run).await.unwrap();
}
