//! PURE: the header of a submission: what it claims, and the two forms it is stored in, without Bcc for those it is
//! sent to, with it for the sender (RFC 5322 §3.6; RFC 6409 §8).
//!
//! [`check`] refuses what two readers could read differently; the other functions take headers that passed it.

use super::address::{AddressList, Mailbox};
use super::header::{Field, fields, header_value};
use super::message_id_key;

/// Lines of a written field stay below this, in octets.
const LINE_BYTES_MAX: usize = 78;

/// What a header says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Every address of every From field, lower case.
    pub from: Vec<String>,
    /// How many From fields there are.
    pub from_fields: usize,
    pub sender: Option<String>,
    /// The form of `Summary::message_id_key`; `None` where there is none to be read.
    pub message_id: Option<String>,
    pub has_date: bool,
    pub has_bcc: bool,
    /// Every address of To, Cc and Bcc, lower case.
    pub named: Vec<String>,
}

/// Why a header is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    #[error("a NUL octet in the header")]
    Nul,
    #[error("a carriage return without line feed in the header")]
    BareCarriageReturn,
    #[error("a line of the header is no field")]
    NotAField,
    #[error("no From field")]
    NoFrom,
    #[error("a From field that cannot be read with certainty")]
    FromUnreadable,
    #[error("a group in a From field")]
    FromGroup,
    #[error("a Sender field that cannot be read with certainty, or several")]
    SenderUnreadable,
}

/// Reads the header block of a submission (`message[..split_header(message)]`).
pub fn check(header: &[u8]) -> Result<Checked, HeaderFault> {
    check_octets(header)?;
    let mut checked = Checked { message_id: message_id_key(header), ..Checked::default() };
    let mut senders = Vec::new();
    for field in fields(header) {
        if !is_well_named(&field) {
            return Err(HeaderFault::NotAField);
        }
        if field.is("From") {
            let list = AddressList::parse(field.value);
            if list.has_group() {
                return Err(HeaderFault::FromGroup);
            }
            checked.from.append(&mut strict_addresses(&list).ok_or(HeaderFault::FromUnreadable)?);
            checked.from_fields += 1;
        } else if field.is("Sender") {
            let list = AddressList::parse(field.value);
            senders.append(&mut strict_addresses(&list).ok_or(HeaderFault::SenderUnreadable)?);
        }
        checked.has_date |= field.is("Date");
        checked.has_bcc |= is_bcc(&field);
    }
    if senders.len() > 1 {
        return Err(HeaderFault::SenderUnreadable);
    }
    if checked.from.is_empty() {
        return Err(HeaderFault::NoFrom);
    }
    checked.sender = senders.pop();
    checked.named = named(header);
    Ok(checked)
}

fn check_octets(header: &[u8]) -> Result<(), HeaderFault> {
    if memchr::memchr(0, header).is_some() {
        return Err(HeaderFault::Nul);
    }
    let bare = memchr::memchr_iter(b'\r', header).any(|at| header.get(at + 1) != Some(&b'\n'));
    if bare { Err(HeaderFault::BareCarriageReturn) } else { Ok(()) }
}

/// A name of visible ASCII at the beginning of a line, perhaps white space before its colon (RFC 5322 §4.5).
fn is_well_named(field: &Field<'_>) -> bool {
    !field.name.is_empty() && field.raw.starts_with(field.name) && field.name.iter().all(u8::is_ascii_graphic)
}

/// The addresses of a list, lower case; `None` where anything in it is outside the grammar.
fn strict_addresses(list: &AddressList) -> Option<Vec<String>> {
    if list.irregular {
        return None;
    }
    list.mailboxes().map(Mailbox::address).collect()
}

/// The addresses of To, Cc and Bcc, as far as they can be read.
fn named(header: &[u8]) -> Vec<String> {
    let mut named = Vec::new();
    for name in ["To", "Cc", "Bcc"] {
        for value in header_value(header, name) {
            named.extend(AddressList::parse(&value).mailboxes().filter_map(Mailbox::address));
        }
    }
    named
}

fn is_bcc(field: &Field<'_>) -> bool {
    field.is("Bcc") || field.is("Resent-Bcc")
}

