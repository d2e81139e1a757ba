//! The admin's commands about the store as a whole: verify, repair, backup.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::Stop;
use crate::domain::Gateway;
use crate::domain::backup::BackupError;
use crate::domain::import::progress::Progress;
use crate::domain::verify::{Finding, Repair, Verified, Weight};
use crate::model::TrailEvent;

/// What an admin asks about the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum UpkeepCommand {
    /// Does everything hold that must? `deep`: reads every message again, too.
    Verify { deep: bool },
    /// Mends what `repair` names; `dry_run` only counts.
    Repair { repair: String, dry_run: bool },
    /// Writes a backup to `file` (absolute).
    Backup { file: PathBuf },
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifySheet {
    /// How many checks were made.
    pub checks: usize,
    pub findings: Vec<FindingLine>,
}

/// A check that found something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    pub check: String,
    /// In plain words.
    pub means: String,
    /// Room is wasted, nothing more.
    pub warning: bool,
    pub count: u64,
    /// The first ones: ids.
    pub examples: Vec<String>,
    /// What mends it.
    pub repair: Option<String>,
}

/// A backup that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSheet {
    pub rows: u64,
    /// Out of the blob store.
    pub bodies: u64,
    pub bytes: u64,
    pub blake3: String,
    /// Bodies that are damaged or missing in the store.
    pub faulty: usize,
}

/// Does what the admin asks.
pub(super) async fn answer(
    gateway: &Gateway,
    command: UpkeepCommand,
    progress: &Arc<Progress>,
) -> Result<AdminAnswer, Stop> {
    match command {
        UpkeepCommand::Verify { deep } => {
            Ok(AdminAnswer::Verified(verify_sheet(&gateway.verify(deep, progress).await?)))
        }
        UpkeepCommand::Repair { repair, dry_run } => repair_answer(gateway, &repair, dry_run, progress).await,
        UpkeepCommand::Backup { file } => {
            let done = gateway.back_up(&file, progress).await.map_err(|error| match error {
                BackupError::Fault(fault) => Stop::Fault(fault),
                other => Stop::Refused(other.to_string()),
            })?;
            note(gateway, "backup", format!("{}: {} rows, {}", file.display(), done.rows, done.blake3)).await?;
            Ok(AdminAnswer::BackedUp(BackupSheet {
                rows: done.rows,
                bodies: done.bodies,
                bytes: done.bytes,
                blake3: done.blake3,
                faulty: done.faulty.len(),
            }))
        }
    }
}

async fn repair_answer(
    gateway: &Gateway,
    name: &str,
    dry_run: bool,
    progress: &Arc<Progress>,
) -> Result<AdminAnswer, Stop> {
    let repair = Repair::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Repair::ALL.into_iter().map(Repair::name).collect();
        Stop::Refused(format!("there is no repair called {name}; there are {}", known.join(", ")))
    })?;
    let mended = gateway.repair(repair, dry_run, progress).await?;
    if !dry_run && mended > 0 {
        note(gateway, "repair", format!("{name}: {mended}")).await?;
    }
    Ok(AdminAnswer::Repaired(mended))
}

async fn note(gateway: &Gateway, act: &'static str, detail: String) -> Result<(), Stop> {
    Ok(gateway.trail(None, &TrailEvent::Admin { act, detail }).await?)
}

/// As it is shown.
pub fn verify_sheet(verified: &Verified) -> VerifySheet {
    VerifySheet { checks: verified.checks, findings: verified.findings.iter().map(line).collect() }
}

fn line(finding: &Finding) -> FindingLine {
    FindingLine {
        check: finding.check.to_owned(),
        means: finding.means.to_owned(),
        warning: finding.weight == Weight::Warning,
        count: finding.count,
        examples: finding.examples.clone(),
        repair: finding.repair.map(|repair| repair.name().to_owned()),
    }
}
