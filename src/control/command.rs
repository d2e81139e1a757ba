//! What admins ask, and what they hear. The same on the socket (JSON) and inside the process.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::limits::LimitRow;
use super::switch::{SuspensionRow, SwitchCommand};
use super::trail::{TrailCommand, TrailRow, TrailSheet};

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
    LimitsShow {
        user: String,
    },
    Switch(SwitchCommand),
    Trail(TrailCommand),
    /// Reads the certificate files again.
    Reload,
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
