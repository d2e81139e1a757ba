//! The small forms that responses are made of: strings, names, numbers, sets, dates (RFC 9051 §4, §9).

use bytes::{BufMut, BytesMut};
use jiff::tz::TimeZone;

use super::super::utf7::{self, NameForm};
use crate::model::{Flags, MessageId, SystemFlag, Timestamp};

/// Longer strings are written as literals.
const QUOTED_BYTES_MAX: usize = 1024;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A decimal number.
pub fn number(out: &mut BytesMut, number: u64) {
    let mut digits = [0_u8; 20];
    let mut rest = number;
    let mut used = 0;
    for (digit, place) in digits.iter_mut().rev().zip(1..) {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        used = place;
        if rest == 0 {
            break;
        }
    }
    out.put_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// Two digits, the first one `pad` where the number is below ten.
fn two_digits(out: &mut BytesMut, value: i8, pad: u8) {
    if value < 10 {
        out.put_u8(pad);
    }
    number(out, u64::try_from(value).unwrap_or(0));
}

/// `string`: quoted where it can be, else a literal. The empty string is always `""`: Apple Mail hangs on `{0}`.
pub fn string(out: &mut BytesMut, bytes: &[u8]) {
    let plain = bytes.len() <= QUOTED_BYTES_MAX && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if plain { quoted(out, bytes) } else { literal(out, bytes) }
}

/// A `quoted` string. Only for printable ASCII: anything else in it becomes `?`.
pub fn quoted(out: &mut BytesMut, bytes: &[u8]) {
    out.put_u8(b'"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.put_slice(&[b'\\', *byte]),
            b' '..=b'~' => out.put_u8(*byte),
            _ => out.put_u8(b'?'),
        }
    }
    out.put_u8(b'"');
}

/// `{n}` and the octets; `""` where there are none.
pub(super) fn literal(out: &mut BytesMut, bytes: &[u8]) {
    literal_head(out, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    out.put_slice(bytes);
}

/// What stands before the octets of a literal; the whole `""` where there are none.
pub(super) fn literal_head(out: &mut BytesMut, size: u64) {
    if size == 0 {
        out.put_slice(b"\"\"");
        return;
    }
    out.put_u8(b'{');
    number(out, size);
    out.put_slice(b"}\r\n");
}

/// `astring`: an atom where it can be, else a string.
pub fn astring(out: &mut BytesMut, bytes: &[u8]) {
    let nil = bytes.eq_ignore_ascii_case(b"NIL");
    if !nil && !bytes.is_empty() && bytes.iter().all(|byte| is_atom_char(*byte)) {
        out.put_slice(bytes);
    } else {
        string(out, bytes);
    }
}

/// `ATOM-CHAR`
fn is_atom_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// What the object ids of mailboxes and of messages begin with.
pub(super) const MAILBOX: u8 = b'F';
pub(super) const EMAIL: u8 = b'M';

/// `(F7)`: an object id is a letter for its kind and the number that the store knows it by (RFC 8474 §7).
pub(super) fn object_id(out: &mut BytesMut, kind: u8, id: i64) {
    out.put_u8(b'(');
    out.put_u8(kind);
    number(out, id.unsigned_abs());
    out.put_u8(b')');
}

/// The message that an object id means; `None` where it is none of ours.
pub fn email_of(object_id: &str) -> Option<MessageId> {
    let number = object_id.strip_prefix(char::from(EMAIL))?;
    let id = MessageId(number.parse().ok()?);
    (id.0.to_string() == number).then_some(id)
}

/// A mailbox's name, from Unicode to modified UTF-7 (RFC 3501 §5.1.3), or in quotes (RFC 6855 §3).
pub fn mailbox(out: &mut BytesMut, form: NameForm, name: &str) {
    match form {
        NameForm::Utf7 => astring(out, utf7::encode(name).as_bytes()),
        NameForm::Utf8 if name.is_ascii() => astring(out, name.as_bytes()),
        NameForm::Utf8 => {
            out.put_u8(b'"');
            for byte in name.bytes() {
                if matches!(byte, b'"' | b'\\') {
                    out.put_u8(b'\\');
                }
                out.put_u8(byte);
            }
            out.put_u8(b'"');
        }
    }
}

/// `(\Seen …)`: system flags, then keywords.
pub fn flags(out: &mut BytesMut, flags: &Flags) {
    flags_and(out, flags, None);
}

/// Flags in parentheses, with one more word where there is one.
pub(super) fn flags_and(out: &mut BytesMut, flags: &Flags, more: Option<&str>) {
    out.put_u8(b'(');
    let system = SystemFlag::ALL.into_iter().filter(|flag| flags.has(*flag)).map(|flag| -> &str { flag.name() });
    separated(out, system.chain(flags.keywords()).chain(more));
    out.put_u8(b')');
}

/// Words with a space between them.
pub(super) fn separated<'a>(out: &mut BytesMut, words: impl Iterator<Item = &'a str>) {
    for (place, word) in words.enumerate() {
        if place > 0 {
            out.put_u8(b' ');
        }
        out.put_slice(word.as_bytes());
    }
}

/// A `sequence-set`, in the order given: runs that rise by one become ranges. Nothing for no numbers.
pub fn number_set(out: &mut BytesMut, numbers: impl IntoIterator<Item = u32>) {
    range_set(out, numbers.into_iter().map(|number| (number, number)));
}

/// The same of ranges.
pub(super) fn range_set(out: &mut BytesMut, ranges: impl IntoIterator<Item = (u32, u32)>) {
    let mut ranges = ranges.into_iter().peekable();
    let mut first = true;
    while let Some((start, mut end)) = ranges.next() {
        while let Some((_, next)) = ranges.next_if(|(next, _)| end.checked_add(1) == Some(*next)) {
            end = next;
        }
        if !first {
            out.put_u8(b',');
        }
        first = false;
        number(out, u64::from(start));
        if end != start {
            out.put_u8(b':');
            number(out, u64::from(end));
        }
    }
}

/// `date-time` with its quotes, in UTC: `"17-Jul-1996 02:44:25 +0000"`. A day below ten has a leading space.
pub fn date_time(out: &mut BytesMut, at: Timestamp) {
    let at = jiff::Timestamp::from_second(at.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let at = TimeZone::UTC.to_datetime(at);
    let month = usize::try_from(at.month() - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"Jan");
    out.put_u8(b'"');
    two_digits(out, at.day(), b' ');
    out.put_u8(b'-');
    out.put_slice(month.as_bytes());
    out.put_u8(b'-');
    let year = u64::try_from(at.year()).unwrap_or(0);
    out.put_slice(match year {
        0..10 => b"000",
        10..100 => b"00",
        100..1000 => b"0",
        _ => b"",
    });
    number(out, year);
    for (before, value) in [(b' ', at.hour()), (b':', at.minute()), (b':', at.second())] {
        out.put_u8(before);
        two_digits(out, value, b'0');
    }
    out.put_slice(b" +0000\"");
}
