//! A person's mailboxes → files. What lay there at one moment is written, message by message, a piece of each in memory at a time.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::sink::{EmlZip, MailboxFile, MboxFolder, Sink, file_names};
use crate::domain::import::progress::{Progress, Stage};
use crate::domain::mailbox::Mailbox;
use crate::domain::spool::{Content, ContentBody, blocking};
use crate::domain::{Fault, Gateway};
use crate::model::{Flags, MailboxId, Timestamp, TrailEvent, User};
use crate::store::migration::{TakenOutRow, all_of_a_person, content};

/// Octets of a body read at a time, and how many pieces wait to be written.
const PIECE_BYTES: u64 = 1 << 20;
const PIECES_WAITING: usize = 4;

/// Where mail goes: nothing may be there yet.
#[derive(Clone, Debug)]
pub enum ExportTo {
    /// A folder, with a file for each mailbox.
    Mbox(PathBuf),
    /// A zip, with a file for each message.
    Eml(PathBuf),
}

/// What was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub mailboxes: usize,
    pub messages: usize,
    /// Octets of the messages.
    pub bytes: u64,
    /// Messages that nobody had any more when their turn came.
    pub gone: usize,
}

/// What came of it: what was taken out, or why it cannot be written there.
pub type Exporting = Result<Exported, String>;

/// What goes from the task that reads to the thread that writes.
enum Item {
    Mailbox(usize),
    Message(Box<Head>),
    Body(Bytes),
    End,
}

/// A message but for its body.
pub(super) struct Head {
    pub(super) header: Bytes,
    pub(super) flags: Flags,
    pub(super) internal_date: Timestamp,
}

impl Gateway {
    /// Writes everything that lies in somebody's mailboxes to files of this process's user, readable by nobody else.
    pub async fn export_mail(&self, user: &User, to: &ExportTo, progress: &Arc<Progress>) -> Result<Exporting, Fault> {
        let mailboxes = self.mailboxes(user).await?.mailboxes;
        let rows = self.store.read(user.id.clone(), |tx, user| Box::pin(all_of_a_person(tx, user))).await?;
        progress.begin(Stage::Writing, rows.len());
        let files = file_names(&mailboxes);
        let (items, incoming) = mpsc::channel(PIECES_WAITING);
        let to_write = to.clone();
        let writing = blocking(move || Ok(write(&to_write, files, incoming)));
        let mut by_mailbox: HashMap<MailboxId, Vec<TakenOutRow>> = HashMap::new();
        for row in rows {
            by_mailbox.entry(row.mailbox).or_default().push(row);
        }
        let mut feeder = Feeder { gateway: self, items, done: Exported::default(), progress };
        let reading = async move {
            let read = feeder.feed(&mailboxes, by_mailbox).await;
            // The other side has written all once nobody sends any more.
            let Feeder { items, done, .. } = feeder;
            drop(items);
            read.map(|()| done)
        };
        let (read, wrote) = tokio::join!(reading, writing);
        if let Err(error) = wrote? {
            return Ok(Err(error));
        }
        let done = match read {
            Ok(done) => done,
            Err(fault) => {
                remove(to.clone()).await;
                return Err(fault);
            }
        };
        let (kind, messages) = (to.kind(), done.messages);
        let detail = format!("{kind}: {messages} messages");
        self.trail(Some(&user.id), &TrailEvent::Admin { act: "export-mail", detail }).await?;
        Ok(Ok(done))
    }
}

impl ExportTo {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Mbox(_) => "mbox",
            Self::Eml(_) => "eml",
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Mbox(path) | Self::Eml(path) => path,
        }
    }
}

struct Feeder<'f> {
    gateway: &'f Gateway,
    items: mpsc::Sender<Item>,
    done: Exported,
    progress: &'f Progress,
}

impl Feeder<'_> {
    /// Sends everything; ends early where nobody writes it.
    async fn feed(
        &mut self,
        mailboxes: &[Mailbox],
        mut by_mailbox: HashMap<MailboxId, Vec<TakenOutRow>>,
    ) -> Result<(), Fault> {
        for (place, mailbox) in mailboxes.iter().enumerate() {
            if self.items.send(Item::Mailbox(place)).await.is_err() {
                return Ok(());
            }
            self.done.mailboxes += 1;
            for row in by_mailbox.remove(&mailbox.id).unwrap_or_default() {
                if !self.message(&row).await? {
                    return Ok(());
                }
                self.progress.advance(1);
            }
        }
        Ok(())
    }

    /// `false` where nobody writes any more.
    async fn message(&mut self, row: &TakenOutRow) -> Result<bool, Fault> {
        let found = self.gateway.store.read(row.message, |tx, message| Box::pin(content(tx, message))).await?;
        let Some(found) = found else {
            self.done.gone += 1;
            return Ok(true);
        };
        let header = Bytes::from(found.header);
        let begins = u64::try_from(header.len()).unwrap_or(u64::MAX);
        let stored = Content {
            header: header.clone(),
            body_hash: found.body_hash,
            body: ContentBody::Unknown,
            size: found.size,
        };
        let head = Head { header, flags: row.flags.clone(), internal_date: row.internal_date };
        if self.items.send(Item::Message(Box::new(head))).await.is_err() {
            return Ok(false);
        }
        let mut offset = begins;
        while offset < found.size {
            let end = found.size.min(offset.saturating_add(PIECE_BYTES));
            let octets = self.gateway.read_content(&stored, offset..end).await?;
            if self.items.send(Item::Body(octets)).await.is_err() {
                return Ok(false);
            }
            offset = end;
        }
        self.done.messages += 1;
        self.done.bytes = self.done.bytes.saturating_add(row.size);
        Ok(self.items.send(Item::End).await.is_ok())
    }
}

/// Writes what comes; what has been written is taken away again where it cannot be ended.
fn write(to: &ExportTo, files: Vec<MailboxFile>, mut incoming: mpsc::Receiver<Item>) -> Result<(), String> {
    let told = |error: io::Error| format!("{}: {error}", to.path().display());
    let mut sink: Box<dyn Sink> = match to {
        ExportTo::Mbox(path) => Box::new(MboxFolder::create(path, files).map_err(told)?),
        ExportTo::Eml(path) => Box::new(EmlZip::create(path, files).map_err(told)?),
    };
    let mut all = || {
        while let Some(item) = incoming.blocking_recv() {
            match item {
                Item::Mailbox(place) => sink.mailbox(place)?,
                Item::Message(head) => sink.message(&head)?,
                Item::Body(octets) => sink.body(&octets)?,
                Item::End => sink.end()?,
            }
        }
        sink.finish()
    };
    all().map_err(|error| {
        take_away(to);
        told(error)
    })
}

fn take_away(to: &ExportTo) {
    let removed = match to {
        ExportTo::Mbox(path) => std::fs::remove_dir_all(path),
        ExportTo::Eml(path) => std::fs::remove_file(path),
    };
    if let Err(error) = removed {
        tracing::warn!(%error, "an unfinished export was left behind");
    }
}

async fn remove(to: ExportTo) {
    let _ = blocking(move || {
        take_away(&to);
        Ok(())
    })
    .await;
}
