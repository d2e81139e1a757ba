//! PURE: responses → bytes, appended to the session's output buffer (RFC 9051 §7, §9).
//!
//! Nothing here can fail, and no text can break a line: what does not fit a form is written in another one (a literal) or
//! replaced (`?` in texts for people).

mod acl;
mod fetch;
mod mailbox;
mod metadata;
mod search;
mod status;
mod text;

pub use acl::{acl, list_rights, my_rights};
pub use fetch::{DataName, FetchItems, MessageNumber};
pub use mailbox::{
    ListExtended, capability, enabled, exists, expunge, flags_response, id, list, list_separator, lsub, namespace,
    quota, quota_root, recent, status, vanished,
};
pub use metadata::{metadata, metadata_changed};
pub use search::{
    EsearchAnswer, EsearchUpdate, OfMailbox, ThreadToken, esearch, esearch_in, esearch_update, search, sort, threads,
    uid_batches,
};
pub use status::{Code, Condition, bye, continuation, tagged, untagged};
pub use text::{astring, date_time, email_of, flags, mailbox, number, number_set, quoted, string};

#[cfg(test)]
mod tests;
