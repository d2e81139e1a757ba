//! A backup has everything, and gives it back, on the other engine too.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use passerelle::config::Config;
use passerelle::connection::{Connection, Security, Start};
use passerelle::domain::Gateway;
use passerelle::domain::backup::{self, BackupError, Restored};
use passerelle::domain::clock::Clock;
use passerelle::domain::delivery::Submitted;
use passerelle::domain::import::progress::Progress;
use passerelle::imap;
use passerelle::model::{Flags, SystemFlag};
use passerelle::sasl::ChannelBindings;
use passerelle::store::Store;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::archive::{content, members};
use crate::full::{full_worlds, large, settings};
use crate::support;
use crate::world::{NOW, World, letter, to, user, worlds_with};

impl World {
    async fn back_up(&self, name: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        let done = self.gateway.back_up(&file, &Arc::new(Progress::default())).await.unwrap();
        assert_eq!((done.faulty.len(), done.bytes), (0, std::fs::metadata(&file).unwrap().len()));
        file
    }
}

/// A place to restore into.
pub struct Target {
    config: Arc<Config>,
    pub engine: &'static str,
    _folder: TempDir,
}

impl Target {
    /// One on each engine, with nothing in it.
    pub async fn all() -> Vec<Self> {
        let mut targets = vec![Self::on(None)];
        if let Some(url) = support::postgres_url().await {
            targets.push(Self::on(Some(url)));
        }
        targets
    }

    fn on(url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        std::fs::create_dir(&data_dir).unwrap();
        let engine = if url.is_some() { "postgres" } else { "sqlite" };
        let url = url.unwrap_or_else(|| format!("sqlite:{}", data_dir.join("new.db").display()));
        let settings_text = format!("domain = 'ent.test'\ndata_dir = '{}'\n[store]\nurl = '{url}'", data_dir.display());
        let mut config: Config = toml::from_str(&settings_text).unwrap();
        settings(&mut config);
        Self { config: Arc::new(config), engine, _folder: folder }
    }

    pub async fn restore(&self, file: &Path) -> Result<Restored, BackupError> {
        backup::restore(&self.config, file, &Progress::default()).await
    }

    async fn open(&self) -> Arc<Gateway> {
        let store = Store::open(&self.config.store_url(), 4).await.unwrap();
        Arc::new(Gateway::new(Arc::clone(&self.config), store, Clock::fixed(NOW)).unwrap())
    }
}

