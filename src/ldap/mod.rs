//! PROTOCOL: LDAP (RFC 4511), read-only, on any byte stream: an address book for completion as one types. Between `server`,
//! which accepts and does TLS, and `domain`.
//!
//! A client comes for each letter that somebody types: it binds, searches once and leaves. What it finds are those whom the
//! person may write to, as RCPT would have it, by a piece of their name or by address; never everybody.
//!
//! | file | what |
//! | --- | --- |
//! | here | a session on a stream |
//! | `stream` | reads whole messages with deadlines |
//! | `asking` | asks the gateway what the session wants to know |
//! | `session` | pure: what each request means now |
//! | `needle` | pure: a filter → what to look for |
//! | `matching` | pure: does an entry match a filter |
//! | `entry`, `card` | pure: entries as clients see them |
//! | `attribute`, `dn` | pure: names of attributes, and of entries |
//! | `wire` | pure: octets ↔ messages |

mod asking;
pub mod attribute;
mod card;
pub mod dn;
pub mod entry;
pub mod matching;
pub mod needle;
pub mod session;
mod stream;
pub mod wire;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::connection::{Connection, Ended};
use crate::domain::Gateway;
use crate::domain::login::{Admission, Caller};
use crate::mime;
use crate::model::Protocol;
use crate::sasl::Mechanism;
use crate::sentences::Sentence;
use session::{Session, Step};
use stream::{ClientStream, End};
use wire::answer::{self, Answer, Outcome, ResultCode};
use wire::message::{self, MessageId};

/// Text as it is compared: blind to case and accents, one space between words.
fn fold(text: &str) -> String {
    mime::fold(text)
}

/// Holds an LDAP session until it ends. No error comes out: what failed was logged (in the caller's span, which names the
/// connection), and told where it could be.
pub async fn run<S>(gateway: Arc<Gateway>, connection: &Connection, stream: S) -> Ended<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let config = Arc::clone(&gateway.config);
    let may_log_in = connection.may_log_in(&config.login);
    let takes_passwords = [Mechanism::Plain, Mechanism::Login].iter().any(|way| config.login.mechanisms.contains(way));
    let mut conversation = Conversation {
        client: ClientStream::new(stream, connection, &config.ldap),
        session: Session::new(config, connection.security, may_log_in, takes_passwords),
        admission: None,
        caller: gateway.caller(Protocol::Ldap, connection.peer.ip()),
        gateway,
    };
    let Err(end) = conversation.talk().await;
    conversation.end(end).await
}

/// One session with all it holds.
struct Conversation<S> {
    gateway: Arc<Gateway>,
    session: Session,
    client: ClientStream<S>,
    /// The place among the person's connections.
    admission: Option<Admission>,
    caller: Caller,
}

impl<S> Conversation<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    /// Request after request, until the end.
    async fn talk(&mut self) -> Result<Infallible, End> {
        loop {
            let octets = self.client.message().await?;
            let message = message::read(&octets, &self.session.limits());
            // It may hold a password.
            drop(octets);
            let step = self.session.message(message);
            self.give_place_back();
            self.follow(step).await?;
            if self.session.is_out_of_tries() {
                return Err(End::Closed);
            }
        }
    }

    /// Whoever binds anew is nobody until that is answered, and has no place.
    fn give_place_back(&mut self) {
        if self.admission.is_some() && !self.session.is_logged_in() {
            self.admission = None;
            self.client.left(&self.gateway.config.ldap);
        }
    }

    /// Does what the session says, until there is an answer.
    async fn follow(&mut self, mut step: Step) -> Result<(), End> {
        loop {
            step = match step {
                Step::Answer(id, answers) => return self.say(id, &answers).await,
                Step::Ask(question) => self.ask(question).await,
                Step::StartTls(id, answer) => {
                    self.say(id, &[answer]).await?;
                    return Err(End::StartTls);
                }
                Step::Close => return Err(End::Closed),
                Step::Disconnect(outcome) => {
                    self.say(NO_REQUEST, &[Answer::Disconnection(outcome)]).await?;
                    return Err(End::Closed);
                }
            };
        }
    }

    async fn say(&mut self, id: MessageId, answers: &[Answer]) -> Result<(), End> {
        let octets = written(id, answers);
        self.client.say(&octets).await
    }

    /// Holds a refusal back, as IMAP does.
    async fn wait_after_refusal(&self) {
        let delay = self.gateway.config.login.refusal_delay_milliseconds;
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }

    /// The notice of disconnection (RFC 4511 §4.4.1) where there is one, and the end.
    async fn end(self, end: End) -> Ended<S> {
        let language = self.gateway.config.language;
        let told = |code, sentence: &Sentence| Some(Outcome::new(code, sentence.text(language)));
        let notice = match end {
            End::StartTls => return Ended::StartTls(self.client.into_stream()),
            End::Gone => return Ended::Closed,
            End::Closed => None,
            End::Idle | End::Stopping => told(ResultCode::Unavailable, &Sentence::SessionEnded),
            End::Cut => told(ResultCode::InsufficientAccessRights, &self.client.cut_sentence()),
            End::TooLong => Some(Outcome::new(ResultCode::ProtocolError, "The message is too long")),
            End::Malformed => Some(Outcome::new(ResultCode::ProtocolError, "This is no LDAP message")),
        };
        let last_words =
            notice.map(|outcome| written(NO_REQUEST, &[Answer::Disconnection(outcome)])).unwrap_or_default();
        self.client.close(&last_words).await;
        Ended::Closed
    }
}

/// What answers nothing (RFC 4511 §4.4).
const NO_REQUEST: MessageId = MessageId(0);

fn written(id: MessageId, answers: &[Answer]) -> Vec<u8> {
    let mut octets = Vec::new();
    answers.iter().for_each(|answer| answer::write(&mut octets, id, answer));
    octets
}
