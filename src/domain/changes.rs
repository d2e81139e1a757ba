//! Wakes sessions that wait on a mailbox. A notice is only a hint; the truth is asked from the store.

use tokio::sync::watch;

use super::Gateway;
use crate::model::MailboxId;

/// Who waits on which mailbox.
#[derive(Default)]
pub struct Changes {}

impl Gateway {
    /// A receiver that changes whenever the mailbox may have changed. Subscribe first, then look.
    pub fn watch(&self, _mailbox: MailboxId) -> watch::Receiver<u64> {
        todo!()
    }
}
