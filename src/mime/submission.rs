//! PURE: the header of a submission: what it claims, and the two forms it is stored in, without Bcc for those it is
//! sent to, with it for the sender (RFC 5322 §3.6; RFC 6409 §8).
//!
//! [`check`] refuses what two readers could read differently; the other functions take headers that passed it.

use super::address::{AddressList, Mailbox};
use super::header::{Field, fields, header_value};
use super::message_id_key;
use super::sort::message_ids;

/// Message-IDs of one field that are looked at.
const IDS_MAX: usize = 64;
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
    /// Every address of To and Cc, lower case.
    pub in_sight: Vec<String>,
    /// Every address of Bcc, lower case.
    pub in_bcc: Vec<String>,
    /// Every address of Reply-To, lower case.
    pub reply_to: Vec<String>,
    /// Message-IDs of In-Reply-To, in the form of `Summary::message_id_key`.
    pub in_reply_to: Vec<String>,
    /// Message-IDs of References, the last one first.
    pub references: Vec<String>,
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
    checked.in_sight = named(header, &["To", "Cc"]);
    checked.in_bcc = named(header, &["Bcc"]);
    checked.reply_to = named(header, &["Reply-To"]);
    checked.in_reply_to = ids(header, "In-Reply-To");
    checked.references = ids(header, "References");
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

/// The addresses of these fields, as far as they can be read.
fn named(header: &[u8], fields: &[&str]) -> Vec<String> {
    let mut named = Vec::new();
    for name in fields {
        for value in header_value(header, name) {
            named.extend(AddressList::parse(&value).mailboxes().filter_map(Mailbox::address));
        }
    }
    named
}

/// The last Message-IDs of a field, the last one first.
fn ids(header: &[u8], name: &str) -> Vec<String> {
    let mut ids: Vec<String> = header_value(header, name).flat_map(|value| message_ids(&value)).collect();
    ids.reverse();
    ids.truncate(IDS_MAX);
    ids
}

fn is_bcc(field: &Field<'_>) -> bool {
    field.is("Bcc") || field.is("Resent-Bcc")
}

/// Fields that are added where the header has none of their name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Additions<'a> {
    pub date: Option<&'a str>,
    /// Without its angle brackets.
    pub message_id: Option<&'a str>,
    /// For the recipients only.
    pub reply_to: Option<&'a str>,
}

