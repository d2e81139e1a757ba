//! Mail that people bring in from elsewhere, and take out: the ENT's « Mes données » archive, mbox, Maildir, zips of .eml
//! (docs/migrate.md).
//!
//! A source is read twice: first all of it is looked at and nothing is written; then what is new is. What comes in was not
//! delivered: it gives nobody a right to answer, counts for no limit, and keeps its own dates.
//!
//! | file | what |
//! | --- | --- |
//! | `letter`, `source` | what every source gives |
//! | `archive` | a zip, opened within bounds |
//! | `mes_donnees` | the ENT's archive |
//! | `mail` | mbox, Maildir, zips of .eml |
//! | `survey` | the first reading, and what a letter is known by |
//! | `writing` | the second reading: letters → the store |
//! | `export`, `sink` | a person's mailboxes → files |

mod archive;
mod export;
mod letter;
mod mail;
mod mes_donnees;
mod sink;
mod source;
mod survey;
mod writing;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

pub use export::{ExportTo, Exported, Exporting};
pub use letter::Problem;

use self::letter::Target;
use self::source::Source;
use self::survey::{Survey, mailbox_key};
use self::writing::{ToWrite, Written};
use super::import::progress::{Progress, Stage};
use super::mailbox::{MailboxRefusal, Quota, special_of};
use super::spool::blocking;
use super::{Fault, Gateway};
use crate::config::Config;
use crate::model::{HIERARCHY_SEPARATOR, MailboxId, MailboxName, TrailEvent, User, UserId};
use crate::store::delivery::addresses;
use crate::store::people::directory::user_by_id;
use crate::store::{Durability, json_list, migration as store};

/// Keys, or ids, asked for in one statement.
const ASKED_AT_ONCE: usize = 5000;

/// How mail is brought in.
#[derive(Clone, Debug, Default)]
pub struct BringOptions {
    /// Only tell what would be done.
    pub dry_run: bool,
    /// Leave out what cannot be taken, instead of taking nothing.
    pub skip_broken: bool,
    /// Whatever the person's quota says.
    pub over_quota: bool,
    /// The archive may be somebody else's.
    pub other_owner: bool,
    /// Where it goes, or below which mailbox.
    pub into: Option<MailboxName>,
}

/// What was brought in, or would be.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// `mes-donnees`, `mbox`, `maildir`, `eml`.
    pub kind: &'static str,
    pub dry_run: bool,
    /// Letters that were found.
    pub found: usize,
    /// Those that are new, and their octets.
    pub new: usize,
    pub new_bytes: u64,
    /// Those that lie in the person's mailboxes now and did not before.
    pub brought: usize,
    /// Mailboxes that were missing, by name.
    pub mailboxes: Vec<String>,
    pub remarks: Vec<Problem>,
    /// What was left out: the first reasons.
    pub left_out: Vec<Problem>,
    pub left_out_in_all: usize,
}

/// Why nothing was brought in (or not all, where it says so).
#[derive(Debug)]
pub enum BringRefusal {
    /// The first reasons, and how many there are.
    Broken { problems: Vec<Problem>, in_all: usize },
    /// A file cannot be read.
    Unreadable(String),
    /// The archive is that of another person who is known here, by login.
    OtherOwner { login: String },
    /// It would need so much; that is what there is.
    Quota { messages: usize, bytes: u64, quota: Quota },
    /// A mailbox of this name cannot be made.
    Mailbox { name: String, why: MailboxRefusal },
    /// It ended early: so many letters are in, the next try goes on.
    Interrupted { brought: usize, why: String },
}

/// What is to be written.
struct Planned {
    is_new: Vec<bool>,
    /// Mailboxes that letters, or the source itself, need.
    targets: Vec<Target>,
    missing: Vec<MailboxName>,
    report: Brought,
}

type Asked<T> = Result<Result<T, BringRefusal>, Fault>;

