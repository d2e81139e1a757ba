//! PURE: IMAP on the wire. Bytes → [`command::Command`] (`framer` finds where commands end, `parse` reads them),
//! responses → bytes (`write`). No I/O, no session state (RFC 9051 §4, §9; RFC 3501 §9).

pub mod append;
pub mod command;
pub mod framer;
mod mailbox_argument;
pub mod metadata;
pub mod notify;
mod parse;
pub mod search;
pub mod sort;
pub mod url;
pub use crate::model::utf7;
pub mod write;
