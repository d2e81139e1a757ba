//! A person's mailboxes at one moment: names, subscriptions, and counters that tell what has changed since another moment.

use super::{Gateway, MailboxList};
use crate::domain::Fault;
use crate::model::{MailboxId, ModSeq, Uid, User};
use crate::store::mailbox::{OverviewRows, overview};

/// All of them, and how far each has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Mailboxes by name.
    pub list: MailboxList,
    /// As many as mailboxes, in the same order.
    pub counters: Vec<Counters>,
}

/// How far a mailbox has come: whatever is done to its messages moves `mod_seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    pub mailbox: MailboxId,
    pub uid_next: Uid,
    pub mod_seq: ModSeq,
}

impl Gateway {
    /// The person's mailboxes as they are now. From here on, what changes in them wakes those who wait on the person.
    pub async fn overview(&self, user: &User) -> Result<Overview, Fault> {
        loop {
            let read = self.store.read_snapshot(user.id.clone(), |tx, user| Box::pin(overview(tx, user)));
            let overview = Overview::from(read.await?);
            // A change of a mailbox that was not followed yet has woken nobody: it is seen by looking once more.
            if !self.changes.own(&user.id, overview.counters.iter().map(|counters| counters.mailbox)) {
                return Ok(overview);
            }
        }
    }
}

impl From<OverviewRows> for Overview {
    fn from((rows, subscribed_only): OverviewRows) -> Self {
        let counters = rows.iter().map(|(row, counters)| Counters {
            mailbox: row.id,
            uid_next: counters.uid_next,
            mod_seq: counters.mod_seq,
        });
        let counters = counters.collect();
        let mailboxes = rows.into_iter().map(|(row, _)| row.into()).collect();
        Self { list: MailboxList { mailboxes, subscribed_only }, counters }
    }
}
