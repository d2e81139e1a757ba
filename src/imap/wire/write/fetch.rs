//! FETCH responses (RFC 9051 §7.5.2), item by item, straight into the output.

use bytes::{BufMut, BytesMut};

use super::super::command::{Rfc822, Section, SectionText};
use super::text::{EMAIL, astring, date_time, flags, literal, literal_head, number, object_id, string};
use crate::model::{Flags, MessageId, ModSeq, SeqNum, Timestamp, Uid};

/// One response, from `* 12 FETCH (` to `)`. Holds no output: the session may send what there is between two items, or in the
/// middle of a literal.
#[derive(Clone, Copy, Debug)]
#[must_use = "a response must be closed"]
pub struct FetchItems {
    first: bool,
}

/// The name under which octets of the message were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataName<'a> {
    /// `BODY[…]`, with the origin of a partial: `<0>`.
    Section {
        section: &'a Section,
        origin: Option<u64>,
    },
    Rfc822(Rfc822),
    /// `BINARY[1]` (RFC 3516 §4.2)
    Binary {
        path: &'a [u32],
        origin: Option<u64>,
    },
    /// `BINARY.SIZE[1]`
    BinarySize(&'a [u32]),
}

/// How a response names a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageNumber {
    /// `* 12 FETCH (`
    Seq(SeqNum),
    /// `* 4711 UIDFETCH (` (RFC 9586 §3)
    Uid(Uid),
}

impl From<SeqNum> for MessageNumber {
    fn from(seq: SeqNum) -> Self {
        Self::Seq(seq)
    }
}

impl FetchItems {
    /// `* 12 FETCH (`, `* 4711 UIDFETCH (`
    pub fn open(out: &mut BytesMut, message: impl Into<MessageNumber>) -> Self {
        let (value, name) = match message.into() {
            MessageNumber::Seq(seq) => (seq.0, b" FETCH (".as_slice()),
            MessageNumber::Uid(uid) => (uid.0, b" UIDFETCH (".as_slice()),
        };
        out.put_slice(b"* ");
        number(out, u64::from(value));
        out.put_slice(name);
        Self { first: true }
    }

    /// `)`
    pub fn close(self, out: &mut BytesMut) {
        out.put_slice(b")\r\n");
    }

    /// `UID 7`
    pub fn uid(&mut self, out: &mut BytesMut, uid: Uid) {
        self.name(out, b"UID ");
        number(out, u64::from(uid.0));
    }

    /// `FLAGS (\Seen)`
    pub fn flags(&mut self, out: &mut BytesMut, value: &Flags) {
        self.name(out, b"FLAGS ");
        flags(out, value);
    }

    /// `MODSEQ (7)` (RFC 7162 §3.1.4.2)
    pub fn mod_seq(&mut self, out: &mut BytesMut, mod_seq: ModSeq) {
        self.name(out, b"MODSEQ (");
        number(out, u64::try_from(mod_seq.0).unwrap_or(0));
        out.put_u8(b')');
    }

    /// `EMAILID (M7)` (RFC 8474 §5.1): the same for the same octets, wherever they lie.
    pub fn email_id(&mut self, out: &mut BytesMut, message: MessageId) {
        self.name(out, b"EMAILID ");
        object_id(out, EMAIL, message.0);
    }

    /// `THREADID NIL` (RFC 8474 §5.2): threads are the client's.
    pub fn thread_id(&mut self, out: &mut BytesMut) {
        self.name(out, b"THREADID NIL");
    }

    /// `SAVEDATE "…"` (RFC 8514 §4.2)
    pub fn save_date(&mut self, out: &mut BytesMut, at: Timestamp) {
        self.name(out, b"SAVEDATE ");
        date_time(out, at);
    }

    /// `PREVIEW "…"` (RFC 8970 §3.2)
    pub fn preview(&mut self, out: &mut BytesMut, preview: &str) {
        self.name(out, b"PREVIEW ");
        string(out, preview.as_bytes());
    }

    /// `RFC822.SIZE 4096`
    pub fn size(&mut self, out: &mut BytesMut, size: u64) {
        self.name(out, b"RFC822.SIZE ");
        number(out, size);
    }

    /// `INTERNALDATE "…"`
    pub fn internal_date(&mut self, out: &mut BytesMut, at: Timestamp) {
        self.name(out, b"INTERNALDATE ");
        date_time(out, at);
    }

