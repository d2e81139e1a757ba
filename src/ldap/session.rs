//! PURE: what each request means now (RFC 4511 §4, RFC 4513 §5). Between `wire` and the stream that `super::run` holds.
//!
//! [`Session::message`] takes a message and says the next [`Step`]. Where the gateway must be asked, the step is a
//! [`Question`], and its answer goes to the method that the question names. Nobody is looked for before somebody has
//! logged in, and nothing can be changed.

mod login;
mod search;

use std::sync::Arc;

pub use search::{Looked, Lookup};

use super::dn::Tree;
use super::needle::Needles;
use super::wire::answer::{Answer, Outcome, ResultCode};
use super::wire::message::{Control, Message, MessageId, NoMessage, Operation, Refused, Request};
use super::wire::{Limits, paged};
use crate::config::{Config, LdapConfig};
use crate::connection::Security;
use crate::model::{Address, Secret, User};
use crate::sentences::Sentence;
use search::Pages;

/// STARTTLS (RFC 4511 §4.14).
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// Who am I? (RFC 4532).
const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// Do as if no entry were a referral (RFC 3296): none is.
const MANAGE_DSA_IT: &str = "2.16.840.1.113730.3.4.2";

/// Extended operations that are offered.
const EXTENSIONS: [&str; 2] = [START_TLS, WHO_AM_I];
/// Controls that are understood.
const CONTROLS: [&str; 2] = [paged::OID, MANAGE_DSA_IT];

/// Who the client is.
#[derive(Clone, Debug)]
enum State {
    /// Nobody, or not yet: may see the server itself only.
    Anonymous,
    LoggedIn(Arc<User>),
}

/// What the stream's holder does next.
#[derive(Debug)]
pub enum Step {
    Answer(MessageId, Vec<Answer>),
    Ask(Question),
    /// Send the answer, then begin TLS.
    StartTls(MessageId, Answer),
    /// The client is leaving.
    Close,
    /// Send the notice of disconnection and close.
    Disconnect(Outcome),
}

/// What only the gateway knows.
#[derive(Debug)]
pub enum Question {
    /// To [`Session::login_answered`].
    LogIn { id: MessageId, name: String, password: Secret },
    /// To [`Session::looked`].
    Look(Box<Lookup>),
    /// The entry with this address, to [`Session::compare_answered`].
    Compare { id: MessageId, person: Arc<User>, address: Address, attribute: String, value: String },
}

/// One client's session, without its socket.
#[derive(Debug)]
pub struct Session {
    config: Arc<Config>,
    tree: Tree,
    security: Security,
    /// May a password come over this connection?
    may_log_in: bool,
    /// Are passwords taken at all?
    takes_passwords: bool,
    state: State,
    /// Wrong passwords on this connection.
    tries: u32,
    /// The rest of a search that is fetched page by page.
    pages: Option<Pages>,
    cookies: u64,
}

impl Session {
    /// A session that has heard nothing yet.
    pub fn new(config: Arc<Config>, security: Security, may_log_in: bool, takes_passwords: bool) -> Self {
        let tree = Tree::new(&config.domain);
        let state = State::Anonymous;
        Self { config, tree, security, may_log_in, takes_passwords, state, tries: 0, pages: None, cookies: 0 }
    }

    /// How much one message may ask.
    pub fn limits(&self) -> Limits {
        let LdapConfig { nesting_max, filter_items_max, attributes_max, .. } = self.config.ldap;
        Limits { nesting_max, filter_items_max, attributes_max }
    }

