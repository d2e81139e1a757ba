//! Many at once, and how long it takes.

use std::time::{Duration, Instant};

use passerelle::domain::delivery::Submitted;
use passerelle::domain::messages::{AppendOptions, Appended, Copied, FlagChange, StoreFlags};
use passerelle::model::{Flags, SystemFlag, Uid};
use passerelle::store::{Durability, Tx};

use crate::world::{everybody, letter, to, user, worlds};

/// Readers never see a UID appear below one that they have seen; nobody's message is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn uids_rise_in_the_order_they_are_seen() {
    for world in worlds(9).await {
        let inbox = world.mailbox(&user(9), "INBOX").await;
        let mut tasks = tokio::task::JoinSet::new();
        let world = std::sync::Arc::new(world);
        for task in 1..=8_u32 {
            let (world, inbox) = (world.clone(), inbox.clone());
            tasks.spawn(async move {
                for number in 0..25 {
                    let message = letter(task, &format!("t{task}n{number}"), "", "Bonjour");
                    if number % 2 == 0 {
                        assert_eq!(
                            world.submit(&user(task), &[to(9)], &message).await,
                            Submitted::Delivered { people: 1 }
                        );
                    } else {
                        world.append(&user(9), &inbox, &message).await;
                    }
                }
            });
        }
        let (mut seen, mut last) = (Vec::new(), 0);
        while seen.len() < 200 {
            let now = world.uids(&inbox).await;
            let new: Vec<u32> = now.iter().copied().filter(|uid| !seen.contains(uid)).collect();
            assert!(new.iter().all(|&uid| uid > last), "{}: {new:?} after {last}", world.engine);
            last = now.last().copied().unwrap_or(0);
            seen = now;
            if tasks.is_empty() {
                break;
            }
            while let Some(done) = tasks.try_join_next() {
                done.unwrap();
            }
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert_eq!(world.uids(&inbox).await, (1..=200).collect::<Vec<_>>(), "{}", world.engine);
        let snapshot = world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
        assert!(snapshot.entries.iter().zip(snapshot.entries.iter().skip(1)).all(|(a, b)| a.mod_seq < b.mod_seq));
    }
}

