//! Several sessions, deliveries and absences on one mailbox, through the real sessions, on both engines.
//!
//! Whatever happens in whatever order, a client that believes what it hears is never misled:
//!
//! * UIDs rise; no sequence number is out of range; nothing is expunged while that is held (`client`);
//! * behind every command that tells all, its view is the mailbox as it is; when it is quiet, all views are the same;
//! * HIGHESTMODSEQ never promises a change that it has not heard of;
//! * QRESYNC gives exactly the difference, however long it was away (`world`);
//! * results that are kept up to date are those that the search would find, by UID and by numbers that shift; what
//!   NOTIFY tells between commands misleads nobody either.
//!
//! `PROPTEST_CASES=500 cargo test --test imap_views` runs it longer.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod client;
#[path = "../support/mod.rs"]
mod support;
mod world;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};

use client::{Client, Kind};
use world::{Mailbox, World};

/// What one client does next. Numbers choose among the messages that it counts.
#[derive(Clone, Debug)]
enum Step {
    Noop,
    Idle,
    Fetch {
        by_uid: bool,
        from: u8,
        to: u8,
        reads: bool,
    },
    Store {
        by_uid: bool,
        from: u8,
        to: u8,
        flag: u8,
        add: bool,
        silent: bool,
    },
    /// Marks one message and takes away all that are marked, or that one.
    Expunge {
        message: u8,
        by_uid: bool,
    },
    Search {
        by_uid: bool,
        from: u8,
        save: bool,
    },
    FetchSaved,
    Append,
    CopyHere {
        message: u8,
    },
    MoveAway {
        message: u8,
    },
    SelectAgain,
    Close,
    /// Somebody else's letter arrives.
    Deliver,
    /// Hangs up; comes back with its next step.
    Leave,
}

fn step() -> impl Strategy<Value = Step> {
    let (flag, yes) = (0u8..5, any::<bool>());
    prop_oneof![
        2 => Just(Step::Noop),
        1 => Just(Step::Idle),
        3 => (yes, any::<u8>(), any::<u8>(), yes).prop_map(|(by_uid, from, to, reads)| Step::Fetch { by_uid, from, to, reads }),
        4 => (yes, any::<u8>(), any::<u8>(), flag, yes, yes).prop_map(|(by_uid, from, to, flag, add, silent)| Step::Store {
            by_uid, from, to, flag, add, silent
        }),
        4 => (any::<u8>(), yes).prop_map(|(message, by_uid)| Step::Expunge { message, by_uid }),
        2 => (yes, any::<u8>(), yes).prop_map(|(by_uid, from, save)| Step::Search { by_uid, from, save }),
        1 => Just(Step::FetchSaved),
        3 => Just(Step::Append),
        1 => any::<u8>().prop_map(|message| Step::CopyHere { message }),
        2 => any::<u8>().prop_map(|message| Step::MoveAway { message }),
        1 => Just(Step::SelectAgain),
        1 => Just(Step::Close),
        4 => Just(Step::Deliver),
        2 => Just(Step::Leave),
    ]
}

/// Clients and how they listen; odd ones are on a second gateway over the same store.
const KINDS: [Kind; 6] = [Kind::Plain, Kind::Resync, Kind::Notify, Kind::Condstore, Kind::Resync, Kind::Notify];