/// What a client hears: everything that it may keep for later.
async fn heard(gateway: &Arc<Gateway>) -> String {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let gateway = Arc::clone(gateway);
    let session = tokio::spawn(async move {
        let peer = "192.0.2.1:5000".parse().unwrap();
        let (bindings, stop) = (ChannelBindings::default(), CancellationToken::new());
        let connection = Connection { id: 1, peer, security: Security::Tls, bindings, stop };
        imap::run(gateway, &connection, Start::Greeting, theirs).await
    });
    let all = "(UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE PREVIEW EMAILID BODY.PEEK[])";
    let commands = [
        "LOGIN u2 \"un mot de passe long\"",
        "ENABLE CONDSTORE QRESYNC",
        "LIST \"\" * RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ))",
        "LSUB \"\" *",
        "GETMETADATA INBOX (/private/comment)",
        "SELECT INBOX",
        &format!("UID FETCH 1:* {all}"),
        "UID SEARCH TEXT deja",
        "SELECT Projets/&AMk-t&AOk-",
        &format!("UID FETCH 1:* {all}"),
        "SELECT Trash",
        &format!("UID FETCH 1:* {all}"),
        "SELECT Sent (QRESYNC (1 1))",
        "LOGOUT",
    ];
    let mut said = Vec::new();
    for (number, command) in commands.iter().enumerate() {
        ours.write_all(format!("a{number} {command}\r\n").as_bytes()).await.unwrap();
        let done = format!("a{number} ");
        let mut octets = [0; 8192];
        while !String::from_utf8_lossy(&said).lines().any(|line| line.starts_with(&done)) {
            let count = ours.read(&mut octets).await.unwrap();
            assert_ne!(count, 0, "{}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&octets[..count]);
        }
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(&format!("{done}OK")), "{command}: {said}");
    }
    session.await.unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn what_is_restored_on_either_engine_is_what_was_there() {
    for world in full_worlds().await {
        let file = world.back_up("one.tar").await;
        let kept = content(&file);
        for table in kept.keys().filter(|name| !name.starts_with("blobs/")) {
            assert!(!kept[table].is_empty());
        }
        let heard_there = heard(&world.gateway).await;
        assert!(heard_there.contains("$Forwarded") && heard_there.contains("MODSEQ"), "{heard_there}");
        for target in Target::all().await {
            let what = format!("{} to {}", world.engine, target.engine);
            let restored = target.restore(&file).await.unwrap();
            assert_eq!(restored.bodies, 2, "{what}");
            let gateway = target.open().await;
            let verified = gateway.verify(true, &Arc::default()).await.unwrap();
            assert_eq!(verified.findings, [], "{what}");
            // The store as a whole, row by row, as the new engine has it.
            let again = file.with_file_name(format!("again-{}.tar", target.engine));
            gateway.back_up(&again, &Arc::default()).await.unwrap();
            assert_eq!(content(&again), kept, "{what}");
            assert_eq!(heard(&gateway).await, heard_there, "{what}");
            gateway.store().close().await;
        }
    }
}

/// Every table that the migrations make is in the backup, with the same columns on both engines.
#[tokio::test]
async fn no_table_is_forgotten() {
    let mut made = Vec::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let tables = text.lines().filter_map(|line| line.strip_prefix("create table ")?.split_whitespace().next());
        made.extend(tables.map(str::to_owned));
    }
    made.sort_unstable();
    let mut manifests = Vec::new();
    for world in full_worlds().await {
        let file = world.back_up("one.tar").await;
        let checked = backup::check(&file, &Progress::default()).unwrap();
        assert_eq!(checked.damaged_bodies, 0);
        let names: Vec<String> = checked.manifest.tables.iter().map(|table| table.name.clone()).collect();
        assert_eq!(names, made, "{}", world.engine);
        let filled = checked.manifest.rows.values().filter(|rows| **rows > 0).count();
        assert!(filled >= 35, "only {filled} tables have rows here: see `full`");
        manifests.push(checked.manifest.tables);
    }
    manifests.windows(2).for_each(|pair| assert_eq!(pair[0], pair[1], "the engines have other columns"));
}

#[tokio::test]
async fn a_file_that_was_changed_or_cut_is_refused_and_the_store_stays_empty() {
    let world = full_worlds().await.remove(0);
    let file = world.back_up("one.tar").await;
    let octets = std::fs::read(&file).unwrap();
    let bad = world.folder.path().join("bad.tar");
    let end = octets.len() - 1024;
    for part in 0..200 {
        let at = (end * part / 200) + part % 7;
        let mut changed = octets.clone();
        changed[at] ^= 0x10;
        std::fs::write(&bad, &changed).unwrap();
        assert!(backup::check(&bad, &Progress::default()).is_err(), "octet {at} of {end}");
        std::fs::write(&bad, &octets[..at]).unwrap();
        assert!(backup::check(&bad, &Progress::default()).is_err(), "cut at {at} of {end}");
    }
    for target in Target::all().await {
        for part in [1, 10, 25, 33, 39] {
            let mut changed = octets.clone();
            changed[end * part / 40] ^= 1;
            std::fs::write(&bad, &changed).unwrap();
            assert!(target.restore(&bad).await.is_err(), "{part}");
            std::fs::write(&bad, &octets[..end * part / 40]).unwrap();
            assert!(target.restore(&bad).await.is_err(), "{part}");
        }
        target.restore(&file).await.expect("nothing stands in the way of the whole one");
        let again = target.restore(&file).await.unwrap_err();
        assert!(matches!(again, BackupError::NotEmpty(_)), "{again}");
    }
}

