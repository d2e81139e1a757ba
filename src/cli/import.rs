//! `passerelle import`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{ConfigArgument, Exit, admin, print};
use crate::control::{AdminAnswer, AdminCommand, ImportSheet, StoppedSheet};

/// Bring people, groups and rules up to what files say
///
/// PATH is a folder, with folders in it where there are several schools, or one file. The files are the ENT's own (its CSV
/// templates, the export that an admin makes, its JSON) or the canonical ones (docs/import.md). What each is, is seen from
/// what it holds, and told. Everything is taken or nothing: rows that cannot be taken are told with file, line and reason,
/// and then nothing is written (exit code 1). Run again with the same files it changes nothing.
///
/// Examples:
///   passerelle import --config p.toml --dry-run rentree-2026/
///   passerelle import --config p.toml rentree-2026/
///   passerelle import --config p.toml --school 0750999V Eleves.csv
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Import {
    /// A folder or a file; the server reads it, where it runs
    #[arg(value_name = "PATH")]
    files: PathBuf,
    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,
    /// The school (UAI) of files whose path names none
    #[arg(long, value_name = "UAI")]
    school: Option<String>,
    /// Suspend this many people, though it is a large share of a school: the number that the first try told
    #[arg(long, value_name = "NUMBER")]
    suspend: Option<usize>,
    /// Names shown of each kind of change
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    names: usize,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Import) -> anyhow::Result<Exit> {
    let folder = std::fs::canonicalize(&command.files).with_context(|| command.files.display().to_string())?;
    let Import { dry_run, school, suspend, names, config, .. } = command;
    let asked = AdminCommand::Import { folder, dry_run, school, suspend };
    match admin::ask(&config.path, asked).await? {
        AdminAnswer::Import(sheet) => Ok(tell(&sheet, names)),
        answer => Ok(admin::unexpected(answer)),
    }
}

fn tell(sheet: &ImportSheet, names: usize) -> Exit {
    if !sheet.problems.is_empty() {
        sheet.problems.iter().for_each(|problem| print::error(problem));
        more(sheet.problems_in_all, sheet.problems.len(), &|line| print::error(line));
        print::error(&format!("{} rows cannot be taken: nothing was changed", sheet.problems_in_all));
        return Exit::NotDone;
    }
    sheet.remarks.iter().take(names.max(100)).for_each(|remark| print::line(&format!("note: {remark}")));
    more(sheet.remarks_in_all, sheet.remarks.len().min(names.max(100)), &|line| print::line(line));
    for change in &sheet.changes {
        let what = format!("{} {}", change.subject, change.change);
        change.names.iter().take(names).for_each(|name| print::line(&format!("{what}: {name}")));
        if change.count > names {
            print::line(&format!("{what}: {} in all", change.count));
        }
    }
    if let Some(stopped) = &sheet.stopped {
        return tell_stopped(stopped, sheet.dry_run);
    }
    print::line(match (sheet.changes.is_empty(), sheet.dry_run) {
        (true, _) => "nothing to change",
        (false, true) => "dry run: nothing was changed",
        (false, false) => "done",
    });
    Exit::Done
}

fn more(in_all: usize, shown: usize, say: &dyn Fn(&str)) {
    if in_all > shown {
        say(&format!("… and {} more", in_all - shown));
    }
}

/// It would suspend too many: what to do about it.
fn tell_stopped(stopped: &StoppedSheet, dry_run: bool) -> Exit {
    for school in &stopped.schools {
        print::error(&format!("{}: {} of {} people would be suspended", school.name, school.suspended, school.people));
    }
    let what = if dry_run { "dry run" } else { "stopped" };
    print::error(&format!(
        "{what}: nothing was changed. Where the files are right, do it again with --suspend {}",
        stopped.suspended
    ));
    Exit::NotDone
}
