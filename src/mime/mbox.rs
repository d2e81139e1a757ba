//! PURE: the form in which other programs keep many messages in one file (RFC 4155, "mboxrd": every line of `>`s and
//! `From ` has one `>` more), and the fields in which they keep flags: `Status`, `X-Status`, `X-Keywords` (mutt, Dovecot),
//! `X-Mozilla-Status`, `X-Mozilla-Keys` (Thunderbird).

mod flags;
mod reading;
mod writing;

pub use flags::{Keeping, Kept, is_keyword};
pub use reading::{Reader, Step};
pub use writing::Writer;

/// What begins a message.
const FROM: &[u8] = b"From ";
