//! A directory of CSV files → schools, people, groups, rules (`docs/import.md` has the columns).
//!
//! `table` (octets → cells), `lines` (cells → typed lines), `plan` (lines and the directory as it stands → what to write)
//! are pure. Every bad line is told, all at once, and then nothing is written; else everything is, in one transaction.
//! The same files twice change nothing. Nobody is deleted: who is missing is suspended, a missing group is closed, and
//! an address is never given to somebody else.

mod lines;
mod plan;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use self::lines::Lines;
use self::plan::Planned;
use super::clock::Clock;
use super::policy::table::Table;
use super::{Fault, Gateway};
use crate::config::MailboxesConfig;
use crate::model::{MailboxId, SpecialUse, TrailEvent, TrailLine, UidValidity, UserId};
use crate::sentences::Sentence;
use crate::store::people::import as store;
use crate::store::people::rules;
use crate::store::{Durability, StoreError, Tx, switch, trail};

/// The files, by what they hold. A missing one says nothing about its subject.
#[derive(Clone, Debug, Default)]
pub struct ImportFiles {
    files: BTreeMap<File, Vec<u8>>,
}

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum File {
    Schools,
    Classes,
    Users,
    Groups,
    Members,
    Rules,
    Links,
}

/// Write, or only say what would be written?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    Apply,
    DryRun,
}

/// What an import came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// What was changed; of a dry run, what would be.
    Done(Report),
    /// Nothing was changed. In the order of files and lines.
    Refused(Vec<Problem>),
}

/// What changed, with names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    changes: BTreeMap<(File, Change), Vec<String>>,
}

/// What happened to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    Added,
    Changed,
    /// A person who left all schools that the files cover.
    Suspended,
    /// A person who came back.
    Resumed,
    /// A group that the files no longer name.
    Closed,
    /// A membership, a rule or a link.
    Removed,
}

/// A line that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub file: File,
    /// From 1, the header being the first.
    pub line: u64,
    pub column: Option<&'static str>,
    pub reason: Reason,
}

/// Why a line cannot be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Reason {
    #[error("the file cannot be read as CSV: {0}")]
    NotCsv(String),
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("the file has no header line")]
    NoHeader,
    #[error("this column is missing")]
    NoColumn,
    #[error("there is no column \"{0}\"; those of this file are: {1}")]
    UnknownColumn(String, String),
    #[error("the column stands there twice")]
    TwiceTheColumn,
    #[error("the line has {found} cells and the header {expected}")]
    Cells { found: usize, expected: usize },
    #[error("the cell is empty")]
    Empty,
    #[error("\"{0}\" holds a control character")]
    ControlCharacter(String),
    #[error("the cell has more than {chars_max} characters")]
    TooLong { chars_max: usize },
    #[error(
        "\"{0}\" cannot stand in an address: 1 to 64 of a-z, 0-9, '.', '-', '_', no dot at an end or beside another"
    )]
    NotALocalPart(String),
    #[error("\"{found}\" is none of: {known}")]
    NotOneOf { found: String, known: String },
    #[error("\"{0}\" is already the one of line {1}")]
    Twice(String, u64),
    #[error("no school has the id or the UAI \"{0}\"")]
    UnknownSchool(String),
    #[error("no class has the id \"{0}\"")]
    UnknownClass(String),
    #[error("the class is not of this school")]
    ClassOfAnotherSchool,
    #[error("no group has the id \"{0}\"")]
    UnknownGroup(String),
    #[error("the group hangs below itself")]
    BelowItself,
    #[error("a group of this kind needs a profile")]
    NeedsProfile,
    #[error("nobody has the external id, the id or the login \"{0}\"")]
    UnknownUser(String),
    #[error("\"{0}\" is the external id of somebody with another id: {1}")]
    ExternalIdTaken(String, String),
    #[error("the address \"{0}\" is, for ever, the one of {1}")]
    AddressTaken(String, String),
    #[error("a person needs no link to himself")]
    LinkToSelf,
}

impl File {
    /// All of them, in the order they are read.
    pub const ALL: [Self; 7] =
        [Self::Schools, Self::Classes, Self::Users, Self::Groups, Self::Members, Self::Rules, Self::Links];

    /// Its name in the directory.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schools => "schools.csv",
            Self::Classes => "classes.csv",
            Self::Users => "users.csv",
            Self::Groups => "groups.csv",
            Self::Members => "members.csv",
            Self::Rules => "rules.csv",
            Self::Links => "links.csv",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.name(), self.line)?;
        if let Some(column) = self.column {
            write!(f, ": {column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl ImportFiles {
    /// Reads the files that are there.
    ///
    /// # Errors
    /// Where the directory or a file cannot be read, and where none of the files is there.
    pub fn read_dir(directory: &Path) -> std::io::Result<Self> {
        let mut files = Self::default();
        for file in File::ALL {
            match std::fs::read(directory.join(file.name())) {
                Ok(octets) => files = files.with(file, octets),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && directory.is_dir() => {}
                Err(error) => return Err(error),
            }
        }
        if files.files.is_empty() {
            let names = File::ALL.map(File::name).join(", ");
            return Err(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                format!("none of the files is there: {names}"),
            ));
        }
        Ok(files)
    }

    /// With this file too.
    #[must_use]
    pub fn with(mut self, file: File, octets: impl Into<Vec<u8>>) -> Self {
        self.files.insert(file, octets.into());
        self
    }

    fn get(&self, file: File) -> Option<&[u8]> {
        self.files.get(&file).map(Vec::as_slice)
    }
}

