//! PURE: what each command means now (RFC 6409, RFC 5321 §4.1.4, RFC 4954, RFC 3207, RFC 3030). Between `wire` and the
//! stream that `super::run` holds.
//!
//! [`Session::line`] takes a line and says the next [`Step`]. Where the gateway must be asked, the step is a
//! [`Question`] and its answer goes to [`Session::answered`]; where octets must be read, the step says so and
//! [`Session::received`] hears what came. Nobody is relayed: a recipient enters a transaction only through
//! [`Verdict::Allow`].

mod login;
mod message;

pub use login::{Awaited, ExchangeAnswer};

use std::sync::Arc;

use super::refusal;
use super::wire::command::{self, Command, Mail, Path, Syntax};
use super::wire::reply::Reply;
use crate::config::{Config, SubmissionConfig};
use crate::connection::Security;
use crate::domain::delivery::Submitted;
use crate::domain::directory::{Recipient, Verdict};
use crate::domain::login::{Login, Welcome};
use crate::metrics::Reason;
use crate::model::{Address, User};
use crate::sasl::{Credentials, Offer, bearer, scram};
use crate::sentences::Sentence;

/// How far the client has come.
#[derive(Debug)]
pub enum SubmissionState {
    /// No EHLO yet.
    Connected,
    Greeted,
    /// The next line belongs to an AUTH exchange.
    LoggingIn(Awaited),
    LoggedIn(Arc<User>),
    /// MAIL was accepted, no recipient yet.
    Mail(Transaction),
    /// One recipient or more.
    Rcpt(Transaction),
    /// BDAT has begun: this many octets so far.
    Chunks(Transaction, u64),
}

impl SubmissionState {
    /// Has the client announced a message?
    pub fn is_in_transaction(&self) -> bool {
        matches!(self, Self::Mail(_) | Self::Rcpt(_) | Self::Chunks(..))
    }
}

/// From an accepted MAIL to the message's end.
#[derive(Debug)]
pub struct Transaction {
    pub sender: Arc<User>,
    /// Addresses may have characters outside ASCII (RFC 6531 §3.4).
    pub utf8: bool,
    /// Accepted, in the order they came.
    pub recipients: Vec<Recipient>,
    /// RCPT commands so far, refused ones among them.
    pub asked: usize,
}

/// What the stream's holder does next.
#[derive(Debug)]
pub enum Step {
    Reply(Reply),
    Ask(Question),
    /// Send the reply, then read a message up to its dot.
    ReadData(Reply),
    ReadChunk(Chunk),
    /// Send the reply, drop what was read already, begin TLS.
    StartTls(Reply),
    /// Send the reply and close.
    Close(Reply),
}

/// The octets behind BDAT.
#[derive(Debug)]
pub struct Chunk {
    pub size: u64,
    pub last: bool,
    /// The octets are dropped and this is said.
    pub refusal: Option<Reply>,
}

/// What only the gateway knows. The answer carries back what the session needs to go on.
#[derive(Debug)]
pub enum Question {
    LogIn(Credentials),
    /// How is this person's password salted?
    Salt(scram::First),
    /// Do they know it?
    Prove(scram::Proof),
    Token(bearer::Token),
    /// Somebody has proved who it is, and has heard our own proof: is there a place?
    Enter(Box<Welcome>),
    /// Is it the person's own address?
    OwnAddress {
        person: Arc<User>,
        address: Address,
        utf8: bool,
    },
    MayWrite {
        sender: Arc<User>,
        recipient: Address,
    },
    /// With the message just read.
    Submit {
        sender: Arc<User>,
        recipients: Vec<Recipient>,
    },
}

/// The gateway's answer.
#[derive(Debug)]
pub enum Answer {
    LoggedIn(Login),
    Exchange(ExchangeAnswer),
    OwnAddress {
        address: Address,
        utf8: bool,
        own: bool,
    },
    MayWrite(Verdict),
    Submitted(Submitted),
    /// The person may not send now: by the switch, or by a limit.
    NotNow(Sentence),
    /// Something of ours failed.
    Fault,
}

impl Answer {
    /// What is counted of it, where it refuses.
    pub(super) fn reason(&self) -> Option<Reason> {
        match self {
            Self::Fault => Some(Reason::TryLater),
            answer => answer.refusal().map(Sentence::reason),
        }
    }

