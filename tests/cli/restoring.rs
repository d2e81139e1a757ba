//! A restore that is killed in the middle leaves nothing half, and is begun again by the same command.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use passerelle::domain::messages::{AppendOptions, Appended};
use passerelle::model::MailboxName;
use passerelle::store::{Store, Tx};

use crate::sandbox::Sandbox;

/// Letters of which every third is large.
const LETTERS: usize = 120;
const KILLS: u32 = 5;

/// A school with mail, and its backup.
async fn backup() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.set("[listen]", "[store]\nblob_threshold_bytes = 10000\n[listen]");
    let school = sandbox.write_school();
    sandbox.done(&["import", school.to_str().unwrap()], "");
    let server = sandbox.start().await;
    let gateway = server.gateway();
    let user = gateway.find_user("anna.un").await.unwrap().unwrap();
    let inbox = gateway.mailbox(&user, &MailboxName::parse("INBOX").unwrap()).await.unwrap().unwrap();
    for number in 0..LETTERS {
        let words = if number % 3 == 0 { 6000 } else { 600 };
        let letter = format!("Subject: {number}\r\n\r\n{}\r\n", format!("{number} bonjour\r\n").repeat(words / 3));
        let mut spool = gateway.spool();
        spool.write(letter.as_bytes()).await.unwrap();
        let message = spool.finish().await.unwrap();
        let appended = gateway.append(&user, &inbox, message, AppendOptions::default()).await.unwrap();
        assert!(matches!(appended, Appended::At { .. }));
    }
    server.stop().await;
    sandbox.done(&["backup", "create", "one.tar"], "");
    sandbox
}

/// Rows of people, messages and placements.
async fn rows(sandbox: &Sandbox) -> i64 {
    const ROWS: &str = "
        select (select count(*) from ent_user) + (select count(*) from message) + (select count(*) from placement)
            + (select count(*) from body)";
    let store = Store::open(&sandbox.config().store_url(), 1).await.unwrap();
    let read = store.read((), |tx, ()| {
        Box::pin(async move {
            Ok(match tx {
                Tx::Sqlite(connection) => sqlx::query_scalar(ROWS).fetch_one(&mut **connection).await?,
                Tx::Postgres(connection) => sqlx::query_scalar(ROWS).fetch_one(&mut **connection).await?,
            })
        })
    });
    let rows = read.await.unwrap();
    store.close().await;
    rows
}

fn quietly(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Kills restores into the target, each later than the one before; then lets one come to its end.
async fn is_killed(source: &Sandbox, target: &Sandbox, takes: Duration) {
    let file = source.path("one.tar");
    let restore = ["backup", "restore", file.to_str().unwrap()];
    let whole = rows(source).await;
    let mut killed = 0;
    for number in 1..=KILLS {
        let mut child = quietly(target.command(&restore)).spawn().unwrap();
        tokio::time::sleep(takes * number / (KILLS + 1)).await;
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            break;
        }
        killed += 1;
        let left = rows(target).await;
        assert!(left == 0 || left == whole, "{left} rows of {whole}");
        if left == whole {
            break;
        }
    }
    println!("killed {killed} times");
    assert!(killed >= KILLS / 2, "killed {killed} times");
    if rows(target).await == 0 {
        let said = target.done(&restore, "");
        assert!(said.starts_with("restored: ") && said.contains("no faults, no warnings"), "{said}");
    }
    assert_eq!(rows(target).await, whole);
    let said = target.done(&["verify", "--deep"], "");
    assert!(said.ends_with("no faults, no warnings\n"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_leaves_nothing_half() {
    let source = backup().await;
    let file = source.path("one.tar");
    let restore = ["backup", "restore", file.to_str().unwrap()];
    let mut targets = vec![(Sandbox::new(), Sandbox::new())];
    if let (Some(one), Some(two)) = (crate::support::postgres_url().await, crate::support::postgres_url().await) {
        targets.push((Sandbox::on_store(&one), Sandbox::on_store(&two)));
    }
    for (first, target) in targets {
        let begun = Instant::now();
        first.done(&restore, "");
        is_killed(&source, &target, begun.elapsed()).await;
    }
}
