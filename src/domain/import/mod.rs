//! A directory of files → schools, people, groups, rules (`docs/import.md` has what they may hold).
//!
//! | file | what |
//! | --- | --- |
//! | `source`, `table`, `read` | files → octets → rows; what each file is |
//! | `lines` | rows of the canonical files → typed lines |
//! | `ent` | the ENT's own files → the same lines |
//! | `plan` | lines and the directory as it stands → what to write |
//! | `problem`, `report`, `progress` | what is wrong; what changes; how far it is |
//!
//! All but `source`, `read` and this file is pure. Every bad line is told, all at once, and then nothing is written; else
//! everything is, in one transaction. The same files twice change nothing. Nobody is deleted: who is missing is suspended, a
//! missing group is closed, and an address is never given to somebody else.
//!
//! Reading and comparing happen outside of the transaction, so that mail flows meanwhile. The directory counts its changes;
//! where it changed since it was read, it is read again.

mod ent;
pub(crate) use ent::login_stem;
pub(in crate::domain) use ent::shown_group_name;
mod lines;
mod plan;
pub mod problem;
pub mod progress;
mod read;
pub mod report;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(in crate::domain) use self::ent::Year;
use self::plan::Planned;
pub use self::problem::{Problem, Remark};
use self::progress::{Progress, Stage};
use self::read::{Read, Reader};
pub use self::report::{Change, Report};
pub use self::source::ImportFiles;
use super::clock::Clock;
use super::{Fault, Gateway};
use crate::config::MailboxesConfig;
use crate::model::{MailboxId, SpecialUse, TrailEvent, TrailLine, UidValidity, UserId};
use crate::sentences::Sentence;
use crate::store::people::import as store;
use crate::store::people::{rules, years};
use crate::store::{Durability, StoreError, Tx, switch, trail};

/// How often an import compares anew because the directory changed meanwhile.
const TRIES_MAX: usize = 5;

/// One of the canonical files, and what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum File {
    Schools,
    Classes,
    Users,
    Groups,
    Members,
    Rules,
    Links,
    /// Who leaves, and which groups close, though nothing speaks for their schools.
    Leavers,
}

/// Write, or only say what would be written?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    Apply,
    DryRun,
}

/// How an import is to be done.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    pub mode: ImportMode,
    /// UAI of the school of files that do not say whose they are.
    pub school: Option<String>,
    /// So many people may be suspended, whatever their share of a school: the number that a first try told.
    pub suspend: Option<usize>,
}

impl From<ImportMode> for ImportOptions {
    fn from(mode: ImportMode) -> Self {
        Self { mode, school: None, suspend: None }
    }
}

/// What an import came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// What was changed; of a dry run, what would be.
    Done(Report),
    /// Nothing was changed. In the order of files and lines.
    Refused(Vec<Problem>),
    /// Nothing was changed: so many people would be suspended that somebody should look at it first.
    Stopped(Stop),
}

/// An import that would suspend too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    pub report: Report,
    /// In all schools.
    pub suspended: usize,
    /// Each school above the limit: name, people suspended, people that are not yet.
    pub schools: Vec<(String, usize, usize)>,
}

impl File {
    /// All of them, in the order they are read.
    pub const ALL: [Self; 8] = [
        Self::Schools,
        Self::Classes,
        Self::Users,
        Self::Groups,
        Self::Members,
        Self::Rules,
        Self::Links,
        Self::Leavers,
    ];

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
            Self::Leavers => "leavers.csv",
        }
    }

    /// What a line of it is about.
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Schools => "school",
            Self::Classes => "class",
            Self::Users => "person",
            Self::Groups => "group",
            Self::Members => "membership",
            Self::Rules => "rule",
            Self::Links => "link",
            Self::Leavers => "leaver",
        }
    }

    /// By the last part of a path, in any case.
    fn of_name(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        Self::ALL.into_iter().find(|file| file.name().eq_ignore_ascii_case(name))
    }
}

/// What the transaction needs.
struct Job {
    planned: Planned,
    /// Of the directory that the plan was made from.
    version: i64,
    clock: Clock,
    mailboxes: MailboxesConfig,
    progress: Arc<Progress>,
}

impl Gateway {
    /// Imports files: all of it or, where a line is wrong, nothing. Sessions of people who are suspended are cut.
    pub async fn import(&self, files: &ImportFiles, options: impl Into<ImportOptions>) -> Result<Imported, Fault> {
        self.import_watched(files, &options.into(), &Arc::default()).await
    }

    /// The same, telling how far it is.
    pub async fn import_watched(
        &self,
        files: &ImportFiles,
        options: &ImportOptions,
        progress: &Arc<Progress>,
    ) -> Result<Imported, Fault> {
        for _ in 0..TRIES_MAX {
            let (planned, version) = match self.plan(files, options, progress).await? {
                Ok(planned) => planned,
                Err(problems) => return Ok(Imported::Refused(problems)),
            };
            if let Some(stop) = self.stop(&planned, options) {
                return Ok(Imported::Stopped(stop));
            }
            if options.mode == ImportMode::DryRun {
                return Ok(Imported::Done(planned.report));
            }
            if let Some((report, suspended)) = self.apply(planned, version, progress).await? {
                self.changed_switch();
                suspended.iter().for_each(|user| self.logins.sessions.cut(user, &Sentence::AccountSuspended));
                return Ok(Imported::Done(report));
            }
        }
        Err(Fault::Worker("the directory changed again and again while the import compared".to_owned()))
    }

