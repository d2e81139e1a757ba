//! APPEND and REPLACE: received messages → placements, all or none, durable before they are acknowledged
//! (RFC 9051 §6.3.12, RFC 3502, RFC 8508).

use super::super::arrival::written;
use super::super::mailbox::Mailbox;
use super::super::spool::Spooled;
use super::super::{Fault, Gateway};
use crate::mime::encode_binary;
use crate::model::{Flags, MailboxId, SpecialUse, Timestamp, Uid, UidValidity, User};
use crate::store::placement::{Appending, NewAppend, NewAppends, append};
use crate::store::{Durability, ranges_json};

/// Octets written to a spool at a time.
const PIECE_BYTES: usize = 256 << 10;

/// What APPEND gives besides the message.
#[derive(Clone, Debug, Default)]
pub struct AppendOptions {
    pub flags: Flags,
    pub internal_date: Option<Timestamp>,
}

/// One message to append.
pub struct ToAppend {
    pub message: Spooled,
    pub options: AppendOptions,
}

/// The message that is expunged in the same transaction (RFC 8508): of a mailbox of the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replacing {
    pub mailbox: MailboxId,
    pub uid: Uid,
}

/// What APPEND of one message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// RFC 4315 APPENDUID. In Sent, the UID of the copy that submission filed, where it has the same Message-ID.
    At { uid_validity: UidValidity, uid: Uid },
    /// TRYCREATE: the mailbox has gone.
    NoSuchMailbox,
    /// OVERQUOTA
    QuotaExceeded,
}

/// What APPEND of several messages, or REPLACE, came to. Anything but `At`: nothing was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendedAll {
    /// UIDs in the order of the messages.
    At {
        uid_validity: UidValidity,
        uids: Vec<Uid>,
    },
    NoSuchMailbox,
    QuotaExceeded,
    /// The message to be replaced has gone.
    NoSuchMessage,
}

impl Gateway {
    /// Adds a message to a mailbox of `user`. Durable before it returns.
    pub async fn append(
        &self,
        user: &User,
        mailbox: &Mailbox,
        message: Spooled,
        options: AppendOptions,
    ) -> Result<Appended, Fault> {
        Ok(match self.append_all(user, mailbox, vec![ToAppend { message, options }], None).await? {
            AppendedAll::At { uid_validity, uids } => match uids.first() {
                Some(uid) => Appended::At { uid_validity, uid: *uid },
                None => Appended::NoSuchMailbox,
            },
            AppendedAll::QuotaExceeded => Appended::QuotaExceeded,
            AppendedAll::NoSuchMailbox | AppendedAll::NoSuchMessage => Appended::NoSuchMailbox,
        })
    }

    /// Adds messages to a mailbox of `user`, in their order, and expunges the one they replace: all or none. What is
    /// replaced goes where an expunged message goes.
    pub async fn append_all(
        &self,
        user: &User,
        mailbox: &Mailbox,
        messages: Vec<ToAppend>,
        replaced: Option<Replacing>,
    ) -> Result<AppendedAll, Fault> {
        let size = messages.iter().map(|one| one.message.size()).fold(0, u64::saturating_add);
        if !self.has_room(user, messages.len(), size).await? {
            return Ok(AppendedAll::QuotaExceeded);
        }
        let now = self.clock.now();
        let mut new = Vec::with_capacity(messages.len());
        for one in messages {
            new.push(self.new_append(one, now).await?);
        }
        let new = NewAppends {
            user: user.id.clone(),
            mailbox: mailbox.id,
            // What replaces the copy that submission filed must not be taken for it.
            is_sent: mailbox.special_use == Some(SpecialUse::Sent) && replaced.is_none(),
            messages: new,
            replaced: replaced.map(|old| self.expunging(old.mailbox, ranges_json(&[old.uid]), now)),
            now,
        };
        let files: Vec<_> = new.messages.iter().filter_map(|one| written(&one.body)).collect();
        let write = self.store.write(Durability::Synced, new, |tx, new| Box::pin(append(tx, new)));
        let appended = write.await?;
        self.settle_bodies(files).await;
        Ok(match appended {
            Appending::Done { uid_validity, uids, trash } => {
                let changed = [Some(mailbox.id), replaced.map(|replaced| replaced.mailbox), trash];
                self.changed(&changed.into_iter().flatten().collect::<Vec<_>>());
                AppendedAll::At { uid_validity, uids }
            }
            Appending::NoSuchMailbox => AppendedAll::NoSuchMailbox,
            Appending::NoSuchMessage => AppendedAll::NoSuchMessage,
        })
    }

    /// A received message that holds NUL → one that any client can be given (RFC 3516 §4.3). `None` where NUL stands
    /// outside of the content of a part.
    pub async fn encode_binary(&self, message: Spooled) -> Result<Option<Spooled>, Fault> {
        let Some(octets) = self.read_whole(message, |octets| encode_binary(&octets)).await? else { return Ok(None) };
        let mut spool = self.spool();
        for piece in octets.chunks(PIECE_BYTES) {
            spool.write(piece).await?;
        }
        Ok(Some(spool.finish().await?))
    }

    async fn new_append(&self, ToAppend { message, options }: ToAppend, now: Timestamp) -> Result<NewAppend, Fault> {
        Ok(NewAppend {
            message: self.read_in(message.header.clone(), &message).await?,
            body: self.keep_body(&message).await?,
            flags: options.flags,
            keywords_max: self.config.mailboxes.keywords_per_message_max,
            internal_date: options.internal_date.unwrap_or(now),
        })
    }
}