impl Report {
    /// Names of what changed so.
    pub fn names(&self, file: File, change: Change) -> &[String] {
        self.changes.get(&(file, change)).map_or(&[], Vec::as_slice)
    }

    /// Everything that changed, by file and kind of change.
    pub fn changes(&self) -> impl Iterator<Item = (File, Change, &[String])> {
        self.changes.iter().map(|((file, change), names)| (*file, *change, names.as_slice()))
    }

    /// Did nothing change?
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    fn note(&mut self, file: File, change: Change, name: impl Into<String>) {
        self.changes.entry((file, change)).or_default().push(name.into());
    }
}

/// What the transaction needs.
struct Job {
    lines: Lines,
    /// What is wrong with the lines by themselves.
    problems: Vec<Problem>,
    clock: Clock,
    mailboxes: MailboxesConfig,
    table: Arc<Table>,
    mode: ImportMode,
}

/// What the transaction did: the report, and who was suspended.
type Outcome = Result<(Report, Vec<UserId>), Vec<Problem>>;

impl Gateway {
    /// Imports files: all of it or, where a line is wrong, nothing. Sessions of people who are suspended are cut.
    pub async fn import(&self, files: &ImportFiles, mode: ImportMode) -> Result<Imported, Fault> {
        let (lines, problems) = Lines::read(files);
        let (clock, mailboxes) = (self.clock.clone(), self.config.mailboxes.clone());
        let job = Job { lines, problems, clock, mailboxes, table: self.rules.load_full(), mode };
        let outcome = match mode {
            ImportMode::DryRun => self.store.read_snapshot(job, |tx, job| Box::pin(run(tx, job))).await?,
            ImportMode::Apply => self.store.write(Durability::Synced, job, |tx, job| Box::pin(apply(tx, job))).await?,
        };
        Ok(match outcome {
            Err(problems) => Imported::Refused(problems),
            Ok((report, suspended)) => {
                if mode == ImportMode::Apply {
                    suspended.iter().for_each(|user| self.logins.sessions.cut(user, &Sentence::AccountSuspended));
                }
                Imported::Done(report)
            }
        })
    }
}

/// Runs, and tells the trail and the other gateways, where something has changed.
async fn apply(tx: &mut Tx<'_>, job: &Job) -> Result<Outcome, StoreError> {
    let outcome = run(tx, job).await?;
    let changes = outcome.as_ref().map_or(0, |(report, _)| report.changes().map(|(_, _, names)| names.len()).sum());
    if changes > 0 {
        let event = TrailEvent::Admin { act: "import", detail: format!("{changes} changes") };
        trail::add(tx, &TrailLine::new(job.clock.new_id(), job.clock.now(), None, &event)).await?;
        switch::bump(tx).await?;
    }
    Ok(outcome)
}

async fn run(tx: &mut Tx<'_>, job: &Job) -> Result<Outcome, StoreError> {
    if job.mode == ImportMode::Apply {
        store::lock_directory(tx).await?;
    }
    let directory = store::load_directory(tx).await?;
    let planned = plan::plan(&job.lines, &directory, &job.problems, &job.table);
    let Planned { mut writes, report, new_people, suspended, marks } = match planned {
        Ok(planned) => planned,
        Err(problems) => return Ok(Err(problems)),
    };
    if job.mode == ImportMode::Apply && !report.is_empty() {
        writes.mailboxes = new_people.into_iter().flat_map(|user| mailboxes_of(job, &user)).collect();
        store::apply(tx, &writes, job.clock.now()).await?;
    }
    if job.mode == ImportMode::Apply {
        rules::mark(tx, &marks).await?;
    }
    Ok(Ok((report, suspended)))
}

/// The mailboxes that a new person has.
fn mailboxes_of(job: &Job, user: &UserId) -> [store::NewMailbox; 4] {
    let seconds = job.clock.now().seconds();
    let names = [
        (SpecialUse::Inbox, "INBOX"),
        (SpecialUse::Drafts, &job.mailboxes.drafts_name),
        (SpecialUse::Sent, &job.mailboxes.sent_name),
        (SpecialUse::Trash, &job.mailboxes.trash_name),
    ];
    names.map(|(special_use, name)| store::NewMailbox {
        id: MailboxId(job.clock.new_id()),
        user: user.clone(),
        name: name.to_owned(),
        special_use,
        // Good until 2106; at least 1 (RFC 9051 §2.3.1.1).
        uid_validity: UidValidity(u32::try_from(seconds).unwrap_or(1).max(1)),
    })
}
