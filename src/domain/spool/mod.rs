//! A message on its way in (memory up to the threshold, then a file), and where a stored message's octets are.
//!
//! The header block stays in memory, up to `store.header_bytes_max`; what follows is the body, hashed as it comes. A file
//! of the spool never has a name: whatever ends the process, nothing is left.

pub(in crate::domain) mod blobs;
mod bucket;
mod fault;
mod mark;

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

pub use blobs::{Blobs, OpenBlob};
pub use bucket::{BucketAnswer, ask_bucket};

use super::{Fault, Gateway};
use crate::config::Config;
use crate::store::message::{BodyOctets, BodyRange, read_body};

/// Octets of a body gathered before they are written to the spool's file.
const WRITE_BYTES: usize = 256 << 10;

/// A message being received. Dropped unfinished, it leaves nothing behind.
pub struct Spool {
    limits: Limits,
    header: Vec<u8>,
    /// Where the header block stands; `None` once the body has begun.
    line: Option<Line>,
    /// Octets of the body that are not in the file.
    buffer: Vec<u8>,
    file: Place,
    body_size: u64,
    hasher: blake3::Hasher,
    /// Its place in the counts.
    mark: Option<mark::SpoolMark>,
}

/// Where spools keep what they take.
#[derive(Clone, Debug)]
struct Limits {
    folder: Arc<Path>,
    header_bytes_max: usize,
    memory_bytes_max: usize,
}

/// Where the body goes.
enum Place {
    Memory,
    File(File),
    /// A write failed or was broken off.
    Lost,
}

/// How far a line of the header has come: an empty one ends the block.
#[derive(Clone, Copy)]
enum Line {
    Start,
    CarriageReturn,
    Inside,
}

/// A message received whole.
pub struct Spooled {
    /// The header block with its closing empty line; what exceeds `store.header_bytes_max` belongs to the body.
    pub(super) header: Bytes,
    pub(super) header_is_whole: bool,
    pub(super) body: SpooledBody,
    pub(super) body_hash: [u8; 32],
    _mark: Option<mark::SpoolMark>,
}

/// The body of a received message.
#[derive(Clone)]
pub(super) enum SpooledBody {
    Memory(Bytes),
    File { file: Arc<File>, size: u64 },
}

impl Spool {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            header: Vec::new(),
            line: Some(Line::Start),
            buffer: Vec::new(),
            file: Place::Memory,
            body_size: 0,
            hasher: blake3::Hasher::new(),
            mark: None,
        }
    }

    /// Takes the next octets.
    ///
    /// # Errors
    /// [`Fault::Spool`] where the file cannot be written, also in every later call.
    pub async fn write(&mut self, octets: &[u8]) -> Result<(), Fault> {
        let mut body = self.take_header(octets);
        self.hasher.update(body);
        self.body_size += size_of(body);
        while !body.is_empty() {
            let room = self.buffer_max().saturating_sub(self.buffer.len());
            let (now, later) = body.split_at(room.min(body.len()));
            self.buffer.extend_from_slice(now);
            body = later;
            if !body.is_empty() {
                self.spill().await?;
            }
        }
        Ok(())
    }

    /// Octets taken so far.
    pub fn size(&self) -> u64 {
        size_of(&self.header) + self.body_size
    }

    /// No more to come.
    pub async fn finish(mut self) -> Result<Spooled, Fault> {
        let body = match self.file {
            Place::Memory => SpooledBody::Memory(Bytes::from(self.buffer)),
            Place::File(_) | Place::Lost => {
                self.spill().await?;
                let Place::File(file) = self.file else { return Err(lost().into()) };
                SpooledBody::File { file: Arc::new(file), size: self.body_size }
            }
        };
        Ok(Spooled {
            header: Bytes::from(self.header),
            header_is_whole: self.line.is_none() || body.size() == 0,
            body,
            body_hash: *self.hasher.finalize().as_bytes(),
            _mark: self.mark,
        })
    }

    /// Takes what belongs to the header block and gives back the rest.
    fn take_header<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let Some(mut line) = self.line else { return octets };
        if self.body_size > 0 {
            return octets;
        }
        let room = self.limits.header_bytes_max.saturating_sub(self.header.len());
        for (index, &octet) in octets.iter().enumerate() {
            if index == room {
                self.line = Some(line);
                let (header, body) = octets.split_at(index);
                self.header.extend_from_slice(header);
                return body;
            }
            line = match (line, octet) {
                (Line::Start | Line::CarriageReturn, b'\n') => {
                    self.line = None;
                    let (header, body) = octets.split_at(index + 1);
                    self.header.extend_from_slice(header);
                    return body;
                }
                (Line::Start, b'\r') => Line::CarriageReturn,
                (Line::Inside, b'\n') => Line::Start,
                _ => Line::Inside,
            };
        }
        self.line = Some(line);
        self.header.extend_from_slice(octets);
        &[]
    }

    /// How much may be gathered in memory.
    fn buffer_max(&self) -> usize {
        match self.file {
            Place::Memory => self.limits.memory_bytes_max,
            Place::File(_) | Place::Lost => WRITE_BYTES,
        }
    }

    /// Moves what is gathered to the file. Broken off, the spool is lost, never wrong.
    async fn spill(&mut self) -> Result<(), Fault> {
        let place = std::mem::replace(&mut self.file, Place::Lost);
        let mut buffer = std::mem::take(&mut self.buffer);
        let (folder, written) = (Arc::clone(&self.limits.folder), size_of(&buffer));
        let (file, buffer) = blocking(move || {
            let mut file = match place {
                Place::Memory => tempfile::tempfile_in(&folder)?,
                Place::File(file) => file,
                Place::Lost => return Err(lost()),
            };
            file.write_all(&buffer)?;
            buffer.clear();
            Ok((file, buffer))
        })
        .await?;
        self.file = Place::File(file);
        self.buffer = buffer;
        if let Some(mark) = &mut self.mark {
            mark.spilled(written);
        }
        Ok(())
    }
}

