//! A message on its way in (memory up to the threshold, then a file), and the blob store of large bodies.

use std::ops::Range;

use bytes::Bytes;

use super::{Fault, Gateway};
use crate::config::Config;

/// The blob store: bodies above the threshold, named by their hash; written and synced before the row that names them.
pub struct Blobs {}

impl Blobs {
    pub(super) fn open(_config: &Config) -> Result<Self, Fault> {
        Ok(Self {})
    }
}

/// A message being received. Dropped unfinished, it leaves nothing behind.
pub struct Spool {}

/// A message received whole.
pub struct Spooled {}

impl Spool {
    /// Takes the next octets.
    pub async fn write(&mut self, _octets: &[u8]) -> Result<(), Fault> {
        todo!()
    }

    /// Octets taken so far.
    pub fn size(&self) -> u64 {
        todo!()
    }

    /// No more to come.
    pub async fn finish(self) -> Result<Spooled, Fault> {
        todo!()
    }
}

/// Where a stored message's octets are: what FETCH needs to read sections.
#[derive(Clone, Debug)]
pub struct Content {
    /// The header block, with its closing empty line.
    pub header: Bytes,
    pub body_hash: [u8; 32],
    /// The body where it lies in the database and was asked for; else it is read by range.
    pub body: Option<Bytes>,
    pub size: u64,
}

impl Gateway {
    /// Begins to receive a message.
    pub fn spool(&self) -> Spool {
        todo!()
    }

    /// Reads octets of a stored message, counted from its first; cut at its end. At most a MiB or so at a time, please.
    pub async fn read_content(&self, _content: &Content, _range: Range<u64>) -> Result<Bytes, Fault> {
        todo!()
    }
}
