//! What admins ask, and what they hear. The same on the socket (JSON) and inside the process.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What an admin asks. `user` is a login, an alias, an address or an id.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AdminCommand {
    /// Brings the directory up to what the CSV files in `folder` (absolute) say; `dry_run` only tells what would change.
    Import {
        folder: PathBuf,
        dry_run: bool,
    },
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
    /// Makes room: what nobody needs any more goes.
    Collect,
    /// Expunges what is too old; `dry_run` only tells what would go.
    Retention {
        dry_run: bool,
    },
    /// What can come back; with subjects only where they are asked for.
    RecoverList {
        user: String,
        from: TakenFrom,
        subjects: bool,
    },
    /// Brings messages back.
    Recover {
        user: String,
        from: TakenFrom,
        choice: Choice,
    },
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
    /// Reads the certificate files again.
    Reload,
}

/// Where messages come back from: Trash, or beyond it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakenFrom {
    Trash,
    Expunged,
}

/// Which of them, by the ids of the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    All,
    These(Vec<i64>),
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
    Collected(CollectSheet),
    Retention(Vec<RetentionLine>),
    Recoverable(Vec<RecoverLine>),
    /// So many messages are back.
    Recovered(usize),
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSheet {
    /// Nothing was written.
    pub dry_run: bool,
    /// Ready to print, one change a line.
    pub changes: Vec<String>,
    /// Rows that cannot be taken, with file, line and reason. Where there is one, nothing was written.
    pub problems: Vec<String>,
}

/// What collection deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectSheet {
    pub messages: u64,
    pub bodies: u64,
    pub tombstones: u64,
    pub undelete_ended: u64,
    pub submissions: u64,
    pub files: u64,
}

/// What one rule of retention takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionLine {
    /// `inbox`, `trash` …, `others`.
    pub mailboxes_for: String,
    pub days: u32,
    /// What came before this (RFC 3339).
    pub before: String,
    pub mailboxes: u64,
    pub messages: u64,
}

/// One message that can come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverLine {
    pub id: i64,
    /// The mailbox where it would go.
    pub to: String,
    pub from: String,
    /// Only where it was asked for.
    pub subject: Option<String>,
    /// Octets.
    pub size: u64,
    pub date: String,
    /// When it went.
    pub gone: String,
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
