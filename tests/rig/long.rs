//! Round after round, on both engines, with faults by chance.

use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::run::{Tally, seed};
use crate::short::{full_round, postgres_round, sqlite_round};
use crate::{postgres, sqlite};

#[test]
#[ignore = "takes RIG_MINUTES (10)"]
fn long() {
    let minutes = std::env::var("RIG_MINUTES").map_or(10, |minutes| minutes.parse().expect("RIG_MINUTES"));
    let kinds = std::env::var("RIG_KINDS").unwrap_or_else(|_| "sqlite,full,postgres".to_owned());
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    let (mut on_sqlite, mut on_full, mut on_postgres) = (Tally::default(), Tally::default(), Tally::default());
    let mut seed = seed();
    while Instant::now() < until {
        let chance = &mut Chance::new(seed);
        if kinds.contains("sqlite") {
            use sqlite::Fault::{Kill, KillThenPower, Power};
            sqlite_round(seed, &some(chance, &[Kill, Power, KillThenPower]), &mut on_sqlite);
            println!("seed {seed}, SQLite: {on_sqlite:?}");
        }
        if kinds.contains("full") {
            use sqlite::Fault::{Full, FullAndKill, Kill};
            full_round(seed, &some(chance, &[Full, FullAndKill, Kill]), &mut on_full);
            println!("seed {seed}, SQLite on a small disk: {on_full:?}");
        }
        if kinds.contains("postgres") {
            use postgres::Fault::{Crash, Cut, Freeze, Kill, Power};
            postgres_round(seed, &some(chance, &[Kill, Crash, Cut, Freeze, Power]), &mut on_postgres);
            println!("seed {seed}, PostgreSQL: {on_postgres:?}");
        }
        seed += 1;
    }
}

/// Faults of these kinds.
fn some<F: Copy>(chance: &mut Chance, kinds: &[F]) -> Vec<F> {
    (0..4 + chance.below(6)).map(|_| *chance.of(kinds)).collect()
}
