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
//! The sessions are spread over two gateways: `together` in one process, on either engine; or `apart`, on one PostgreSQL,
//! where gateways are killed and started again, and the connections by which they hear of each other are cut (`node`).
//! Then, too: UIDs and ModSeqs rise above all that anybody was told before, through whichever gateway; what was
//! acknowledged is there or was expunged (`truth`); a session in IDLE hears of what comes through the other gateway.
//!
//! `PROPTEST_CASES=500 cargo test --test imap_views` runs it longer. For as long as one likes, with gateways that are
//! killed, and the same steps for the same seed:
//! `VIEWS_MINUTES=60 VIEWS_SEED=7 cargo test --test imap_views soak -- --ignored --nocapture`.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod client;
mod line;
mod node;
#[path = "../support/mod.rs"]
mod support;
mod truth;
mod world;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::Runtime;

use client::{Client, Kind};
use line::Heard;
use world::{Mailbox, World, count};

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
    /// Waits in IDLE for a letter that comes through the other gateway.
    Wait,
    /// A gateway is killed and started again.
    Kill {
        home: bool,
    },
    /// The connections for hints are cut.
    CutHints,
}

fn step() -> BoxedStrategy<Step> {
    let (flag, yes) = (0u8..5, any::<bool>());
    let steps = prop_oneof![
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
    ];
    steps.boxed()
}

/// The same, with what can befall gateways that lie apart.
fn step_apart() -> BoxedStrategy<Step> {
    let steps = prop_oneof![
        30 => step(),
        1 => Just(Step::Wait),
        1 => any::<bool>().prop_map(|home| Step::Kill { home }),
        1 => Just(Step::CutHints),
    ];
    steps.boxed()
}

/// Clients and how they listen; odd ones are on a second gateway over the same store.
const KINDS: [Kind; 6] = [Kind::Plain, Kind::Resync, Kind::Notify, Kind::Condstore, Kind::Resync, Kind::Notify];

async fn take(world: &World, mailbox: &Mailbox, client: &mut Client, step: &Step) {
    match step {
        Step::Deliver => world.deliver(mailbox).await,
        Step::Kill { home } => world.kill(usize::from(*home)).await,
        Step::CutHints => world.cut_hints().await,
        step => {
            let taken = speak(world, mailbox, client, step).await;
            was_cut_off(world, client, taken);
        }
    }
}

/// It may be hung up on where its gateway was killed, and only there.
fn was_cut_off(world: &World, client: &mut Client, taken: Heard) {
    if taken.is_err() {
        assert!(world.was_killed(client.home, client.life), "a session has hung up by itself");
        client.is_cut_off();
        count(&world.tally.cut_off);
    }
}

async fn speak(world: &World, mailbox: &Mailbox, client: &mut Client, step: &Step) -> Heard {
    if !client.is_connected() {
        client.come_back(world, mailbox).await?;
    }
    match *step {
        Step::Noop => client.says("NOOP").await,
        Step::Idle => client.idles().await,
        Step::Fetch { by_uid, from, to, reads } => {
            let Some(set) = client.set(by_uid, from, to) else { return Ok(()) };
            let items = if reads { "(FLAGS BODY[TEXT])" } else { "(UID FLAGS MODSEQ)" };
            client.says(&format!("{}FETCH {set} {items}", uid(by_uid))).await
        }
        Step::Store { by_uid, from, to, flag, add, silent } => {
            let Some(set) = client.set(by_uid, from, to) else { return Ok(()) };
            let flag = ["\\Seen", "\\Flagged", "\\Answered", "$Une", "\\Deleted"][usize::from(flag)];
            let (sign, silent) = (if add { '+' } else { '-' }, if silent { ".SILENT" } else { "" });
            client.says(&format!("{}STORE {set} {sign}FLAGS{silent} ({flag})", uid(by_uid))).await
        }
        Step::Expunge { message, by_uid } => {
            let Some(set) = client.set(true, message, message) else { return Ok(()) };
            client.says(&format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)")).await?;
            client.says(&if by_uid { format!("UID EXPUNGE {set}") } else { "EXPUNGE".to_owned() }).await
        }
        Step::Search { by_uid, from, save } => {
            let Some(set) = client.set(false, from, from) else { return Ok(()) };
            let save = if save { "RETURN (SAVE) " } else { "" };
            client.says(&format!("{}SEARCH {save}NOT {set}", uid(by_uid))).await
        }
        Step::FetchSaved => client.says("FETCH $ (UID FLAGS)").await,
        Step::Append => client.appends(world, mailbox).await,
        Step::CopyHere { message } => {
            let Some(set) = client.set(true, message, message) else { return Ok(()) };
            client.copies(world, mailbox, &set).await
        }
        Step::MoveAway { message } => {
            let Some(set) = client.set(true, message, message) else { return Ok(()) };
            client.says(&format!("UID MOVE {set} Trash")).await
        }
        Step::SelectAgain => client.selects(mailbox).await,
        Step::Close => {
            client.closes().await?;
            client.selects(mailbox).await
        }
        Step::Wait => client.waits(world, mailbox).await,
        Step::Leave => {
            client.leaves();
            Ok(())
        }
        Step::Deliver | Step::Kill { .. } | Step::CutHints => Ok(()),
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
        while !is_settled(world, mailbox, client).await {}
        world.check_view(mailbox, client).await;
        world.check_promise(mailbox, client).await;
    }
}

