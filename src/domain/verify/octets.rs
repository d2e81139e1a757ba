//! Every message read again: are its octets those of its hashes, and does what is stored of it say what reading says?

use bytes::Bytes;

use super::super::arrival::summarise;
use super::super::import::progress::{Progress, Stage};
use super::super::spool::{OpenBlob, blocking};
use super::super::{Fault, Gateway};
use crate::model::MessageId;
use crate::store::message::{NewMessage, NewPlace};
use crate::store::verify::octets::{StoredMessage, count, page};
use crate::store::verify::{Finding, Repair};

/// Messages read from the store at once.
const PAGE_MESSAGES: usize = 50;

/// Messages with which something is wrong.
#[derive(Default)]
pub(in crate::domain) struct Faulty {
    bodies: Vec<MessageId>,
    messages: Vec<MessageId>,
    /// Their octets are right, what is stored of them is not.
    pub(in crate::domain) structures: Vec<MessageId>,
    pub(in crate::domain) index: Vec<MessageId>,
}

/// What was found out about one.
enum Read {
    Sound,
    /// Its body's octets are not those of the hash, or not there.
    OtherBody,
    OtherMessage,
    OtherStructure(Box<NewMessage>),
}

impl Faulty {
    pub(super) fn findings(self) -> Vec<Finding> {
        let told = |name, means, messages: Vec<MessageId>| {
            let mut finding = Finding::none(name, means);
            messages.into_iter().for_each(|message| finding.add(format!("message {message}")));
            finding
        };
        vec![
            told(
                "body-octets",
                "a body is not what its hash says, or is not there: restore it from a backup",
                self.bodies,
            ),
            told("message-octets", "a message is not what its hash says", self.messages),
            told(
                "structures",
                "what lists and searches tell of a message is not what this version reads in it",
                self.structures,
            )
            .mended_by(Repair::Structures),
            told("search-words", "the search index does not find a message by its own words", self.index)
                .mended_by(Repair::SearchIndex),
        ]
    }
}

impl Gateway {
    /// Reads every message.
    pub(in crate::domain) async fn verify_octets(&self, progress: &Progress) -> Result<Faulty, Fault> {
        let messages = self.store.read((), |tx, none| Box::pin(count(tx, none))).await?;
        progress.begin(Stage::VerifyingMessages, messages);
        let mut faulty = Faulty::default();
        let mut after = i64::MIN;
        loop {
            let read = self.store.read_snapshot((after, PAGE_MESSAGES), |tx, asked| Box::pin(page(tx, asked)));
            let page = read.await?;
            let Some(last) = page.last() else { return Ok(faulty) };
            after = last.message.id.0;
            for stored in page {
                let (id, is_indexed) = (stored.message.id, stored.is_indexed);
                match self.read_again(stored).await? {
                    Read::Sound if is_indexed => {}
                    Read::Sound => faulty.index.push(id),
                    Read::OtherBody => faulty.bodies.push(id),
                    Read::OtherMessage => faulty.messages.push(id),
                    Read::OtherStructure(_) => faulty.structures.push(id),
                }
                progress.advance(1);
            }
        }
    }

    /// What a message is read as, where that is not what is stored. `None` also where its octets cannot be trusted.
    pub(in crate::domain) async fn structure_again(&self, message: MessageId) -> Result<Option<NewMessage>, Fault> {
        let read = self.store.read_snapshot((message.0 - 1, 1), |tx, asked| Box::pin(page(tx, asked)));
        match read.await?.into_iter().next().filter(|stored| stored.message.id == message) {
            Some(stored) => match self.read_again(stored).await? {
                Read::OtherStructure(read) => Ok(Some(*read)),
                Read::Sound | Read::OtherBody | Read::OtherMessage => Ok(None),
            },
            None => Ok(None),
        }
    }

    async fn read_again(&self, stored: StoredMessage) -> Result<Read, Fault> {
        let permit = self.parsing.room(stored.message.size).await?;
        let Some(body) = self.whole_body(&stored).await? else { return Ok(Read::OtherBody) };
        let read = blocking(move || {
            let read = compare(&stored, &body);
            drop(permit);
            Ok(read)
        });
        read.await
    }

    /// The body's octets; `None` where it is not there as noted.
    async fn whole_body(&self, stored: &StoredMessage) -> Result<Option<Bytes>, Fault> {
        match &stored.place {
            NewPlace::Inline(bytes) => Ok(Some(bytes.clone())),
            NewPlace::Blob(name) if self.blobs.size_of(name).await? == Some(stored.body_size) => {
                Ok(Some(self.blobs.read(&OpenBlob::new(name.clone()), 0..stored.body_size).await?))
            }
            NewPlace::Blob(_) | NewPlace::Pinned => Ok(None),
        }
    }
}

fn compare(stored: &StoredMessage, body: &[u8]) -> Read {
    let kept = &stored.message;
    if *blake3::hash(body).as_bytes() != kept.body_hash {
        return Read::OtherBody;
    }
    let message = [&kept.header[..], body].concat();
    if *blake3::hash(&message).as_bytes() != kept.hash {
        return Read::OtherMessage;
    }
    let read = summarise(kept.id, &message, kept.header.clone(), kept.body_hash);
    if read == *kept { Read::Sound } else { Read::OtherStructure(Box::new(read)) }
}
