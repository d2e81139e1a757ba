//! A round of each kind, for every run of the tests.

use crate::postgres::{self, Postgres};
use crate::run::{Seed, Tally, round, seed};
use crate::small_disk::SmallDisk;
use crate::sqlite::{self, Sqlite};

pub(crate) const PEOPLE: u32 = 4;

#[test]
fn on_sqlite_killed_and_without_power() {
    use sqlite::Fault::{Kill, KillThenPower, Power};
    sqlite_round(seed(), &[Kill, Power, KillThenPower], &mut Tally::default());
}

#[test]
fn on_sqlite_with_a_full_disk() {
    use sqlite::Fault::{Full, FullAndKill};
    full_round(seed(), &[Full, FullAndKill], &mut Tally::default());
}

#[test]
fn on_postgresql() {
    use postgres::Fault::{Crash, Cut, Freeze, Kill, Power};
    postgres_round(seed(), &[Kill, Cut, Crash, Freeze, Power], &mut Tally::default());
}

/// SQLite on a disk that is watched: kills and losses of power.
pub(crate) fn sqlite_round(seed: u64, faults: &[sqlite::Fault], tally: &mut Tally) {
    let _seed = Seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut site = Sqlite::new(folder.path(), PEOPLE, seed, true, None);
    round(&mut site, PEOPLE, seed, faults, tally);
}

/// SQLite on a small disk.
pub(crate) fn full_round(seed: u64, faults: &[sqlite::Fault], tally: &mut Tally) {
    let _seed = Seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let small = match SmallDisk::mount(&folder.path().join("data"), &folder.path().join("image"), 32) {
        Ok(small) => small,
        Err(why) => return println!("SKIPPED: a small disk cannot be mounted here: {why}"),
    };
    println!("the small disk: {}", small.kind);
    let mut site = Sqlite::new(folder.path(), PEOPLE, seed, false, Some(small));
    round(&mut site, PEOPLE, seed, faults, tally);
}

/// Two gateways on a PostgreSQL whose disk is watched.
pub(crate) fn postgres_round(seed: u64, faults: &[postgres::Fault], tally: &mut Tally) {
    let _seed = Seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let Some(mut site) = Postgres::new(folder.path(), PEOPLE, seed) else {
        return println!("SKIPPED: PostgreSQL is not installed");
    };
    round(&mut site, PEOPLE, seed, faults, tally);
}
