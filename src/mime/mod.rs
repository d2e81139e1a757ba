//! PURE: message bytes ↔ what lists, FETCH and SEARCH need (RFC 5322, RFC 2045–2047, RFC 2231).
//!
//! A message is parsed **once**, at arrival, by [`Summary::of`]; its results are stored ready for the wire, so that no
//! FETCH parses. mail-parser finds the parts; ENVELOPE and BODYSTRUCTURE are written from raw header slices.

/// What is stored of a message at arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Octets of the header block, with the empty line that ends it.
    pub header_size: u64,
    /// Octets of the whole message.
    pub size: u64,
    /// The value of FETCH ENVELOPE, parentheses included (RFC 9051 §7.5.2). Strings quoted, or literals where they must be.
    pub envelope: Vec<u8>,
    /// The value of FETCH BODYSTRUCTURE, extension data included.
    pub body_structure: Vec<u8>,
    /// Where each part lies.
    pub parts: Parts,
    /// The Message-ID without angle brackets, folded for comparison; `None` where there is none.
    pub message_id_key: Option<String>,
    /// The Date header, microseconds since 1970 UTC.
    pub sent_at: Option<i64>,
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
    pub children: Vec<Part>,
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
