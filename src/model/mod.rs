//! The vocabulary: identifiers, names, flags, people. No I/O, no clock; everything above speaks in these words.
//!
//! Terms are those of RFC 9051 and of the glossary in `docs/architecture.md`.

mod address;
mod annotation;
mod api;
mod calendar;
mod device;
mod flags;
mod ids;
mod limits;
mod mailbox;
mod network;
mod people;
mod quiet;
mod role;
mod secret;
mod switch;
mod trail;
pub mod utf7;

pub use address::Address;
pub use annotation::{AnnotationName, AnnotationScope};
pub use api::ApiScope;
pub use calendar::{Holidays, Hours};
pub use device::{CLIENT_NAME_CHARS_MAX, ClientName, LastUse, Protocol, WordChoice};
pub use flags::{Flags, SystemFlag};
pub use ids::{GroupId, MailboxId, MessageId, ModSeq, SchoolId, SeqNum, Timestamp, Uid, UidValidity, UserId};
pub use limits::{Limit, Limits, Sent};
pub use mailbox::{BadMailboxName, HIERARCHY_SEPARATOR, MailboxName, SpecialUse};
pub use network::{Network, NoNetwork};
pub use people::{Group, GroupKind, Membership, Profile, User, UsersRule};
pub use quiet::{QuietNow, QuietRule, QuietRules, is_staff};
pub use role::Role;
pub use secret::Secret;
pub use switch::{Scope, Suspension, Use, Uses};
pub use trail::{RecalledBy, TRAIL_START, TrailEvent, TrailLine};
