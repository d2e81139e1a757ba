//! Two gateways on one PostgreSQL: killed, their database crashed or without power, the network between them cut or still.

use std::path::Path;
use std::time::Duration;

use crate::chance::Chance;
use crate::client::Demo;
use crate::cluster::Cluster;
use crate::journal::Journal;
use crate::power::{Disk, library};
use crate::proxy::Proxy;
use crate::run::{Site, Tally, pause};
use crate::site::Gateway;
use crate::wire::Imap;

/// What can happen to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// One of the gateways; the other goes on.
    Kill,
    /// The database stops without writing anything, and starts.
    Crash,
    /// The network between gateways and database breaks.
    Cut,
    /// It stands still for seconds, then goes on, or breaks.
    Freeze,
    /// The machine of the database loses its power.
    Power,
}

pub(crate) struct Postgres {
    // Ends before the database does.
    gateways: Vec<Gateway>,
    proxy: Proxy,
    cluster: Cluster,
    disk: Disk,
    chance: Chance,
}

/// Syncing costs nothing there, and what is not synced may be lost.
const WATCHED: &[&str] =
    &["fsync=on", "max_connections=60", "checkpoint_timeout=30s", "max_wal_size=64MB", "wal_writer_delay=10s"];

impl Postgres {
    /// `None` where PostgreSQL is not installed.
    pub(crate) fn new(folder: &Path, people: u32, seed: u64) -> Option<Self> {
        let mut cluster = Cluster::make("host", WATCHED)?;
        let disk = watch(&mut cluster);
        cluster.run();
        let proxy = Proxy::start(cluster.port());
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", proxy.port);
        let first = folder.join("first");
        drop(Demo::start(&first, Some(&url), people));
        let shared = format!(
            "[store.postgres]\nconnect_seconds_max = 2\n[store.blobs]\nfolder = '{}'\n",
            first.join("blobs").display()
        );
        let mut gateways: Vec<_> =
            [first, folder.join("second")].iter().map(|data| Gateway::new(folder, data, Some(&url), &shared)).collect();
        for gateway in &mut gateways {
            gateway.start(&[]);
        }
        Some(Self { gateways, proxy, cluster, disk, chance: Chance::new(seed ^ 0x5eed) })
    }

    fn kill_one(&mut self, tally: &mut Tally) {
        let gateway = self.chance.below(2);
        self.gateways[gateway].kill();
        pause(&mut self.chance, 0..500);
        self.gateways[gateway].start(&[]);
        tally.kills += 1;
    }

    fn crash(&mut self, tally: &mut Tally, power: bool) {
        self.cluster.crash();
        if power {
            let lost = self.disk.lose_power(&mut self.chance);
            // Should it be back: it names a process of before, and here numbers of processes do not begin anew.
            let _ = std::fs::remove_file(self.cluster.folder().join("data/postmaster.pid"));
            tally.lost.changes += lost.changes;
            tally.lost.names += lost.names;
            tally.power_losses += 1;
        } else {
            pause(&mut self.chance, 0..500);
            tally.database_restarts += 1;
        }
        self.cluster.run();
    }

    fn freeze(&mut self, tally: &mut Tally) {
        self.proxy.freeze(true);
        pause(&mut self.chance, 300..2500);
        if self.chance.one_in(2) {
            self.proxy.cut();
        }
        self.proxy.freeze(false);
        tally.freezes += 1;
    }
}

/// A gateway outlives its database, with what it has read. Were flags lost, what comes next would bear their ModSeq, and
/// this gateway, and clients that remember it (RFC 7162), would never see it.
#[test]
fn flags_that_were_read_outlive_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut site) = Postgres::new(folder.path(), 1, 1) else {
        return println!("SKIPPED: PostgreSQL is not installed");
    };
    let port = site.gateways[0].ports.0;
    let mut imap = Imap::log_in(port, "u0001").unwrap();
    let letter = b"Subject: letter\r\n\r\nBonjour\r\n".to_vec();
    imap.append("Drafts", "", std::slice::from_ref(&letter)).unwrap();
    imap.ask_in("Drafts", "UID STORE 1 +FLAGS (\\Flagged)").unwrap();
    site.cluster.crash();
    site.disk.lose_all_that_was_not_synced();
    site.cluster.run();
    // Each gateway finds out by itself that its connections are dead, and tells one client or another to come later.
    let come_back = |port| loop {
        match Imap::log_in(port, "u0001").and_then(|mut imap| imap.look().map(|_| imap)) {
            Ok(imap) => break imap,
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    come_back(site.gateways[1].ports.0).append("Drafts", "", &[letter]).unwrap();
    let seen = come_back(port).look().unwrap();
    let drafts = &seen["Drafts"].messages;
    assert_eq!(drafts.len(), 2, "{drafts:?}");
    assert!(drafts[&1].1.contains("\\Flagged"), "{drafts:?}");
}

/// The cluster's data lie on a disk that is watched from its first start on.
fn watch(cluster: &mut Cluster) -> Disk {
    let folder = cluster.folder();
    // PostgreSQL's user must be able to read it.
    let library = folder.join("power.so");
    std::fs::copy(self::library().unwrap(), &library).unwrap();
    let disk = Disk::new(&folder.join("data"), &folder.join("power.log"));
    let mut environment = disk.environment(0);
    environment[0].1 = library.to_str().unwrap().to_owned();
    cluster.set_environment(environment);
    disk
}

impl Site for Postgres {
    type Fault = Fault;
    // PostgreSQL may have been told to commit.
    const SETTLED_AFTER: Duration = Duration::from_secs(1);

    fn ports(&self) -> Vec<(u16, u16)> {
        self.gateways.iter().map(|gateway| gateway.ports).collect()
    }

    fn strike(&mut self, fault: Fault, _journal: &Journal, tally: &mut Tally) {
        match fault {
            Fault::Kill => self.kill_one(tally),
            Fault::Crash => self.crash(tally, false),
            Fault::Power => self.crash(tally, true),
            Fault::Cut => {
                self.proxy.cut();
                tally.cuts += 1;
            }
            Fault::Freeze => self.freeze(tally),
        }
    }

    fn gateways(&mut self) -> Vec<&mut Gateway> {
        self.gateways.iter_mut().collect()
    }

    fn unseen_writes(&self) -> Vec<String> {
        self.cluster.stop();
        let mut differences = self.disk.differences();
        self.cluster.run();
        // Written by fopen, which the log does not know: PostgreSQL makes them anew.
        let caches = ["pg_internal.init", "pgstat.stat", "postmaster.opts"];
        differences.retain(|difference| !caches.iter().any(|cache| difference.contains(cache)));
        differences
    }
}
