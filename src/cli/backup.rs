//! `passerelle backup …`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use tokio::net::UnixStream;

use super::{ConfigArgument, Exit, admin, print, upkeep};
use crate::control::{self, AdminAnswer, AdminCommand, UpkeepCommand};
use crate::domain::backup::{self, BackupError, Checked, Restored};
use crate::domain::clock::Clock;
use crate::domain::import::progress::Progress;
use crate::domain::{Gateway, open_store};
use crate::model::TrailEvent;
use crate::{config, server};

/// The whole store in one file, and back
///
/// The file holds everything: people with the hashes of their passwords, every letter. It is for its owner only (mode
/// 0600); carry it encrypted (docs/operate.md). It does not depend on the engine: what was taken from SQLite is restored into
/// PostgreSQL, and the other way round, with the same UIDs, so that no client downloads anything anew.
#[derive(Debug, Subcommand)]
pub(super) enum Backup {
    Create(Create),
    Check(Check),
    Restore(Restore),
}

/// Write everything into a file, while people work
///
/// Where a server runs, it writes the file, as its user. There is a whole file or none.
///
/// Example:  passerelle backup create --config p.toml /backup/passerelle-2026-11-23.tar
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Create {
    /// It must not exist yet
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
}

/// Read a backup to its end: is it whole, and as it was written?
///
/// Needs neither a store nor a configuration.
///
/// Example:  passerelle backup check /backup/passerelle-2026-11-23.tar
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Check {
    file: PathBuf,
}

/// Put a backup into an empty store, then verify it
///
/// All of it or nothing: where it fails, the store is as empty as before. No server may run on the store. The messages in
/// somebody's Trash come back by `passerelle restore`.
///
/// Example:  passerelle backup restore --config new.toml /backup/passerelle-2026-11-23.tar
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Restore {
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Backup) -> anyhow::Result<Exit> {
    match command {
        Backup::Create(command) => create(command).await,
        Backup::Check(command) => check(command).await,
        Backup::Restore(command) => Box::pin(restore(command)).await,
    }
}

async fn create(command: Create) -> anyhow::Result<Exit> {
    let file = std::path::absolute(&command.file).with_context(|| command.file.display().to_string())?;
    match admin::ask(&command.config.path, AdminCommand::Upkeep(UpkeepCommand::Backup { file: file.clone() })).await? {
        AdminAnswer::BackedUp(sheet) => {
            let (rows, bodies, size) = (sheet.rows, sheet.bodies, mebibytes(sheet.bytes));
            print::line(&format!("{}: {rows} rows, {bodies} large bodies, {size} MiB", file.display()));
            Ok(tell_faulty(sheet.faulty))
        }
        answer => Ok(admin::unexpected(answer)),
    }
}

/// Bodies that were damaged before the backup.
fn tell_faulty(faulty: usize) -> Exit {
    if faulty == 0 {
        return Exit::Done;
    }
    print::error(&format!(
        "{faulty} large bodies are damaged or missing in the store; all the rest is in the backup (passerelle verify)"
    ));
    Exit::NotDone
}

async fn check(command: Check) -> anyhow::Result<Exit> {
    let progress = Arc::new(Progress::default());
    let reading = {
        let (file, progress) = (command.file.clone(), Arc::clone(&progress));
        tokio::task::spawn_blocking(move || backup::check(&file, &progress))
    };
    let checked: Checked = admin::with_bar(&progress, async { reading.await.map_err(anyhow::Error::from) }).await??;
    let manifest = &checked.manifest;
    print::line(&format!("{}: whole, and as it was written", command.file.display()));
    let rows = [
        ("taken", manifest.made_at.clone()),
        ("domain", manifest.domain.clone()),
        ("from", format!("{}, schema version {}", manifest.engine, manifest.schema)),
        ("rows", checked.rows.to_string()),
        ("large bodies", checked.end.bodies.to_string()),
    ];
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(what, value)| vec![what.to_owned(), value]).collect();
    print::line(&print::table(&rows));
    if checked.damaged_bodies > 0 {
        let damaged = checked.damaged_bodies;
        print::error(&format!("{damaged} bodies were damaged or missing already in the store that it was taken from"));
        return Ok(Exit::NotDone);
    }
    Ok(Exit::Done)
}

async fn restore(command: Restore) -> anyhow::Result<Exit> {
    let config = Arc::new(config::load(&command.config.path)?);
    if UnixStream::connect(config.control_socket()).await.is_ok() {
        print::error("the server runs on this configuration: stop it first");
        return Ok(Exit::NotDone);
    }
    server::make_private(&config.data_dir).with_context(|| config.data_dir.display().to_string())?;
    let progress = Arc::new(Progress::default());
    let restored = match admin::with_bar(&progress, Box::pin(backup::restore(&config, &command.file, &progress))).await
    {
        Ok(restored) => restored,
        Err(error) => return Ok(not_restored(&error)),
    };
    let (rows, bodies, engine) = (restored.rows, restored.bodies, &restored.manifest.engine);
    print::line(&format!("restored: {rows} rows, {bodies} large bodies, from {engine}"));
    let store = open_store(&config).await?;
    let gateway = Gateway::new(Arc::clone(&config), store, Clock::system())?;
    let done = note_and_verify(&gateway, &command.file, &restored, &progress).await;
    gateway.store().close().await;
    let verified = done?;
    Ok(match tell_faulty(restored.faulty.len()) {
        Exit::Done => verified,
        Exit::NotDone => Exit::NotDone,
    })
}

fn not_restored(error: &BackupError) -> Exit {
    print::error(&format!("{error}; nothing was restored"));
    Exit::NotDone
}

async fn note_and_verify(
    gateway: &Gateway,
    file: &Path,
    restored: &Restored,
    progress: &Arc<Progress>,
) -> anyhow::Result<Exit> {
    let detail = format!("{}: taken {}", file.display(), restored.manifest.made_at);
    gateway.trail(None, &TrailEvent::Admin { act: "backup restore", detail }).await?;
    let verified = admin::with_bar(progress, gateway.verify(false, progress)).await?;
    Ok(upkeep::tell(&control::verify_sheet(&verified)))
}

/// Rounded up.
fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}
