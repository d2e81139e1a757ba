//! The accounts of the admin page, in a file of this gateway: `data_dir/admins.json`, for its owner only. Written whole or not
//! at all, one process after the other; read again whenever somebody signs in, so that the command line needs no server.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::Fault;

/// Characters of an account's name.
const NAME_CHARS_MAX: usize = 64;

/// One admin.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminAccount {
    pub name: String,
    /// PHC string.
    pub(super) password_hash: String,
    /// Base 32.
    pub(super) totp: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// The step of the last code that was used: none up to it is taken again.
    pub(super) last_step: i64,
}

impl std::fmt::Debug for AdminAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminAccount").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where they are kept.
#[derive(Clone, Debug)]
pub struct AdminAccounts {
    file: PathBuf,
}

/// May somebody be called so? Letters, digits, `.`, `-`, `_`, `@`, spaces inside: what can stand in a trail and in a certificate.
pub fn is_admin_name(name: &str) -> bool {
    let good = |sign: char| sign.is_alphanumeric() || ".-_@ '".contains(sign);
    (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && name.trim() == name && name.chars().all(good)
}

impl AdminAccounts {
    /// Those of this `data_dir`.
    pub fn of(data_dir: &Path) -> Self {
        Self { file: data_dir.join("admins.json") }
    }

    /// All of them. Blocks.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn all(&self) -> Result<Vec<AdminAccount>, Fault> {
        let text = match std::fs::read(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.fault(&error)),
        };
        serde_json::from_slice(&text).map_err(|error| self.fault(&error))
    }

    /// Changes them, one process after the other; what `change` gives. Nothing is written where it gives `None`. Blocks.
    ///
    /// # Errors
    /// The file cannot be read or written: it is as it was.
    pub fn change<T>(&self, change: impl FnOnce(&mut Vec<AdminAccount>) -> Option<T>) -> Result<Option<T>, Fault> {
        let lock = open_private(&self.beside("lock")).map_err(|error| self.fault(&error))?;
        lock.lock().map_err(|error| self.fault(&error))?;
        let mut accounts = self.all()?;
        let Some(changed) = change(&mut accounts) else { return Ok(None) };
        self.write(&accounts).map_err(|error| self.fault(&error))?;
        Ok(Some(changed))
    }

    fn write(&self, accounts: &[AdminAccount]) -> io::Result<()> {
        let new = self.beside("new");
        let mut file = open_private(&new)?;
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec_pretty(accounts)?)?;
        // A loss of power must not bring a used code back.
        file.sync_all()?;
        std::fs::rename(&new, &self.file)?;
        self.file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }

    fn beside(&self, ending: &str) -> PathBuf {
        self.file.with_extension(ending)
    }

    fn fault(&self, error: &dyn std::fmt::Display) -> Fault {
        Fault::Worker(format!("{}: {error}", self.file.display()))
    }
}

fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}