fn lost() -> io::Error {
    io::Error::other("an earlier write failed")
}

impl Spooled {
    /// Octets of the whole message.
    pub fn size(&self) -> u64 {
        size_of(&self.header) + self.body.size()
    }
}

impl SpooledBody {
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => size_of(bytes),
            Self::File { size, .. } => *size,
        }
    }

    /// The body behind `header`, whole in memory. Blocks.
    pub(super) fn read_behind(&self, header: &[u8]) -> io::Result<Vec<u8>> {
        let body_size = usize::try_from(self.size()).map_err(io::Error::other)?;
        let mut message = Vec::with_capacity(header.len() + body_size);
        message.extend_from_slice(header);
        match self {
            Self::Memory(bytes) => message.extend_from_slice(bytes),
            Self::File { file, .. } => {
                message.resize(header.len() + body_size, 0);
                file.read_exact_at(message.get_mut(header.len()..).unwrap_or_default(), 0)?;
            }
        }
        Ok(message)
    }
}

/// Where a stored message's octets are: what FETCH needs to read sections.
#[derive(Clone, Debug)]
pub struct Content {
    /// The header block, with its closing empty line.
    pub header: Bytes,
    pub body_hash: [u8; 32],
    /// The body as far as the FETCH told: what it did not is read by range.
    pub body: ContentBody,
    pub size: u64,
}

/// Where the body of a stored message is.
#[derive(Clone, Debug)]
pub enum ContentBody {
    /// Nobody asked.
    Unknown,
    Read(Bytes),
    InBlobStore(OpenBlob),
}

impl Gateway {
    /// Begins to receive a message.
    pub fn spool(&self) -> Spool {
        let mark = Some(mark::SpoolMark::new(&self.metrics));
        Spool { mark, ..Spool::new(self.blobs.limits().clone()) }
    }

    /// Reads octets of a stored message, counted from its first; cut at its end. At most a MiB or so at a time, please.
    /// `content` must come from a FETCH that asked for header, body or parts.
    pub async fn read_content(&self, content: &Content, range: Range<u64>) -> Result<Bytes, Fault> {
        let header_size = size_of(&content.header);
        let end = range.end.min(content.size);
        let start = range.start.min(end);
        let header = slice(&content.header, start.min(header_size)..end.min(header_size));
        let body = start.max(header_size)..end;
        if body.is_empty() {
            return Ok(header);
        }
        let body = self.read_body(content, body.start - header_size..body.end - header_size).await?;
        if header.is_empty() {
            return Ok(body);
        }
        let mut both = BytesMut::with_capacity(header.len() + body.len());
        both.extend_from_slice(&header);
        both.extend_from_slice(&body);
        Ok(both.freeze())
    }

    async fn read_body(&self, content: &Content, range: Range<u64>) -> Result<Bytes, Fault> {
        let hash = content.body_hash;
        match &content.body {
            ContentBody::Read(body) => Ok(slice(body, range)),
            ContentBody::InBlobStore(open) => self.blobs.read(open, range).await,
            ContentBody::Unknown => {
                let asked = BodyRange { hash, start: range.start, count: range.end - range.start };
                match self.store.read(asked, |tx, asked| Box::pin(read_body(tx, asked))).await? {
                    BodyOctets::Read(bytes) => Ok(bytes),
                    BodyOctets::InBlobStore(name) => self.blobs.read(&OpenBlob::new(name), range).await,
                }
            }
        }
    }
}

/// Part of `bytes`, cut at its end.
fn slice(bytes: &Bytes, range: Range<u64>) -> Bytes {
    let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(place(range.start)..place(range.end).max(place(range.start)))
}

fn size_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Runs work on files off the async threads.
pub(in crate::domain) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(Fault::Worker(error.to_string())),
    }
}

fn limits(config: &Config, folder: &Path) -> Limits {
    Limits {
        folder: Arc::from(folder),
        header_bytes_max: config.store.header_bytes_max,
        memory_bytes_max: config.store.blob_threshold_bytes,
    }
}

#[cfg(test)]
mod tests;
