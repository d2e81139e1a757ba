//! Identifiers and counters as newtypes, so that mixing them does not compile.

use std::fmt;
use std::sync::Arc;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps an identifier as the directory gives it.
            pub fn new(id: impl Into<Arc<str>>) -> Self {
                Self(id.into())
            }

            /// The identifier's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text_id!(
    /// A person with an ENT account: the ENT's UUID.
    UserId
);
text_id!(
    /// A group of people.
    GroupId
);
text_id!(
    /// A school (*structure*).
    SchoolId
);
number!(
    /// A mailbox, for ever: names change, this does not.
    MailboxId, i64
);
number!(
    /// A stored message: immutable bytes, shared by all its placements.
    MessageId, i64
);
number!(
    /// A message's number in its mailbox; rises, never reused (RFC 9051 §2.3.1.1). At least 1.
    Uid, u32
);
number!(
    /// Changes only when a mailbox's UIDs start anew (RFC 9051 §2.3.1.1).
    UidValidity, u32
);
number!(
    /// A place in one client's view, from 1 (RFC 9051 §2.3.1.2). Never leaves the session.
    SeqNum, u32
);
number!(
    /// A mailbox's change counter, from 1 (RFC 7162 §3.1).
    ModSeq, i64
);
number!(
    /// Microseconds since 1970-01-01 UTC.
    Timestamp, i64
);

impl Timestamp {
    /// Whole seconds since 1970-01-01 UTC, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// From whole seconds since 1970-01-01 UTC.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }
}
