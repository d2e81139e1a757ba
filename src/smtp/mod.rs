//! PROTOCOL: SMTP submission (RFC 6409) on any byte stream. Between `server`, which accepts and does TLS, and `domain`.
//!
//! | file | what |
//! | --- | --- |
//! | here | a session on a stream: asks the gateway, spools messages |
//! | `stream` | reads with deadlines, writes replies together |
//! | `login` | asks the gateway what AUTH needs |
//! | `incoming` | a message on its way to the spool |
//! | `session` | pure: what each command means now |
//! | `refusal` | pure: codes for sentences |
//! | `wire` | pure: octets ↔ lines, commands, message data, replies |

mod incoming;
mod login;
mod refusal;
pub mod session;
mod stream;
pub mod wire;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::config::Config;
use crate::connection::{Connection, Ended, Start};
use crate::domain::delivery::{Submission, Submitted};
use crate::domain::directory::Recipient;
use crate::domain::login::{Admission, Caller, Login};
use crate::domain::{Fault, Gateway};
use crate::metrics::Spoken;
use crate::model::{Address, Protocol, Use, User};
use crate::sasl::Offer;
use crate::sentences::Sentence;
use incoming::Incoming;
use session::{Answer, Chunk, Question, Received, Session, Step, SubmissionState};
use stream::{ClientStream, End, PIECE_BYTES};
use wire::data::DataDecoder;
use wire::line::Framed;

/// The ways to log in that submission offers.
fn offered(connection: &Connection, config: &Config) -> Offer {
    let mut offer = connection.offer(config);
    offer.mechanisms.retain(|mechanism| !config.submission.hidden_mechanisms.contains(mechanism));
    offer
}

/// Holds a submission session until it ends. No error comes out: what failed was logged (in the caller's span, which names
/// the connection), and told where it could be.
pub async fn run<S>(gateway: Arc<Gateway>, connection: &Connection, start: Start, stream: S) -> Ended<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let may_log_in = connection.may_log_in(&gateway.config.login);
    let offer = may_log_in.then(|| offered(connection, &gateway.config));
    let mut conversation = Conversation {
        session: Session::new(Arc::clone(&gateway.config), connection.security, offer),
        client: ClientStream::new(stream, connection, &gateway.config.submission),
        incoming: None,
        admission: None,
        caller: gateway.caller(Protocol::Smtp, connection.peer.ip()),
        gateway,
    };
    if start == Start::Greeting {
        conversation.client.say(&conversation.session.greeting());
    }
    let Err(end) = conversation.talk().await;
    conversation.end(end).await
}

/// One session with all it holds.
struct Conversation<S> {
    gateway: Arc<Gateway>,
    session: Session,
    client: ClientStream<S>,
    /// The message being received.
    incoming: Option<Incoming>,
    /// The place among the person's connections.
    admission: Option<Admission>,
    /// Who is connected. EHLO says nothing of it: only the name of a host, or nothing (RFC 5321 §4.1.1.1).
    caller: Caller,
}

