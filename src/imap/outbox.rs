//! Responses on their way out: gathered, then sent in writes of some tens of KiB.
//!
//! Commands write into it without waiting and drain it when it is full: so a client that reads slowly is waited for, and
//! its answers do not pile up in memory.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::AsyncWriteExt;

use super::answer::End;
use super::client::Duplex;

/// Worth a write.
const WRITE_BYTES: usize = 32 << 10;
/// What an idle session may keep.
const KEPT_BYTES: usize = 2 << 10;

/// What is to be sent. Dereferences to the buffer that `wire::write` writes into.
pub(super) struct Outbox {
    buffer: BytesMut,
    /// From here on, send before writing more.
    mark: usize,
    /// How long one write may wait for the client to read.
    stall: Duration,
}

impl Outbox {
    /// An empty outbox that holds about `bytes_max`.
    pub(super) fn new(bytes_max: usize, stall: Duration) -> Self {
        Self { buffer: BytesMut::new(), mark: WRITE_BYTES.min(bytes_max / 2), stall }
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
    }

    /// Sends all of it. Where the future is dropped, what has not been sent is still there.
    pub(super) async fn send(&mut self, mut stream: &mut (dyn Duplex + '_)) -> Result<(), End> {
        while self.buffer.has_remaining() {
            match tokio::time::timeout(self.stall, AsyncWriteExt::write_buf(&mut stream, &mut self.buffer)).await {
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
