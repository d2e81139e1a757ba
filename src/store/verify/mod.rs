//! The invariants of the schema, as statements that find what breaks them. Read-only; one snapshot for all of them. Above it:
//! `domain::verify`, which adds what lies outside of the database, and `domain::repair`.
//!
//! | file | what |
//! | --- | --- |
//! | `mailboxes` | UIDs, ModSeqs, tombstones, the four mailboxes of everybody |
//! | `messages` | content, its copies in other rows, the search index, what nobody has any more |
//! | `people` | addresses, people who left, the switch, words of columns |
//! | `logins` | app passwords, and what SCRAM checks by |
//! | `references` | foreign keys, from the engine's catalogue |
//! | `octets` | whole messages with all that is stored of them, a page at a time |
//! | `mend` | what repairs write |
//!
//! Each check has a name, says in plain words what a finding means, and names the repair that mends it, where there is one.
//! It gives rows of one text: ids, never anything that people wrote.
//!
//! Every table has checks, or is one of these, whose rows say nothing that another could contradict but for their references:
//! `webhook_outbox` and `lease` (what is still to be told, and who does; a row whose submission has gone is passed over),
//! `api_token`, `api_request`, `badge_key`, `school`, `school_class`, `user_school`, `group_member`, `communication_rule`, `school_year`, `written_to`, `brought_in`,
//! `message_id_alias`, `answerable` (who may answer is decided when a letter is sent, and no row keeps why), `subscription`
//! (names, of mailboxes or not). `doomed_message` and `doomed_body` propose: what they name may be gone. That nobody has a
//! letter that was recalled is no invariant: who had kept a copy elsewhere may have put it back. `card_state` may be lost
//! altogether: clients are then told their address books again, whole. So may `page_session`: people sign in again.

mod logins;
mod mailboxes;
pub(crate) mod mend;
mod messages;
pub(crate) mod octets;
mod people;
mod references;

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::{Engine, Store, StoreError, Tx, on_engine};

/// Findings that are named.
const EXAMPLES_MAX: usize = 5;

/// A thing that must hold.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub name: &'static str,
    /// What a finding means, in plain words.
    pub means: &'static str,
    pub weight: Weight,
    /// What mends it.
    pub repair: Option<Repair>,
    find: Find,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Something is wrong.
    Fault,
    /// Room is wasted, nothing more.
    Warning,
}

/// Narrow mendings: each puts right what other rows tell for certain, and guesses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    Counters,
    SpecialMailboxes,
    Sizes,
    SearchIndex,
    Structures,
    OrphanRows,
    OrphanBlobs,
}

impl Repair {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Counters,
        Self::SpecialMailboxes,
        Self::Sizes,
        Self::SearchIndex,
        Self::Structures,
        Self::OrphanRows,
        Self::OrphanBlobs,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counters => "counters",
            Self::SpecialMailboxes => "special-mailboxes",
            Self::Sizes => "sizes",
            Self::SearchIndex => "search-index",
            Self::Structures => "structures",
            Self::OrphanRows => "orphan-rows",
            Self::OrphanBlobs => "orphan-blobs",
        }
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|repair| repair.name() == name)
    }
}

/// How it is found.
#[derive(Clone, Copy, Debug)]
enum Find {
    /// One statement for both engines; a row for each finding.
    Sql(&'static str),
    Each {
        sqlite: &'static str,
        postgres: &'static str,
    },
    /// The values of a column, and which of them there may be.
    Words(&'static str, fn(&str) -> bool),
}

/// A check that found something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub check: &'static str,
    pub means: &'static str,
    pub weight: Weight,
    pub repair: Option<Repair>,
    pub count: u64,
    /// The first ones.
    pub examples: Vec<String>,
}

impl Finding {
    /// Nothing found yet.
    pub(crate) fn none(check: &'static str, means: &'static str) -> Self {
        Self { check, means, weight: Weight::Fault, repair: None, count: 0, examples: Vec::new() }
    }

    /// Mended by.
    pub(crate) fn mended_by(self, repair: Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }

    /// One more.
    pub(crate) fn add(&mut self, example: String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(example);
        }
    }
}

/// The checks that are statements.
pub(crate) fn checks() -> impl Iterator<Item = &'static Check> {
    mailboxes::CHECKS.iter().chain(messages::CHECKS).chain(people::CHECKS).chain(logins::CHECKS)
}

/// The names of the checks that are statements.
pub fn names() -> impl Iterator<Item = &'static str> {
    checks().map(|check| check.name)
}

/// How many steps [`verify`] tells of.
pub(crate) fn steps() -> usize {
    checks().count() + 1
}

/// Runs all checks on what one transaction sees; `done` hears of each.
pub(crate) async fn verify(tx: &mut Tx<'_>, done: &(dyn Fn() + Sync)) -> Result<Vec<Finding>, StoreError> {
    if let Tx::Postgres(c) = tx {
        sqlx::query("set local statement_timeout = 0").execute(&mut **c).await?;
    }
    let mut findings = Vec::new();
    for check in checks() {
        findings.push(find(tx, check).await?);
        done();
    }
    findings.push(references::find(tx).await?);
    done();
    findings.retain(|finding| finding.count > 0);
    Ok(findings)
}

async fn find(tx: &mut Tx<'_>, check: &Check) -> Result<Finding, StoreError> {
    let none = Finding { weight: check.weight, repair: check.repair, ..Finding::none(check.name, check.means) };
    match (check.find, &*tx) {
        (Find::Sql(sql), _)
        | (Find::Each { sqlite: sql, .. }, Tx::Sqlite(_))
        | (Find::Each { postgres: sql, .. }, Tx::Postgres(_)) => rows(tx, sql.to_owned(), none, |_| false).await,
        (Find::Words(sql, known), _) => rows(tx, sql.to_owned(), none, known).await,
    }
}

/// Counts the rows of a statement, but for those that are fine.
async fn rows(
    tx: &mut Tx<'_>,
    sql: String,
    mut finding: Finding,
    fine: impl Fn(&str) -> bool,
) -> Result<Finding, StoreError> {
    on_engine!(tx, |c| {
        let mut stream = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch(c);
        while let Some(row) = stream.try_next().await? {
            if !fine(&row) {
                finding.add(row);
            }
        }
    });
    Ok(finding)
}

const INTEGRITY: &str = "select integrity_check from pragma_integrity_check where integrity_check <> 'ok'";

impl Store {
    /// SQLite's own check of its file: pages, indexes, what may not be null. PostgreSQL has none that everybody may call.
    pub(crate) async fn check_file(&self) -> Result<Option<Finding>, StoreError> {
        let Engine::Sqlite { readers, .. } = &self.engine else { return Ok(None) };
        // A connection of its own: on one that has searched before, FTS5 checks by what it remembers of the index.
        let mut connection = readers.connect_options().connect().await?;
        let lines: Vec<String> = sqlx::query_scalar(INTEGRITY).fetch_all(&mut connection).await?;
        connection.close().await?;
        let mut finding = Finding::none("engine", "SQLite finds its own file damaged: restore a backup");
        lines.into_iter().for_each(|line| finding.add(line));
        Ok(Some(finding).filter(|finding| finding.count > 0))
    }
}
