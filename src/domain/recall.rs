//! Recall: a letter is taken back from its readers, by who sent it or by an admin. Every copy goes, read or not, wherever its
//! reader put it; a notice comes where copies lay; what waits for the end of quiet hours never comes.
//!
//! Answers, forwards and other letters of the readers are theirs, and stay. The sender's mailboxes are not touched, save that
//! his client moves his copy to the mailbox of recalled messages: that is how he asks for it.

use bytes::Bytes;

use super::delivery::random_hex;
use super::mailbox::Mailbox;
use super::messages::Copied;
use super::{Fault, Gateway};
use crate::mime::{Notice, date_time, decode_text, header_value};
use crate::model::{MailboxId, MailboxName, RecalledBy, Timestamp, Uid, User};
use crate::sentences::{Sentence, recalled};
use crate::store::message::{NewBody, NewMessage};
use crate::store::placement::{Chosen, Transfer};
use crate::store::recall::{self, OneMessage, Recalled, Recalling, SentLetter, SentRow, Tally};
use crate::store::{Durability, json_list};

/// What somebody sent is listed up to here.
const LISTED_MAX: usize = 200;
/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;

/// Why a message is not recalled. Nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecallRefusal {
    /// The person's profile may not.
    NotAllowed,
    /// No submission of the person's.
    NotSent,
    TooLate {
        minutes_max: u32,
    },
    Already,
}

impl RecallRefusal {
    /// What the person is told.
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::NotAllowed => Sentence::RecallNotAllowed,
            Self::NotSent => Sentence::RecallNotSent,
            Self::TooLate { minutes_max } => Sentence::RecallTooLate { minutes_max: *minutes_max },
            Self::Already => Sentence::RecallAlready,
        }
    }
}

/// A letter that an admin may recall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    MessageId(&'a str),
    /// As [`Gateway::sent_letters`] numbers them.
    Number(i64),
}

/// Whom a recall concerns, or would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecallCount {
    /// People with a copy.
    pub people: u64,
    pub copies: u64,
    /// Copies that were marked as read.
    pub read: u64,
    /// People who would have had it at the end of quiet hours.
    pub waiting: u64,
}

impl From<Tally> for RecallCount {
    fn from(tally: Tally) -> Self {
        Self { people: tally.people, copies: tally.copies, read: tally.read, waiting: tally.waiting }
    }
}

/// Something that a person sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub id: i64,
    pub at: Timestamp,
    pub recalled_at: Option<Timestamp>,
    /// Whom it was delivered to, those who wait included.
    pub people: u64,
    pub waiting: u64,
    /// Without brackets, in lower case.
    pub message_id: Option<String>,
    /// `None` where nobody has the letter any more.
    pub subject: Option<String>,
}

impl From<SentRow> for Sent {
    fn from(row: SentRow) -> Self {
        let subject = |header: &[u8]| header_value(header, "Subject").next().map(|value| decode_text(&value));
        Self {
            id: row.letter.id,
            at: row.letter.submitted_at,
            recalled_at: row.letter.recalled_at,
            people: row.people,
            waiting: row.letter.waiting,
            message_id: row.message_id,
            subject: row.header.map(|header| subject(&header).unwrap_or_default()),
        }
    }
}

impl Gateway {
    /// Is this the mailbox that recalls what is moved to it?
    pub fn recalls(&self, mailbox: &Mailbox) -> bool {
        self.names_recall(&mailbox.name)
    }

    pub(super) fn names_recall(&self, name: &MailboxName) -> bool {
        let recall = &self.config.recall.mailbox;
        !recall.is_empty() && name.as_str() == recall
    }

    /// May this person recall by a mail client?
    pub fn may_recall(&self, user: &User) -> bool {
        let recall = &self.config.recall;
        !recall.mailbox.is_empty() && recall.profiles.contains(&user.profile)
    }

    /// Recalls a message that the person sent, and moves (or copies) that copy of it to `to`: both or nothing.
    pub async fn recall_own(
        &self,
        user: &User,
        (from, uid): (MailboxId, Uid),
        to: &Mailbox,
        moving: bool,
    ) -> Result<Result<Copied, RecallRefusal>, Fault> {
        if !self.may_recall(user) {
            return Ok(Err(RecallRefusal::NotAllowed));
        }
        let one = OneMessage { user: user.id.clone(), mailbox: from, uid };
        let letters = self.store.read(one, |tx, one| Box::pin(recall::of_placement(tx, one))).await?;
        if let Some(refusal) = self.refuses_recall(&letters) {
            return Ok(Err(refusal));
        }
        let transfer = Transfer::asked(from, &[uid], to.id, moving, self.clock.now());
        if !moving && !self.has_room_for(user, &transfer, 1).await? {
            return Ok(Ok(Copied::QuotaExceeded));
        }
        let chosen = Chosen { user: user.id.clone(), transfer };
        let done = self.recall(user, &letters, RecalledBy::Sender, Some(chosen)).await?;
        Ok(match done {
            Recalled::Already => Err(RecallRefusal::Already),
            Recalled::Done { moved: Some(moved), .. } => {
                self.changed(&[from, to.id]);
                Ok(moved.into())
            }
            Recalled::Done { moved: None, .. } => Ok(Copied::At { uid_validity: to.uid_validity, pairs: Vec::new() }),
        })
    }

