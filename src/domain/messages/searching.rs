//! What SEARCH asks of messages (RFC 9051 §6.4.4): which can match, by the index; and the texts that are compared.

use super::super::{Fault, Gateway};
use crate::mime::SearchText;
use crate::model::{MailboxId, MessageId, Uid};
use crate::store::placement::{SearchRow, Searching, search_texts};
use crate::store::ranges_json;
use crate::store::search::{Proposing, proposed};

pub use crate::store::search::{Sought, TextColumn};

/// Which folded texts SEARCH needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchNeed {
    /// From, To, Cc, Bcc, Subject.
    pub heads: bool,
    /// All header fields.
    pub header: bool,
    pub body: bool,
    /// Messages without this folded text there are not wanted. It need not be among what is needed.
    pub having: Option<(TextColumn, String)>,
}

/// One message as SEARCH needs it.
#[derive(Clone, Debug)]
pub struct Searched {
    pub uid: Uid,
    pub text: SearchText,
}

impl Gateway {
    /// All messages, of whatever mailbox, that can have what is sought, rising: among those whose ids lie `between` the two,
    /// the ends within. `None` where the index does not help, because more than `messages_max` have it, or it is too
    /// short a text. Complete for every message that a snapshot taken before shows, unless it has been deleted for good.
    pub async fn propose(
        &self,
        sought: Sought,
        between: (MessageId, MessageId),
        messages_max: usize,
    ) -> Result<Option<Vec<MessageId>>, Fault> {
        let proposing = Proposing { sought, between, messages_max };
        Ok(self.store.read(proposing, |tx, proposing| Box::pin(proposed(tx, proposing))).await?)
    }

    /// Reads folded texts, rising by UID, those that are gone or not wanted left out. Ask for at most a few hundred at a
    /// time.
    pub async fn search_texts(
        &self,
        mailbox: MailboxId,
        uids: &[Uid],
        need: SearchNeed,
    ) -> Result<Vec<Searched>, Fault> {
        let SearchNeed { heads, header, body, having } = need;
        let searching = Searching { mailbox, ranges: ranges_json(uids), heads, header, body, having };
        let rows = self.store.read(searching, |tx, searching| Box::pin(search_texts(tx, searching))).await?;
        Ok(rows.into_iter().map(|SearchRow { uid, text }| Searched { uid, text }).collect())
    }
}
