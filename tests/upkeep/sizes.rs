//! How long it takes on a large store: a department's people, and letters to thousands. By command only:
//! `cargo nextest run --test upkeep --run-ignored only --no-capture sizes`.

use std::sync::Arc;
use std::time::Instant;

use passerelle::domain::backup;
use passerelle::domain::import::progress::Progress;
use passerelle::domain::import::{ImportFiles, ImportMode, ImportOptions};
use passerelle::sample::department;

use crate::backups::Target;
use crate::full::settings;
use crate::world::{World, everybody, letter, user, worlds_with};

const PEOPLE: i64 = 5000;
const LETTERS: u32 = 20;
const OWN: u32 = 3000;

fn told(what: &str, started: Instant) {
    println!("{what}: {:.1} s", started.elapsed().as_secs_f64());
}

async fn fill(world: &World) {
    let folder = world.folder.path().join("departement");
    department::write(&folder, 10_000, department::Format::Export).unwrap();
    let files = ImportFiles::read_dir(&folder).unwrap();
    let options = ImportOptions { mode: ImportMode::Apply, school: None, suspend: None };
    world.gateway.import_watched(&files, &options, &Arc::default()).await.unwrap();
    for number in 0..LETTERS {
        world.submit(&user(1), &[everybody()], &letter(1, &format!("all-{number}"), "", &"À tous. ".repeat(300))).await;
    }
    let inbox = world.mailbox(&user(1), "INBOX").await;
    for number in 0..OWN {
        let body =
            format!("{number} {}", "du texte comme il y en a dans les lettres ".repeat(20 + number as usize % 60));
        world.append(&user(1), &inbox, &letter(1, &format!("own-{number}"), "", &body)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: by command"]
async fn times_on_a_large_store() {
    for world in worlds_with(PEOPLE, settings).await {
        let started = Instant::now();
        fill(&world).await;
        told(&format!("{}: filled", world.engine), started);
        for deep in [false, true] {
            let started = Instant::now();
            assert_eq!(world.verify(deep).await.findings, []);
            told(&format!("{}: verify, deep {deep}", world.engine), started);
        }
        let file = world.folder.path().join("one.tar");
        let started = Instant::now();
        let done = world.gateway.back_up(&file, &Arc::default()).await.unwrap();
        told(&format!("{}: backup of {} rows, {} octets", world.engine, done.rows, done.bytes), started);
        let started = Instant::now();
        backup::check(&file, &Progress::default()).unwrap();
        told("check", started);
        for target in Target::all().await {
            let started = Instant::now();
            target.restore(&file).await.unwrap();
            told(&format!("restore into {}", target.engine), started);
        }
    }
}
