//! The engine: opening, writing in groups, what goes wrong.

use passerelle::store::{Durability, Store, StoreError, Tx};

use crate::support;
use crate::world::worlds;

#[tokio::test]
async fn opens_and_migrates() {
    for test in support::stores().await {
        assert!(!test.store.engine_name().is_empty());
        test.store.close().await;
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
