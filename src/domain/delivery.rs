//! A submission → each recipient's INBOX and the sender's Sent, in one transaction. No queue.

use super::directory::Recipient;
use super::spool::Spooled;
use super::{Fault, Gateway};
use crate::model::User;
use crate::sentences::Sentence;

/// What SMTP hands over.
pub struct Submission {
    pub sender: User,
    /// Judged at RCPT, in the order they came.
    pub recipients: Vec<Recipient>,
    pub message: Spooled,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Durably in every mailbox; `people` reached now (none where it was a repetition).
    Delivered {
        people: u64,
    },
    Refused(Sentence),
}

impl Gateway {
    /// Delivers: checks header From, expands groups, adds Date and Message-ID where missing, keeps Bcc in the sender's
    /// copy only, places in Sent and in each INBOX, wakes sessions. All or none.
    pub async fn submit(&self, _submission: Submission) -> Result<Submitted, Fault> {
        todo!()
    }
}
