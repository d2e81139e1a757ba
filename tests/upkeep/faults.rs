//! Each fault is found, by its own check and no other, and mended where a repair says so.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use passerelle::domain::import::progress::Progress;
use passerelle::domain::verify::{Repair, Weight};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use crate::cases::{CASES, Case, Mend, SQLITE_CASES};
use crate::full::full_worlds;
use crate::world::World;

impl World {
    /// Runs statements past everything that would stop them: foreign keys, too.
    pub async fn plant(&self, statements: &[&str]) {
        let ours = |statement: &&str| {
            let (engine, text) = statement.split_once(": ").filter(|(engine, _)| !engine.contains(' ')).unzip();
            match (engine, text) {
                (Some(engine), Some(text)) => (engine == self.engine).then(|| text.to_owned()),
                _ => Some((*statement).to_owned()),
            }
        };
        let statements: Vec<String> = statements.iter().filter_map(ours).collect();
        if self.engine == "sqlite" {
            let file = self.folder.path().join("test.db");
            let mut past = SqliteConnectOptions::new().filename(file).foreign_keys(false).connect().await.unwrap();
            for statement in statements {
                past.execute(AssertSqlSafe(statement)).await.unwrap();
            }
            past.close().await.unwrap();
            return;
        }
        let mut past = sqlx::PgConnection::connect(&self.postgres_url().await).await.unwrap();
        past.execute("set session_replication_role = replica").await.unwrap();
        past.execute("set allow_system_table_mods = on").await.unwrap();
        for statement in statements {
            past.execute(AssertSqlSafe(statement)).await.unwrap();
        }
        past.close().await.unwrap();
    }

    async fn postgres_url(&self) -> String {
        let read = self.gateway.store().read((), |tx, ()| {
            Box::pin(async move {
                let passerelle::store::Tx::Postgres(c) = tx else { return Ok(String::new()) };
                Ok(sqlx::query_scalar("select cast(current_database() as text)").fetch_one(&mut **c).await?)
            })
        });
        format!("{}/{}", std::env::var("PASSERELLE_TEST_POSTGRES").unwrap(), read.await.unwrap())
    }

    async fn repair(&self, repair: Repair, dry_run: bool) -> u64 {
        self.gateway.repair(repair, dry_run, &Arc::new(Progress::default())).await.unwrap()
    }

    async fn find_and_mend(&self, case: &Case) {
        let what = format!("{} on {}", case.check, self.engine);
        self.plant(case.plant).await;
        let found = self.verify(case.deep).await;
        let names: Vec<&str> = found.findings.iter().map(|finding| finding.check).collect();
        assert_eq!(names, [case.check], "{what}: {:?}", found.findings);
        let finding = &found.findings[0];
        assert!(finding.count > 0 && !finding.examples.is_empty(), "{what}");
        assert_eq!(found.is_sound(), finding.weight == Weight::Warning, "{what}");
        match case.mend {
            Mend::By(repair) => {
                assert_eq!(finding.repair, Some(repair), "{what}");
                assert!(self.repair(repair, true).await > 0, "{what}");
                assert_eq!(self.found(case.deep).await, [case.check], "{what}: a dry run changes nothing");
                assert!(self.repair(repair, false).await > 0, "{what}");
                assert_eq!(self.repair(repair, false).await, 0, "{what}: nothing is left to mend");
            }
            Mend::Undo(statements) => {
                assert_eq!(finding.repair, None, "{what}");
                self.plant(statements).await;
            }
        }
        assert_eq!(self.verify(true).await.findings, [], "{what}, mended");
    }

    pub fn blobs(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.gateway.config.data_dir.join("blobs")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { found.push(path) }
            }
        }
        found
    }
}

#[tokio::test]
async fn a_store_that_is_whole_is_found_whole() {
    for world in full_worlds().await {
        assert_eq!(world.verify(true).await.findings, [], "{}", world.engine);
        world.gateway.collect().await.unwrap();
        assert_eq!(world.verify(true).await.findings, [], "{}: after a collection", world.engine);
        for repair in Repair::ALL {
            assert_eq!(world.repair(repair, false).await, 0, "{repair:?} has nothing to do");
        }
    }
}

#[tokio::test]
async fn every_planted_fault_is_found_by_its_check_and_mended_where_it_can_be() {
    for world in full_worlds().await {
        for case in CASES {
            world.find_and_mend(case).await;
        }
        if world.engine == "sqlite" {
            for case in SQLITE_CASES {
                world.find_and_mend(case).await;
            }
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_files_is_found() {
    for world in full_worlds().await {
        let file = world.blobs().remove(0);
        let octets = fs::read(&file).unwrap();
        fs::rename(&file, world.folder.path().join("away")).unwrap();
        assert_eq!(world.found(false).await, ["blob-missing"]);
        assert_eq!(world.found(true).await, ["blob-missing", "body-octets"]);
        fs::write(&file, [&octets[..], b"more"].concat()).unwrap();
        assert_eq!(world.found(false).await, ["blob-size"]);
        fs::write(&file, &octets).unwrap();
        assert_eq!(world.found(true).await, [""; 0]);
        // As many octets, and others.
        fs::OpenOptions::new().write(true).open(&file).unwrap().write_all_at(b"!", 5).unwrap();
        assert_eq!(world.found(false).await, [""; 0]);
        assert_eq!(world.found(true).await, ["body-octets"]);
        fs::write(&file, &octets).unwrap();

        let old = format!("{}-{:016x}", "ab".repeat(32), 1);
        let folder = world.gateway.config.data_dir.join("blobs/ab/ab");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&old[4..]), b"x").unwrap();
        let found = world.verify(false).await;
        assert_eq!(found.findings[0].check, "blob-lost");
        assert!(found.is_sound(), "room is wasted, nothing more");
        assert_eq!(world.repair(Repair::OrphanBlobs, true).await, 1);
        assert_eq!(world.repair(Repair::OrphanBlobs, false).await, 1);
        assert_eq!(world.found(true).await, [""; 0]);
    }
}

/// A structure is read again only from octets that are those of the hash.
#[tokio::test]
async fn a_repair_does_not_believe_damaged_octets() {
    for world in full_worlds().await {
        world
            .plant(&[
                "update message set preview = 'x' where id = (select message_id from submission where id = 9)",
                "create table kept as select hash from message
                    where id = (select message_id from submission where id = 9)",
                "update message set hash = body_hash where id = (select message_id from submission where id = 9)",
            ])
            .await;
        assert_eq!(world.repair(Repair::Structures, false).await, 0);
        assert_eq!(world.found(true).await, ["message-octets"]);
    }
}

/// A check without a fault that it was seen to find proves nothing.
#[test]
fn every_check_has_a_case() {
    let mut checks: Vec<&str> = passerelle::store::verify::names().collect();
    checks.retain(|check| !CASES.iter().any(|case| case.check == *check));
    assert_eq!(checks, [""; 0]);
}
