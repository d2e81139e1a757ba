//! A source read for the second time: its letters go through the spool into the store, some in one transaction. Broken off at any
//! moment, the rest comes with the next try.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::letter::{Letter, Problem, Target};
use super::source::{Source, Take};
use super::survey::{Digest, Known, Survey};
use crate::domain::arrival::written;
use crate::domain::import::progress::Progress;
use crate::domain::spool::{Spooled, blocking};
use crate::domain::{Fault, Gateway};
use crate::model::{MailboxId, Timestamp, User};
use crate::store::Durability;
use crate::store::migration::{BringingIn, NewLetter, bring_in};

/// Letters in one transaction, and octets of those that lie in the database.
const LETTERS_AT_ONCE: usize = 100;
const BYTES_AT_ONCE: u64 = 4 << 20;
/// Octets gathered before they go to the other side, and how many such pieces wait for it.
const PIECE_BYTES: usize = 64 << 10;
const PIECES_WAITING: usize = 16;

/// What goes from the thread that reads to the task that writes.
enum Item {
    Octets(Bytes),
    /// What came since the last letter is none.
    Drop,
    End(Box<(Letter, Known)>),
}

/// Gives on those letters that are new.
struct Feeder {
    items: mpsc::Sender<Item>,
    digest: Digest,
    survey: Arc<Survey>,
    is_new: Vec<bool>,
    /// The letter under way, counted as the survey did.
    at: usize,
    buffer: Vec<u8>,
    has_sent: bool,
}

impl Feeder {
    fn send(&mut self, item: Item) -> io::Result<()> {
        self.items.blocking_send(item).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.has_sent = true;
        let octets = Bytes::from(std::mem::take(&mut self.buffer));
        self.send(Item::Octets(octets))
    }

    fn forget(&mut self) -> io::Result<()> {
        self.digest.reset();
        self.buffer.clear();
        match std::mem::take(&mut self.has_sent) {
            true => self.send(Item::Drop),
            false => Ok(()),
        }
    }
}