/// `false` where it found out only now that its gateway was killed.
async fn is_settled(world: &World, mailbox: &Mailbox, client: &mut Client) -> bool {
    let said = speak(world, mailbox, client, &Step::Noop).await;
    was_cut_off(world, client, said);
    client.is_connected()
}

/// Runs random steps on these gateways.
fn run(world: &World, runtime: &Runtime, runner: &mut TestRunner, run: impl AsyncFn(&World, &[(u8, Step)])) {
    let step = if world.is_apart() { step_apart() } else { step() };
    let steps = proptest::collection::vec((any::<u8>(), step), 1..60);
    let ran = runner.run(&steps, |steps| {
        runtime.block_on(run(world, &steps));
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("on {}: {error}", world.engine()));
    runtime.block_on(world.check_store());
    println!("{}: {:?}", world.engine(), world.tally);
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// So many cases, or as many as `PROPTEST_CASES` says.
fn cases(cases: u32) -> Cases {
    let said = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let cases = said.unwrap_or(cases);
    // A failure that takes its time to show is told all the same.
    let (max_shrink_iters, max_shrink_time) = (200, 20_000);
    Cases { cases, failure_persistence: None, max_shrink_iters, max_shrink_time, ..Cases::default() }
}

#[test]
fn sessions_in_turn_are_never_misled() {
    let runtime = runtime();
    for world in runtime.block_on(World::together()) {
        run(&world, &runtime, &mut TestRunner::new(cases(16)), in_turn);
    }
}

#[test]
fn sessions_at_once_are_never_misled() {
    let runtime = runtime();
    for world in runtime.block_on(World::together()) {
        run(&world, &runtime, &mut TestRunner::new(cases(16)), at_once);
    }
}

#[test]
fn gateways_that_are_killed_mislead_nobody_in_turn() {
    let runtime = runtime();
    let Some(world) = runtime.block_on(World::apart()) else { return };
    run(&world, &runtime, &mut TestRunner::new(cases(12)), in_turn);
}

#[test]
fn gateways_that_are_killed_mislead_nobody_at_once() {
    let runtime = runtime();
    let Some(world) = runtime.block_on(World::apart()) else { return };
    run(&world, &runtime, &mut TestRunner::new(cases(12)), at_once);
}

/// What no hint tells, the poll finds.
#[test]
fn gateways_that_hear_nothing_look_for_themselves() {
    let runtime = runtime();
    runtime.block_on(async {
        for world in World::together().await.into_iter().filter(World::is_shared) {
            let (mailbox, mut clients) = world.begin(&KINDS).await;
            for client in &mut clients {
                client.waits(&world, &mailbox).await.expect("nobody is killed");
                world.check_view(&mailbox, client).await;
            }
        }
    });
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

/// Goes on for `VIEWS_MINUTES`, from `VIEWS_SEED`.
#[test]
#[ignore = "takes as long as it is told to"]
fn soak() {
    let (minutes, seed) = (number("VIEWS_MINUTES", 15), number("VIEWS_SEED", 1));
    let runtime = runtime();
    let world = runtime.block_on(World::apart()).expect("a PostgreSQL");
    let (begun, mut round) = (Instant::now(), 0_u64);
    while begun.elapsed() < Duration::from_secs(60 * minutes) {
        let mut octets = [0; 32];
        octets[..8].copy_from_slice(&seed.to_le_bytes());
        octets[8..16].copy_from_slice(&round.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &octets);
        let mut runner = TestRunner::new_with_rng(cases(10), rng);
        println!("seed {seed}, round {round}, {:?}", begun.elapsed());
        if round % 2 == 0 {
            run(&world, &runtime, &mut runner, at_once);
        } else {
            run(&world, &runtime, &mut runner, in_turn);
        }
        round += 1;
    }
}
