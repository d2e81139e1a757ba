//! A client's stream: input with deadlines, replies written together. Below `Conversation`, above the socket.
//!
//! Replies wait until the client must be heard again: those of pipelined commands leave in one write (RFC 2920 §3.2).

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::wire::line::{Framed, Framer};
use super::wire::reply::Reply;
use crate::config::SubmissionConfig;
use crate::connection::Connection;
use crate::domain::login::Cut;
use crate::sentences::Sentence;

/// Message octets read and spooled at a time.
pub(super) const PIECE_BYTES: usize = 64 << 10;
/// Room for commands; also what an idle session keeps.
const COMMANDS_BYTES: usize = 4 << 10;
/// Replies that wait at most.
const REPLIES_BYTES_MAX: usize = 16 << 10;

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All was said.
    Closed,
    /// TLS begins.
    StartTls,
    /// The client is not there any more, or does not read.
    Gone,
    /// The client said nothing for too long, or did not log in.
    Idle,
    /// The server stops.
    Stopping,
    /// The person may not stay.
    Cut,
}

/// The stream and what is on its way.
pub(super) struct ClientStream<S> {
    stream: S,
    framer: Framer,
    input: BytesMut,
    output: Vec<u8>,
    stop: CancellationToken,
    /// Never cancelled before the login.
    cut: Cut,
    /// When a client that has not logged in must go.
    login_by: Option<Instant>,
    idle_max: Duration,
    message_idle_max: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ClientStream<S> {
    pub(super) fn new(stream: S, connection: &Connection, config: &SubmissionConfig) -> Self {
        Self {
            stream,
            framer: Framer::default(),
            input: BytesMut::new(),
            output: Vec::new(),
            stop: connection.stop.clone(),
            cut: Cut::default(),
            login_by: Some(Instant::now() + seconds(config.login_seconds_max)),
            idle_max: seconds(config.idle_seconds_max),
            message_idle_max: seconds(config.data_idle_seconds_max),
        }
    }

    /// The client has logged in: it may stay until this is cancelled.
    pub(super) fn admitted(&mut self, cut: Cut) {
        self.cut = cut;
        self.login_by = None;
    }

    /// Why it was cut.
    pub(super) fn cut_sentence(&self) -> Sentence {
        self.cut.sentence()
    }

    /// What was read and not yet used.
    pub(super) fn input(&mut self) -> &mut BytesMut {
        &mut self.input
    }

    /// The client's next line. `may_stop`: nothing is lost where the server stops now.
    pub(super) async fn line(&mut self, may_stop: bool) -> Result<Framed, End> {
        loop {
            if self.cut.is_cancelled() {
                return Err(End::Cut);
            }
            if let Some(line) = self.framer.next(&mut self.input) {
                return Ok(line);
            }
            if self.input.is_empty() && self.input.capacity() > COMMANDS_BYTES {
                self.input = BytesMut::new();
            }
            let may_stop = may_stop && self.input.is_empty();
            self.fill(COMMANDS_BYTES, self.idle_max, may_stop).await?;
        }
    }

    /// Reads on inside a message.
    pub(super) async fn fill_message(&mut self) -> Result<(), End> {
        self.fill(PIECE_BYTES, self.message_idle_max, false).await
    }

    async fn fill(&mut self, room: usize, idle_max: Duration, may_stop: bool) -> Result<(), End> {
        self.flush().await?;
        self.input.reserve(room);
        let idle_until = Instant::now() + idle_max;
        let until = self.login_by.map_or(idle_until, |login_by| login_by.min(idle_until));
        tokio::select! {
            biased;
            () = self.stop.cancelled(), if may_stop => Err(End::Stopping),
            () = self.cut.cancelled() => Err(End::Cut),
            read = timeout_at(until, self.stream.read_buf(&mut self.input)) => match read {
                Ok(Ok(1..)) => Ok(()),
                Ok(Ok(0) | Err(_)) => Err(End::Gone),
                Err(_) => Err(End::Idle),
            },
        }
    }

    /// Puts a reply with those that wait.
    pub(super) fn say(&mut self, reply: &Reply) {
        reply.write(&mut self.output);
    }

    /// Writes replies where many wait already.
    pub(super) async fn flush_if_full(&mut self) -> Result<(), End> {
        if self.output.len() >= REPLIES_BYTES_MAX { self.flush().await } else { Ok(()) }
    }

    /// Writes the replies that wait.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let written = timeout(self.idle_max, async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Says what waits and closes.
    pub(super) async fn close(mut self) {
        if self.flush().await.is_ok() {
            // A client that does not answer TLS's close has been told everything all the same.
            let _ = timeout(self.idle_max, self.stream.shutdown()).await;
        }
    }

    /// The stream alone: what was read and not used is dropped.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }
}

/// A setting as a duration that can be added to any instant: a year at most.
fn seconds(setting: u64) -> Duration {
    Duration::from_secs(setting.min(366 * 24 * 60 * 60))
}