    /// Reads the files and compares them with the directory, whose version is given too.
    async fn plan(
        &self,
        files: &ImportFiles,
        options: &ImportOptions,
        progress: &Arc<Progress>,
    ) -> Result<Result<(Planned, i64), Vec<Problem>>, Fault> {
        let bytes_max = self.config.import.file_bytes_max;
        let (files, school, watched) = (files.clone(), options.school.clone(), Arc::clone(progress));
        let read =
            self.off_thread(move || Reader { bytes_max, school: school.as_deref(), progress: &watched }.read(&files));
        let read = read.await??;
        progress.begin(Stage::Loading, 0);
        let loaded = self.store.read_snapshot((), |tx, ()| Box::pin(load(tx))).await?;
        progress.begin(Stage::Comparing, 0);
        let (year, table) = (self.school_year_of(loaded.year), self.rules.load_full());
        let reserved = self.config.policy.no_reply_address.clone();
        self.off_thread(move || {
            let Read { mut lines, ent, mut problems } = read;
            if !ent.is_empty() {
                ent::resolve(ent, &loaded.directory, year, &mut lines, &mut problems);
            }
            let settings = plan::Settings { table: &table, reserved: &reserved };
            let planned = plan::plan(&lines, &loaded.directory, &problems, &settings)?;
            Ok((planned, loaded.version))
        })
        .await
    }

    /// Runs what takes a processor for seconds where no session waits for it.
    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        tokio::task::spawn_blocking(work).await.map_err(|error| Fault::Worker(error.to_string()))
    }

    /// Would it suspend more of a school than a setting allows?
    fn stop(&self, planned: &Planned, options: &ImportOptions) -> Option<Stop> {
        let suspended = planned.suspended.len();
        if options.suspend == Some(suspended) {
            return None;
        }
        let percent_max = self.config.import.suspended_percent_max;
        let is_above = |leaving: &&plan::Leaving| leaving.suspended * 100 > leaving.people * percent_max;
        let schools: Vec<(String, usize, usize)> = planned
            .leaving
            .values()
            .filter(is_above)
            .map(|leaving| (leaving.school.clone(), leaving.suspended, leaving.people))
            .collect();
        (!schools.is_empty()).then(|| Stop { report: planned.report.clone(), suspended, schools })
    }

    /// Writes it; `None` where the directory is no longer what the plan was made from.
    async fn apply(
        &self,
        planned: Planned,
        version: i64,
        progress: &Arc<Progress>,
    ) -> Result<Option<(Report, Vec<UserId>)>, Fault> {
        let (mailboxes, clock) = (self.config.mailboxes.clone(), self.clock.clone());
        let job = Arc::new(Job { planned, version, clock, mailboxes, progress: Arc::clone(progress) });
        let work = self.store.write(Durability::Synced, Arc::clone(&job), |tx, job| Box::pin(write(tx, job)));
        let written = work.await?;
        Ok(written.then(|| (job.planned.report.clone(), job.planned.suspended.clone())))
    }
}

/// The directory as it stands.
struct Loaded {
    directory: store::Directory,
    version: i64,
    year: Option<years::SchoolYear>,
}

async fn load(tx: &mut Tx<'_>) -> Result<Loaded, StoreError> {
    Ok(Loaded {
        version: store::directory_version(tx).await?,
        year: years::latest(tx).await?,
        directory: store::load_directory(tx).await?,
    })
}

async fn write(tx: &mut Tx<'_>, job: &Job) -> Result<bool, StoreError> {
    store::lock_directory(tx).await?;
    if store::directory_version(tx).await? != job.version {
        return Ok(false);
    }
    if !job.planned.report.is_empty() {
        let new_people = &job.planned.new_people;
        job.progress.begin(Stage::Writing, job.planned.writes.rows() + 4 * new_people.len());
        let mailboxes = new_people.iter().flat_map(|user| mailboxes_of(job, user));
        store::apply(tx, &job.planned.writes, mailboxes, job.clock.now(), &|rows| job.progress.advance(rows)).await?;
        store::count_change(tx).await?;
        tell(tx, job).await?;
    }
    rules::mark(tx, &job.planned.marks).await?;
    Ok(true)
}

/// Tells the trail, and the other gateways on the store, who cut the sessions of those suspended.
async fn tell(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    let changes: usize = job.planned.report.changes().map(|(_, _, count, _)| count).sum();
    let event = TrailEvent::Admin { act: "import", detail: format!("{changes} changes") };
    trail::add(tx, &TrailLine::new(job.clock.new_id(), job.clock.now(), None, &event)).await?;
    switch::bump(tx).await
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