/// The header that the recipients see: no Bcc; Date and Message-ID added where they are given and missing. `message_id`
/// without its angle brackets. All else octet for octet.
pub fn recipients_header(header: &[u8], date: Option<&str>, message_id: Option<&str>) -> Vec<u8> {
    let mut out = added(header, date, message_id);
    let mut length = 0;
    for field in fields(header) {
        length += field.raw.len();
        if !is_bcc(&field) {
            out.extend_from_slice(field.raw);
        }
    }
    out.extend_from_slice(header.get(length..).unwrap_or_default());
    out
}

/// The header of the sender's copy: Bcc kept, one more naming the `hidden` recipients (addresses) that no field names.
pub fn sender_header(header: &[u8], date: Option<&str>, message_id: Option<&str>, hidden: &[String]) -> Vec<u8> {
    let mut out = bcc(hidden);
    out.extend(added(header, date, message_id));
    out.extend_from_slice(header);
    out
}

/// The fields to be put before `header`; where it is wholly empty also the empty line that must end it.
fn added(header: &[u8], date: Option<&str>, message_id: Option<&str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len() + 128);
    let is_missing = |name: &str| fields(header).all(|field| !field.is(name));
    if let Some(date) = date.filter(|_| is_missing("Date")) {
        out.extend_from_slice(format!("Date: {date}\r\n").as_bytes());
    }
    if let Some(id) = message_id.filter(|_| is_missing("Message-ID")) {
        out.extend_from_slice(format!("Message-ID: <{id}>\r\n").as_bytes());
    }
    if header.is_empty() {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A folded Bcc field; nothing where there is nobody to name.
fn bcc(hidden: &[String]) -> Vec<u8> {
    let mut out = String::new();
    let mut line = 0;
    for (index, address) in hidden.iter().enumerate() {
        let parting = match index {
            0 => "Bcc: ",
            _ if line + address.len() + 3 > LINE_BYTES_MAX => ",\r\n ",
            _ => ", ",
        };
        line = if parting.contains('\n') { 1 } else { line + parting.len() } + address.len();
        out.push_str(parting);
        out.extend(address.chars().filter(|letter| !letter.is_control()));
    }
    if !out.is_empty() {
        out.push_str("\r\n");
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] =
        b"From: Moi <Me@ENT.fr>\r\nTo: a@ent.fr, b@ent.fr\r\nBcc : secret@ent.fr,\r\n also@ent.fr\r\n\
        bCC: third@ent.fr\r\nResent-Bcc:x@ent.fr\r\nSubject: s\r\n\r\n";

    #[test]
    fn a_header_is_read() {
        let checked = check(HEADER).unwrap();
        assert_eq!(checked.from, ["me@ent.fr"]);
        assert_eq!((checked.from_fields, checked.has_date, checked.has_bcc), (1, false, true));
        assert_eq!((checked.sender, checked.message_id), (None, None));
        assert_eq!(checked.named, ["a@ent.fr", "b@ent.fr", "secret@ent.fr", "also@ent.fr", "third@ent.fr"]);

        let checked = check(b"Date:\r\nMessage-ID: <A.b@ENT>\r\nSender: s@ent.fr\r\nFrom: me@ent.fr\r\n").unwrap();
        assert_eq!((checked.message_id.as_deref(), checked.sender.as_deref()), (Some("a.b@ent"), Some("s@ent.fr")));
        assert!(checked.has_date && !checked.has_bcc);
    }

    #[test]
    fn every_author_is_seen() {
        for header in [
            "From: me@ent.fr, boss@ent.fr\r\n\r\n",
            "From: me@ent.fr\r\nfrom: boss@ent.fr\r\n\r\n",
            "From: me@ent.fr\r\nX: y\r\nFROM : boss@ent.fr\r\n\r\n",
            "From:\r\n Moi\r\n\t<me@ent.fr>,\r\n Boss <boss@ent.fr>\r\n\r\n",
            "From: \"a, b\" <me@ent.fr>, (c, d) boss@ent.fr\r\n\r\n",
        ] {
            assert_eq!(check(header.as_bytes()).unwrap().from, ["me@ent.fr", "boss@ent.fr"], "{header}");
        }
        for header in [
            "From: boss@ent.fr <me@ent.fr>\r\n\r\n",
            "From: \"boss@ent.fr\" <me@ent.fr>\r\n\r\n",
            "From: =?utf-8?q?boss=40ent.fr?= <me@ent.fr>\r\n\r\n",
            "From: \"<boss@ent.fr>, \" <me@ent.fr>\r\n\r\n",
            "From: me@ent.fr (<boss@ent.fr>)\r\n\r\n",
        ] {
            assert_eq!(check(header.as_bytes()).unwrap().from, ["me@ent.fr"], "{header}");
        }
    }

    #[test]
    fn what_can_be_read_two_ways_is_refused() {
        for (header, fault) in [
            ("Subject: s\r\n\r\n", HeaderFault::NoFrom),
            ("", HeaderFault::NoFrom),
            ("From:\r\n\r\n", HeaderFault::NoFrom),
            ("\r\nFrom: me@ent.fr\r\n\r\n", HeaderFault::NoFrom),
            ("From: me@ent.fr\0\r\n\r\n", HeaderFault::Nul),
            ("From: me@ent.fr\rFrom: boss@ent.fr\r\n\r\n", HeaderFault::BareCarriageReturn),
            (" From: me@ent.fr\r\n\r\n", HeaderFault::NotAField),
            ("From: me@ent.fr\r\nno colon\r\n\r\n", HeaderFault::NotAField),
            ("Fr om: me@ent.fr\r\n\r\n", HeaderFault::NotAField),
            (": From: me@ent.fr\r\n\r\n", HeaderFault::NotAField),
            ("Frôm: me@ent.fr\r\n\r\n", HeaderFault::NotAField),
            ("From: <me@ent.fr> <boss@ent.fr>\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: me@ent.fr boss@ent.fr\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: <me@ent.fr\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: \"Moi <me@ent.fr>\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: Moi\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: <>\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: <=?utf-8?q?boss?=@ent.fr>\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: me@ent.fr; boss@ent.fr\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: me@ent.fr@boss.fr\r\n\r\n", HeaderFault::FromUnreadable),
            ("From: Tous: me@ent.fr;\r\n\r\n", HeaderFault::FromGroup),
            ("From: Tous:;\r\n\r\n", HeaderFault::FromGroup),
            ("From: me@ent.fr\r\nSender: nobody\r\n\r\n", HeaderFault::SenderUnreadable),
            ("From: me@ent.fr\r\nSender: a@ent.fr\r\nsender: b@ent.fr\r\n\r\n", HeaderFault::SenderUnreadable),
        ] {
            assert_eq!(check(header.as_bytes()), Err(fault), "{header:?}");
        }
    }

    #[test]
    fn recipients_see_no_bcc() {
        let seen = recipients_header(HEADER, Some("D"), Some("i@d"));
        let expected: &[u8] =
            b"Date: D\r\nMessage-ID: <i@d>\r\nFrom: Moi <Me@ENT.fr>\r\nTo: a@ent.fr, b@ent.fr\r\nSubject: s\r\n\r\n";
        assert_eq!(seen, expected);
        assert_eq!(recipients_header(expected, Some("other"), Some("other")), expected);
        assert_eq!(recipients_header(b"Bcc: a@b\r\n\r\n", None, None), b"\r\n");
        assert_eq!(recipients_header(b"", Some("D"), None), b"Date: D\r\n\r\n");
    }

    #[test]
    fn the_sender_sees_whom_it_went_to() {
        let header = b"From: me@ent.fr\r\nDate: D\r\nMessage-ID: <i>\r\n\r\n";
        assert_eq!(sender_header(header, Some("x"), Some("x"), &[]), header);
        let hidden: Vec<String> = (0..5).map(|number| format!("parents.terminale-{number}@ent.example.fr")).collect();
        let kept = sender_header(header, None, None, &hidden);
        assert_eq!(check(&kept).unwrap().named, hidden);
        assert!(kept.split(|&octet| octet == b'\n').all(|line| line.len() <= LINE_BYTES_MAX + 1));
        assert!(kept.ends_with(header));
        let with_bcc = sender_header(HEADER, Some("D"), None, &["hidden@ent.fr".to_owned()]);
        assert_eq!(with_bcc, [b"Bcc: hidden@ent.fr\r\nDate: D\r\n", HEADER].concat());
    }
}
