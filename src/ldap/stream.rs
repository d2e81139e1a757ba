//! A client's stream: whole messages with deadlines, answers written together. Below `Conversation`, above the socket.
//!
//! The deadline is that of a whole message: whoever sends it octet by octet gains no time.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::wire::frame::{Frame, frame};
use crate::config::LdapConfig;
use crate::connection::Connection;
use crate::domain::login::Cut;
use crate::sentences::Sentence;

/// Octets read at a time; also what an idle session keeps.
const PIECE_BYTES: usize = 4 << 10;

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
    /// A message longer than any may be.
    TooLong,
    /// No LDAP.
    Malformed,
}

/// The stream and what is on its way.
pub(super) struct ClientStream<S> {
    stream: S,
    input: BytesMut,
    stop: CancellationToken,
    /// Never cancelled before the login.
    cut: Cut,
    /// When a client that has not logged in must go.
    login_by: Option<Instant>,
    idle_max: Duration,
    message_bytes_max: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ClientStream<S> {
    pub(super) fn new(stream: S, connection: &Connection, config: &LdapConfig) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            stop: connection.stop.clone(),
            cut: Cut::default(),
            login_by: Some(Instant::now() + seconds(config.login_seconds_max)),
            idle_max: seconds(config.idle_seconds_max),
            message_bytes_max: config.message_bytes_max,
        }
    }

    /// The client has logged in: it may stay until this is cancelled.
    pub(super) fn admitted(&mut self, cut: Cut) {
        self.cut = cut;
        self.login_by = None;
    }

    /// Nobody is logged in any more. The time to do so goes on from now.
    pub(super) fn left(&mut self, config: &LdapConfig) {
        self.cut = Cut::default();
        self.login_by = Some(Instant::now() + seconds(config.login_seconds_max));
    }

    /// Why it was cut.
    pub(super) fn cut_sentence(&self) -> Sentence {
        self.cut.sentence()
    }

    /// The client's next message, whole.
    pub(super) async fn message(&mut self) -> Result<BytesMut, End> {
        let idle_until = Instant::now() + self.idle_max;
        let until = self.login_by.map_or(idle_until, |login_by| login_by.min(idle_until));
        loop {
            if self.cut.is_cancelled() {
                return Err(End::Cut);
            }
            match frame(&self.input, self.message_bytes_max) {
                Frame::Whole(length) => return Ok(self.input.split_to(length)),
                Frame::TooLong => return Err(End::TooLong),
                Frame::Malformed => return Err(End::Malformed),
                Frame::Part => {}
            }
            if self.input.is_empty() && self.input.capacity() > PIECE_BYTES {
                self.input = BytesMut::new();
            }
            self.fill(until).await?;
        }
    }

    async fn fill(&mut self, until: Instant) -> Result<(), End> {
        self.input.reserve(PIECE_BYTES);
        let may_stop = self.input.is_empty();
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

    /// Writes what there is to say.
    pub(super) async fn say(&mut self, octets: &[u8]) -> Result<(), End> {
        if octets.is_empty() {
            return Ok(());
        }
        let written = timeout(self.idle_max, async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Says the last words and closes.
    pub(super) async fn close(mut self, last_words: &[u8]) {
        if self.say(last_words).await.is_ok() {
            // A client that does not answer TLS's close has been told everything all the same.
            let _ = timeout(self.idle_max, self.stream.shutdown()).await;
        }
    }

    /// The stream alone: what was read and not used is dropped (RFC 4511 §4.14.1).
    pub(super) fn into_stream(self) -> S {
        self.stream
    }
}

/// A setting as a duration that can be added to any instant: a year at most.
fn seconds(setting: u64) -> Duration {
    Duration::from_secs(setting.min(366 * 24 * 60 * 60))
}