/// The header that the recipients see: no Bcc; what is added, where it is missing. All else octet for octet.
pub fn recipients_header(header: &[u8], additions: Additions<'_>) -> Vec<u8> {
    let mut out = added(header, additions);
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

/// The header of the sender's copy: Bcc kept, one more naming the `hidden` recipients (mailboxes) that no field
/// names.
pub fn sender_header(header: &[u8], additions: Additions<'_>, hidden: &[String]) -> Vec<u8> {
    let mut out = bcc(hidden);
    out.extend(added(header, Additions { reply_to: None, ..additions }));
    out.extend_from_slice(header);
    out
}

/// The fields to be put before `header`; where it is wholly empty also the empty line that must end it.
fn added(header: &[u8], additions: Additions<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len() + 128);
    let is_missing = |name: &str| fields(header).all(|field| !field.is(name));
    if let Some(date) = additions.date.filter(|_| is_missing("Date")) {
        out.extend_from_slice(format!("Date: {date}\r\n").as_bytes());
    }
    if let Some(id) = additions.message_id.filter(|_| is_missing("Message-ID")) {
        out.extend_from_slice(format!("Message-ID: <{id}>\r\n").as_bytes());
    }
    if let Some(reply_to) = additions.reply_to.filter(|_| is_missing("Reply-To")) {
        out.extend_from_slice(format!("Reply-To: {reply_to}\r\n").as_bytes());
    }
    if header.is_empty() {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// A folded Bcc field; nothing where there is nobody to name.
fn bcc(hidden: &[String]) -> Vec<u8> {
    if hidden.is_empty() {
        return Vec::new();
    }
    let list = hidden.join(", ");
    let mut out = "Bcc:".to_owned();
    let mut line = out.len();
    for word in list.split(' ') {
        let parting = if line + 1 + word.len() > LINE_BYTES_MAX { "\r\n " } else { " " };
        line = if parting.len() > 1 { 1 } else { line + 1 } + word.len();
        out.push_str(parting);
        out.extend(word.chars().filter(|letter| !letter.is_control()));
    }
    out.push_str("\r\n");
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
        assert_eq!(checked.in_sight, ["a@ent.fr", "b@ent.fr"]);
        assert_eq!(checked.in_bcc, ["secret@ent.fr", "also@ent.fr", "third@ent.fr"]);

        let checked = check(b"Date:\r\nMessage-ID: <A.b@ENT>\r\nSender: s@ent.fr\r\nFrom: me@ent.fr\r\n").unwrap();
        assert_eq!((checked.message_id.as_deref(), checked.sender.as_deref()), (Some("a.b@ent"), Some("s@ent.fr")));
        assert!(checked.has_date && !checked.has_bcc);
    }

    #[test]
    fn an_answer_says_what_it_answers() {
        let header = "From: me@ent.fr\r\nIn-Reply-To: <A@x> (comment)\r\nReferences: <one@x>\r\n <two@x>\t<A@x>\r\n\
            Reply-To: NoReply@ent.fr\r\n\r\n";
        let checked = check(header.as_bytes()).unwrap();
        assert_eq!(
            (checked.in_reply_to, checked.references),
            (vec!["a@x".into()], ["a@x", "two@x", "one@x"].map(String::from).to_vec())
        );
        assert_eq!(checked.reply_to, ["noreply@ent.fr"]);
        let many: String = (0..1000).map(|number| format!(" <{number}@x>\r\n")).collect();
        let checked = check(format!("From: me@ent.fr\r\nReferences:{many}\r\n").as_bytes()).unwrap();
        assert_eq!((checked.references.len(), checked.references[0].as_str()), (IDS_MAX, "999@x"));
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
        let seen = recipients_header(HEADER, Additions { date: Some("D"), message_id: Some("i@d"), reply_to: None });
        let expected: &[u8] =
            b"Date: D\r\nMessage-ID: <i@d>\r\nFrom: Moi <Me@ENT.fr>\r\nTo: a@ent.fr, b@ent.fr\r\nSubject: s\r\n\r\n";
        assert_eq!(seen, expected);
        let other = Additions { date: Some("other"), message_id: Some("other"), reply_to: None };
        assert_eq!(recipients_header(expected, other), expected);
        let quiet = Additions { reply_to: Some("noreply@ent.fr"), ..Additions::default() };
        assert_eq!(recipients_header(b"From: a@b\r\n\r\n", quiet), b"Reply-To: noreply@ent.fr\r\nFrom: a@b\r\n\r\n");
        assert_eq!(recipients_header(b"Reply-To: x@y\r\n\r\n", quiet), b"Reply-To: x@y\r\n\r\n");
        assert_eq!(recipients_header(b"Bcc: a@b\r\n\r\n", Additions::default()), b"\r\n");
        let dated = Additions { date: Some("D"), ..Additions::default() };
        assert_eq!(recipients_header(b"", dated), b"Date: D\r\n\r\n");
    }

    #[test]
    fn the_sender_sees_whom_it_went_to() {
        let header = b"From: me@ent.fr\r\nDate: D\r\nMessage-ID: <i>\r\n\r\n";
        let other = Additions { date: Some("x"), message_id: Some("x"), reply_to: Some("x") };
        assert_eq!(sender_header(header, other, &[]), header);
        let hidden: Vec<String> = (0..5).map(|number| format!("parents.terminale-{number}@ent.example.fr")).collect();
        let kept = sender_header(header, Additions::default(), &hidden);
        assert_eq!(check(&kept).unwrap().in_bcc, hidden);
        assert!(kept.split(|&octet| octet == b'\n').all(|line| line.len() <= LINE_BYTES_MAX + 1));
        assert!(kept.ends_with(header));
        let dated = Additions { date: Some("D"), ..Additions::default() };
        let with_bcc = sender_header(HEADER, dated, &["hidden@ent.fr".to_owned()]);
        assert_eq!(with_bcc, [b"Bcc: hidden@ent.fr\r\nDate: D\r\n", HEADER].concat());
    }
}
