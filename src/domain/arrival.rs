//! A received message → the rows that keep it. Read once, off the async threads, within a budget of memory.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::spool::{Spooled, SpooledBody, blobs, blocking};
use super::{Fault, Gateway};
use crate::config::StoreConfig;
use crate::mime::{SearchText, Summary, content_key};
use crate::model::{MessageId, Timestamp};
use crate::store::Durability;
use crate::store::message::{NewBody, NewMessage, NewPlace, blob_of, pin_body};

/// Memory while a message is read, in sizes of that message: its octets, and what is decoded from them.
const SIZES_IN_MEMORY: u64 = 2;
/// How long a body that is stored already is held for a message that is about to refer to it, microseconds.
const PINNED_FOR: i64 = 3_600_000_000;

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

    /// Room to read a message of `size` octets: waits for its turn.
    pub(super) async fn room(&self, size: u64) -> Result<OwnedSemaphorePermit, Fault> {
        let permit = Arc::clone(&self.kibibytes).acquire_many_owned(self.weight(size)).await;
        permit.map_err(|error| Fault::Worker(error.to_string()))
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
        let permit = self.parsing.room(size).await?;
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
        let permit = self.parsing.room(spooled.size()).await?;
        blocking(move || {
            let done = work(spooled.body.read_behind(&spooled.header)?);
            drop(permit);
            Ok(done)
        })
        .await
    }

    /// Makes the body durable where it does not go into the database, and gives its row. One that is stored already is
    /// not written again.
    pub(super) async fn keep_body(&self, spooled: &Spooled) -> Result<NewBody, Fault> {
        let (hash, size) = (spooled.body_hash, spooled.body.size());
        let place = match &spooled.body {
            SpooledBody::Memory(bytes) => NewPlace::Inline(bytes.clone()),
            SpooledBody::File { file, size } => {
                let pin = (hash, Timestamp(self.clock.now().0.saturating_add(PINNED_FOR)));
                let write = self.store.write(Durability::Relaxed, pin, |tx, pin| Box::pin(pin_body(tx, pin)));
                if write.await? {
                    NewPlace::Pinned
                } else {
                    let name = blobs::new_name(&hash, self.clock.new_id());
                    self.blobs.put(&name, file, *size).await?;
                    NewPlace::Blob(name)
                }
            }
        };
        Ok(NewBody { hash, size, place })
    }

    /// After the transaction that added bodies: deletes the files of those that somebody else had stored in the meantime.
    /// What a crash leaves is found later (`collect`).
    pub(super) async fn settle_bodies(&self, bodies: impl IntoIterator<Item = ([u8; 32], String)>) {
        for (hash, name) in bodies {
            let result = async {
                let named = self.store.read(hash, |tx, hash| Box::pin(blob_of(tx, hash))).await?;
                if named.as_ref() == Some(&name) { Ok(()) } else { self.blobs.delete(&name).await }
            };
            if let Err(fault) = result.await {
                tracing::warn!(%fault, "a file that nobody needs was left in the blob store");
            }
        }
    }
}

/// The file that was written for a body, where there was one.
pub(super) fn written(body: &NewBody) -> Option<([u8; 32], String)> {
    match &body.place {
        NewPlace::Blob(name) => Some((body.hash, name.clone())),
        NewPlace::Inline(_) | NewPlace::Pinned => None,
    }
}

pub(super) fn summarise(id: MessageId, message: &[u8], header: Bytes, body_hash: [u8; 32]) -> NewMessage {
    let summary = Summary::of(message);
    let text = summary.text;
    let body = message.get(header.len()..).unwrap_or_default();
    let content_key = summary.message_id_key.as_ref().map(|_| content_key(&header, body));
    NewMessage {
        id,
        hash: *blake3::hash(message).as_bytes(),
        size: summary.size,
        body_hash,
        header,
        envelope: summary.envelope,
        body_structure: summary.body_structure,
        parts: summary.parts.encode(),
        content_key,
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
