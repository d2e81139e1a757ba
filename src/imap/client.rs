//! The client's end of the connection: what it sends comes out in frames, what it is sent goes through the outbox.
//! The only place that touches the socket, and where a session waits.
//!
//! Every wait ends by itself: by a deadline, when the person is cut off, or, between two commands, when the server stops.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer::{Bye, End};
use super::deflate::{Corrupt, Inflater};
use super::outbox::Outbox;
use super::session::non_synchronizing;
use super::wire::framer::{BadCommand, Frame, FrameLimits, Framer};
use super::wire::utf7::NameForm;
use crate::config::ImapConfig;
use crate::connection::Connection;
use crate::domain::login::Cut;
use crate::model::WordChoice;
use crate::sentences::Sentence;

/// A byte stream in both directions: a socket, TLS over one, or a pipe in tests.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send + Sync {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Duplex for T {}

/// Read at once while commands are awaited; what an idle session keeps.
const COMMAND_READ_BYTES: usize = 4 << 10;
/// Read at once while a message is received.
const MESSAGE_READ_BYTES: usize = 64 << 10;

/// Compressed octets are a good part fewer.
const WIRE_READ_PART: usize = 4;

/// One client.
pub(super) struct Client<'a> {
    stream: &'a mut (dyn Duplex + 'a),
    framer: Framer,
    limits: FrameLimits,
    input: BytesMut,
    /// Where the client compresses (RFC 4978).
    inflater: Option<Box<Inflater>>,
    pub out: Outbox,
    stop: CancellationToken,
    cut: Cut,
    /// When the client must have sent its next command.
    deadline: Instant,
    stall: Duration,
}

impl<'a> Client<'a> {
    /// A client that has not logged in.
    pub(super) fn new(stream: &'a mut (dyn Duplex + 'a), connection: &Connection, config: &ImapConfig) -> Self {
        let stall = Duration::from_secs(config.stall_seconds_max);
        Self {
            stream,
            framer: Framer::new(),
            limits: limits_before_login(config),
            input: BytesMut::new(),
            inflater: None,
            out: Outbox::new(config.output_bytes_max, stall),
            stop: connection.stop.clone(),
            cut: Cut::default(),
            deadline: Instant::now() + Duration::from_secs(config.login_seconds_max),
            stall,
        }
    }

    /// The client has logged in: it may send more, and `cut` ends its session.
    pub(super) fn logged_in(&mut self, config: &ImapConfig, device_words: &WordChoice, cut: Cut) {
        self.limits = limits_after_login(config, device_words);
        self.cut = cut;
    }

    /// Why it was cut.
    pub(super) fn cut_sentence(&self) -> Sentence {
        self.cut.sentence()
    }

    /// How it writes the names of mailboxes from now on.
    pub(super) fn set_names(&mut self, names: NameForm) {
        self.limits.names = names;
    }

    /// Nobody is logged in any more: as at the start.
    pub(super) fn logged_out(&mut self, config: &ImapConfig) {
        self.limits = limits_before_login(config);
        self.cut = Cut::default();
        self.expect_command_within(Duration::from_secs(config.login_seconds_max));
    }

    /// From now on it has this long to send a command.
    pub(super) fn expect_command_within(&mut self, time: Duration) {
        self.deadline = Instant::now() + time;
    }

    /// From now on it has as long to send the rest of a message as it may be silent inside one.
    pub(super) fn expect_rest_of_message(&mut self) {
        self.deadline = Instant::now() + self.stall;
    }

    /// The next frame. What was to be sent is sent before waiting. Nothing is lost where the future is dropped.
    pub(super) async fn frame(&mut self) -> Result<Frame, End> {
        loop {
            if let Some(frame) = self.framer.next(&mut self.input, &self.limits) {
                return Ok(frame);
            }
            self.flush().await?;
            self.out.shrink();
            if self.input.is_empty() && self.input.capacity() > COMMAND_READ_BYTES {
                self.input = BytesMut::new();
            }
            // A command that has begun is finished, a message too.
            let may_stop = self.input.is_empty() && self.framer.is_between_commands();
            self.read(COMMAND_READ_BYTES, self.deadline, may_stop).await?;
        }
    }

    /// One line that is no command: a SASL response, DONE.
    pub(super) async fn line(&mut self) -> Result<Result<Vec<u8>, BadCommand>, End> {
        self.framer.line_mode(true);
        let frame = self.frame().await;
        self.framer.line_mode(false);
        Ok(match frame? {
            Frame::Line(line) => Ok(line),
            Frame::Bad { reason, .. } => Err(reason),
            _ => Err(BadCommand::Syntax("a line")),
        })
    }

    /// The next octets of an APPEND's message, `left` at most, never none.
    pub(super) async fn message_octets(&mut self, left: u64) -> Result<Bytes, End> {
        if self.input.is_empty() {
            self.flush().await?;
            self.read(MESSAGE_READ_BYTES, Instant::now() + self.stall, false).await?;
        }
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.input.len());
        Ok(self.input.split_to(count).freeze())
    }

    /// Tells the framer what became of an APPEND's message.
    pub(super) fn framer(&mut self) -> &mut Framer {
        &mut self.framer
    }

    async fn read(&mut self, bytes: usize, deadline: Instant, may_stop: bool) -> Result<(), End> {
        let received = async {
            match &mut self.inflater {
                None => {
                    self.input.reserve(bytes);
                    received(self.stream, &mut self.input).await
                }
                Some(inflater) => inflated(self.stream, inflater, &mut self.input, bytes).await,
            }
        };
        tokio::select! {
            biased;
            () = self.cut.cancelled() => Err(End::Bye(Bye::Cut)),
            () = self.stop.cancelled(), if may_stop => Err(End::Bye(Bye::Stopping)),
            read = received => read,
            () = tokio::time::sleep_until(deadline) => Err(End::Bye(Bye::Autologout)),
        }
    }

    /// Does it compress?
    pub(super) fn is_deflated(&self) -> bool {
        self.inflater.is_some()
    }

    /// Sends what there is, and compresses from there on. What the client has sent behind its COMPRESS it has sent too
    /// early; it can only be the start of its own compressed octets (RFC 4978 §3).
    pub(super) async fn begin_deflate(&mut self) -> Result<(), End> {
        self.flush().await?;
        self.out.begin_deflate();
        self.inflater = Some(Box::new(Inflater::new(std::mem::take(&mut self.input))));
        Ok(())
    }

    /// Sends all there is.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        if self.out.is_empty() {
            return Ok(());
        }
        tokio::select! {
            biased;
            () = self.cut.cancelled() => Err(End::Lost),
            sent = self.out.send(self.stream) => sent,
        }
    }

    /// Sends what there is once it is worth a write, so that no answer piles up in memory.
    pub(super) async fn drain(&mut self) -> Result<(), End> {
        if self.out.is_full() { self.flush().await } else { Ok(()) }
    }

    /// The last words, to a client that may not listen any more.
    pub(super) async fn flush_last(&mut self) {
        let _ = tokio::time::timeout(LAST_WORDS, self.out.send(self.stream)).await;
    }
}