    /// Why these may not be recalled by who sent them. The same letter may have been handed over several times, once for each
    /// recipient of Bcc; the first time counts, lest an old letter became young by being sent once more.
    fn refuses_recall(&self, letters: &[SentLetter]) -> Option<RecallRefusal> {
        let Some(first) = letters.iter().map(|letter| letter.submitted_at).min() else {
            return Some(RecallRefusal::NotSent);
        };
        if letters.iter().all(|letter| letter.recalled_at.is_some()) {
            return Some(RecallRefusal::Already);
        }
        let minutes_max = self.config.recall.minutes_max;
        let age = self.clock.now().0.saturating_sub(first.0);
        let old = age > i64::from(minutes_max).saturating_mul(MINUTE);
        (old && letters.iter().all(|letter| letter.waiting == 0)).then_some(RecallRefusal::TooLate { minutes_max })
    }

    /// Recalls what somebody sent, for an admin; `dry_run` only counts. `None` where the person sent no such letter.
    pub async fn recall_for_admin(
        &self,
        sender: &User,
        named: Named<'_>,
        dry_run: bool,
    ) -> Result<Option<Result<RecallCount, RecallRefusal>>, Fault> {
        let letters = self.letters_named(sender, named).await?;
        if letters.is_empty() {
            return Ok(None);
        }
        let ids: Vec<i64> =
            letters.iter().filter(|letter| letter.recalled_at.is_none()).map(|letter| letter.id).collect();
        if ids.is_empty() {
            return Ok(Some(Err(RecallRefusal::Already)));
        }
        if dry_run {
            let asked = (sender.id.clone(), json_list(&ids));
            let read = self.store.read_snapshot(asked, |tx, asked| Box::pin(recall::tally(tx, asked)));
            return Ok(Some(Ok(read.await?.into())));
        }
        Ok(Some(match self.recall(sender, &letters, RecalledBy::Admin, None).await? {
            Recalled::Already => Err(RecallRefusal::Already),
            Recalled::Done { tally, .. } => Ok(tally.into()),
        }))
    }

    async fn letters_named(&self, sender: &User, named: Named<'_>) -> Result<Vec<SentLetter>, Fault> {
        Ok(match named {
            Named::Number(id) => {
                let asked = (sender.id.clone(), id);
                self.store.read(asked, |tx, asked| Box::pin(recall::of_id(tx, asked))).await?
            }
            Named::MessageId(id) => {
                let key = id.trim().trim_start_matches('<').trim_end_matches('>').to_lowercase();
                let asked = (sender.id.clone(), key);
                self.store.read(asked, |tx, asked| Box::pin(recall::of_message_id(tx, asked))).await?
            }
        })
    }

    /// What somebody sent, the newest first: the last 200.
    pub async fn sent_letters(&self, sender: &User) -> Result<Vec<Sent>, Fault> {
        let asked = (sender.id.clone(), LISTED_MAX);
        let rows = self.store.read_snapshot(asked, |tx, asked| Box::pin(recall::list(tx, asked))).await?;
        Ok(rows.into_iter().map(Sent::from).collect())
    }

    async fn recall(
        &self,
        sender: &User,
        letters: &[SentLetter],
        by: RecalledBy,
        moving: Option<Chosen>,
    ) -> Result<Recalled, Fault> {
        let recalling = Recalling {
            sender: sender.id.clone(),
            submissions: letters.iter().map(|letter| letter.id).collect(),
            notice: self.notice(letters, by).await?,
            by,
            sent: letters.iter().map(|letter| letter.submitted_at).min().unwrap_or_else(|| self.clock.now()),
            moving,
            line: self.clock.new_id(),
            now: self.clock.now(),
        };
        let write = self.store.write(Durability::Synced, recalling, |tx, asked| Box::pin(recall::recall(tx, asked)));
        let done = write.await?;
        if let Recalled::Done { mailboxes, tally, .. } = &done {
            self.changed(mailboxes);
            self.collecting.notify_one();
            tracing::info!(sender = %sender.id, copies = tally.copies, withdrawn = tally.waiting, "a letter was recalled");
        }
        Ok(done)
    }

    /// What comes in the place of copies; `None` where nobody has the letter any more.
    async fn notice(&self, letters: &[SentLetter], by: RecalledBy) -> Result<Option<(NewBody, NewMessage)>, Fault> {
        let mut header = None;
        for letter in letters.iter().filter(|letter| letter.recalled_at.is_none()) {
            let read = self.store.read(letter.id, |tx, id| Box::pin(recall::letter_header(tx, id)));
            header = read.await?;
            if header.is_some() {
                break;
            }
        }
        let Some(letter) = header else { return Ok(None) };
        let (subject, text) = recalled(by, self.config.language);
        let notice = Notice {
            letter: &letter,
            date: &date_time(self.clock.now()),
            message_id: &format!("{}@{}", random_hex()?, self.config.domain),
            sender: &self.no_reply_address(),
            subject,
            text,
        };
        let mut spool = self.spool();
        spool.write(&notice.octets()).await?;
        let message = spool.finish().await?;
        let header = Bytes::clone(&message.header);
        Ok(Some((self.keep_body(&message).await?, self.read_in(header, &message).await?)))
    }
}
