//! What admins ask, and what they hear. The same on the socket (JSON) and inside the process.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::keeping::{CollectSheet, KeepingCommand, RecoverLine, RetentionLine};
use super::limits::LimitRow;
use super::switch::{SuspensionRow, SwitchCommand};
use super::trail::{TrailCommand, TrailRow, TrailSheet};

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
    /// The people whose name or login holds `text`, of one profile where it is given.
    UserList {
        text: Option<String>,
        profile: Option<String>,
    },
    UserShow {
        user: String,
    },
    UserSuspend {
        user: String,
        reason: String,
    },
    UserResume {
        user: String,
    },
    UserSetPassword {
        user: String,
        password: Password,
    },
    AppPasswordCreate {
        user: String,
        device_name: String,
    },
    AppPasswordList {
        user: String,
    },
    AppPasswordRevoke {
        user: String,
        id: String,
    },
    LimitsShow {
        user: String,
    },
    Switch(SwitchCommand),
    Keeping(KeepingCommand),
    Trail(TrailCommand),
    /// Hides words of IMAP's CAPABILITY from one device: an app password's id, or its device's name.
    AppPasswordHide {
        user: String,
        device: String,
        words: Vec<String>,
    },
    /// Shows words again; none: all of them.
    AppPasswordShow {
        user: String,
        device: String,
        words: Vec<String>,
    },
    /// May `from` (a person) write to `to` (an address, or what stands before the `@`)?
    PolicyExplain {
        from: String,
        to: String,
    },
    /// Who may write to which group, of one school (UAI or id) or of each.
    PolicyMatrix {
        school: Option<String>,
    },
    /// Reads the certificate files and the table of communication rules again; `dry_run` only tells what the table would
    /// change.
    Reload {
        dry_run: bool,
    },
}

/// What an admin asks of people who left and of school years.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PeopleCommand {
    /// Who left, and what comes next.
    Departed,
    /// Puts aside and deletes the accounts of people who left, where their time has come.
    Collect {
        dry_run: bool,
    },
    Years,
    CloseYear {
        begins: i64,
        dry_run: bool,
    },
    OpenYear {
        begins: i64,
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
    Import(ImportSheet),
    Limits(Vec<LimitRow>),
    Suspensions(Vec<SuspensionRow>),
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
    TrailChecked(TrailSheet),
    TrailLines(Vec<TrailRow>),
    /// It cannot be done as asked; nothing was changed.
    Refused(String),
    /// The server failed at it: its log says more.
    Failed(String),
}

/// One person in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLine {
    pub login: String,
    pub name: String,
    pub profile: String,
    pub suspended: bool,
}

/// Everything about one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSheet {
    pub id: String,
    pub external_id: String,
    pub login: String,
    pub name: String,
    pub profile: String,
    /// Why, where the person is suspended.
    pub suspended: Option<String>,
    pub schools: Vec<String>,
    pub addresses: Vec<String>,
    pub groups: Vec<String>,
    pub app_passwords: Vec<AppPasswordLine>,
    /// Open now, on this server.
    pub sessions: usize,
}

/// One device's password. Times are written out (RFC 3339).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPasswordLine {
    pub id: String,
    pub device_name: String,
    pub created: String,
    pub last_used: Option<String>,
    pub revoked: Option<String>,
    /// Words of CAPABILITY that the device is not shown.
    pub hidden_words: Vec<String>,
}

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

/// How far an import is. `of` is 0 where nobody can know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressLine {
    pub stage: String,
    pub done: usize,
    pub of: usize,
}

/// Somebody who left. Times are written out (RFC 3339).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaverLine {
    pub login: String,
    pub name: String,
    pub left: String,
    /// `archived` or `deleted`
    pub next: String,
    pub due: String,
}

/// A school year. Times are written out (RFC 3339).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearLine {
    /// The calendar year in which it begins.
    pub begins: i64,
    pub opened: String,
    pub closed: Option<String>,
}

/// May one write to the other, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainSheet {
    pub from: String,
    pub to: String,
    pub allowed: bool,
    /// What allows it, step by step; or why it is refused.
    pub because: Vec<String>,
    /// The groups that the sender's own groups let him write to.
    pub sender_reaches: Vec<String>,
    /// The groups by which others reach the recipient.
    pub recipient_reached_by: Vec<String>,
}

/// Who in a school may write to which of its groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixSheet {
    pub uai: String,
    pub school: String,
    pub groups: Vec<MatrixRow>,
}

/// One group, and how many people of each profile may write to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixRow {
    pub id: String,
    pub name: String,
    pub kind: String,
    /// Profile → how many may, of how many. Profiles of which nobody is in the school are left out.
    pub profiles: BTreeMap<String, MatrixCell>,
}

/// How many people may write, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixCell {
    pub may: usize,
    pub of: usize,
}

/// What a changed table of communication rules did to the stored graph, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadSheet {
    /// Nothing was written.
    pub dry_run: bool,
    /// By the running server.
    pub certificate_read: bool,
    /// Ready to print, one change a line.
    pub changes: Vec<String>,
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