    /// Why the person may not send this, or not to this recipient.
    pub(super) fn refusal(&self) -> Option<&Sentence> {
        match self {
            Self::MayWrite(Verdict::Refuse(sentence))
            | Self::Submitted(Submitted::Refused(sentence))
            | Self::NotNow(sentence) => Some(sentence),
            _ => None,
        }
    }
}

/// What became of the octets of a message, or of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A chunk; more are to come.
    Part,
    Whole,
    TooLarge,
    BareLineEnd,
    /// They could not be kept.
    Fault,
}

/// One client's session, without its socket.
#[derive(Debug)]
pub struct Session {
    config: Arc<Config>,
    security: Security,
    /// The ways to log in; `None` where no password may come over this connection.
    offer: Option<Offer>,
    state: SubmissionState,
    errors: u32,
    tries: u32,
    messages: usize,
}

impl Session {
    /// A session that has heard nothing yet.
    pub fn new(config: Arc<Config>, security: Security, offer: Option<Offer>) -> Self {
        Self { config, security, offer, state: SubmissionState::Connected, errors: 0, tries: 0, messages: 0 }
    }

    /// The first thing said.
    pub fn greeting(&self) -> Reply {
        Reply::bare(220, vec![format!("{} ESMTP Passerelle", self.config.host_name()).into()])
    }

    /// How far the client has come.
    pub fn state(&self) -> &SubmissionState {
        &self.state
    }

    /// Who has logged in.
    pub(super) fn person(&self) -> Option<&Arc<User>> {
        match &self.state {
            SubmissionState::LoggedIn(person) => Some(person),
            SubmissionState::Mail(transaction)
            | SubmissionState::Rcpt(transaction)
            | SubmissionState::Chunks(transaction, _) => Some(&transaction.sender),
            SubmissionState::Connected | SubmissionState::Greeted | SubmissionState::LoggingIn(_) => None,
        }
    }

    /// A line came, without its CRLF.
    pub fn line(&mut self, line: &[u8]) -> Step {
        self.state = match std::mem::replace(&mut self.state, SubmissionState::Greeted) {
            SubmissionState::LoggingIn(awaited) => return self.log_in_line(awaited, line),
            other => other,
        };
        match command::parse(line) {
            Ok(command) => self.on(command),
            Err(Syntax::ChunkSize) => Step::Close(refusal::syntax(&Syntax::ChunkSize)),
            Err(syntax) => self.error(refusal::syntax(&syntax)),
        }
    }

    /// A line came that is longer than any may be.
    pub fn line_too_long(&mut self) -> Step {
        if matches!(self.state, SubmissionState::LoggingIn(_)) {
            self.state = SubmissionState::Greeted;
            return self.error(Reply::new(500, "5.5.6", "Authentication line too long"));
        }
        self.error(refusal::syntax(&Syntax::TooLong))
    }

    /// A command came.
    pub fn on(&mut self, command: Command) -> Step {
        match command {
            Command::Ehlo => self.ehlo(),
            Command::Helo => self.helo(),
            Command::StartTls => self.start_tls(),
            Command::Auth { mechanism, initial } => self.auth(mechanism, initial.as_ref()),
            Command::Mail(mail) => self.mail(mail),
            Command::Rcpt(path) => self.rcpt(path),
            Command::Data => self.data(),
            Command::Bdat { size, last } => self.bdat(size, last),
            Command::Rset => {
                self.end_transaction();
                reply(250, "2.0.0", "OK")
            }
            Command::Noop => reply(250, "2.0.0", "OK"),
            // Nothing is told of who exists (RFC 5321 §7.3).
            Command::Vrfy => reply(252, "2.1.5", "Not told; send a message and see"),
            Command::Help => reply(214, "2.0.0", "See RFC 5321 and RFC 6409"),
            Command::Quit => Step::Close(Reply::new(221, "2.0.0", "Bye")),
            Command::NotImplemented => self.error(Reply::new(502, "5.5.1", "Command not implemented")),
        }
    }

