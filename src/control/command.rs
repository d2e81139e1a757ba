//! What admins ask, and what they hear. The same on the socket (JSON) and inside the process.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::api_token::{ApiTokenCommand, ApiTokenLine};
use super::app_password::{AppPasswordCommand, AppPasswordLine};
use super::import::ImportSheet;
use super::keeping::{CollectSheet, KeepingCommand, RecoverLine, RetentionLine};
use super::limits::LimitRow;
use super::migration::{BrokenSheet, BroughtSheet, ExportedSheet, MigrationCommand};
use super::people::{LeaverLine, PeopleCommand, YearLine};
use super::policy::{ExplainSheet, MatrixSheet, ReloadSheet};
use super::recall::{RecallCommand, RecallSheet, SentLine};
use super::switch::{SuspensionRow, SwitchCommand};
use super::trail::{TrailCommand, TrailRow, TrailSheet};
use super::upkeep::{BackupSheet, UpkeepCommand, VerifySheet};
use super::user::{UserCommand, UserLine, UserSheet};
use super::webhook::{WebhookCommand, WebhookLine};

/// What an admin asks. `user` is a login, an alias, an address or an id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AdminCommand {
    /// Brings the directory up to what the files in `folder` (absolute; or one file) say; `dry_run` only tells what would
    /// change. `school`: UAI of the school of files that do not say whose they are. `suspend`: so many people may be
    /// suspended, whatever their share.
    Import {
        folder: PathBuf,
        dry_run: bool,
        school: Option<String>,
        suspend: Option<usize>,
    },
    /// People who left, and school years.
    People(PeopleCommand),
    User(UserCommand),
    AppPassword(AppPasswordCommand),
    ApiToken(ApiTokenCommand),
    Webhook(WebhookCommand),
    LimitsShow {
        user: String,
    },
    Switch(SwitchCommand),
    Recall(RecallCommand),
    Keeping(KeepingCommand),
    Migration(MigrationCommand),
    Trail(TrailCommand),
    /// The store as a whole.
    Upkeep(UpkeepCommand),
    /// May `from` (a person) write to `to` (an address, or what stands before the `@`)?
    PolicyExplain {
        from: String,
        to: String,
    },
    /// Who may write to which group, of one school (UAI or id) or of each.
    PolicyMatrix {
        school: Option<String>,
    },
    /// How far is the database's clock ahead of the server's?
    StoreClock,
    /// Reads the certificate files and the table of communication rules again; `dry_run` only tells what the table would
    /// change.
    Reload {
        dry_run: bool,
    },
}

/// What an admin hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdminAnswer {
    Done,
    Users(Vec<UserLine>),
    User(Box<UserSheet>),
    /// `secret` is shown once and kept nowhere.
    AppPassword {
        id: String,
        secret: Password,
    },
    AppPasswords(Vec<AppPasswordLine>),
    /// `secret` is shown once and kept nowhere.
    ApiToken {
        id: String,
        secret: Password,
    },
    ApiTokens(Vec<ApiTokenLine>),
    Webhooks(Vec<WebhookLine>),
    /// So many runs of letters.
    WebhookRows(u64),
    Import(ImportSheet),
    Limits(Vec<LimitRow>),
    Brought(BroughtSheet),
    /// What is wrong with mail that was to be brought in: nothing was.
    Broken(BrokenSheet),
    Exported(ExportedSheet),
    Suspensions(Vec<SuspensionRow>),
    Recalled(RecallSheet),
    SentLetters(Vec<SentLine>),
    Collected(CollectSheet),
    Retention(Vec<RetentionLine>),
    Recoverable(Vec<RecoverLine>),
    /// So many messages are back.
    Recovered(usize),
    /// Before the answer: how far it is.
    Progress(ProgressLine),
    Leavers(Vec<LeaverLine>),
    /// Shown names and logins, as they were.
    PeopleCollected {
        dry_run: bool,
        archived: Vec<String>,
        deleted: Vec<String>,
    },
    Years {
        current: i64,
        years: Vec<YearLine>,
    },
    /// The groups that are closed with the year, by name.
    YearClosed {
        dry_run: bool,
        groups: Vec<String>,
    },
    Explained(Box<ExplainSheet>),
    Matrix(Vec<MatrixSheet>),
    Reloaded(ReloadSheet),
    StoreClock {
        seconds_ahead: i64,
    },
    TrailChecked(TrailSheet),
    Verified(VerifySheet),
    /// So many were mended, or would be.
    Repaired(u64),
    BackedUp(BackupSheet),
    TrailLines(Vec<TrailRow>),
    /// It cannot be done as asked; nothing was changed.
    Refused(String),
    /// The server failed at it: its log says more.
    Failed(String),
}

/// How far an import, a backup or a check is. `of` is 0 where nobody can know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressLine {
    pub stage: String,
    pub done: usize,
    pub of: usize,
}

/// A password on its way; `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The password itself: name this call only where it is set or shown.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
