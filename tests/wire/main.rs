//! The protocols on the wire: plays `tests/transcripts/{imap,smtp}/*.txt` on SQLite and on PostgreSQL.
//!
//! | file | what |
//! | --- | --- |
//! | `script` | how transcripts are written and compared |
//! | `school` | the tiny school that each one finds |
//! | `logins` | messages of SCRAM, as a client makes them |
//! | `play` | sessions on in-memory streams |
//!
//! `UPDATE_TRANSCRIPTS=1 cargo test --test wire` writes down what the server says: the diff is the review.
//! `TRANSCRIPT=imap/search` plays only those whose path begins so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod logins;
mod play;
mod school;
mod script;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use play::Play;
use script::Script;
use support::TestStore;

fn transcripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

/// All transcripts of a protocol, in the order of their names.
fn scripts(folder: &str) -> Vec<Script> {
    let chosen = std::env::var("TRANSCRIPT").unwrap_or_default();
    let mut names: Vec<_> = fs::read_dir(transcripts().join(folder))
        .unwrap()
        .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy()))
        .filter(|name| name.starts_with(&chosen))
        .collect();
    names.sort();
    let read = |name: &String| fs::read_to_string(transcripts().join(name)).unwrap();
    names.iter().map(|name| Script::parse(name, &read(name)).unwrap_or_else(|error| panic!("{error}"))).collect()
}

/// Plays every transcript of a protocol, each on a store of its own.
async fn play_all(folder: &str, deflated: bool, fresh: impl AsyncFn() -> TestStore) {
    let mut faults = Vec::new();
    let off = |script: &Script| script.header.settings.iter().any(|setting| setting == "imap.compress = false");
    for script in scripts(folder).into_iter().filter(|script| !(deflated && off(script))) {
        let test = fresh().await;
        let engine = test.engine;
        let gateway = school::open(test.store, test.folder.path(), &script).await;
        let played = async { Play::begin(&script, &gateway, deflated).await?.check().await };
        if let Err(fault) = played.await {
            faults.push(format!("{fault}\n  on {engine}"));
        }
    }
    assert!(faults.is_empty(), "{} transcript(s) failed:\n{}", faults.len(), faults.join("\n"));
}

/// Writes the transcripts of a protocol anew, where that is asked for.
async fn rewrite_all(folder: &str) -> bool {
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_none() {
        return false;
    }
    let mut faults = Vec::new();
    for script in scripts(folder) {
        let test = support::sqlite().await;
        let gateway = school::open(test.store, test.folder.path(), &script).await;
        match async { Play::begin(&script, &gateway, false).await?.rewrite().await }.await {
            Ok(text) => fs::write(transcripts().join(&script.path), text).unwrap(),
            Err(fault) => faults.push(format!("{}: {fault}", script.path)),
        }
    }
    assert!(faults.is_empty(), "not written anew:\n{}", faults.join("\n"));
    true
}

async fn on_sqlite(folder: &str) {
    if !rewrite_all(folder).await {
        play_all(folder, false, support::sqlite).await;
    }
}

async fn on_postgres(folder: &str) {
    if std::env::var_os("PASSERELLE_TEST_POSTGRES").is_some() && std::env::var_os("UPDATE_TRANSCRIPTS").is_none() {
        play_all(folder, false, async || support::postgres().await.unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn imap_on_sqlite() {
    on_sqlite("imap").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn imap_on_postgres() {
    on_postgres("imap").await;
}

/// Every transcript again, by clients that compress as soon as they have logged in: nothing else may change.
#[tokio::test(flavor = "multi_thread")]
async fn imap_compressed() {
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_none() {
        play_all("imap", true, support::sqlite).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn smtp_on_sqlite() {
    on_sqlite("smtp").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn smtp_on_postgres() {
    on_postgres("smtp").await;
}
