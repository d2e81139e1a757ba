//! PURE: message bytes ↔ what lists, FETCH and SEARCH need (RFC 5322, RFC 2045–2047, RFC 2231).
//!
//! A message is parsed **once**, at arrival, by [`Summary::of`]; its results are stored ready for the wire, so that no
//! FETCH parses. mail-parser finds the parts; ENVELOPE and BODYSTRUCTURE are written from raw header slices.

mod address;
pub mod compose;
mod content;
mod content_key;
mod date;
mod display_name;
mod envelope;
mod header;
mod header_text;
mod imap_string;
pub mod mbox;
mod notice;
mod parts;
mod preview;
mod sort;
mod structure;
pub mod submission;
mod text;
mod transfer;
mod urgency;

pub use address::{AddressList, Entry, Mailbox};
pub use content_key::content_key;
pub use date::{date_time, internal_date, parse_internal_date};
pub use display_name::mailbox;
pub use header::{Field, Fields, decode_text, fields, header_fields, header_value, split_header, unfold};
pub use header_text::{HeaderText, MESSAGE_ID, whole_message_id};
pub use notice::Notice;
pub use parts::{DEPTH_MAX, PARTS_MAX, Place};
pub use sort::SortKeys;
pub use structure::body_without_extensions;
pub use text::{TEXT_BYTES_MAX, fold};
pub use transfer::{Decoder, TransferEncoding, encode_binary};
pub use urgency::is_urgent;

/// The longest Message-ID that is compared, in bytes.
const MESSAGE_ID_BYTES_MAX: usize = 998;

/// What is stored of a message at arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Octets of the header block, with the empty line that ends it.
    pub header_size: u64,
    /// Octets of the whole message.
    pub size: u64,
    /// The value of FETCH ENVELOPE, parentheses included (RFC 9051 §7.5.2). Strings quoted, or literals where they
    /// must be.
    pub envelope: Vec<u8>,
    /// The value of FETCH BODYSTRUCTURE, extension data included.
    pub body_structure: Vec<u8>,
    /// Where each part lies.
    pub parts: Parts,
    /// The Message-ID without angle brackets, folded for comparison; `None` where there is none.
    pub message_id_key: Option<String>,
    /// The Date header, microseconds since 1970 UTC.
    pub sent_at: Option<i64>,
    /// The day that the Date header names, whatever its time and zone: days since 1970-01-01.
    pub sent_day: Option<i32>,
    /// The first words, for lists.
    pub preview: String,
    pub sort: SortKeys,
    pub text: SearchText,
}

/// Folded text ([`fold`]) that SEARCH compares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchText {
    /// Names and addresses, decoded.
    pub from: String,
    pub to: String,
    pub cc: String,
    pub bcc: String,
    pub subject: String,
    /// All header fields.
    pub header: HeaderText,
    /// All text parts (HTML stripped, charsets decoded) and names of attachments; cut at `TEXT_BYTES_MAX`.
    pub body: String,
}

/// The parts of a message and their places. Stored as bytes (`encode`, `decode`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub root: Part,
}

/// One part. Offsets count from the first octet of the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// MIME header of the part (for the root: the message's header), with its closing empty line.
    pub header: std::ops::Range<u64>,
    /// Content, still encoded.
    pub body: std::ops::Range<u64>,
    /// Children: of a multipart, its parts; of a message/rfc822, one: the enclosed message.
    pub children: Vec<Self>,
    pub kind: PartKind,
}

/// How section numbers go on below a part (RFC 9051 §6.4.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartKind {
    #[default]
    Leaf,
    Multipart,
    /// message/rfc822: its one child is the enclosed message; HEADER and TEXT of it can be asked.
    Message,
}

impl Summary {
    /// Reads a message. Never fails: what is broken is told as what it can be read as. Linear in the message's size.
    pub fn of(message: &[u8]) -> Self {
        let parts = Parts::of(message);
        let header = parts::slice(message, &parts.root.header);
        let mut envelope = Vec::with_capacity(256);
        envelope::push_envelope(&mut envelope, header);
        Self {
            header_size: parts.root.header.end,
            size: u64::try_from(message.len()).unwrap_or(u64::MAX),
            envelope,
            body_structure: structure::body_structure(message, &parts),
            message_id_key: message_id_key(header),
            sent_at: date::sent_at(header),
            sent_day: date::sent_day(header),
            preview: preview::preview(message, &parts.root),
            sort: SortKeys::of(header),
            text: SearchText::of(message, &parts),
            parts,
        }
    }
}

/// The first Message-ID of a header block, as it is compared: no angle brackets, no white space, lower case. `None`
/// where there is none, or one longer than any line may be.
pub fn message_id_key(header: &[u8]) -> Option<String> {
    let value = header_value(header, "Message-ID").next()?;
    let value = decode_text(&value);
    let id = match value.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map_or(rest, |(id, _)| id),
        None => &value,
    };
    let key: String = id.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect();
    (!key.is_empty() && key.len() <= MESSAGE_ID_BYTES_MAX).then_some(key)
}
