//! An import for an admin: files of a folder → the gateway → what changes, in words.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::execute::Stop;
use super::{AdminAnswer, ProgressLine};
use crate::domain::Gateway;
use crate::domain::import::progress::{Progress, Stage};
use crate::domain::import::{Change, ImportFiles, ImportMode, ImportOptions, Imported, Problem, Report};

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSheet {
    /// Nothing was written.
    pub dry_run: bool,
    pub changes: Vec<ChangeLine>,
    /// What an admin should know, ready to print; the first of them.
    pub remarks: Vec<String>,
    pub remarks_in_all: usize,
    /// Rows that cannot be taken, with file, line and reason; the first of them. Where there is one, nothing was written.
    pub problems: Vec<String>,
    pub problems_in_all: usize,
    /// Nothing was written: too many would be suspended.
    pub stopped: Option<StoppedSheet>,
}

/// One kind of change: how many, and the first names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    pub subject: String,
    pub change: String,
    pub count: usize,
    pub names: Vec<String>,
}

/// Who would be suspended, where that is more than the settings allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedSheet {
    /// In all schools.
    pub suspended: usize,
    /// Those above the limit.
    pub schools: Vec<StoppedSchool>,
}

/// A school of whose people too many would be suspended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedSchool {
    pub name: String,
    pub suspended: usize,
    pub people: usize,
}

/// Problems told: whoever has more has the wrong file.
const PROBLEMS_MAX: usize = 1000;

/// What an admin wants imported.
pub(super) struct Wanted<'w> {
    pub(super) folder: &'w Path,
    pub(super) dry_run: bool,
    pub(super) school: Option<String>,
    pub(super) suspend: Option<usize>,
}

pub(super) async fn import(
    gateway: &Gateway,
    wanted: Wanted<'_>,
    progress: &Arc<Progress>,
) -> Result<AdminAnswer, Stop> {
    let Wanted { folder, dry_run, school, suspend } = wanted;
    let files =
        ImportFiles::read_dir(folder).map_err(|error| Stop::Refused(format!("{}: {error}", folder.display())))?;
    // The files are judged by the table as it stands in the settings now.
    gateway.read_rules().map_err(|problems| Stop::Refused(problems.to_string()))?;
    let mode = if dry_run { ImportMode::DryRun } else { ImportMode::Apply };
    let options = ImportOptions { mode, school, suspend };
    let mut sheet = ImportSheet { dry_run, ..ImportSheet::default() };
    match gateway.import_watched(&files, &options, progress).await? {
        Imported::Done(report) => tell(&mut sheet, &report),
        Imported::Refused(problems) => tell_problems(&mut sheet, folder, &problems),
        Imported::Stopped(stop) => {
            tell(&mut sheet, &stop.report);
            let schools = stop.schools.into_iter();
            let schools = schools.map(|(name, suspended, people)| StoppedSchool { name, suspended, people });
            sheet.stopped = Some(StoppedSheet { suspended: stop.suspended, schools: schools.collect() });
        }
    }
    Ok(AdminAnswer::Import(sheet))
}

fn tell(sheet: &mut ImportSheet, report: &Report) {
    let line = |(file, change, count, names): (crate::domain::import::File, Change, usize, &[String])| ChangeLine {
        subject: file.subject().to_owned(),
        change: word(change).to_owned(),
        count,
        names: names.to_vec(),
    };
    sheet.changes = report.changes().map(line).collect();
    let (remarks, in_all) = report.remarks();
    sheet.remarks = remarks.iter().map(ToString::to_string).collect();
    sheet.remarks_in_all = in_all;
}

fn tell_problems(sheet: &mut ImportSheet, folder: &Path, problems: &[Problem]) {
    let folder = if folder.is_file() { folder.parent().unwrap_or(folder) } else { folder };
    let shown = problems.iter().take(PROBLEMS_MAX);
    sheet.problems = shown.map(|problem| format!("{}/{problem}", folder.display())).collect();
    sheet.problems_in_all = problems.len();
}

const fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Changed => "changed",
        Change::Suspended => "suspended",
        Change::Resumed => "resumed",
        Change::Closed => "closed",
        Change::Removed => "removed",
    }
}

/// How far an import is, for whoever waits; `None` where there is nothing to tell.
pub fn progress_line(progress: &Progress) -> Option<ProgressLine> {
    let (stage, done, of) = progress.now();
    (stage != Stage::Waiting).then(|| ProgressLine { stage: stage.word().to_owned(), done, of })
}
