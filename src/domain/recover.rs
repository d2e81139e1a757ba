//! Messages that come back: out of Trash to where they came from, by the person (`$Restore`) or an admin; and those
//! expunged for good, for some days, by an admin.

use super::{Fault, Gateway};
use crate::mime::{decode_text, header_value};
use crate::model::{MailboxName, Timestamp, Uid, User, UserId};
use crate::store::Durability;
use crate::store::recover::{RecoverableRow, Recovering, recoverable, restore, undelete};

/// The keyword that brings a message out of Trash when a client sets it there. It is never kept.
pub const RESTORE_KEYWORD: &str = "$Restore";

/// Where messages come back from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bin {
    Trash,
    /// Expunged for good, `keeping.undelete_days` ago at most.
    Expunged,
}

/// One message that can come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recoverable {
    /// By which it is named: it means the same until it comes back.
    pub id: i64,
    /// Where it would go.
    pub to: MailboxName,
    pub from: String,
    pub subject: String,
    /// Octets.
    pub size: u64,
    pub internal_date: Timestamp,
    /// When it went to Trash, or was expunged.
    pub gone_at: Timestamp,
}

impl From<RecoverableRow> for Recoverable {
    fn from(row: RecoverableRow) -> Self {
        let text = |name| header_value(&row.header, name).next().map(|value| decode_text(&value)).unwrap_or_default();
        Self {
            id: row.id,
            from: text("From"),
            subject: text("Subject"),
            to: row.to,
            size: row.size,
            internal_date: row.internal_date,
            gone_at: row.gone_at,
        }
    }
}

impl Gateway {
    /// What of a person's can come back, the oldest first.
    pub async fn recoverable(&self, user: &UserId, bin: Bin) -> Result<Vec<Recoverable>, Fault> {
        let asked = (user.clone(), bin == Bin::Expunged);
        let rows = self.store.read(asked, |tx, asked| Box::pin(recoverable(tx, asked))).await?;
        Ok(rows.into_iter().map(Recoverable::from).collect())
    }

    /// Brings messages back, by their ids; how many there were. Room is not asked for: they were the person's already.
    pub async fn recover(&self, user: &UserId, bin: Bin, ids: Vec<i64>) -> Result<usize, Fault> {
        let recovering = Recovering { user: user.clone(), ids, now: self.clock.now() };
        let recovered = match bin {
            Bin::Trash => {
                let work = self.store.write(Durability::Synced, recovering, |tx, ids| Box::pin(restore(tx, ids)));
                work.await?
            }
            Bin::Expunged => {
                let work = self.store.write(Durability::Synced, recovering, |tx, ids| Box::pin(undelete(tx, ids)));
                work.await?
            }
        };
        if recovered.messages > 0 {
            self.changed(&recovered.mailboxes);
        }
        Ok(recovered.messages)
    }

    /// Moves messages out of the person's Trash, each to where it came from.
    pub async fn restore(&self, user: &User, uids: &[Uid]) -> Result<usize, Fault> {
        self.recover(&user.id, Bin::Trash, uids.iter().map(|uid| i64::from(uid.0)).collect()).await
    }
}
