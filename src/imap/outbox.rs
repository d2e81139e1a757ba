//! Responses on their way out: gathered, then sent in writes of some tens of KiB.
//!
//! Commands write into it without waiting and drain it when it is full: so a client that reads slowly is waited for, and
//! its answers do not pile up in memory. Where the client has asked for it, they are compressed on their way (RFC 4978).

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::AsyncWriteExt;

use super::answer::End;
use super::client::Duplex;
use super::deflate::Deflater;

/// Worth a write.
const WRITE_BYTES: usize = 32 << 10;
/// What an idle session may keep.
const KEPT_BYTES: usize = 2 << 10;

/// What is to be sent. Dereferences to the buffer that `wire::write` writes into.
pub(super) struct Outbox {
    buffer: BytesMut,
    /// Where the client asked for COMPRESS.
    deflater: Option<Deflater>,
    /// From here on, send before writing more.
    mark: usize,
    /// How long one write may wait for the client to read.
    stall: Duration,
}

impl Outbox {
    /// An empty outbox that holds about `bytes_max`.
    pub(super) fn new(bytes_max: usize, stall: Duration) -> Self {
        Self { buffer: BytesMut::new(), deflater: None, mark: WRITE_BYTES.min(bytes_max / 2), stall }
    }

    /// Is there nothing to be sent?
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.deflater.as_ref().is_none_or(|deflater| deflater.wire.is_empty())
    }

    /// Compresses whatever is written from now on. All before it must have been sent.
    pub(super) fn begin_deflate(&mut self) {
        self.deflater = Some(Deflater::default());
    }

    /// What comes next must not be compressed together with what came before: one of the two was sent by somebody else.
    pub(super) fn keep_apart(&mut self) {
        if let Some(deflater) = &mut self.deflater {
            deflater.end_piece(&self.buffer);
        }
    }

    /// Should it be sent before more is written?
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() >= self.mark
    }

    /// Gives big buffers back.
    pub(super) fn shrink(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_BYTES {
            self.buffer = BytesMut::new();
        }
        if let Some(deflater) = self.deflater.as_mut().filter(|deflater| deflater.wire.is_empty()) {
            deflater.wire = BytesMut::new();
        }
    }

    /// Sends all of it. Where the future is dropped, what has not been sent is still there.
    pub(super) async fn send(&mut self, mut stream: &mut (dyn Duplex + '_)) -> Result<(), End> {
        let stall = self.stall;
        while let Some(ready) = self.ready() {
            match tokio::time::timeout(stall, AsyncWriteExt::write_buf(&mut stream, ready)).await {
                Ok(Ok(written)) if written > 0 => {}
                _ => return Err(End::Lost),
            }
        }
        match tokio::time::timeout(self.stall, stream.flush()).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(End::Lost),
        }
    }
}

impl Outbox {
    /// What can be written next, as it goes over the wire.
    fn ready(&mut self) -> Option<&mut BytesMut> {
        let ready = match &mut self.deflater {
            Some(deflater) => {
                deflater.take(&mut self.buffer, WRITE_BYTES);
                &mut deflater.wire
            }
            None => &mut self.buffer,
        };
        Some(ready).filter(|ready| ready.has_remaining())
    }
}

impl Deref for Outbox {
    type Target = BytesMut;

    fn deref(&self) -> &BytesMut {
        &self.buffer
    }
}

impl DerefMut for Outbox {
    fn deref_mut(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }
}
