//! A received message → the rows that keep it. Read once, off the async threads, within a budget of memory.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::spool::{Spooled, SpooledBody, blocking};
use super::{Fault, Gateway};
use crate::config::StoreConfig;
use crate::mime::{SearchText, Summary};
use crate::model::MessageId;
use crate::store::message::{NewBody, NewMessage};

/// Memory while a message is read, in sizes of that message: its octets, and what is decoded from them.
const SIZES_IN_MEMORY: u64 = 2;

/// The memory that messages may take together while they are read. Waiting is fair: a large one is not passed over.
pub(super) struct Parsing {
    kibibytes: Arc<Semaphore>,
    kibibytes_max: u32,
}

impl Parsing {
    pub(super) fn new(config: &StoreConfig) -> Self {
        let kibibytes_max = u32::try_from(config.parse_memory_bytes >> 10).unwrap_or(u32::MAX).max(1);
        let permits = usize::try_from(kibibytes_max).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self { kibibytes: Arc::new(Semaphore::new(permits)), kibibytes_max }
    }

    /// What a message of `size` octets takes; one larger than everything takes everything.
    fn weight(&self, size: u64) -> u32 {
        let kibibytes = size.saturating_mul(SIZES_IN_MEMORY) >> 10;
        u32::try_from(kibibytes).unwrap_or(u32::MAX).clamp(1, self.kibibytes_max)
    }
}

impl Gateway {
    /// Reads `header` and the spooled body as one message.
    pub(super) async fn read_in(&self, header: Bytes, spooled: &Spooled) -> Result<NewMessage, Fault> {
        let (id, body, body_hash) = (MessageId(self.clock.new_id()), spooled.body.clone(), spooled.body_hash);
        let size = u64::try_from(header.len()).unwrap_or(u64::MAX).saturating_add(body.size());
        let permits = Arc::clone(&self.parsing.kibibytes);
        let permit = permits.acquire_many_owned(self.parsing.weight(size)).await;
        let permit = permit.map_err(|error| Fault::Worker(error.to_string()))?;
        blocking(move || {
            let message = body.read_behind(&header)?;
            let read = summarise(id, &message, header, body_hash);
            drop(message);
            drop(permit);
            Ok(read)
        })
        .await
    }

    /// Does `work` on a spooled message, whole in memory.
    pub(super) async fn read_whole<T: Send + 'static>(
        &self,
        spooled: Spooled,
        work: impl FnOnce(Vec<u8>) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let permits = Arc::clone(&self.parsing.kibibytes);
        let permit = permits.acquire_many_owned(self.parsing.weight(spooled.size())).await;
        let permit = permit.map_err(|error| Fault::Worker(error.to_string()))?;
        blocking(move || {
            let done = work(spooled.body.read_behind(&spooled.header)?);
            drop(permit);
            Ok(done)
        })
        .await
    }

    /// Makes the body durable where it does not go into the database, and gives its row.
    pub(super) async fn keep_body(&self, spooled: &Spooled) -> Result<NewBody, Fault> {
        let (hash, size) = (spooled.body_hash, spooled.body.size());
        let bytes = match &spooled.body {
            SpooledBody::Memory(bytes) => Some(bytes.clone()),
            SpooledBody::File { file, size } => {
                self.blobs.put(&hash, file, *size).await?;
                None
            }
        };
        Ok(NewBody { hash, size, bytes })
    }
}

fn summarise(id: MessageId, message: &[u8], header: Bytes, body_hash: [u8; 32]) -> NewMessage {
    let summary = Summary::of(message);
    let text = summary.text;
    NewMessage {
        id,
        hash: *blake3::hash(message).as_bytes(),
        size: summary.size,
        body_hash,
        header,
        envelope: summary.envelope,
        body_structure: summary.body_structure,
        parts: summary.parts.encode(),
        message_id_key: summary.message_id_key.map(without_nul),
        sent_at: summary.sent_at,
        sent_day: summary.sent_day,
        sort_keys: without_nul(summary.sort.encode()),
        preview: without_nul(summary.preview),
        text: SearchText {
            from: without_nul(text.from),
            to: without_nul(text.to),
            cc: without_nul(text.cc),
            bcc: without_nul(text.bcc),
            subject: without_nul(text.subject),
            header: text.header,
            body: without_nul(text.body),
        },
    }
}

/// PostgreSQL's `text` cannot hold NUL.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', " ") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weighs_by_size_within_the_budget() {
        let parsing = Parsing::new(&StoreConfig { parse_memory_bytes: 1 << 20, ..StoreConfig::default() });
        assert_eq!(parsing.weight(0), 1);
        assert_eq!(parsing.weight(100 << 10), 200);
        assert_eq!(parsing.weight(u64::MAX), 1024);
        assert_eq!(parsing.kibibytes.available_permits(), 1024);
    }
}