    /// The names of entries.
    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// How filters are read.
    fn needles(&self) -> Needles<'_> {
        Needles { domain: &self.config.domain, chars_min: self.config.ldap.search_chars_min }
    }

    /// A message came, or what should have been one.
    pub fn message(&mut self, message: Result<Message, NoMessage>) -> Step {
        let Message { id, request, controls } = match message {
            Ok(message) => message,
            Err(NoMessage::Malformed) => return disconnect(ResultCode::ProtocolError, "This is no LDAP message"),
            Err(NoMessage::Refused { id, operation, why }) => {
                let (code, text) = match why {
                    Refused::TooDeep => (ResultCode::AdminLimitExceeded, "The filter is nested too deep"),
                    Refused::TooLarge => (ResultCode::AdminLimitExceeded, "The search has too many parts"),
                    Refused::Unknown => (ResultCode::ProtocolError, "Unknown filter or scope"),
                };
                return done(id, operation, Outcome::new(code, text));
            }
        };
        // On requests without an answer, criticality says nothing (§4.1.11).
        if let Some(operation) = request.answered_by()
            && let Some(unknown) = controls.iter().find(|control| !is_understood(control, operation))
        {
            let code = ResultCode::UnavailableCriticalExtension;
            let outcome = Outcome::new(code, format!("Unknown control {}", printable(&unknown.oid)));
            return done(id, operation, outcome);
        }
        self.on(id, request, &controls)
    }

    fn on(&mut self, id: MessageId, request: Request, controls: &[Control]) -> Step {
        match request {
            Request::Bind(bind) => self.bind(id, bind),
            Request::Unbind => Step::Close,
            Request::Search(search) => self.search(id, *search, controls),
            Request::Compare { name, assertion } => self.compare(id, &name, assertion),
            Request::Abandon => Step::Answer(id, Vec::new()),
            Request::Extended { oid } => self.extended(id, &oid),
            Request::Change(change) => {
                let operation = Request::Change(change).answered_by().unwrap_or(Operation::Modify);
                done(id, operation, self.told(ResultCode::UnwillingToPerform, &Sentence::DirectoryReadOnly))
            }
        }
    }

    fn extended(&mut self, id: MessageId, oid: &str) -> Step {
        let (outcome, name, value) = match oid {
            START_TLS if self.security == Security::Plain => {
                let outcome = Outcome::bare(ResultCode::Success);
                return Step::StartTls(id, Answer::Extended { outcome, oid: Some(START_TLS), value: None });
            }
            START_TLS => (Outcome::new(ResultCode::OperationsError, "TLS is active already"), Some(START_TLS), None),
            WHO_AM_I => (Outcome::bare(ResultCode::Success), None, Some(self.who_am_i())),
            // RFC 4511 §4.12.
            _ => (Outcome::new(ResultCode::ProtocolError, "Unknown extended operation"), None, None),
        };
        Step::Answer(id, vec![Answer::Extended { outcome, oid: name, value }])
    }

    /// RFC 4532 §2.2; nobody is the empty name (RFC 4513 §5.2.1.8).
    fn who_am_i(&self) -> String {
        match &self.state {
            State::Anonymous => String::new(),
            State::LoggedIn(person) => {
                format!("dn:{}", self.tree.entry(super::dn::Branch::People, person.login.as_str()))
            }
        }
    }

    /// A sentence for people behind a code.
    fn told(&self, code: ResultCode, sentence: &Sentence) -> Outcome {
        Outcome::new(code, sentence.text(self.config.language))
    }

    /// Something of ours failed.
    pub(super) fn fault(&self, id: MessageId, operation: Operation) -> Step {
        done(id, operation, self.told(ResultCode::Unavailable, &Sentence::TryLater))
    }
}

/// Is this control one that makes sense with this request?
fn is_understood(control: &Control, operation: Operation) -> bool {
    let makes_sense = match control.oid.as_str() {
        paged::OID => operation == Operation::SearchDone,
        MANAGE_DSA_IT => true,
        _ => false,
    };
    makes_sense || !control.critical
}

/// One answer and no more.
fn done(id: MessageId, operation: Operation, outcome: Outcome) -> Step {
    let answer = match operation {
        Operation::Extended => Answer::Extended { outcome, oid: None, value: None },
        _ => Answer::Done { operation, outcome },
    };
    Step::Answer(id, vec![answer])
}

fn disconnect(code: ResultCode, text: &str) -> Step {
    Step::Disconnect(Outcome::new(code, text))
}

/// The beginning of what a client sent, as it can be shown.
fn printable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(64).collect()
}