/// What comes in. Nothing is lost where the future is dropped.
async fn received(stream: &mut (dyn Duplex + '_), input: &mut BytesMut) -> Result<(), End> {
    match stream.read_buf(input).await {
        Ok(0) | Err(_) => Err(End::Lost),
        Ok(_) => Ok(()),
    }
}

/// The same where the client compresses: `bytes` at most, so that little that stands for much is taken in small bites.
async fn inflated(
    stream: &mut (dyn Duplex + '_),
    inflater: &mut Inflater,
    input: &mut BytesMut,
    bytes: usize,
) -> Result<(), End> {
    loop {
        // Others have their turn, however long the client's octets last.
        tokio::task::coop::consume_budget().await;
        if inflater.has_more() {
            match inflater.inflate(input, bytes) {
                Ok(0) => {}
                Ok(_) => return Ok(()),
                Err(Corrupt) => return Err(End::Bye(Bye::NotDeflate)),
            }
        }
        inflater.wire.reserve(bytes / WIRE_READ_PART);
        received(stream, &mut inflater.wire).await?;
    }
}

/// How long a client may take to read BYE.
const LAST_WORDS: Duration = Duration::from_secs(5);

fn limits_after_login(config: &ImapConfig, device_words: &WordChoice) -> FrameLimits {
    FrameLimits {
        line_bytes_max: config.line_bytes_max,
        literal_bytes_max: config.literal_bytes_max,
        append_bytes_max: config.append_bytes_max,
        nesting_max: config.nesting_max,
        set_ranges_max: config.sequence_set_ranges_max,
        list_items_max: config.list_items_max,
        non_synchronizing: non_synchronizing(config, device_words),
        names: NameForm::default(),
    }
}

fn limits_before_login(config: &ImapConfig) -> FrameLimits {
    FrameLimits {
        literal_bytes_max: config.literal_before_login_bytes_max,
        ..limits_after_login(config, &WordChoice::default())
    }
}
