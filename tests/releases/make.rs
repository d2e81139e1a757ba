//! Makes the fixture of this version anew, once for each release, or while 0001 may still be edited:
//! `cargo nextest run --ignore-rust-version --test releases --run-ignored only make_the_fixture_anew`.
//!
//! It needs PostgreSQL (`PASSERELLE_TEST_POSTGRES`) and the programs `sqlite3` and `pg_dump`. What was released is
//! never made anew: its folder stays as it is for as long as this program opens what that release made.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fill::{self, PASSWORD};
use crate::fixture::{ENGINES, Place, copy_all};
use crate::talk::heard;

#[tokio::test]
#[ignore = "writes into tests/fixtures: by command"]
async fn make_the_fixture_anew() {
    let release = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(env!("CARGO_PKG_VERSION"));
    let _ = std::fs::remove_dir_all(&release);
    for engine in ENGINES {
        let place = Place::empty(engine).await.expect("PASSERELLE_TEST_POSTGRES");
        make(&place, &release, engine).await;
    }
}

async fn make(place: &Place, release: &Path, engine: &str) {
    let files = release.join(engine);
    std::fs::create_dir_all(&files).unwrap();
    let (gateway, clock) = place.open(fill::MORNING).await;
    let secret = fill::fill(&gateway, &clock, place.folder.path()).await;
    for login in ["claire.martin", "sophie.durand"] {
        let heard = heard(&gateway, login, PASSWORD).await;
        std::fs::write(files.join(format!("{}.txt", login.split('.').next().unwrap())), heard).unwrap();
    }
    std::fs::write(files.join("device.txt"), secret).unwrap();
    if engine == "sqlite" {
        let file = place.folder.path().join("backup.tar");
        gateway.back_up(&file, &Arc::default()).await.unwrap();
        let mut packed = GzEncoder::new(File::create(release.join("backup.tar.gz")).unwrap(), Compression::best());
        packed.write_all(&std::fs::read(&file).unwrap()).unwrap();
        packed.finish().unwrap();
    }
    assert_eq!(gateway.verify(true, &Arc::default()).await.unwrap().findings, []);
    gateway.store().close().await;
    std::fs::write(files.join("database.sql"), dump(place)).unwrap();
    copy_all(&place.data().join("blobs"), &files.join("blobs"));
}

/// All of the database, as statements.
fn dump(place: &Place) -> String {
    let output = match place.url.strip_prefix("sqlite:") {
        Some(file) => Command::new("sqlite3").arg(PathBuf::from(file)).arg(".dump").output(),
        None => {
            let options = ["--inserts", "--no-owner", "--no-privileges", "--no-comments"];
            Command::new("pg_dump").args(options).arg(&place.url).output()
        }
    };
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // What psql alone understands.
    let kept = |line: &&str| !line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict ");
    text.split_terminator('\n').filter(kept).map(|line| format!("{line}\n")).collect()
}