    /// The gateway answered.
    pub fn answered(&mut self, answer: Answer) -> Step {
        match answer {
            Answer::LoggedIn(login) => self.log_in_answered(login),
            Answer::Exchange(answer) => self.exchange_answered(answer),
            Answer::OwnAddress { utf8, own: true, .. } => self.begin_transaction(utf8),
            Answer::OwnAddress { address, own: false, .. } => {
                self.refuse(&Sentence::SenderNotYours { address: address.to_string() })
            }
            Answer::MayWrite(Verdict::Allow(recipient)) => self.add_recipient(recipient),
            Answer::MayWrite(Verdict::Refuse(sentence))
            | Answer::Submitted(Submitted::Refused(sentence))
            | Answer::NotNow(sentence) => self.refuse(&sentence),
            Answer::Submitted(Submitted::Waiting { people, waiting, opens }) => {
                self.refuse(&Sentence::Waiting { opens, some: waiting < people })
            }
            Answer::Submitted(Submitted::Delivered { .. }) => self.refuse(&Sentence::Delivered),
            Answer::Fault => self.fault(),
        }
    }

    /// SIZE (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), PIPELINING (RFC 2920), CHUNKING (RFC 3030),
    /// ENHANCEDSTATUSCODES (RFC 2034), LIMITS (RFC 9422), STARTTLS (RFC 3207), AUTH (RFC 4954).
    fn ehlo(&mut self) -> Step {
        self.greet();
        let config = &self.config;
        let SubmissionConfig { message_bytes_max, recipients_max, .. } = config.submission;
        let mut lines = vec![
            config.host_name().to_owned().into(),
            format!("SIZE {message_bytes_max}").into(),
            "8BITMIME".into(),
            "SMTPUTF8".into(),
            "PIPELINING".into(),
            "CHUNKING".into(),
            "ENHANCEDSTATUSCODES".into(),
            format!("LIMITS RCPTMAX={recipients_max}").into(),
        ];
        if self.security == Security::Plain {
            lines.push("STARTTLS".into());
        }
        let mechanisms = self.offer.iter().flat_map(|offer| &offer.mechanisms);
        let mechanisms: String = mechanisms.map(|mechanism| format!(" {}", mechanism.name())).collect();
        if !mechanisms.is_empty() {
            lines.push(format!("AUTH{mechanisms}").into());
        }
        Step::Reply(Reply::bare(250, lines))
    }

    fn helo(&mut self) -> Step {
        self.greet();
        Step::Reply(Reply::bare(250, vec![self.config.host_name().to_owned().into()]))
    }

    /// EHLO also ends a transaction (RFC 5321 §4.1.4); who has logged in stays so.
    fn greet(&mut self) {
        self.end_transaction();
        if matches!(self.state, SubmissionState::Connected) {
            self.state = SubmissionState::Greeted;
        }
    }

    fn start_tls(&mut self) -> Step {
        match (self.security, &self.state) {
            (Security::Tls, _) => self.error(Reply::new(503, "5.5.1", "TLS is on already")),
            (Security::Plain, SubmissionState::Connected) => self.out_of_order("EHLO first"),
            (Security::Plain, _) => Step::StartTls(Reply::new(220, "2.0.0", "Begin TLS")),
        }
    }

    fn mail(&mut self, mail: Mail) -> Step {
        let person = match &self.state {
            SubmissionState::Connected => return self.out_of_order("EHLO first"),
            SubmissionState::Greeted | SubmissionState::LoggingIn(_) => return self.login_required(),
            SubmissionState::LoggedIn(person) => Arc::clone(person),
            _ => return self.out_of_order("One transaction at a time"),
        };
        let bytes_max = self.config.submission.message_bytes_max;
        if self.messages >= self.config.submission.messages_per_connection_max {
            return Step::Close(refusal::closing("4.7.0", &Sentence::SessionEnded, self.config.language));
        }
        if mail.size > bytes_max {
            return self.refuse(&Sentence::MessageTooLarge { bytes_max });
        }
        if mail.sender.is_international() && !mail.utf8 {
            return self.utf8_required();
        }
        match mail.sender {
            Path::Address(address) => Step::Ask(Question::OwnAddress { person, address, utf8: mail.utf8 }),
            Path::Empty | Path::Postmaster => self.refuse(&Sentence::SenderNotYours { address: "<>".to_owned() }),
            Path::Impossible(address) => self.refuse(&Sentence::SenderNotYours { address }),
        }
    }

    fn begin_transaction(&mut self, utf8: bool) -> Step {
        let SubmissionState::LoggedIn(sender) = &self.state else { return self.fault() };
        let sender = Arc::clone(sender);
        self.state = SubmissionState::Mail(Transaction { sender, utf8, recipients: Vec::new(), asked: 0 });
        reply(250, "2.1.0", "OK")
    }

