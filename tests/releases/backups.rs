//! Backups of every release, restored by this program on both engines; and those that it refuses.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;
use passerelle::domain::backup::{self, BackupError};
use passerelle::domain::import::progress::Progress;
use passerelle::store::Store;

use crate::fill::{EVENING, PASSWORD};
use crate::fixture::{ENGINES, Place, releases};
use crate::talk::heard;

/// A release's backup, unpacked.
fn unpacked(release: &Path) -> Vec<u8> {
    let mut octets = Vec::new();
    let packed = std::fs::File::open(release.join("backup.tar.gz")).unwrap();
    GzDecoder::new(packed).read_to_end(&mut octets).unwrap();
    octets
}

fn file(place: &Place, octets: &[u8]) -> PathBuf {
    let path = place.folder.path().join("backup.tar");
    std::fs::write(&path, octets).unwrap();
    path
}

async fn restore(place: &Place, octets: &[u8]) -> Result<u64, BackupError> {
    let path = file(place, octets);
    backup::restore(&place.config(), &path, &Progress::default()).await.map(|restored| restored.rows)
}

#[tokio::test]
async fn a_release_s_backup_is_restored_on_both_engines() {
    for release in releases() {
        let octets = unpacked(&release);
        for engine in ENGINES {
            let Some(place) = Place::empty(engine).await else { continue };
            assert!(restore(&place, &octets).await.unwrap() > 200);
            let (gateway, _) = place.open(EVENING).await;
            let about = Store::inspect(&place.url).await.unwrap();
            assert_eq!(about.schema, Some(about.newest), "restored as it was, then brought up to date");
            assert_eq!(gateway.verify(true, &Arc::default()).await.unwrap().findings, []);
            for (name, login) in [("claire", "claire.martin"), ("sophie", "sophie.durand")] {
                let then = std::fs::read_to_string(release.join("sqlite").join(format!("{name}.txt"))).unwrap();
                assert!(heard(&gateway, login, PASSWORD).await == then, "{name} of {} on {engine}", release.display());
            }
            gateway.store().close().await;
            let again = restore(&place, &octets).await.unwrap_err();
            assert!(matches!(again, BackupError::NotEmpty(_) | BackupError::OtherSchema { .. }), "{again}");
        }
    }
}

/// The manifest with another text in it, of the same length, so that heads stay as they are.
fn with(octets: &[u8], before: &str, after: &str) -> Vec<u8> {
    assert_eq!(before.len(), after.len());
    let at = octets.windows(before.len()).position(|part| part == before.as_bytes()).unwrap();
    let mut changed = octets.to_vec();
    changed[at..at + after.len()].copy_from_slice(after.as_bytes());
    changed
}

#[tokio::test]
async fn what_this_program_cannot_restore_is_refused_and_the_store_stays_as_it_was() {
    let octets = unpacked(&releases()[0]);
    let mut one_octet = octets.clone();
    one_octet[octets.len() / 2] ^= 1;
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("a newer schema", with(&octets, "\"schema\": 2,", "\"schema\": 9,"), "schema version 9"),
        ("a newer format", with(&octets, "\"format\": 1,", "\"format\": 2,"), "format 2"),
        (
            "a table that there is not",
            with(&octets, "\"name\": \"sending\"", "\"name\": \"bending\""),
            "table sending is not",
        ),
        ("cut off", octets[..octets.len() * 2 / 3].to_vec(), "end is missing"),
        ("its last octets gone", octets[..octets.len() - 1024 - 512].to_vec(), "end is missing"),
        ("one octet changed", one_octet, "damaged"),
        ("something else", b"PK\x03\x04 and so on".repeat(100), "no backup"),
    ];
    for engine in ENGINES {
        let Some(place) = Place::empty(engine).await else { continue };
        for (what, octets, told) in &cases {
            let refused = restore(&place, octets).await.unwrap_err().to_string();
            assert!(refused.contains(told), "{what} on {engine}: {refused}");
        }
        // Nothing of all that is in the way of the whole one.
        assert!(restore(&place, &octets).await.unwrap() > 200);
    }
}

/// A store that people work on, and one that some other program uses, are not restored into.
#[tokio::test]
async fn only_an_empty_store_is_restored_into() {
    let release = &releases()[0];
    let octets = unpacked(release);
    for engine in ENGINES {
        let Some(place) = Place::of(release, engine).await else { continue };
        place.run("update ent_user set display_name = 'kept' where login = 'paul.petit'").await;
        let refused = restore(&place, &octets).await.unwrap_err();
        assert!(matches!(refused, BackupError::NotEmpty(_)), "{refused}");
        let (gateway, _) = place.open(EVENING).await;
        let paul = gateway.find_user("paul.petit").await.unwrap().unwrap();
        assert_eq!(paul.display_name, "kept");
        gateway.store().close().await;

        // A schema that is newer than the backup's.
        let Some(place) = Place::empty(engine).await else { continue };
        Store::open(&place.url, 2).await.unwrap().close().await;
        place
            .run(
                "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                select 1000, 'expand: more', true, checksum, 0 from _sqlx_migrations where version = 1",
            )
            .await;
        let refused = restore(&place, &octets).await.unwrap_err();
        assert!(matches!(refused, BackupError::OtherSchema { store: 1000, backup: 2 }), "{refused}");

        // Tables of another program.
        let Some(place) = Place::empty(engine).await else { continue };
        place
            .run("create table somebody (id bigint primary key, name text); insert into somebody values (1, 'x')")
            .await;
        let refused = restore(&place, &octets).await.unwrap_err();
        assert!(matches!(&refused, BackupError::Foreign(table) if table == "somebody"), "{refused}");
        assert_eq!(Store::inspect(&place.url).await.unwrap().schema, None, "nothing was made in it");
    }
}
