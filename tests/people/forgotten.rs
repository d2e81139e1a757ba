//! An account that is deleted leaves nothing that names it, save where that must stay: in every table that the store has,
//! as its own catalogue lists them, so that no table added later is forgotten.

use passerelle::domain::Gateway;
use passerelle::domain::delivery::{Submission, Submitted};
use passerelle::domain::directory::Recipient;
use passerelle::domain::messages::{AppendOptions, FlagChange, StoreFlags};
use passerelle::model::{Flags, MailboxName, Scope, Suspension, SystemFlag, Timestamp, User, Uses};
use passerelle::store::{Durability, Store, Tx};

use crate::{START, school, support, user};

/// What goes on naming somebody: addresses, so that they never mean another; what was sent and to whom, as long as others have
/// it; the trail.
const STAYS: &[&str] = &["address", "delivery", "submission", "trail", "trail_waiting"];

const SQLITE_COLUMNS: &str = "
    select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c
    where m.type = 'table' and c.name like '%user_id' order by 1, 2";
const POSTGRES_COLUMNS: &str = "
    select cast(table_name as text), cast(column_name as text) from information_schema.columns
    where table_schema = 'public' and column_name like '%user_id' order by 1, 2";

/// Every column of every table that names people.
async fn columns(store: &Store) -> Vec<(String, String)> {
    let read = store.read((), |tx, ()| {
        Box::pin(async move {
            Ok(match tx {
                Tx::Sqlite(c) => sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut **c).await?,
                Tx::Postgres(c) => sqlx::query_as(POSTGRES_COLUMNS).fetch_all(&mut **c).await?,
            })
        })
    });
    read.await.unwrap()
}

/// How many rows name the person in this column.
async fn rows(store: &Store, (table, column): &(String, String), person: &User) -> i64 {
    let statement = format!("select count(*) from {table} where {column} = $1");
    let read = store.read((statement, person.id.to_string()), |tx, (statement, id)| {
        Box::pin(async move {
            let statement = sqlx::AssertSqlSafe(statement.clone());
            Ok(match tx {
                Tx::Sqlite(c) => sqlx::query_scalar(statement).bind(id).fetch_one(&mut **c).await?,
                Tx::Postgres(c) => sqlx::query_scalar(statement).bind(id).fetch_one(&mut **c).await?,
            })
        })
    });
    read.await.unwrap()
}

async fn run(store: &Store, statement: &'static str, person: &User) {
    let write = store.write(Durability::Synced, (statement, person.id.to_string()), |tx, (statement, id)| {
        Box::pin(async move {
            match tx {
                Tx::Sqlite(c) => sqlx::query(*statement).bind(id).execute(&mut **c).await.map(drop)?,
                Tx::Postgres(c) => sqlx::query(*statement).bind(id).execute(&mut **c).await.map(drop)?,
            }
            Ok(())
        })
    });
    write.await.unwrap();
}

async fn submit(gateway: &Gateway, from: &User, to: &User) {
    let (from_login, to_login) = (&from.login, &to.login);
    let letter = format!("From: {from_login}@ent.example.fr\r\nTo: {to_login}@ent.example.fr\r\n\r\nx\r\n");
    let mut spool = gateway.spool();
    spool.write(letter.as_bytes()).await.unwrap();
    let message = spool.finish().await.unwrap();
    let submission = Submission { sender: from.clone(), recipients: vec![Recipient::User(to.clone())], message };
    assert_eq!(gateway.submit(submission).await.unwrap(), Submitted::Delivered { people: 1 });
}

/// Leaves a trace in every table that can hold one.
async fn live(gateway: &Gateway, person: &User, other: &User) {
    submit(gateway, person, other).await;
    submit(gateway, other, person).await;
    let drafts = gateway.mailbox(person, &MailboxName::parse("Drafts").unwrap()).await.unwrap().unwrap();
    let mut spool = gateway.spool();
    spool.write(b"From: me@ent.example.fr\r\n\r\ngone\r\n").await.unwrap();
    let message = spool.finish().await.unwrap();
    gateway.append(person, &drafts, message, AppendOptions::default()).await.unwrap();
    let mut flags = Flags::default();
    flags.set(SystemFlag::Deleted);
    let uid = gateway.snapshot(drafts.id).await.unwrap().unwrap().entries.last().unwrap().uid;
    let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
    gateway.store_flags(drafts.id, &[uid], change).await.unwrap();
    gateway.expunge(drafts.id, None).await.unwrap();
    gateway.create_mailbox(person, &MailboxName::parse("Classe").unwrap(), None).await.unwrap().unwrap();
    gateway.set_subscribed(person, &MailboxName::parse("Ailleurs").unwrap(), true).await.unwrap().unwrap();
    let scope = Scope { user: Some(person.id.clone()), ..Scope::default() };
    let uses = Uses { sending: true, reading: false };
    let suspension = Suspension { scope, uses, reason: "essai".to_owned(), since: gateway.clock.now() };
    gateway.suspend(suspension).await.unwrap();
    for statement in [
        "insert into annotation (user_id, mailbox_id, entry_key, entry, value) values ($1, 0, 'k', 'k', '')",
        "insert into brought_in (user_id, key) values ($1, 'k')",
        "insert into card_state (user_id, book, digest, cards, used_at) values ($1, 'classes', 'x', '', 0)",
        "insert into page_session (token_hash, user_id, password_version, by_ent, signed_in_at, used_at)
        values ('x', $1, 0, false, 0, 0)",
        "insert into scram_verifier (user_id, stored_key, server_key) values ($1, 'x', 'x')",
        "insert into cloud_app (user_id, app, act, told_at) values ($1, 'a', 'warned', 0)",
        "insert into app_password (id, user_id, device_name, secret_hash, created_at) values ('a1', $1, 'd', 'x', 0)",
    ] {
        run(gateway.store(), statement, person).await;
    }
}

#[tokio::test]
async fn a_deleted_account_is_named_by_nothing_else() {
    for test in support::stores().await {
        let gateway = school(&test).await;
        let (person, other) = (user(&gateway, "theo.lambert").await, user(&gateway, "nadia.roussel").await);
        live(&gateway, &person, &other).await;
        gateway.chain_trail().await.unwrap();
        live_again(&gateway, &person).await;
        let columns = columns(&test.store).await;
        assert!(columns.len() > 15, "{columns:?}");
        for column in &columns {
            let there = rows(&test.store, column, &person).await;
            assert!(
                there > 0,
                "{column:?} on {}: let the person leave a trace there, so that it is seen to go",
                test.engine
            );
        }
        run(&test.store, "update ent_user set suspended = true, left_at = 0 where id = $1", &person).await;
        let day = |days: i64| gateway.clock.set(Timestamp::from_seconds(START + days * 86_400));
        assert_eq!(gateway.collect_departed(false).await.unwrap().archived.len(), 1);
        day(200);
        assert_eq!(gateway.collect_departed(false).await.unwrap().deleted.len(), 1);
        for column in &columns {
            let left = rows(&test.store, column, &person).await;
            assert_eq!(left > 0, STAYS.contains(&column.0.as_str()), "{column:?} on {}: {left} rows", test.engine);
        }
        test.store.close().await;
    }
}

/// What the trail has taken into its chain waits no more: one line that does.
async fn live_again(gateway: &Gateway, person: &User) {
    let statement = "insert into trail_waiting (id, at, kind, user_id, detail) values (2, 0, 'admin', $1, '{}')";
    run(gateway.store(), statement, person).await;
}
