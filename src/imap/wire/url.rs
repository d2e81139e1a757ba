//! IMAP URLs that name octets of a message (RFC 5092 §6, §7.1, as RFC 4469 §3 uses them):
//! `/INBOX;UIDVALIDITY=7/;UID=20/;SECTION=1.2/;PARTIAL=0.100`, or `/;UID=20` in the selected mailbox. URLs of other servers
//! (`imap://…`), searches and URLAUTH are none of ours.

use super::command::Section;
use super::parse;
use crate::model::{MailboxName, Uid, UidValidity};

/// Such a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageUrl {
    pub mailbox: UrlMailbox,
    pub uid_validity: Option<UidValidity>,
    pub uid: Uid,
    pub section: Section,
    /// Offset, and how many octets: all where that is missing.
    pub partial: Option<(u64, Option<u64>)>,
}

/// Where the message lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlMailbox {
    Named(MailboxName),
    /// A URL without a mailbox is relative to the selected one.
    Selected,
}

impl MessageUrl {
    /// Reads a URL; `None` where it is not one of these.
    pub fn parse(url: &str) -> Option<Self> {
        let (mailbox, mut rest) = split_mailbox(url)?;
        let mut parsed = Self { mailbox, uid_validity: None, uid: Uid(0), section: Section::default(), partial: None };
        if let Some(after) = strip_name(rest, ";UIDVALIDITY=") {
            let (number, after) = after.split_once('/')?;
            parsed.uid_validity = Some(UidValidity(positive(number)?));
            rest = after;
        } else {
            rest = rest.strip_prefix('/').unwrap_or(rest);
        }
        let mut segments = rest.split("/;");
        parsed.uid = Uid(positive(strip_name(segments.next()?, ";UID=")?)?);
        for segment in segments {
            if let Some(section) = strip_name(segment, "SECTION=") {
                parsed.section = parse::url_section(&decode(section)?)?;
            } else {
                let range = strip_name(segment, "PARTIAL=").filter(|_| parsed.partial.is_none())?;
                parsed.partial = Some(partial(range)?);
            }
        }
        Some(parsed)
    }
}

/// The mailbox, and what follows its name.
fn split_mailbox(url: &str) -> Option<(UrlMailbox, &str)> {
    let path = url.strip_prefix('/');
    let text = path.unwrap_or(url);
    if text.starts_with(';') {
        return Some((UrlMailbox::Selected, text));
    }
    // Only an absolute path names a mailbox: what it would be relative to is not ours to guess.
    let path = path.filter(|path| !path.starts_with('/'))?;
    let end = path.find(';')?;
    let (name, rest) = path.split_at(end);
    let name = name.strip_suffix('/').unwrap_or(name);
    Some((UrlMailbox::Named(MailboxName::parse(&decode(name)?).ok()?), rest))
}

/// What follows this name, in any case.
fn strip_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

fn positive(digits: &str) -> Option<u32> {
    number(digits)?.try_into().ok().filter(|number| *number > 0)
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// `0.100`, `100`
fn partial(range: &str) -> Option<(u64, Option<u64>)> {
    match range.split_once('.') {
        Some((offset, count)) => Some((number(offset)?, Some(number(count)?))),
        None => Some((number(range)?, None)),
    }
}

/// Percent-encoded UTF-8 (RFC 3986 §2.1).
fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        if *octet != b'%' {
            octets.push(*octet);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        octets.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::super::command::SectionText;
    use super::*;

    #[test]
    fn urls_of_messages() {
        let inbox = UrlMailbox::Named(MailboxName::parse("INBOX").unwrap());
        let plain =
            MessageUrl { mailbox: inbox, uid_validity: None, uid: Uid(20), section: Section::default(), partial: None };
        assert_eq!(MessageUrl::parse("/INBOX/;UID=20"), Some(plain.clone()));
        assert_eq!(MessageUrl::parse("/inbox/;uid=20"), Some(plain.clone()));
        let valid = MessageUrl { uid_validity: Some(UidValidity(785_799_047)), ..plain.clone() };
        assert_eq!(MessageUrl::parse("/INBOX;UIDVALIDITY=785799047/;UID=20"), Some(valid.clone()));
        let section = Section { path: vec![1, 2], text: SectionText::Mime };
        let whole = MessageUrl { section, partial: Some((0, Some(9))), ..valid };
        assert_eq!(
            MessageUrl::parse("/INBOX;UIDVALIDITY=785799047/;UID=20/;SECTION=1.2.MIME/;PARTIAL=0.9"),
            Some(whole)
        );
        let fields =
            Section { path: Vec::new(), text: SectionText::HeaderFields(vec!["Subject".to_owned(), "To".to_owned()]) };
        assert_eq!(
            MessageUrl::parse("/;UID=20/;SECTION=HEADER.FIELDS%20(Subject%20To)/;PARTIAL=7"),
            Some(MessageUrl { mailbox: UrlMailbox::Selected, section: fields, partial: Some((7, None)), ..plain })
        );
        let named = MessageUrl::parse("/%C3%89l%C3%A8ves/6e%20B;UIDVALIDITY=1/;UID=1").unwrap();
        assert_eq!(named.mailbox, UrlMailbox::Named(MailboxName::parse("Élèves/6e B").unwrap()));
    }

    #[test]
    fn what_is_no_such_url() {
        for url in [
            "",
            "/",
            "/INBOX",
            "/INBOX/;UID=0",
            "/INBOX/;UID=x",
            "/INBOX/;UID=+1",
            "/INBOX;UIDVALIDITY=0/;UID=1",
            "/INBOX;UIDVALIDITY=1",
            "/INBOX/;UID=1/;SECTION=9.9.9.X",
            "/INBOX/;UID=1/;SECTION=1/x",
            "/INBOX/;UID=1/;PARTIAL=",
            "/INBOX/;UID=1;URLAUTH=anonymous",
            "/INBOX?SUBJECT%20x",
            "/IN%BOX/;UID=1",
            "/%FF/;UID=1",
            "INBOX/;UID=1",
            "//host/INBOX/;UID=1",
            "imap://host/INBOX/;UID=1",
        ] {
            assert_eq!(MessageUrl::parse(url), None, "{url}");
        }
    }
}
