//! A newer program has been here: an older one goes on where something was added, and does not where something was taken
//! away.

use passerelle::store::{Durability, Store, StoreError, Tx};

use crate::support;

/// What a newer program would leave behind.
const EXPANDED: [&str; 2] = [
    "alter table mailbox add column colour text",
    "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
    select 1000, 'expand: colours of mailboxes', true, checksum, 0 from _sqlx_migrations where version = 1",
];
const CONTRACTED: [&str; 1] = ["insert into _sqlx_migrations (version, description, success, checksum, execution_time)
    select 1001, 'contract: names of mailboxes', true, checksum, 0 from _sqlx_migrations where version = 1"];

async fn run(store: &Store, statements: &'static [&'static str]) {
    let write = store.write(Durability::Synced, statements, |tx, statements| {
        Box::pin(async move {
            for statement in *statements {
                match tx {
                    Tx::Sqlite(c) => sqlx::query(*statement).execute(&mut **c).await.map(drop)?,
                    Tx::Postgres(c) => sqlx::query(*statement).execute(&mut **c).await.map(drop)?,
                }
            }
            Ok(())
        })
    });
    write.await.unwrap();
}

#[tokio::test]
async fn an_older_program_works_on_an_expanded_schema_and_not_on_a_contracted_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("test.db").display());
    for url in [Some(file), support::postgres_url().await].into_iter().flatten() {
        let store = Store::open(&url, 2).await.unwrap();
        run(&store, &EXPANDED).await;
        store.close().await;
        let store = Store::open(&url, 2).await.unwrap();
        store.ping().await.unwrap();
        let about = Store::inspect(&url).await.unwrap();
        assert_eq!((about.schema, about.contracted), (Some(1000), None));
        run(&store, &CONTRACTED).await;
        store.close().await;
        let refused = Store::open(&url, 2).await.err().expect("it is too old");
        assert!(matches!(refused, StoreError::Contracted { version: 1001, .. }), "{refused}");
        assert!(refused.to_string().contains("older"), "{refused}");
        assert_eq!(Store::inspect(&url).await.unwrap().contracted, Some(1001));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_that_start_together_migrate_once() {
    let Some(url) = support::postgres_url().await else { return };
    let starting: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Store::open(&url, 2).await.unwrap() })
        })
        .collect();
    for store in starting {
        store.await.unwrap().ping().await.unwrap();
    }
}