async fn take(world: &World, mailbox: &Mailbox, client: &mut Client, step: &Step) {
    if let Step::Deliver = step {
        return world.deliver(mailbox).await;
    }
    if !client.is_connected() {
        client.come_back(world, mailbox).await;
    }
    match *step {
        Step::Noop => client.says("NOOP").await,
        Step::Idle => client.idles().await,
        Step::Fetch { by_uid, from, to, reads } => {
            let Some(set) = client.set(by_uid, from, to) else { return };
            let items = if reads { "(FLAGS BODY[TEXT])" } else { "(UID FLAGS MODSEQ)" };
            client.says(&format!("{}FETCH {set} {items}", uid(by_uid))).await;
        }
        Step::Store { by_uid, from, to, flag, add, silent } => {
            let Some(set) = client.set(by_uid, from, to) else { return };
            let flag = ["\\Seen", "\\Flagged", "\\Answered", "$Une", "\\Deleted"][usize::from(flag)];
            let (sign, silent) = (if add { '+' } else { '-' }, if silent { ".SILENT" } else { "" });
            client.says(&format!("{}STORE {set} {sign}FLAGS{silent} ({flag})", uid(by_uid))).await;
        }
        Step::Expunge { message, by_uid } => {
            let Some(set) = client.set(true, message, message) else { return };
            client.says(&format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)")).await;
            client.says(&if by_uid { format!("UID EXPUNGE {set}") } else { "EXPUNGE".to_owned() }).await;
        }
        Step::Search { by_uid, from, save } => {
            let Some(set) = client.set(false, from, from) else { return };
            let save = if save { "RETURN (SAVE) " } else { "" };
            client.says(&format!("{}SEARCH {save}NOT {set}", uid(by_uid))).await;
        }
        Step::FetchSaved => client.says("FETCH $ (UID FLAGS)").await,
        Step::Append => client.appends(mailbox).await,
        Step::CopyHere { message } => {
            let Some(set) = client.set(true, message, message) else { return };
            client.says(&format!("UID COPY {set} {}", mailbox.name)).await;
        }
        Step::MoveAway { message } => {
            let Some(set) = client.set(true, message, message) else { return };
            client.says(&format!("UID MOVE {set} Trash")).await;
        }
        Step::SelectAgain => client.selects(mailbox).await,
        Step::Close => {
            client.closes().await;
            client.selects(mailbox).await;
        }
        Step::Leave => client.leaves(),
        Step::Deliver => {}
    }
}

fn uid(by_uid: bool) -> &'static str {
    if by_uid { "UID " } else { "" }
}

/// One after the other: what is true is known behind every step.
async fn in_turn(world: &World, steps: &[(u8, Step)]) {
    let (mailbox, mut clients) = world.begin(&KINDS).await;
    for (who, step) in steps {
        let client = &mut clients[usize::from(*who) % KINDS.len()];
        client.begins();
        take(world, &mailbox, client, step).await;
        world.check_promise(&mailbox, client).await;
        if client.has_heard_all() {
            world.check_view(&mailbox, client).await;
        }
    }
    settle(world, &mailbox, &mut clients).await;
}

/// All at once: what is true is known when it is quiet, and of what was promised at any time.
async fn at_once(world: &World, steps: &[(u8, Step)]) {
    let (mailbox, mut clients) = world.begin(&KINDS).await;
    let run = clients.iter_mut().enumerate().map(|(place, client)| {
        let own = steps.iter().filter(move |(who, _)| usize::from(*who) % KINDS.len() == place);
        let mailbox = &mailbox;
        async move {
            for (_, step) in own {
                take(world, mailbox, client, step).await;
                world.check_promise(mailbox, client).await;
            }
        }
    });
    futures_util::future::join_all(run).await;
    settle(world, &mailbox, &mut clients).await;
}

async fn settle(world: &World, mailbox: &Mailbox, clients: &mut [Client]) {
    for client in clients {
        if !client.is_connected() {
            client.come_back(world, mailbox).await;
        }
        client.says("NOOP").await;
        world.check_view(mailbox, client).await;
        world.check_promise(mailbox, client).await;
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(16)
}

/// Runs random steps on every engine there is.
fn run(run: impl AsyncFn(&World, &[(u8, Step)])) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for world in runtime.block_on(World::all()) {
        let config = Cases { cases: cases(), failure_persistence: None, max_shrink_iters: 200, ..Cases::default() };
        let steps = proptest::collection::vec((any::<u8>(), step()), 1..60);
        let ran = TestRunner::new(config).run(&steps, |steps| {
            runtime.block_on(run(&world, &steps));
            Ok(())
        });
        ran.unwrap_or_else(|error| panic!("on {}: {error}", world.engine()));
        runtime.block_on(world.check_store());
    }
}

#[test]
fn sessions_in_turn_are_never_misled() {
    run(in_turn);
}

#[test]
fn sessions_at_once_are_never_misled() {
    run(at_once);
}