#[tokio::test]
async fn a_backup_is_private_and_never_writes_over_another() {
    use std::os::unix::fs::PermissionsExt;
    let world = full_worlds().await.remove(0);
    let file = world.back_up("one.tar").await;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read(&file).unwrap();
    let again = world.gateway.back_up(&file, &Arc::default()).await.unwrap_err();
    assert!(matches!(again, BackupError::Exists(_)), "{again}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let nowhere = world.folder.path().join("nowhere/two.tar");
    assert!(matches!(world.gateway.back_up(&nowhere, &Arc::default()).await, Err(BackupError::File { .. })));
    let left: Vec<String> = std::fs::read_dir(world.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("tar"))
        .collect();
    assert_eq!(left, ["one.tar"]);
    assert_eq!(members(&file).keys().next_back().unwrap(), "rows/written_to/000001.ndjson");
}

/// A body that is lost does not keep all others from being saved; it is told.
#[tokio::test]
async fn a_lost_body_is_told_and_the_rest_is_saved() {
    for world in full_worlds().await {
        let lost = world.blobs().remove(0);
        std::fs::remove_file(&lost).unwrap();
        let file = world.folder.path().join("one.tar");
        let done = world.gateway.back_up(&file, &Arc::default()).await.unwrap();
        assert_eq!((done.bodies, done.faulty.len()), (1, 1));
        assert_eq!(backup::check(&file, &Progress::default()).unwrap().damaged_bodies, 1);
        for target in Target::all().await {
            assert_eq!(target.restore(&file).await.unwrap().faulty.len(), 1);
            let found = target.open().await.verify(false, &Arc::default()).await.unwrap();
            assert_eq!(found.findings.iter().map(|finding| finding.check).collect::<Vec<_>>(), ["blob-missing"]);
        }
    }
}

/// People send, expunge and lose large letters, collection takes what it can, and one backup after the other is whole: each
/// letter accepted before it began is in it, and nothing in it points at what is not.
#[tokio::test(flavor = "multi_thread")]
async fn backups_are_consistent_while_people_work() {
    fn busy(config: &mut Config) {
        settings(config);
        config.keeping.undelete_days = 0;
        config.mailboxes.expunge_to_trash = false;
    }
    for world in worlds_with(3, busy).await {
        let world = Arc::new(world);
        let stop = Arc::new(AtomicBool::new(false));
        let accepted = Arc::new(std::sync::Mutex::new(Vec::new()));
        let senders: Vec<_> = (1..=2)
            .map(|number| {
                let (world, stop, accepted) = (Arc::clone(&world), Arc::clone(&stop), Arc::clone(&accepted));
                tokio::spawn(async move {
                    let mut round = 0;
                    while !stop.load(Ordering::Relaxed) {
                        round += 1;
                        let id = format!("busy-{number}-{round}");
                        let sent = world.submit(&user(number), &[to(3)], &letter(number, &id, "", &id)).await;
                        assert!(matches!(sent, Submitted::Delivered { .. }));
                        accepted.lock().unwrap().push(id);
                        come_and_go(&world, number, round).await;
                    }
                })
            })
            .collect();
        let collector = {
            let (world, stop) = (Arc::clone(&world), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut bodies = 0;
                while !stop.load(Ordering::Relaxed) {
                    bodies += world.gateway.collect().await.unwrap().bodies;
                }
                bodies
            })
        };
        let mut files = Vec::new();
        for number in 0..4 {
            while accepted.lock().unwrap().len() < 10 * (number + 1) {
                tokio::task::yield_now().await;
            }
            let before = accepted.lock().unwrap().clone();
            files.push((world.back_up(&format!("{number}.tar")).await, before));
        }
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.await.unwrap();
        }
        assert!(collector.await.unwrap() > 0, "{}: collection had something to do", world.engine);
        assert_eq!(world.verify(true).await.findings, [], "{}", world.engine);
        for (file, before) in files {
            let target = Target::on(None);
            target.restore(&file).await.unwrap();
            let gateway = target.open().await;
            assert_eq!(gateway.verify(true, &Arc::default()).await.unwrap().findings, [], "{}", world.engine);
            let rows = content(&file)["message"].concat();
            let text = String::from_utf8_lossy(&rows);
            for id in before {
                assert!(text.contains(&format!("\"{id}@ent.test\"")), "{id} was accepted before");
            }
        }
    }
}

/// A large letter comes, is read by its owner and goes for good.
async fn come_and_go(world: &World, number: u32, round: usize) {
    let owner = user(number);
    let drafts = world.mailbox(&owner, "Drafts").await;
    let mut deleted = Flags::default();
    deleted.set(SystemFlag::Deleted);
    world.append_with(&owner, &drafts, &large(number, &format!("going-{number}-{round}")), deleted).await;
    if round.is_multiple_of(2) {
        world.gateway.expunge(drafts.id, None).await.unwrap();
    }
}
