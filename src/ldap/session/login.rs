//! PURE: binding (RFC 4511 §4.2, RFC 4513 §5.1): who the client is.
//!
//! The codes matter: a client that hears invalidCredentials forgets the password it had, so that code is for wrong
//! passwords only.

use std::sync::Arc;

use super::{Session, State, Step, done};
use crate::domain::login::LoginRefusal;
use crate::ldap::session::Question;
use crate::ldap::wire::answer::{Outcome, ResultCode};
use crate::ldap::wire::message::{Bind, MessageId, Operation};
use crate::model::User;
use crate::sentences::Sentence;

impl Session {
    /// Whoever binds is nobody until the answer (RFC 4511 §4.2.1).
    pub(super) fn bind(&mut self, id: MessageId, bind: Bind) -> Step {
        self.leave();
        let Bind { version, name, password } = bind;
        let refusal = |outcome| done(id, Operation::Bind, outcome);
        if version != 3 {
            return refusal(Outcome::new(ResultCode::ProtocolError, "LDAPv3 only"));
        }
        let Some(password) = password else {
            return refusal(Outcome::new(ResultCode::AuthMethodNotSupported, "Simple bind only"));
        };
        match (name.trim().is_empty(), password.expose().is_empty()) {
            (true, true) => return refusal(Outcome::bare(ResultCode::Success)),
            (false, false) => {}
            // A name without a password is a mistake of the client's, never a login (RFC 4513 §5.1.2).
            _ => return refusal(self.told(ResultCode::UnwillingToPerform, &Sentence::BadCredentials)),
        }
        if !self.may_log_in {
            return refusal(self.told(ResultCode::ConfidentialityRequired, &Sentence::TlsRequired));
        }
        if !self.takes_passwords {
            return refusal(Outcome::new(ResultCode::AuthMethodNotSupported, "Passwords are not taken here"));
        }
        Step::Ask(Question::LogIn { id, name: self.tree.login_of(&name), password })
    }

    /// Has somebody logged in?
    pub fn is_logged_in(&self) -> bool {
        matches!(self.state, State::LoggedIn(_))
    }

    /// Nobody is logged in any more.
    pub(super) fn leave(&mut self) {
        self.state = State::Anonymous;
        self.pages = None;
    }

    /// The gateway has looked at the password.
    pub fn login_answered(&mut self, id: MessageId, login: Result<Arc<User>, LoginRefusal>) -> Step {
        let outcome = match login {
            Ok(person) => {
                self.state = State::LoggedIn(person);
                Outcome::bare(ResultCode::Success)
            }
            Err(refusal) => {
                self.tries += 1;
                let (code, sentence) = codes(refusal);
                self.told(code, &sentence)
            }
        };
        done(id, Operation::Bind, outcome)
    }

    /// Have so many passwords been wrong that this client has to go?
    pub fn is_out_of_tries(&self) -> bool {
        self.tries >= self.config.login.tries_per_connection_max
    }
}

const fn codes(refusal: LoginRefusal) -> (ResultCode, Sentence) {
    match refusal {
        LoginRefusal::BadCredentials => (ResultCode::InvalidCredentials, Sentence::BadCredentials),
        LoginRefusal::TooManyTries => (ResultCode::Busy, Sentence::TooManyTries),
        LoginRefusal::TooManyConnections => (ResultCode::Busy, Sentence::TooManyConnections),
        LoginRefusal::Suspended => (ResultCode::UnwillingToPerform, Sentence::AccountSuspended),
        LoginRefusal::CloudApp => (ResultCode::UnwillingToPerform, Sentence::CloudApp),
        LoginRefusal::TurnedOff => (ResultCode::UnwillingToPerform, Sentence::ReadingOff),
    }
}