    fn rcpt(&mut self, path: Path) -> Step {
        let max = self.config.submission.recipients_max;
        let (SubmissionState::Mail(transaction) | SubmissionState::Rcpt(transaction)) = &mut self.state else {
            return self.no_transaction();
        };
        if transaction.asked >= max {
            return self.refuse(&Sentence::TooManyRecipients { max });
        }
        transaction.asked += 1;
        if path.is_international() && !transaction.utf8 {
            return self.utf8_required();
        }
        let sender = Arc::clone(&transaction.sender);
        match path {
            Path::Address(recipient) => Step::Ask(Question::MayWrite { sender, recipient }),
            Path::Postmaster => match Address::parse(&format!("postmaster@{}", self.config.domain)) {
                Some(recipient) => Step::Ask(Question::MayWrite { sender, recipient }),
                None => self.fault(),
            },
            Path::Empty => self.refuse(&Sentence::BadAddress { address: "<>".to_owned() }),
            Path::Impossible(address) => self.refuse(&Sentence::BadAddress { address }),
        }
    }

    fn add_recipient(&mut self, recipient: Recipient) -> Step {
        self.state = match std::mem::replace(&mut self.state, SubmissionState::Connected) {
            SubmissionState::Mail(mut transaction) | SubmissionState::Rcpt(mut transaction) => {
                transaction.recipients.push(recipient);
                SubmissionState::Rcpt(transaction)
            }
            other => {
                self.state = other;
                return self.fault();
            }
        };
        reply(250, "2.1.5", "OK")
    }

    /// Back to where MAIL may come, whatever had begun.
    fn end_transaction(&mut self) -> Option<Transaction> {
        match std::mem::replace(&mut self.state, SubmissionState::Connected) {
            SubmissionState::Mail(transaction)
            | SubmissionState::Rcpt(transaction)
            | SubmissionState::Chunks(transaction, _) => {
                self.state = SubmissionState::LoggedIn(Arc::clone(&transaction.sender));
                Some(transaction)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Something of ours failed. It was logged by who found it.
    fn fault(&self) -> Step {
        let later = self.sentence(&Sentence::TryLater);
        match self.state {
            SubmissionState::LoggedIn(_) | SubmissionState::Mail(_) | SubmissionState::Rcpt(_) => Step::Reply(later),
            // RFC 4954 §6: temporary authentication failure.
            _ => Step::Reply(Reply::new(454, "4.7.0", Sentence::TryLater.text(self.config.language))),
        }
    }

    /// The client's mistake: told, counted, and after too many the session ends.
    fn error(&mut self, reply: Reply) -> Step {
        self.errors += 1;
        if self.errors > self.config.submission.errors_max {
            return Step::Close(Reply::new(421, "4.7.0", "Too many errors"));
        }
        Step::Reply(reply)
    }

    fn out_of_order(&mut self, text: &'static str) -> Step {
        self.error(Reply::new(503, "5.5.1", text))
    }

    fn no_transaction(&mut self) -> Step {
        match self.state {
            SubmissionState::Connected => self.out_of_order("EHLO first"),
            SubmissionState::Greeted | SubmissionState::LoggingIn(_) => self.login_required(),
            SubmissionState::Chunks(..) => self.out_of_order("BDAT has begun: LAST or RSET first"),
            _ => self.out_of_order("MAIL first"),
        }
    }

    fn login_required(&mut self) -> Step {
        let required = self.sentence(&Sentence::LoginRequired);
        self.error(required)
    }

    /// RFC 6531 §3.5.
    fn utf8_required(&mut self) -> Step {
        self.error(Reply::new(553, "5.6.7", "Address outside ASCII without SMTPUTF8"))
    }

    /// A sentence for the person; no mistake of the client's.
    fn refuse(&self, sentence: &Sentence) -> Step {
        Step::Reply(self.sentence(sentence))
    }

    fn sentence(&self, sentence: &Sentence) -> Reply {
        refusal::reply(sentence, self.config.language)
    }
}

fn reply(code: u16, enhanced: &'static str, text: &'static str) -> Step {
    Step::Reply(Reply::new(code, enhanced, text))
}

#[cfg(test)]
mod tests;
