//! FETCH BINARY and BINARY.SIZE (RFC 3516 §4.2): content decoded piece by piece. It is read once to know its size and
//! whether it holds NUL; what is large is then read and decoded again while it is sent.

use std::ops::Range;

use super::answer::{End, Failure};
use super::fetch::{PIECE_BYTES, READY_BYTES, read};
use super::section;
use super::serve::Context;
use super::wire::command::Partial;
use super::wire::write::Code;
use crate::domain::messages::Fetched;
use crate::domain::spool::Content;
use crate::mime::{Decoder, TransferEncoding};

/// Decoded content, as far as it was asked for.
pub(super) struct Decoded {
    /// Octets to send.
    pub size: u64,
    /// Must be sent as a `literal8`.
    pub has_nul: bool,
    /// All of it, unless it is large.
    ready: Option<Vec<u8>>,
    source: Source,
    /// Of the decoded octets.
    wanted: Range<u64>,
}

/// Encoded content.
struct Source {
    range: Range<u64>,
    encoding: TransferEncoding,
}

/// Finds a part's content; `None` where there is no such part.
fn source(message: &Fetched, path: &[u32], header: &[u8]) -> Result<Option<Source>, Failure> {
    if path.is_empty() {
        return Ok(Some(Source { range: 0..message.content.size, encoding: TransferEncoding::Identity }));
    }
    let Some(part) = message.parts.find(path) else { return Ok(None) };
    match TransferEncoding::of(header) {
        Some(encoding) => Ok(Some(Source { range: part.body.clone(), encoding })),
        None => Err(Failure::refused(Code::UnknownCte, "The part is encoded in a way that is not known")),
    }
}

/// Measures the content of a part; `keeps`: in memory, unless it is large.
pub(super) async fn measure(
    context: &mut Context<'_>,
    message: &Fetched,
    path: &[u32],
    partial: Option<Partial>,
    keeps: bool,
) -> Result<Option<Decoded>, Failure> {
    let header = match message.parts.find(path).filter(|_| !path.is_empty()) {
        Some(part) => {
            let header = part.header.clone();
            let end = header.end.min(header.start.saturating_add(PIECE_BYTES));
            read(context, &message.content, header.start..end).await?
        }
        None => bytes::Bytes::new(),
    };
    let Some(source) = source(message, path, &header)? else { return Ok(None) };
    let asked = section::cut(0..u64::MAX, partial);
    let mut decoding = Decoding::of(&source, asked);
    let (mut size, mut has_nul, mut ready) = (0_u64, false, keeps.then(Vec::new));
    while let Some(octets) = decoding.next(context, &message.content).await? {
        size = size.saturating_add(size_of(octets));
        has_nul |= memchr::memchr(0, octets).is_some();
        if let Some(kept) = &mut ready {
            kept.extend_from_slice(octets);
        }
        ready = ready.filter(|kept| kept.len() <= READY_BYTES);
    }
    let wanted = section::cut(0..decoding.position, partial);
    Ok(Some(Decoded { size, has_nul, ready, source, wanted }))
}

impl Decoded {
    /// Octets that lie in memory.
    pub(super) fn ready_len(&self) -> usize {
        self.ready.as_ref().map_or(0, Vec::len)
    }

    /// Sends all of it. Its size is announced: a fault ends the connection.
    pub(super) async fn send(self, context: &mut Context<'_>, content: &Content) -> Result<(), Failure> {
        if let Some(ready) = self.ready {
            context.client.out.extend_from_slice(&ready);
            return Ok(());
        }
        let mut decoding = Decoding::of(&self.source, self.wanted);
        let mut sent = 0_u64;
        loop {
            context.client.drain().await?;
            match decoding.next(context, content).await {
                Ok(Some(octets)) => {
                    sent = sent.saturating_add(size_of(octets));
                    context.client.out.extend_from_slice(octets);
                }
                Ok(None) if sent == self.size => return Ok(()),
                Ok(None) => return Err(End::Lost.into()),
                Err(Failure::Fault(fault)) => {
                    context.log(&fault);
                    return Err(End::Lost.into());
                }
                Err(failure) => return Err(failure),
            }
        }
    }
}

/// Content being decoded.
struct Decoding {
    /// Still to be read.
    rest: Range<u64>,
    /// `None` once the end has been decoded.
    decoder: Option<Decoder>,
    /// Decoded octets before the present piece.
    position: u64,
    wanted: Range<u64>,
    piece: Vec<u8>,
}

impl Decoding {
    fn of(source: &Source, wanted: Range<u64>) -> Self {
        let decoder = Some(Decoder::new(source.encoding));
        Self { rest: source.range.clone(), decoder, position: 0, wanted, piece: Vec::new() }
    }

    /// The next octets that are wanted, possibly none; `None` at the end.
    async fn next(&mut self, context: &mut Context<'_>, content: &Content) -> Result<Option<&[u8]>, Failure> {
        let Some(decoder) = &mut self.decoder else { return Ok(None) };
        if self.position >= self.wanted.end {
            return Ok(None);
        }
        self.piece.clear();
        let end = self.rest.end.min(self.rest.start.saturating_add(PIECE_BYTES));
        let octets = read(context, content, self.rest.start..end).await?;
        self.rest.start = end;
        decoder.push(&octets, &mut self.piece);
        if self.rest.is_empty()
            && let Some(decoder) = self.decoder.take()
        {
            decoder.finish(&mut self.piece);
        }
        let from = self.position;
        self.position = from.saturating_add(size_of(&self.piece));
        let place = |at: u64| usize::try_from(at.saturating_sub(from)).unwrap_or(usize::MAX).min(self.piece.len());
        let (start, end) = (place(self.wanted.start), place(self.wanted.end));
        Ok(Some(self.piece.get(start..end).unwrap_or_default()))
    }
}

fn size_of(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}
