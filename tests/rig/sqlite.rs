//! One gateway on SQLite: killed, on a full disk, without power.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::client::Demo;
use crate::journal::Journal;
use crate::power::Disk;
use crate::run::{Site, Tally};
use crate::site::{Gateway, fill};
use crate::small_disk::SmallDisk;

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Kill,
    /// The disk is full for a moment.
    Full,
    /// The same, and the gateway is killed meanwhile.
    FullAndKill,
    /// Kill, and power lost.
    Power,
    /// Killed and started; soon after, power is lost: what was read after the first start must stay.
    KillThenPower,
}

pub(crate) struct Sqlite {
    gateway: Gateway,
    disk: Option<Disk>,
    small: Option<SmallDisk>,
    chance: Chance,
    data: PathBuf,
}

impl Sqlite {
    /// On this folder; `power`: so that power can be lost.
    pub(crate) fn new(folder: &Path, people: u32, seed: u64, power: bool, small: Option<SmallDisk>) -> Self {
        let data = folder.join("data");
        let mut chance = Chance::new(seed ^ 0x5eed);
        if small.is_none() {
            std::fs::create_dir(&data).unwrap();
        }
        // Watched from the first start on: a new store must be as safe as an old one.
        let disk = power.then(|| Disk::new(&data, &folder.join("power.log")));
        let watched = environment(disk.as_ref(), &mut chance);
        drop(Demo::start_with(&data, None, people, |command| {
            command.envs(watched);
        }));
        let mut gateway = Gateway::new(folder, &data, None, "");
        gateway.start(&environment(disk.as_ref(), &mut chance));
        Self { gateway, disk, small, chance, data }
    }

    fn start(&mut self) {
        let environment = environment(self.disk.as_ref(), &mut self.chance);
        self.gateway.start(&environment);
    }

    fn lose_power(&mut self, journal: &Journal, tally: &mut Tally) {
        let before = Instant::now();
        self.gateway.kill();
        let disk = self.disk.as_mut().expect("a disk that is watched");
        let lost = disk.lose_power(&mut self.chance);
        self.start();
        journal.lose_flags(before.checked_sub(crate::run::FLAGS_MAY_LOSE).unwrap(), Instant::now());
        tally.power_losses += 1;
        tally.lost.changes += lost.changes;
        tally.lost.names += lost.names;
    }

    fn restart(&mut self, tally: &mut Tally) {
        self.gateway.kill();
        tally.kills += 1;
        self.start();
    }

    fn fill_up(&mut self, tally: &mut Tally, kill: bool) {
        assert!(self.small.is_some(), "a small disk");
        let filler = self.data.join("filler");
        // Some room is left: it ends in the middle of something.
        let leave = u64::try_from(self.chance.below(200_000)).unwrap();
        fill(&filler, leave).unwrap();
        tally.fills += 1;
        crate::run::pause(&mut self.chance, 300..900);
        if kill {
            self.gateway.kill();
            tally.kills += 1;
        }
        std::fs::remove_file(&filler).unwrap();
        if kill {
            self.start();
        }
    }
}

/// Of a gateway; syncing takes its time, more or less.
fn environment(disk: Option<&Disk>, chance: &mut Chance) -> Vec<(String, String)> {
    let slow = *chance.of(&[0, 500, 3000]);
    disk.map(|disk| disk.environment(slow)).unwrap_or_default()
}

impl Site for Sqlite {
    type Fault = Fault;
    // It ends with the gateway.
    const SETTLED_AFTER: Duration = Duration::ZERO;

    fn ports(&self) -> Vec<(u16, u16)> {
        vec![self.gateway.ports]
    }

    fn strike(&mut self, fault: Fault, journal: &Journal, tally: &mut Tally) {
        match fault {
            Fault::Kill => self.restart(tally),
            Fault::Full => self.fill_up(tally, false),
            Fault::FullAndKill => self.fill_up(tally, true),
            Fault::Power => self.lose_power(journal, tally),
            Fault::KillThenPower => {
                self.restart(tally);
                crate::run::pause(&mut self.chance, 50..700);
                self.lose_power(journal, tally);
            }
        }
    }

    fn gateways(&mut self) -> Vec<&mut Gateway> {
        vec![&mut self.gateway]
    }

    fn unseen_writes(&self) -> Vec<String> {
        self.disk.as_ref().map(Disk::differences).unwrap_or_default()
    }
}
