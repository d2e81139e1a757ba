//! Who is it: a password or an app password → a person. Owner of tries and of remembered credentials.

use tokio_util::sync::CancellationToken;

use super::{Fault, Gateway};
use crate::config::LoginConfig;
use crate::model::{Secret, User};

/// What a login came to.
#[derive(Debug)]
pub enum Login {
    Welcome(User),
    Refused(LoginRefusal),
}

/// Why somebody may not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// Unknown name or wrong password: never said which.
    BadCredentials,
    Suspended,
    /// Too many wrong passwords for this account lately.
    TooManyTries,
}

/// A session's place among its person's connections. Dropped, the place is free again.
#[derive(Debug)]
pub struct Admission {
    /// Cancelled when the person is suspended or the app password revoked: the session ends at once.
    pub cut: CancellationToken,
}

/// Remembered credentials and tries.
pub struct Logins {}

impl Logins {
    pub(super) fn new(_config: &LoginConfig) -> Self {
        Self {}
    }
}

impl Gateway {
    /// Takes a place for a session of this person; `None` where `connections_max` are taken already.
    pub fn admit(&self, _user: &User, _connections_max: usize) -> Option<Admission> {
        todo!()
    }

    /// Checks a password. `name` is an address at our domain, a login or an alias, in any case.
    pub async fn log_in(&self, _name: &str, _password: &Secret) -> Result<Login, Fault> {
        todo!()
    }
}