impl Take for Feeder {
    fn octets(&mut self, octets: &[u8]) -> io::Result<()> {
        if self.digest.is_too_large() {
            return Ok(());
        }
        self.digest.update(octets);
        if self.is_new.get(self.at).copied().unwrap_or(false) {
            self.buffer.extend_from_slice(octets);
            if self.buffer.len() >= PIECE_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn end(&mut self, letter: Letter) -> io::Result<()> {
        let known = self.digest.finish(&letter).ok();
        let seen = self.survey.letters.get(self.at).and_then(|surveyed| surveyed.known.as_ref());
        if known.as_ref() != seen {
            return Err(io::Error::other("the files changed while they were read"));
        }
        let is_new = self.is_new.get(self.at).copied().unwrap_or(false);
        self.at += 1;
        match known.filter(|_| is_new) {
            Some(known) => {
                self.flush()?;
                self.has_sent = false;
                self.send(Item::End(Box::new((letter, known))))
            }
            None => self.forget(),
        }
    }

    fn broken(&mut self, _: Problem) -> io::Result<()> {
        self.forget()
    }

    fn drop_letter(&mut self) {
        // Whoever has stopped listening is noticed with the next letter.
        let _ = self.forget();
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) brought: usize,
    pub(super) known: usize,
}

/// What to write, and where.
pub(super) struct ToWrite {
    pub(super) survey: Arc<Survey>,
    pub(super) is_new: Vec<bool>,
    pub(super) mailboxes: HashMap<Target, MailboxId>,
}

impl Gateway {
    /// Writes the letters that are new. How many, in any case; and why it ended early, where it did.
    pub(super) async fn write_letters(
        &self,
        user: &User,
        mut source: Box<dyn Source>,
        to_write: ToWrite,
        progress: &Arc<Progress>,
    ) -> (Written, Result<(), Fault>) {
        let (items, mut incoming) = mpsc::channel(PIECES_WAITING);
        let ToWrite { survey, is_new, mailboxes } = to_write;
        let digest = Digest::new(Arc::clone(&self.config));
        let mut feeder = Feeder { items, digest, survey, is_new, at: 0, buffer: Vec::new(), has_sent: false };
        let reading = blocking(move || source.read(&mut feeder));
        let mut writer =
            Writer { gateway: self, user, mailboxes, batch: Vec::new(), done: Written::default(), progress };
        // The receiver goes with the writing: where that fails, the reading hears of it.
        let writing = async {
            let result = writer.write_all(&mut incoming).await;
            incoming.close();
            while incoming.try_recv().is_ok() {}
            result
        };
        let (read, wrote) = tokio::join!(reading, writing);
        (writer.done, wrote.and(read))
    }
}

struct Writer<'w> {
    gateway: &'w Gateway,
    user: &'w User,
    mailboxes: HashMap<Target, MailboxId>,
    batch: Vec<(Letter, Known, Spooled)>,
    done: Written,
    progress: &'w Progress,
}

impl Writer<'_> {
    async fn write_all(&mut self, incoming: &mut mpsc::Receiver<Item>) -> Result<(), Fault> {
        let mut spool = self.gateway.spool();
        let mut bytes: u64 = 0;
        while let Some(item) = incoming.recv().await {
            match item {
                Item::Octets(octets) => spool.write(&octets).await?,
                Item::Drop => spool = self.gateway.spool(),
                Item::End(letter) => {
                    let (letter, known) = *letter;
                    let spooled = std::mem::replace(&mut spool, self.gateway.spool()).finish().await?;
                    bytes = bytes.saturating_add(known.size);
                    self.batch.push((letter, known, spooled));
                    if self.batch.len() >= LETTERS_AT_ONCE || bytes >= BYTES_AT_ONCE {
                        self.flush().await?;
                        bytes = 0;
                    }
                }
            }
        }
        self.flush().await
    }

    /// Writes what is gathered, in one transaction.
    async fn flush(&mut self) -> Result<(), Fault> {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        let (count, now) = (batch.len(), self.gateway.clock.now());
        let mut letters = Vec::with_capacity(count);
        for (letter, known, spooled) in batch {
            letters.push(self.new_letter(letter, &known, &spooled, now).await?);
        }
        let files: Vec<_> = letters.iter().filter_map(|letter| written(&letter.body)).collect();
        let new = BringingIn { user: self.user.id.clone(), letters, now };
        let store = &self.gateway.store;
        let brought = store.write(Durability::Synced, new, |tx, new| Box::pin(bring_in(tx, new))).await;
        self.gateway.settle_bodies(files).await;
        let brought = brought?;
        self.gateway.changes.wake(&brought.mailboxes.into_iter().collect::<Vec<_>>());
        if brought.known > 0 {
            self.gateway.collecting.notify_one();
        }
        self.done.brought += brought.brought;
        self.done.known += brought.known;
        self.progress.advance(count);
        Ok(())
    }

    async fn new_letter(
        &self,
        letter: Letter,
        known: &Known,
        spooled: &Spooled,
        now: Timestamp,
    ) -> Result<NewLetter, Fault> {
        let message = self.gateway.read_in(spooled.header.clone(), spooled).await?;
        let mailbox = |target: &Target| self.mailboxes.get(target).copied();
        let gone = || Fault::Worker("a mailbox was not made".to_owned());
        Ok(NewLetter {
            key: known.column(),
            mailbox: mailbox(&letter.target).ok_or_else(gone)?,
            origin: letter.origin.as_ref().and_then(mailbox),
            body: self.gateway.keep_body(spooled).await?,
            internal_date: letter.internal_date.or_else(|| message.sent_at.map(Timestamp)).unwrap_or(now),
            message,
            flags: letter.flags,
            there: known.there(),
        })
    }
}