impl<S> Conversation<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    /// Command after command, until the end.
    async fn talk(&mut self) -> Result<Infallible, End> {
        loop {
            // A message that has been announced is taken first: whoever stops the server cuts nobody's send.
            let may_stop = !self.session.state().is_in_transaction();
            let step = match self.client.line(may_stop).await? {
                Framed::Line(line) => self.session.line(&line),
                Framed::TooLong => self.session.line_too_long(),
            };
            self.follow(step).await?;
            self.client.flush_if_full().await?;
            if !matches!(self.session.state(), SubmissionState::Chunks(..)) {
                self.incoming = None;
            }
        }
    }

    /// Does what the session says, until there is a reply.
    async fn follow(&mut self, mut step: Step) -> Result<(), End> {
        loop {
            step = match step {
                Step::Reply(reply) => {
                    self.client.say(&reply);
                    return Ok(());
                }
                Step::Ask(question) => {
                    let answer = self.ask(question).await;
                    self.session.answered(answer)
                }
                Step::ReadData(reply) => {
                    self.client.say(&reply);
                    let received = self.read_data().await?;
                    self.session.received(received)
                }
                Step::ReadChunk(chunk) => self.read_chunk(chunk).await?,
                Step::StartTls(reply) => {
                    self.client.say(&reply);
                    return Err(End::StartTls);
                }
                Step::Close(reply) => {
                    self.client.say(&reply);
                    return Err(End::Closed);
                }
            };
        }
    }

    async fn ask(&mut self, question: Question) -> Answer {
        let asked = match self.turned_off().await {
            Ok(None) => self.ask_gateway(question).await,
            Ok(Some(sentence)) => Ok(Answer::NotNow(sentence)),
            Err(fault) => Err(fault),
        };
        let answer = asked.unwrap_or_else(|fault| {
            tracing::error!(%fault, "submission: the gateway failed");
            Answer::Fault
        });
        if let Some(reason) = answer.reason() {
            self.gateway.metrics.refusals.at(Spoken::Smtp).at(reason).inc();
        }
        if let (Some(person), Some(sentence)) = (self.session.person(), answer.refusal()) {
            self.gateway.note_refusal(&person.id, sentence);
        }
        answer
    }

    /// Whoever has logged in may have been turned off since.
    async fn turned_off(&self) -> Result<Option<Sentence>, Fault> {
        match self.session.person() {
            Some(person) => self.gateway.turned_off(person, Use::Sending).await,
            None => Ok(None),
        }
    }

    async fn ask_gateway(&mut self, question: Question) -> Result<Answer, Fault> {
        match question {
            Question::LogIn(credentials) => self.log_in(&credentials).await,
            Question::Salt(first) => self.salt(first).await,
            Question::Prove(proof) => self.prove(&proof).await,
            Question::Token(token) => self.log_in_by_token(&token).await,
            Question::Enter(welcome) => self.enter(Login::Welcome(*welcome)).await,
            Question::OwnAddress { person, address, utf8 } => self.own_address(&person, address, utf8).await,
            Question::MayWrite { sender, recipient } => {
                self.gateway.may_write(&sender, &recipient).await.map(Answer::MayWrite)
            }
            Question::Submit { sender, recipients } => {
                let (started, bytes) = (Instant::now(), self.incoming.as_ref().map_or(0, Incoming::bytes));
                let submitted = self.submit(&sender, recipients).await;
                self.gateway.count_submission(started, bytes, submitted.as_ref());
                submitted.map(Answer::Submitted)
            }
        }
    }

    async fn own_address(&self, person: &User, address: Address, utf8: bool) -> Result<Answer, Fault> {
        if let Some(sentence) = self.gateway.limit_reached(person).await? {
            return Ok(Answer::NotNow(sentence));
        }
        let own = self.gateway.is_own_address(person, &address).await?;
        Ok(Answer::OwnAddress { address, utf8, own })
    }

    /// Never given up half-way: whatever the client or the server does meanwhile, the outcome is known and told.
    async fn submit(&mut self, sender: &User, recipients: Vec<Recipient>) -> Result<Submitted, Fault> {
        let Some(incoming) = self.incoming.take() else {
            return Err(Fault::Worker("a submission without a message".to_owned()));
        };
        let (user, bytes, count) = (&sender.id, incoming.bytes(), recipients.len());
        let message = incoming.finish().await?;
        let submitted = self.gateway.submit(Submission { sender: sender.clone(), recipients, message }).await?;
        match &submitted {
            Submitted::Delivered { people } => {
                tracing::info!(%user, recipients = count, bytes, people, "submission delivered");
            }
            Submitted::Waiting { people, waiting, .. } => {
                tracing::info!(%user, recipients = count, bytes, people, waiting, "submission accepted in quiet hours");
            }
            Submitted::Refused(_) => {
                tracing::info!(%user, recipients = count, bytes, "submission refused");
            }
        }
        Ok(submitted)
    }

    /// Reads a message to its true end, whatever becomes of it.
    async fn read_data(&mut self) -> Result<Received, End> {
        let mut incoming = Incoming::new(&self.gateway);
        let (mut decoder, mut octets) = (DataDecoder::default(), Vec::new());
        loop {
            let end = decoder.decode(self.client.input(), &mut octets);
            match end {
                Some(used) => self.client.input().advance(used),
                None => self.client.input().clear(),
            }
            if end.is_some() || octets.len() >= PIECE_BYTES {
                incoming.take(&octets).await;
                octets.clear();
            }
            if end.is_some() {
                break;
            }
            self.client.fill_message().await?;
        }
        if decoder.has_bare_line_end() {
            incoming.spoil(Received::BareLineEnd);
        }
        Ok(self.incoming.insert(incoming).outcome())
    }

    /// Reads the octets of a BDAT, refused or not.
    async fn read_chunk(&mut self, chunk: Chunk) -> Result<Step, End> {
        let mut incoming = self.incoming.take().unwrap_or_else(|| Incoming::new(&self.gateway));
        let mut left = chunk.size;
        while left > 0 {
            let piece = usize::try_from(left).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            if self.client.input().len() < piece {
                self.client.fill_message().await?;
                continue;
            }
            let octets = self.client.input().split_to(piece);
            if chunk.refusal.is_none() {
                incoming.take_chunk(&octets).await;
            }
            left -= octets.len() as u64;
        }
        if let Some(reply) = chunk.refusal {
            return Ok(Step::Reply(reply));
        }
        let received = if chunk.last { incoming.chunks_outcome() } else { Received::Part };
        self.incoming = Some(incoming);
        Ok(self.session.received(received))
    }

    /// The last words, where there are any, and the end.
    async fn end(mut self, end: End) -> Ended<S> {
        let last_words = match end {
            End::StartTls => {
                return match self.client.flush().await {
                    Ok(()) => Ended::StartTls(self.client.into_stream()),
                    Err(_) => Ended::Closed,
                };
            }
            End::Gone => return Ended::Closed,
            End::Closed => None,
            End::Idle => Some(("4.4.2", Sentence::SessionEnded)),
            End::Stopping => Some(("4.3.2", Sentence::SessionEnded)),
            End::Cut => Some(("4.7.0", self.client.cut_sentence())),
        };
        if let Some((enhanced, sentence)) = last_words {
            self.client.say(&refusal::closing(enhanced, &sentence, self.gateway.config.language));
        }
        self.client.close().await;
        Ended::Closed
    }
}
