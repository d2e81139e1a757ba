//! PURE: DEFLATE on a connection, both ways (RFC 4978 §3, §4; RFC 1951).
//!
//! What goes out is compressed piece by piece, and no piece leans on another: so a session that waits holds no
//! compressor (each thread has one, 320 kB), and a message that somebody sent is never compressed together with another
//! one, whose text its length would betray to whoever sees the wire (`docs/decisions.md`).
//!
//! What comes in leans on the 32 KiB before it, as the client wills: about 50 kB for each session that compresses.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::{Buf, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The most that one piece is made of: what a window of DEFLATE reaches back.
const PIECE_BYTES: usize = 32 << 10;
/// A good part of what compression can save, for a third of the work.
const LEVEL: u32 = 3;
/// Room for what the compressor has to say at once.
const ROOM_BYTES: usize = 4 << 10;

thread_local! {
    /// Used within one call at a time: nothing of a piece stays behind.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// What the client sent is no DEFLATE, or it has ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not DEFLATE")]
pub(super) struct Corrupt;

/// Octets on their way to the client.
#[derive(Debug, Default)]
pub(super) struct Deflater {
    /// Compressed and not sent.
    pub wire: BytesMut,
    /// Where pieces must end, counted from the start of the connection's compression; rising.
    bounds: VecDeque<u64>,
    /// How much has been compressed.
    taken: u64,
}

/// Octets on their way from the client.
pub(super) struct Inflater {
    state: Decompress,
    /// All that could be inflated of what came has been.
    drained: bool,
    /// Received and not inflated.
    pub wire: BytesMut,
}

impl Deflater {
    /// Nothing behind `plain`, which waits to be compressed, will be compressed together with it.
    pub(super) fn end_piece(&mut self, plain: &BytesMut) {
        let end = self.taken.saturating_add(u64::try_from(plain.len()).unwrap_or(u64::MAX));
        if end > self.bounds.back().copied().unwrap_or(self.taken) {
            self.bounds.push_back(end);
        }
    }

    /// Compresses the start of `plain`, until about `wire_bytes` are ready to be sent.
    pub(super) fn take(&mut self, plain: &mut BytesMut, wire_bytes: usize) {
        while !plain.is_empty() && self.wire.len() < wire_bytes {
            let bound = self.bounds.front().map_or(u64::MAX, |bound| bound.saturating_sub(self.taken));
            let length = usize::try_from(bound).unwrap_or(usize::MAX).min(PIECE_BYTES).min(plain.len());
            deflate(plain.get(..length).unwrap_or_default(), &mut self.wire);
            plain.advance(length);
            self.taken = self.taken.saturating_add(u64::try_from(length).unwrap_or(0));
            if self.bounds.front().is_some_and(|bound| *bound <= self.taken) {
                self.bounds.pop_front();
            }
        }
    }
}

/// Appends `piece` to `wire` as blocks that end on an octet and that a reader can inflate at once (Z_SYNC_FLUSH).
fn deflate(piece: &[u8], wire: &mut BytesMut) {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let mut left = piece;
        loop {
            let start = wire.len();
            wire.resize(start + ROOM_BYTES, 0);
            let (in_before, out_before) = (compressor.total_in(), compressor.total_out());
            // The level is a known one, and there is room: it cannot fail.
            let _ = compressor.compress(left, wire.get_mut(start..).unwrap_or_default(), FlushCompress::Sync);
            let written = difference(out_before, compressor.total_out());
            left = left.get(difference(in_before, compressor.total_in())..).unwrap_or_default();
            wire.truncate(start + written);
            // Full room: there may be more to say.
            if written < ROOM_BYTES {
                return;
            }
        }
    });
}

fn difference(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

impl Inflater {
    /// At the start of a stream, with what the client has sent of it already.
    pub(super) fn new(wire: BytesMut) -> Self {
        Self { state: Decompress::new(false), drained: false, wire }
    }

    /// May there be more of what has come already?
    pub(super) fn has_more(&self) -> bool {
        !self.drained || !self.wire.is_empty()
    }

    /// Appends to `plain` what can be inflated, `bytes_max` at most, however much more the octets stand for. Nothing:
    /// more must come first.
    pub(super) fn inflate(&mut self, plain: &mut BytesMut, bytes_max: usize) -> Result<usize, Corrupt> {
        let start = plain.len();
        plain.resize(start.saturating_add(bytes_max), 0);
        let room = plain.get_mut(start..).unwrap_or_default();
        let (in_before, out_before) = (self.state.total_in(), self.state.total_out());
        let status = self.state.decompress(&self.wire, room, FlushDecompress::Sync);
        let written = difference(out_before, self.state.total_out());
        plain.truncate(start.saturating_add(written));
        let read = difference(in_before, self.state.total_in());
        self.wire.advance(read.min(self.wire.len()));
        // The end of the stream is still to be told.
        let ended = matches!(status, Ok(Status::StreamEnd));
        self.drained = !ended && written < bytes_max && self.wire.is_empty();
        match status {
            Ok(Status::Ok | Status::BufError) => Ok(written),
            // A client that ends its stream can say nothing more; what it said before is heard.
            Ok(Status::StreamEnd) if written > 0 => Ok(written),
            Ok(Status::StreamEnd) | Err(_) => Err(Corrupt),
        }
    }
}

#[cfg(test)]
mod tests;
