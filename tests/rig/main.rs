//! The fault rig: nothing acknowledged is ever lost or doubled, whatever breaks meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "../search/chance.rs"]
mod chance;
#[path = "../support/client.rs"]
mod client;
mod journal;
mod judge;
mod model;
mod person;
mod power;
mod run;
mod site;
mod small_disk;
mod sqlite;
mod wire;

use run::{Seed, Tally, round};
use small_disk::SmallDisk;
use sqlite::{Fault, Sqlite};

const PEOPLE: usize = 5;

fn on_sqlite(seed: u64, faults: &[Fault], tally: &mut Tally) {
    let _seed = Seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut site = Sqlite::new(folder.path(), 5, seed, true, None);
    round(&mut site, PEOPLE, seed, faults, tally);
}

#[test]
fn sqlite_killed() {
    let mut tally = Tally::default();
    let _seed = Seed(1);
    let folder = tempfile::tempdir().unwrap();
    let mut site = Sqlite::new(folder.path(), 5, 1, false, None);
    round(&mut site, PEOPLE, 1, &[Fault::Kill; 4], &mut tally);
    println!("{tally:?}");
}

#[test]
fn sqlite_without_power() {
    let mut tally = Tally::default();
    on_sqlite(2, &[Fault::Power, Fault::KillThenPower, Fault::Power], &mut tally);
    println!("{tally:?}");
}

#[test]
fn sqlite_on_a_full_disk() {
    let mut tally = Tally::default();
    let _seed = Seed(3);
    let folder = tempfile::tempdir().unwrap();
    let small = match SmallDisk::mount(&folder.path().join("data"), &folder.path().join("image"), 24) {
        Ok(small) => small,
        Err(why) => return println!("SKIPPED: a small disk cannot be mounted here: {why}"),
    };
    println!("the disk: {}", small.kind);
    let mut site = Sqlite::new(folder.path(), 5, 3, false, Some(small));
    round(&mut site, PEOPLE, 3, &[Fault::Full, Fault::FullAndKill], &mut tally);
    println!("{tally:?}");
}
