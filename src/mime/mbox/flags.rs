//! PURE: flags as fields of a header.

use crate::model::{Flags, SystemFlag};

/// What the fields of one message said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub flags: Flags,
    /// Deleted, and only not yet cut out of the file (Thunderbird); or the file's own data in the place of a message (c-client).
    pub is_none: bool,
}

/// One of the fields that speak of the message in its file, and are no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    Status,
    XStatus,
    Keywords,
    MozillaStatus,
    /// `X-IMAP`: of no message at all.
    FileData,
    /// Numbers of the program that wrote the file.
    Other,
}

const FIELDS: [(&str, Keeping); 9] = [
    ("Status", Keeping::Status),
    ("X-Status", Keeping::XStatus),
    ("X-Keywords", Keeping::Keywords),
    ("X-Mozilla-Keys", Keeping::Keywords),
    ("X-Mozilla-Status", Keeping::MozillaStatus),
    ("X-Mozilla-Status2", Keeping::Other),
    ("X-IMAP", Keeping::FileData),
    ("X-IMAPbase", Keeping::Other),
    ("X-UID", Keeping::Other),
];

impl Keeping {
    /// The field of this name; `None` where it is one of the message's own.
    pub fn of(name: &[u8]) -> Option<Self> {
        FIELDS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)).map(|(_, field)| *field)
    }
}

/// Could a client have set it? An atom (RFC 9051 §9 `flag-keyword`), of a length that anybody would choose.
pub fn is_keyword(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 100
        && word.bytes().all(|octet| octet.is_ascii_graphic() && !b"(){%*\"\\]".contains(&octet))
}

impl Kept {
    /// Takes what a field says.
    pub(super) fn read(&mut self, field: Keeping, value: &str) {
        let mut letters = |known: &[(char, SystemFlag)]| {
            for (_, flag) in known.iter().filter(|(letter, _)| value.contains(*letter)) {
                self.flags.set(*flag);
            }
        };
        match field {
            Keeping::Status => letters(&[('R', SystemFlag::Seen)]),
            Keeping::XStatus => letters(&[
                ('A', SystemFlag::Answered),
                ('F', SystemFlag::Flagged),
                ('D', SystemFlag::Deleted),
                ('T', SystemFlag::Draft),
            ]),
            Keeping::Keywords => {
                value.split_whitespace().filter(|word| is_keyword(word)).for_each(|word| self.flags.set_keyword(word));
            }
            Keeping::MozillaStatus => self.read_mozilla(u32::from_str_radix(value.trim(), 16).unwrap_or(0)),
            Keeping::FileData => self.is_none = true,
            Keeping::Other => {}
        }
    }

    fn read_mozilla(&mut self, bits: u32) {
        let known = [(0x1, SystemFlag::Seen), (0x2, SystemFlag::Answered), (0x4, SystemFlag::Flagged)];
        known.iter().filter(|(bit, _)| bits & bit != 0).for_each(|(_, flag)| self.flags.set(*flag));
        if bits & 0x1000 != 0 {
            self.flags.set_keyword("$Forwarded");
        }
        self.is_none |= bits & 0x8 != 0;
    }
}

/// The fields that keep `flags`, as a header's last ones.
pub(super) fn fields(flags: &Flags) -> String {
    let seen = if flags.has(SystemFlag::Seen) { "RO" } else { "O" };
    let letters =
        [(SystemFlag::Answered, 'A'), (SystemFlag::Flagged, 'F'), (SystemFlag::Deleted, 'D'), (SystemFlag::Draft, 'T')];
    let letters: String = letters.iter().filter(|(flag, _)| flags.has(*flag)).map(|(_, letter)| letter).collect();
    let mut fields = format!("Status: {seen}\n");
    if !letters.is_empty() {
        fields.push_str(&format!("X-Status: {letters}\n"));
    }
    if !flags.keywords_text().is_empty() {
        fields.push_str(&format!("X-Keywords: {}\n", flags.keywords_text()));
    }
    fields
}
