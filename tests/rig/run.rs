//! A round: people work, faults strike one after the other, all is made well again and judged.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::journal::Journal;
use crate::judge::{judge_leftovers, judge_store, judge_submissions};
use crate::person::{Person, Town};
use crate::power::Lost;
use crate::site::Gateway;

/// After a fault everybody must get on within this time.
const PROGRESS_WITHIN: Duration = Duration::from_secs(240);
/// How old acknowledged flags may be that a loss of power takes: a second, and what the machine takes to get there.
pub(crate) const FLAGS_MAY_LOSE: Duration = Duration::from_secs(3);

/// What has happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) rounds: u64,
    pub(crate) kills: u64,
    pub(crate) fills: u64,
    pub(crate) power_losses: u64,
    pub(crate) database_restarts: u64,
    pub(crate) cuts: u64,
    pub(crate) freezes: u64,
    pub(crate) lost: Lost,
    pub(crate) submissions: u64,
    pub(crate) repeated: u64,
    pub(crate) commands: u64,
    pub(crate) unknown: u64,
}

/// Gateways, and what they stand on.
pub(crate) trait Site {
    type Fault: Copy + Debug;
    /// How long a change that broke off may still be under way in the store.
    const SETTLED_AFTER: Duration;
    fn ports(&self) -> Vec<(u16, u16)>;
    /// When it returns, all is well again, or will be soon.
    fn strike(&mut self, fault: Self::Fault, journal: &Journal, tally: &mut Tally);
    fn gateways(&mut self) -> Vec<&mut Gateway>;
    /// Files that changed without the log of their disk; asked when everything has stopped by itself.
    fn unseen_writes(&self) -> Vec<String>;
}

/// What all choices follow from.
pub(crate) fn seed() -> u64 {
    std::env::var("RIG_SEED").map_or(7, |seed| seed.parse().expect("RIG_SEED"))
}

/// Tells the seed when a test fails.
pub(crate) struct Seed(pub(crate) u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the seed was {}: RIG_SEED={} plays it again (tests/rig/main.rs)", self.0, self.0);
        }
    }
}

/// A moment, of so many milliseconds.
pub(crate) fn pause(chance: &mut Chance, milliseconds: Range<usize>) {
    let length = milliseconds.start + chance.below(milliseconds.end - milliseconds.start);
    std::thread::sleep(Duration::from_millis(u64::try_from(length).unwrap()));
}

/// One round.
pub(crate) fn round<S: Site>(site: &mut S, people: u32, seed: u64, faults: &[S::Fault], tally: &mut Tally) {
    let mut chance = Chance::new(seed);
    let people = usize::try_from(people).unwrap();
    let town = Town {
        ports: site.ports(),
        people,
        journal: Journal::default(),
        stop: AtomicBool::new(false),
        began: Instant::now(),
        settled_after: S::SETTLED_AFTER,
        working: AtomicUsize::new(people),
        progress: (0..people).map(|_| AtomicU64::new(0)).collect(),
    };
    let everybody: Vec<_> = (1..=people).map(|number| Person::new(&town, number, seed)).collect();
    let accounts: Vec<_> = std::thread::scope(|scope| {
        let working: Vec<_> = everybody.into_iter().map(|person| scope.spawn(|| person.work())).collect();
        for fault in faults {
            pause(&mut chance, 150..900);
            let began = town.began.elapsed();
            site.strike(*fault, &town.journal, tally);
            println!("{fault:?} from {began:?} to {:?}", town.began.elapsed());
            if !get_on(&town, || working.iter().any(|thread| thread.is_finished())) {
                break;
            }
        }
        town.stop.store(true, Ordering::Relaxed);
        working.into_iter().map(|thread| thread.join().expect("a person saw a promise broken")).collect()
    });
    judge_submissions(&town.journal, &accounts);
    for gateway in site.gateways() {
        judge_store(gateway);
    }
    for gateway in site.gateways() {
        gateway.stop();
    }
    assert_eq!(site.unseen_writes(), Vec::<String>::new(), "power.c does not see all");
    judge_leftovers(site.gateways()[0].config());
    tally.count(&town.journal);
}

/// Everybody gets something done; `false` where somebody has ended.
fn get_on(town: &Town, ended: impl Fn() -> bool) -> bool {
    let before: Vec<u64> = town.progress.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    let started = Instant::now();
    while town.progress.iter().zip(&before).any(|(now, before)| now.load(Ordering::Relaxed) < before + 2) {
        if ended() || started.elapsed() > PROGRESS_WITHIN {
            town.stop.store(true, Ordering::Relaxed);
            assert!(ended(), "somebody does not get on: {:?} after {before:?}", town.progress);
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

impl Tally {
    fn count(&mut self, journal: &Journal) {
        let counts = &journal.counts;
        self.rounds += 1;
        for (total, of_round) in [
            (&mut self.submissions, &counts.submissions),
            (&mut self.repeated, &counts.repeated),
            (&mut self.commands, &counts.commands),
            (&mut self.unknown, &counts.unknown),
        ] {
            *total += of_round.load(Ordering::Relaxed);
        }
    }
}