impl Gateway {
    /// Brings a « Mes données » archive into somebody's mailboxes.
    pub async fn bring_mes_donnees(
        &self,
        user: &User,
        path: &Path,
        options: &BringOptions,
        progress: &Arc<Progress>,
    ) -> Asked<Brought> {
        progress.begin(Stage::Reading, 0);
        let (path, config) = (path.to_owned(), Arc::clone(&self.config));
        let (folder, skip_broken) = (self.blobs.spool_folder().to_owned(), options.skip_broken);
        let opened = blocking(move || Ok(open_mes_donnees(&path, &config, &folder, skip_broken))).await?;
        let mut source = match opened {
            Ok(source) => source,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let owner = UserId::new(source.owner());
        let owner = self.store.read(owner, |tx, owner| Box::pin(user_by_id(tx, owner))).await?;
        if let Some(owner) = owner.filter(|owner| owner.id != user.id && !options.other_owner) {
            return Ok(Err(BringRefusal::OtherOwner { login: owner.login }));
        }
        let known = self.shown_addresses(&source.people()).await?;
        source.know(known);
        Box::pin(self.bring_in(user, Box::new(source), options, progress)).await
    }

    /// Brings mail of other programs in: an mbox, a folder of them, a Maildir, a zip of .eml files.
    pub async fn bring_mail(
        &self,
        user: &User,
        path: &Path,
        options: &BringOptions,
        progress: &Arc<Progress>,
    ) -> Asked<Brought> {
        progress.begin(Stage::Reading, 0);
        let (path, config, into) = (path.to_owned(), Arc::clone(&self.config), options.into.clone());
        match blocking(move || Ok(open_mail(&path, &config, into.as_ref()))).await? {
            Ok(source) => Box::pin(self.bring_in(user, source, options, progress)).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// What stands before the `@` of the people and groups of these ids who are known here.
    async fn shown_addresses(&self, ids: &[&str]) -> Result<HashMap<String, String>, Fault> {
        let mut known = HashMap::new();
        for some in ids.chunks(ASKED_AT_ONCE) {
            let asked = (json_list(some), json_list(some));
            let rows = self.store.read(asked, |tx, asked| Box::pin(addresses(tx, asked))).await?;
            known.extend(rows.into_iter().filter(|row| row.is_primary).map(|row| (row.owner, row.local_part)));
        }
        Ok(known)
    }

    async fn bring_in(
        &self,
        user: &User,
        mut source: Box<dyn Source>,
        options: &BringOptions,
        progress: &Arc<Progress>,
    ) -> Asked<Brought> {
        let mut survey = Survey::new(Arc::clone(&self.config), Arc::clone(progress));
        let (read, source, survey) = blocking(move || Ok((source.read(&mut survey), source, survey))).await?;
        if let Err(error) = read {
            return Ok(Err(BringRefusal::Unreadable(error.to_string())));
        }
        if survey.problems_in_all > 0 && !options.skip_broken {
            let (problems, in_all) = (survey.problems, survey.problems_in_all);
            return Ok(Err(BringRefusal::Broken { problems, in_all }));
        }
        let planned = match self.plan_bringing(user, source.as_ref(), &survey, options).await? {
            Ok(planned) => planned,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if options.dry_run {
            return Ok(Ok(planned.report));
        }
        self.write_planned(user, source, survey, planned, progress).await
    }

    /// What is new, where it goes, and whether there is room: all is known before anything is written.
    async fn plan_bringing(
        &self,
        user: &User,
        source: &dyn Source,
        survey: &Survey,
        options: &BringOptions,
    ) -> Asked<Planned> {
        let known = self.brought_before(user, source, survey).await?;
        let is_new: Vec<bool> = survey
            .letters
            .iter()
            .map(|one| one.known.as_ref().is_some_and(|one| !known.contains(&one.column())))
            .collect();
        let mut needed: HashSet<&Target> = HashSet::new();
        let mut bytes: u64 = 0;
        for (letter, _) in survey.letters.iter().zip(&is_new).filter(|(_, is_new)| **is_new) {
            let places = [Some(letter.target), letter.origin];
            needed.extend(places.into_iter().flatten().filter_map(|place| survey.targets.get(place)));
            bytes = bytes.saturating_add(letter.known.as_ref().map_or(0, |known| known.size));
        }
        // A mailbox that was made before and is gone was deleted.
        let empty = source.mailboxes().iter().filter(|target| !known.contains(&mailbox_key(target)));
        needed.extend(empty);
        let new = is_new.iter().filter(|is_new| **is_new).count();
        let quota = self.quota(user).await?;
        if !options.over_quota && !quota.has_room(u64::try_from(new).unwrap_or(u64::MAX), bytes) {
            return Ok(Err(BringRefusal::Quota { messages: new, bytes, quota }));
        }
        let missing = match self.missing(user, &needed).await? {
            Ok(missing) => missing,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let report = Brought {
            kind: source.kind(),
            dry_run: options.dry_run,
            found: survey.letters.len(),
            new,
            new_bytes: bytes,
            brought: 0,
            mailboxes: missing.iter().map(|name| name.as_str().to_owned()).collect(),
            remarks: source.remarks().to_vec(),
            left_out: survey.problems.clone(),
            left_out_in_all: survey.problems_in_all,
        };
        Ok(Ok(Planned { is_new, targets: needed.into_iter().cloned().collect(), missing, report }))
    }

    /// The keys of this source that the person has brought in before.
    async fn brought_before(
        &self,
        user: &User,
        source: &dyn Source,
        survey: &Survey,
    ) -> Result<HashSet<String>, Fault> {
        let letters = survey.letters.iter().filter_map(|letter| letter.known.as_ref()).map(survey::Known::column);
        let keys: Vec<String> = letters.chain(source.mailboxes().iter().map(mailbox_key)).collect();
        let mut known = HashSet::new();
        for some in keys.chunks(ASKED_AT_ONCE) {
            let asked = (user.id.clone(), json_list(some));
            known.extend(self.store.read(asked, |tx, asked| Box::pin(store::brought_in(tx, asked))).await?);
        }
        Ok(known)
    }

    /// The mailboxes to be made, those above them included, by name.
    async fn missing(&self, user: &User, needed: &HashSet<&Target>) -> Asked<Vec<MailboxName>> {
        let there = self.mailboxes(user).await?.mailboxes;
        let names: HashSet<&str> = there.iter().map(|mailbox| mailbox.name.as_str()).collect();
        let mut missing = BTreeSet::new();
        for target in needed {
            let Target::Named(name) = target else { continue };
            if names.contains(name.as_str()) {
                continue;
            }
            if let Err(why) = self.check_name(name) {
                return Ok(Err(BringRefusal::Mailbox { name: name.as_str().to_owned(), why }));
            }
            let above = name.as_str().match_indices(HIERARCHY_SEPARATOR).filter_map(|(at, _)| name.as_str().get(..at));
            let new = above.chain([name.as_str()]).filter(|name| !names.contains(name));
            missing.extend(new.map(|name| MailboxName::from_store(name.to_owned())));
        }
        let max = self.config.mailboxes.per_user_max;
        match missing.iter().nth(max.saturating_sub(there.len())) {
            Some(name) => {
                Ok(Err(BringRefusal::Mailbox { name: name.as_str().to_owned(), why: MailboxRefusal::TooMany }))
            }
            None => Ok(Ok(missing.into_iter().collect())),
        }
    }

    async fn write_planned(
        &self,
        user: &User,
        source: Box<dyn Source>,
        survey: Survey,
        planned: Planned,
        progress: &Arc<Progress>,
    ) -> Asked<Brought> {
        let Planned { is_new, targets, missing, mut report } = planned;
        for name in missing {
            match self.create_mailbox(user, &name, None).await? {
                Ok(_) | Err(MailboxRefusal::AlreadyExists) => {}
                Err(why) => return Ok(Err(BringRefusal::Mailbox { name: name.as_str().to_owned(), why })),
            }
        }
        let mailboxes = self.ids_of(user, &targets).await?;
        for target in targets.iter().filter(|target| matches!(target, Target::Named(_))) {
            let noted = (user.id.clone(), mailbox_key(target));
            self.store.write(Durability::Synced, noted, |tx, noted| Box::pin(store::note(tx, noted))).await?;
        }
        progress.begin(Stage::Writing, report.new);
        let to_write = ToWrite { survey: Arc::new(survey), is_new, mailboxes };
        let (Written { brought, known }, ended) = self.write_letters(user, source, to_write, progress).await;
        report.brought = brought;
        let (kind, left_out) = (report.kind, report.left_out_in_all);
        let known = report.found.saturating_sub(report.new).saturating_sub(left_out) + known;
        let detail = format!("{kind}: {brought} messages brought in, {known} known, {left_out} left out");
        self.trail(Some(&user.id), &TrailEvent::Admin { act: "import-mail", detail }).await?;
        match ended {
            Ok(()) => Ok(Ok(report)),
            // The reader's own trouble; what the store has is the store's.
            Err(Fault::Spool(error)) => Ok(Err(BringRefusal::Interrupted { brought, why: error.to_string() })),
            Err(fault) => Err(fault),
        }
    }

    async fn ids_of(&self, user: &User, targets: &[Target]) -> Result<HashMap<Target, MailboxId>, Fault> {
        let there = self.mailboxes(user).await?.mailboxes;
        let id_of = |target: &Target| {
            let is_it = |mailbox: &&super::mailbox::Mailbox| match target {
                Target::Special(special) => mailbox.special_use == Some(*special),
                Target::Named(name) => mailbox.name == *name,
            };
            there.iter().find(is_it).map(|mailbox| mailbox.id)
        };
        Ok(targets.iter().filter_map(|target| Some((target.clone(), id_of(target)?))).collect())
    }
}

fn open_mes_donnees(
    path: &Path,
    config: &Config,
    folder: &Path,
    skip_broken: bool,
) -> Result<mes_donnees::MesDonnees, BringRefusal> {
    let is_taken = |name: &MailboxName| special_of(name, config).is_some();
    let opening = mes_donnees::Opening { config, folder, skip_broken, is_taken: &is_taken };
    let opened = File::open(path).and_then(|file| mes_donnees::open(file, &path.display().to_string(), &opening));
    told(path, opened)
}

fn open_mail(path: &Path, config: &Config, into: Option<&MailboxName>) -> Result<Box<dyn Source>, BringRefusal> {
    let special = |name: &MailboxName| special_of(name, config).map(Target::Special);
    told(path, mail::open(path, &mail::Opening { config, into, special: &special }))
}

fn told<T>(path: &Path, opened: std::io::Result<Result<T, Problem>>) -> Result<T, BringRefusal> {
    match opened {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(problem)) => Err(BringRefusal::Broken { problems: vec![problem], in_all: 1 }),
        Err(error) => Err(BringRefusal::Unreadable(format!("{}: {error}", path.display()))),
    }
}
