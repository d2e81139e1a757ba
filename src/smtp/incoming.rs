//! A message on its way from the wire to the spool, and why it will be refused, where it will be.

use super::session::Received;
use super::wire::data::LineEnds;
use crate::domain::spool::{Spool, Spooled};
use crate::domain::{Fault, Gateway};

/// A message being received.
pub(super) struct Incoming {
    spool: Result<Spool, Received>,
    bytes: u64,
    bytes_max: u64,
    line_ends: LineEnds,
}

impl Incoming {
    pub(super) fn new(gateway: &Gateway) -> Self {
        Self {
            spool: Ok(gateway.spool()),
            bytes: 0,
            bytes_max: gateway.config.submission.message_bytes_max,
            line_ends: LineEnds::default(),
        }
    }

    /// Octets so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes octets of the message; keeps none once it is to be refused.
    pub(super) async fn take(&mut self, octets: &[u8]) {
        self.bytes = self.bytes.saturating_add(octets.len() as u64);
        let Ok(spool) = &mut self.spool else { return };
        if self.bytes > self.bytes_max {
            self.spoil(Received::TooLarge);
        } else if let Err(fault) = spool.write(octets).await {
            tracing::error!(%fault, "spool");
            self.spoil(Received::Fault);
        }
    }

    /// Takes octets that came as they are, by BDAT.
    pub(super) async fn take_chunk(&mut self, octets: &[u8]) {
        self.line_ends.check(octets);
        self.take(octets).await;
    }

    /// The message will be refused; what was kept of it goes. The first reason counts.
    pub(super) fn spoil(&mut self, why: Received) {
        if self.spool.is_ok() {
            self.spool = Err(why);
        }
    }

    /// The message is all there.
    pub(super) fn outcome(&self) -> Received {
        self.spool.as_ref().map_or_else(|why| *why, |_| Received::Whole)
    }

    /// All chunks are there.
    pub(super) fn chunks_outcome(&mut self) -> Received {
        if self.line_ends.has_bare() {
            self.spoil(Received::BareLineEnd);
        }
        self.outcome()
    }

    /// The message, for delivery.
    pub(super) async fn finish(self) -> Result<Spooled, Fault> {
        match self.spool {
            Ok(spool) => spool.finish().await,
            Err(why) => Err(Fault::Worker(format!("a message that was refused: {why:?}"))),
        }
    }
}