    /// `ENVELOPE (…)`, ready for the wire.
    pub fn envelope(&mut self, out: &mut BytesMut, envelope: &[u8]) {
        self.name(out, b"ENVELOPE ");
        out.put_slice(envelope);
    }

    /// `BODYSTRUCTURE (…)`, ready for the wire.
    pub fn body_structure(&mut self, out: &mut BytesMut, structure: &[u8]) {
        self.name(out, b"BODYSTRUCTURE ");
        out.put_slice(structure);
    }

    /// `BODY (…)`: the structure without extension data, ready for the wire.
    pub fn body(&mut self, out: &mut BytesMut, structure: &[u8]) {
        self.name(out, b"BODY ");
        out.put_slice(structure);
    }

    /// A section, whole: a literal, or `""`.
    pub fn data(&mut self, out: &mut BytesMut, name: DataName<'_>, octets: &[u8]) {
        self.data_name(out, name);
        literal(out, octets);
    }

    /// A section up to its octets, which the caller then sends: exactly `size` of them. `literal8`: with NUL among them.
    pub fn data_head(&mut self, out: &mut BytesMut, name: DataName<'_>, size: u64, literal8: bool) {
        self.data_name(out, name);
        if literal8 {
            out.put_u8(b'~');
        }
        literal_head(out, size);
    }

    /// A section that the message does not have.
    pub fn data_nil(&mut self, out: &mut BytesMut, name: DataName<'_>) {
        self.data_name(out, name);
        out.put_slice(b"NIL");
    }

    /// How large a section is.
    pub fn data_size(&mut self, out: &mut BytesMut, name: DataName<'_>, size: u64) {
        self.data_name(out, name);
        number(out, size);
    }

    fn data_name(&mut self, out: &mut BytesMut, name: DataName<'_>) {
        match name {
            DataName::Section { section, origin } => {
                self.name(out, b"BODY[");
                section_spec(out, section);
                section_end(out, origin);
            }
            DataName::Binary { path, origin } => {
                self.name(out, b"BINARY[");
                section_path(out, path);
                section_end(out, origin);
            }
            DataName::BinarySize(path) => {
                self.name(out, b"BINARY.SIZE[");
                section_path(out, path);
                section_end(out, None);
            }
            DataName::Rfc822(Rfc822::Whole) => self.name(out, b"RFC822 "),
            DataName::Rfc822(Rfc822::Header) => self.name(out, b"RFC822.HEADER "),
            DataName::Rfc822(Rfc822::Text) => self.name(out, b"RFC822.TEXT "),
        }
    }

    fn name(&mut self, out: &mut BytesMut, name: &[u8]) {
        if !self.first {
            out.put_u8(b' ');
        }
        self.first = false;
        out.put_slice(name);
    }
}

/// `section-spec`, field names as they were asked.
fn section_spec(out: &mut BytesMut, section: &Section) {
    section_path(out, &section.path);
    if !section.path.is_empty() && section.text != SectionText::All {
        out.put_u8(b'.');
    }
    match &section.text {
        SectionText::All => {}
        SectionText::Header => out.put_slice(b"HEADER"),
        SectionText::HeaderFields(names) => field_names(out, b"HEADER.FIELDS (", names),
        SectionText::HeaderFieldsNot(names) => field_names(out, b"HEADER.FIELDS.NOT (", names),
        SectionText::Text => out.put_slice(b"TEXT"),
        SectionText::Mime => out.put_slice(b"MIME"),
    }
}

fn section_path(out: &mut BytesMut, path: &[u32]) {
    for (place, part) in path.iter().enumerate() {
        if place > 0 {
            out.put_u8(b'.');
        }
        number(out, u64::from(*part));
    }
}

/// `]`, the origin of a partial, a space.
fn section_end(out: &mut BytesMut, origin: Option<u64>) {
    out.put_u8(b']');
    if let Some(origin) = origin {
        out.put_u8(b'<');
        number(out, origin);
        out.put_u8(b'>');
    }
    out.put_u8(b' ');
}

fn field_names(out: &mut BytesMut, open: &[u8], names: &[String]) {
    out.put_slice(open);
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            out.put_u8(b' ');
        }
        astring(out, name.as_bytes());
    }
    out.put_u8(b')');
}
