//! PURE: AUTH (RFC 4954). Part of [`Session`].

use std::sync::Arc;

use super::super::refusal;
use super::super::wire::reply::Reply;
use super::super::wire::sasl::{Awaited, Mechanism, Turn};
use super::{Question, Session, Step, SubmissionState, reply};
use crate::domain::login::{Login, LoginRefusal};
use crate::model::Secret;
use crate::sentences::Sentence;

impl Session {
    pub(super) fn auth(&mut self, mechanism: Option<Mechanism>, initial: Option<&Secret>) -> Step {
        match &self.state {
            SubmissionState::Connected => return self.out_of_order("EHLO first"),
            SubmissionState::Greeted | SubmissionState::LoggingIn(_) => {}
            _ => return self.out_of_order("Logged in already"),
        }
        if !self.may_log_in {
            let required = self.sentence(&Sentence::TlsRequired);
            return self.error(required);
        }
        match mechanism {
            Some(mechanism) => self.turn(mechanism.begin(initial)),
            None => self.error(Reply::new(504, "5.5.4", "Mechanisms: PLAIN, LOGIN")),
        }
    }

    /// A line of an exchange that has begun.
    pub(super) fn log_in_line(&mut self, awaited: Awaited, line: &[u8]) -> Step {
        self.state = SubmissionState::Greeted;
        self.turn(awaited.answered(line))
    }

    fn turn(&mut self, turn: Turn) -> Step {
        match turn {
            Turn::Challenge(text, awaited) => {
                self.state = SubmissionState::LoggingIn(awaited);
                Step::Reply(Reply::bare(334, vec![text.into()]))
            }
            Turn::Done(credentials) => Step::Ask(Question::LogIn(credentials)),
            Turn::Cancelled => self.error(Reply::new(501, "5.7.0", "Authentication cancelled")),
            Turn::Malformed => self.error(Reply::new(501, "5.5.2", "Authentication response malformed")),
            Turn::ForSomebodyElse => self.login_refused(&Sentence::BadCredentials),
        }
    }

    pub(super) fn log_in_answered(&mut self, login: Login) -> Step {
        match login {
            Login::Welcome(welcome) => {
                self.state = SubmissionState::LoggedIn(Arc::new(welcome.user));
                reply(235, "2.7.0", "Welcome")
            }
            Login::Refused(LoginRefusal::BadCredentials) => self.login_refused(&Sentence::BadCredentials),
            Login::Refused(LoginRefusal::Suspended) => self.login_refused(&Sentence::AccountSuspended),
            Login::Refused(LoginRefusal::CloudApp) => self.login_refused(&Sentence::CloudApp),
            // Temporary (RFC 4954 §6): the password is right, and no client may forget it.
            Login::Refused(LoginRefusal::TurnedOff) => {
                Step::Reply(refusal::temporary_login(&Sentence::SendingOff, self.config.language))
            }
            Login::Refused(LoginRefusal::TooManyConnections) => {
                Step::Close(self.sentence(&Sentence::TooManyConnections))
            }
            Login::Refused(LoginRefusal::TooManyTries) => self.login_refused(&Sentence::TooManyTries),
        }
    }

    /// The last try that a connection has ends it.
    fn login_refused(&mut self, sentence: &Sentence) -> Step {
        self.tries += 1;
        if self.tries >= self.config.login.tries_per_connection_max {
            return Step::Close(refusal::closing("4.7.0", &Sentence::TooManyTries, self.config.language));
        }
        self.refuse(sentence)
    }
}
