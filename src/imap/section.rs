//! PURE: what `BODY[…]` and its old names mean: octets of the stored message (RFC 9051 §6.4.5.1).

use std::ops::Range;

use super::wire::command::{FetchItem, Partial, Rfc822, Section, SectionText};
use crate::domain::messages::Need;
use crate::mime::{Parts, Place};

/// Where a section's octets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source<'a> {
    /// From the first octet of the message.
    Octets(Range<u64>),
    /// Some fields of the header block that lies there; `wanted`: those named, else the others.
    Fields { header: Range<u64>, names: &'a [String], wanted: bool },
    /// The message has no such section.
    Missing,
}

/// The columns that these items need.
pub(super) fn need(items: &[FetchItem]) -> Need {
    let mut need = Need::default();
    for item in items {
        match item {
            FetchItem::Envelope => need.envelope = true,
            FetchItem::BodyStructure | FetchItem::Body => need.body_structure = true,
            FetchItem::Rfc822(Rfc822::Header) => need.header = true,
            FetchItem::Rfc822(Rfc822::Whole | Rfc822::Text) => (need.header, need.body) = (true, true),
            FetchItem::Section { section, .. } => {
                need.header = true;
                need.parts |= !section.path.is_empty();
                need.body |= !section.path.is_empty() || matches!(section.text, SectionText::All | SectionText::Text);
            }
            FetchItem::Preview => need.preview = true,
            FetchItem::Uid | FetchItem::Flags | FetchItem::InternalDate | FetchItem::Size | FetchItem::ModSeq => {}
            FetchItem::EmailId | FetchItem::ThreadId | FetchItem::SaveDate => {}
        }
    }
    need
}

/// Does reading this item set `\Seen`? (RFC 9051 §6.4.5; RFC 3501 §6.4.5 for the old names.)
pub(super) fn sets_seen(item: &FetchItem) -> bool {
    matches!(
        item,
        FetchItem::Section { peek: false, .. } | FetchItem::Rfc822(Rfc822::Whole) | FetchItem::Rfc822(Rfc822::Text)
    )
}

/// Finds a section. The header block takes the first `header_size` of the message's `size` octets.
pub(super) fn find<'a>(section: &'a Section, parts: &Parts, header_size: u64, size: u64) -> Source<'a> {
    let place = match &section.text {
        SectionText::All => Place::All,
        SectionText::Text => Place::Text,
        SectionText::Mime => Place::Mime,
        SectionText::Header | SectionText::HeaderFields(_) | SectionText::HeaderFieldsNot(_) => Place::Header,
    };
    let range = match (section.path.is_empty(), place) {
        (true, Place::All) => Some(0..size),
        (true, Place::Header) => Some(0..header_size),
        (true, Place::Text) => Some(header_size..size),
        (true, Place::Mime) => None,
        (false, place) => parts.range(&section.path, place),
    };
    match (range, &section.text) {
        (None, _) => Source::Missing,
        (Some(header), SectionText::HeaderFields(names)) => Source::Fields { header, names, wanted: true },
        (Some(header), SectionText::HeaderFieldsNot(names)) => Source::Fields { header, names, wanted: false },
        (Some(range), _) => Source::Octets(range),
    }
}

/// The section that an old name stands for.
pub(super) fn of_rfc822(name: Rfc822) -> Section {
    let text = match name {
        Rfc822::Whole => SectionText::All,
        Rfc822::Header => SectionText::Header,
        Rfc822::Text => SectionText::Text,
    };
    Section { path: Vec::new(), text }
}

/// What a partial leaves of a range; nothing where it begins behind the end (RFC 9051 §6.4.5).
pub(super) fn cut(range: Range<u64>, partial: Option<Partial>) -> Range<u64> {
    let Some(Partial { offset, count }) = partial else { return range };
    let start = range.start.saturating_add(offset).min(range.end);
    start..start.saturating_add(count).min(range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"Subject: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain\r\n\r\nun\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: c\r\n\r\ndeux\r\n--b--\r\n";

    fn octets(path: &[u32], text: SectionText) -> Option<&'static str> {
        let section = Section { path: path.to_vec(), text };
        let header = MESSAGE.windows(4).position(|four| four == b"\r\n\r\n").unwrap() as u64 + 4;
        match find(&section, &Parts::of(MESSAGE), header, MESSAGE.len() as u64) {
            Source::Octets(range) => std::str::from_utf8(
                &MESSAGE[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()],
            )
            .ok(),
            Source::Fields { .. } => panic!("fields"),
            Source::Missing => None,
        }
    }

    #[test]
    fn sections_are_found_by_number() {
        assert_eq!(octets(&[], SectionText::All).map(str::len), Some(MESSAGE.len()));
        assert_eq!(octets(&[1], SectionText::All), Some("un"));
        assert_eq!(octets(&[1], SectionText::Mime), Some("Content-Type: text/plain\r\n\r\n"));
        assert_eq!(octets(&[2], SectionText::Header), Some("Subject: c\r\n\r\n"));
        assert_eq!(octets(&[2, 1], SectionText::All), Some("deux"));
        assert_eq!(octets(&[3], SectionText::All), None);
        assert_eq!(octets(&[1], SectionText::Header), None);
    }

    #[test]
    fn a_partial_is_cut_at_the_end_and_empty_behind_it() {
        let partial = |offset, count| Some(Partial { offset, count });
        assert_eq!(cut(10..20, None), 10..20);
        assert_eq!(cut(10..20, partial(0, 4)), 10..14);
        assert_eq!(cut(10..20, partial(8, 400)), 18..20);
        assert_eq!(cut(10..20, partial(10, 4)), 20..20);
        assert_eq!(cut(10..20, partial(u64::MAX, u64::MAX)), 20..20);
    }

    #[test]
    fn only_what_is_needed_is_read() {
        let peek =
            |path: Vec<u32>, text| FetchItem::Section { section: Section { path, text }, peek: true, partial: None };
        let header = Need { header: true, ..Need::default() };
        assert_eq!(need(&[FetchItem::Flags, FetchItem::Size, FetchItem::Uid]), Need::default());
        assert_eq!(need(&[peek(vec![], SectionText::HeaderFields(vec!["To".to_owned()]))]), header);
        assert_eq!(need(&[peek(vec![], SectionText::All)]), Need { body: true, ..header });
        assert_eq!(need(&[peek(vec![1], SectionText::Mime)]), Need { body: true, parts: true, ..header });
    }
}
