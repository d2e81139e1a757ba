//! The vocabulary: identifiers, names, flags, people. No I/O, no clock; everything above speaks in these words.
//!
//! Terms are those of RFC 9051 and of the glossary in `docs/architecture.md`.

mod address;
mod annotation;
mod flags;
mod ids;
mod mailbox;
mod people;
mod role;
mod secret;
mod trail;

pub use address::Address;
pub use annotation::{AnnotationName, AnnotationScope};
pub use flags::{Flags, SystemFlag};
pub use ids::{GroupId, MailboxId, MessageId, ModSeq, SchoolId, SeqNum, Timestamp, Uid, UidValidity, UserId};
pub use mailbox::{BadMailboxName, HIERARCHY_SEPARATOR, MailboxName, SpecialUse};
pub use people::{Group, GroupKind, Membership, Profile, User, UsersRule};
pub use role::Role;
pub use secret::Secret;
pub use trail::{TRAIL_START, TrailEvent, TrailLine};