/// Moves in both directions, deliveries and flags at once: no deadlock, no loss.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn crossing_moves_lose_nothing() {
    for world in worlds(3).await {
        let world = std::sync::Arc::new(world);
        let (inbox, other) = (world.mailbox(&user(1), "INBOX").await, world.create(&user(1), "other").await);
        for number in 0..20 {
            world.append(&user(1), &inbox, &letter(1, &format!("m{number}"), "", "")).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..4 {
            let (world, inbox, other) = (world.clone(), inbox.clone(), other.clone());
            tasks.spawn(async move {
                let (from, to) = if task % 2 == 0 { (&inbox, &other) } else { (&other, &inbox) };
                for _ in 0..20 {
                    let uids: Vec<Uid> = world.uids(from).await.into_iter().map(Uid).collect();
                    let moved = world.gateway.move_messages(&user(1), from.id, &uids, to).await.unwrap();
                    assert!(matches!(moved, Copied::At { .. }));
                    let mut flags = Flags::default();
                    flags.set(SystemFlag::Seen);
                    let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
                    let all: Vec<Uid> = (1..500).map(Uid).collect();
                    world.gateway.store_flags(from.id, &all, change).await.unwrap();
                }
            });
        }
        for round in 0..20 {
            let message = letter(2, &format!("r{round}"), "", "");
            world.submit(&user(2), &[everybody()], &message).await;
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let total = world.uids(&inbox).await.len() + world.uids(&other).await.len();
        assert_eq!(total, 40, "{}", world.engine);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_to_5000_is_a_handful_of_statements() {
    for world in worlds(5000).await {
        world.submit(&user(1), &[to(2)], &letter(1, "warm", "", "Bonjour")).await;
        let start = Instant::now();
        let outcome = world.submit(&user(1), &[everybody()], &letter(1, "all", "", "Bonjour")).await;
        let taken = start.elapsed();
        assert_eq!(outcome, Submitted::Delivered { people: 5000 });
        println!("{}: a letter to 5 000 took {taken:?}", world.engine);
        assert!(taken < Duration::from_secs(3), "{}: {taken:?}", world.engine);
        assert_eq!(world.count("select count(*) from placement").await, 5003);
        assert_eq!(world.count("select count(*) from message").await, 3);
    }
}

/// PostgreSQL keeps plans that it made while there was next to nothing: on the day of the import they serve all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_has_just_grown_is_not_read_through() {
    const MORE: &str = "
        alter table mailbox set (autovacuum_enabled = false);
        alter table ent_user set (autovacuum_enabled = false);
        alter table group_member set (autovacuum_enabled = false);
        insert into ent_user (id, external_id, login, display_name, first_name, last_name, profile, suspended, created_at)
        select 'more ' || i, 'more ' || i, 'more ' || i, '', '', '', 'Student', false, 0 from generate_series(1, 10000) i;
        insert into group_member (group_id, user_id) select 'g', 'more ' || i from generate_series(1, 500) i";
    const READ: &str = "select cast(sum(seq_tup_read) as bigint) from pg_stat_user_tables
        where relname in ('mailbox', 'group_member')";
    for world in worlds(1).await.into_iter().filter(|world| world.engine == "postgres") {
        for number in 0..60 {
            world.submit(&user(1), &[to(1)], &letter(1, &format!("before-{number}"), "", "Bonjour")).await;
        }
        let growing = world.gateway.store().write(Durability::Relaxed, (), |tx, ()| {
            Box::pin(async move {
                let Tx::Postgres(connection) = tx else { return Ok(()) };
                sqlx::raw_sql(MORE).execute(&mut **connection).await?;
                Ok(())
            })
        });
        growing.await.unwrap();
        world.gateway.add_special_mailboxes(None).await.unwrap();
        let flushed = Duration::from_millis(1500);
        tokio::time::sleep(flushed).await;
        let before = world.count(READ).await;
        for number in 0..8 {
            let letter = letter(1, &format!("after-{number}"), "", "Bonjour");
            let outcome = world.submit(&user(1), &[everybody()], &letter).await;
            assert_eq!(outcome, Submitted::Delivered { people: 501 });
        }
        tokio::time::sleep(flushed).await;
        world.submit(&user(1), &[to(1)], &letter(1, "flush", "", "Bonjour")).await;
        let read = world.count(READ).await - before;
        assert!(read < 10_000, "{read} rows read through");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_messages_are_flagged_at_once() {
    for world in worlds(1).await {
        let inbox = world.mailbox(&user(1), "INBOX").await;
        world.append(&user(1), &inbox, &letter(1, "one", "", "")).await;
        let mut count = 1;
        while count < 10_000 {
            let uids: Vec<Uid> = (1..=count.min(10_000 - count)).map(Uid).collect();
            world.gateway.copy(&user(1), inbox.id, &uids, &inbox).await.unwrap();
            count += u32::try_from(uids.len()).unwrap();
        }
        let start = Instant::now();
        world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
        println!("{}: 10 000 read in {:?}", world.engine, start.elapsed());
        let contiguous: Vec<Uid> = (1..=10_000).map(Uid).collect();
        let scattered: Vec<Uid> = (1..=10_000).filter(|uid| uid % 2 == 0).map(Uid).collect();
        for (name, uids, flag) in
            [("all", contiguous, SystemFlag::Seen), ("every other", scattered, SystemFlag::Flagged)]
        {
            let mut flags = Flags::default();
            flags.set(flag);
            let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
            let start = Instant::now();
            world.gateway.store_flags(inbox.id, &uids, change).await.unwrap();
            let taken = start.elapsed();
            println!("{}: {name} of 10 000 flagged in {taken:?}", world.engine);
            assert!(taken < Duration::from_secs(2), "{}: {taken:?}", world.engine);
            let start = Instant::now();
            let snapshot = world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
            println!("{}: caught up in {:?}", world.engine, start.elapsed());
            assert_eq!(snapshot.entries.iter().filter(|entry| entry.flags.has(flag)).count(), uids.len());
        }
    }
}

/// Numbers for the curious: `cargo test --test store durable -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measure"]
async fn durable_appends_per_second() {
    for tasks in [1_u32, 16] {
        for world in worlds(16).await {
            let world = std::sync::Arc::new(world);
            let start = Instant::now();
            let mut running = tokio::task::JoinSet::new();
            let each = 1600 / tasks;
            for task in 1..=tasks {
                let world = world.clone();
                running.spawn(async move {
                    let inbox = world.mailbox(&user(task), "INBOX").await;
                    for number in 0..each {
                        let message = letter(task, &format!("{task}-{number}"), "", &"x".repeat(2000));
                        let spooled = world.spooled(&message).await;
                        let options = AppendOptions::default();
                        let appended = world.gateway.append(&user(task), &inbox, spooled, options).await.unwrap();
                        assert!(matches!(appended, Appended::At { .. }));
                    }
                });
            }
            while let Some(done) = running.join_next().await {
                done.unwrap();
            }
            let rate = f64::from(tasks * each) / start.elapsed().as_secs_f64();
            println!("{}: {tasks} tasks: {rate:.0} durable appends/s", world.engine);
        }
    }
}
