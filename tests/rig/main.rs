//! The fault rig: nothing acknowledged is ever lost or doubled, whatever breaks meanwhile.
//!
//! People work on real gateways (`passerelle serve`, processes of their own) over SMTP and IMAP: they submit to each other
//! and to a group, and send again what got no answer; APPEND, MOVE, COPY, STORE, EXPUNGE, CREATE, RENAME, DELETE. Each knows
//! what the server has acknowledged. Faults strike meanwhile. Whenever something broke off, and at the end, everybody looks
//! at all mailboxes: what was under way has been done or not, never by half; all else is as it was acknowledged. Then
//! `passerelle verify --deep` must find nothing, and what nobody has any more must be collectable.
//!
//! | file | what |
//! | --- | --- |
//! | `run` | a round: work, faults, judgement |
//! | `person` | a client, and what it does |
//! | `model` | what a person's mailboxes must hold, and may |
//! | `journal` | what was submitted to whom, and acknowledged |
//! | `judge` | submissions against mailboxes; `verify`; leftovers |
//! | `sqlite` | one gateway: `kill -9`, full disk, loss of power |
//! | `postgres` | two gateways: `kill -9` of one; the database crashes (immediate stop), or loses power; the network breaks |
//! | `power`, `power.c` | loss of power: what is not synced is lost, all of it or by chance |
//! | `small_disk` | a file system of a few MiB |
//! | `proxy` | the network between gateways and database |
//! | `repeated` | one fault that chance would rarely find |
//!
//! **Loss of power** is made by a library that is loaded into the servers (LD_PRELOAD, built by `cc`): it logs every write,
//! sync, rename …; the rig works out from the log what a disk would have kept. **A full disk** is ext4 on a loop device, or
//! a tmpfs: that takes root and the right to mount. What is not possible on a machine says `SKIPPED`, and why.
//!
//! A long run, on both engines, until the minutes are over; its seed is printed, and each round has the next one:
//!
//! ```text
//! RIG_MINUTES=60 RIG_SEED=1 cargo test --ignore-rust-version --test rig long -- --ignored --nocapture
//! ```
//!
//! A test that fails tells its seed; `RIG_SEED` makes the same choices again (threads and processes keep their own pace).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../search/chance.rs"]
mod chance;
#[path = "../support/client.rs"]
mod client;
#[path = "../gateways/cluster.rs"]
#[expect(dead_code, reason = "its TLS is tested in tests/gateways")]
mod cluster;
mod journal;
mod judge;
mod long;
mod model;
mod person;
mod postgres;
mod power;
mod proxy;
mod repeated;
mod run;
mod short;
mod site;
mod small_disk;
mod sqlite;
mod wire;
