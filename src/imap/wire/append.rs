//! What APPEND and REPLACE can ask (RFC 9051 §6.3.12, RFC 3502 §6.3.11, RFC 4469 §3, RFC 6855 §4, RFC 8508 §3): one or several
//! messages, each a literal, or put together from pieces. The framer hands them out line by line; the octets between two
//! lines are streamed by the session.

use super::command::{MailboxArgument, Numbers};
use crate::model::{Flags, Timestamp};

/// APPEND or REPLACE up to its first literal of a message, or all of it where it has none.
#[derive(Clone, Debug, PartialEq)]
pub struct AppendHead {
    pub mailbox: MailboxArgument,
    /// REPLACE: which message goes.
    pub replaces: Option<Replaced>,
    pub line: AppendLine,
}

/// The message that REPLACE replaces, named by one number (RFC 8508 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    pub numbers: Numbers,
    /// `None`: `*`.
    pub number: Option<u32>,
}

/// What stands between two literals of messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppendLine {
    pub items: Vec<AppendItem>,
    /// The octets that come next; `None`: the command is at its end.
    pub literal: Option<MessageLiteral>,
}

/// One thing that a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum AppendItem {
    /// A message begins; the one before it is whole.
    Message { flags: Flags, date: Option<Timestamp> },
    /// CATENATE: these octets of another message come next.
    Url(String),
}

/// The announcement of octets of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLiteral {
    pub size: u64,
    /// `{n+}`: the client does not wait for `+`.
    pub non_synchronizing: bool,
    /// `~{n}`: may hold NUL (RFC 3516 §4.3).
    pub binary: bool,
}
