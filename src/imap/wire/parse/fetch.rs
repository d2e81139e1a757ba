//! FETCH, STORE, COPY and MOVE (RFC 9051 §6.4.5 – §6.4.8; RFC 7162 §3.1).

use super::super::command::{
    Fetch, FetchItem, FlagsChange, MailboxArgument, Numbers, Partial, Rfc822, Section, SectionText, SequenceSet, Store,
};
use super::super::framer::BadCommand;
use super::cursor::{Cursor, Parsed};
use crate::model::ModSeq;

const ITEM: &str = "a FETCH item";
const SECTION: &str = "a section";
const MODIFIER: &str = "a FETCH modifier";

/// The arguments of FETCH.
pub(super) fn fetch(cursor: &mut Cursor<'_>, numbers: Numbers) -> Parsed<Fetch> {
    let set = cursor.sequence_set()?;
    cursor.space()?;
    let mut items = Vec::new();
    if cursor.peek() == Some(b'(') {
        cursor.list_of_some(ITEM, |cursor| item(cursor, &mut items))?;
    } else {
        item(cursor, &mut items)?;
    }
    cursor.spaces();
    let mut fetch = Fetch { set, numbers, items, changed_since: None, vanished: false, partial: None };
    if !cursor.is_at_end() {
        cursor.list_of_some(MODIFIER, |cursor| modifier(cursor, &mut fetch))?;
    }
    // RFC 7162 §3.2.6
    if fetch.vanished && (numbers == Numbers::Sequence || fetch.changed_since.is_none()) {
        return Err(BadCommand::Syntax("VANISHED behind UID FETCH and with CHANGEDSINCE"));
    }
    Ok(fetch)
}

/// One modifier (RFC 4466 §2.4).
fn modifier(cursor: &mut Cursor<'_>, fetch: &mut Fetch) -> Parsed<()> {
    match cursor.word(MODIFIER)?.as_str() {
        "CHANGEDSINCE" if fetch.changed_since.is_none() => {
            cursor.space()?;
            fetch.changed_since = Some(ModSeq(cursor.number63("a mod-sequence")?));
        }
        "VANISHED" => fetch.vanished = true,
        // RFC 9394 §3.3
        "PARTIAL" if fetch.partial.is_none() && fetch.numbers == Numbers::Uid => {
            cursor.space()?;
            fetch.partial = Some(cursor.partial_range()?);
        }
        _ => return Err(BadCommand::Syntax(MODIFIER)),
    }
    Ok(())
}

/// `(UNCHANGEDSINCE 7)`
fn unchanged_since(cursor: &mut Cursor<'_>) -> Parsed<ModSeq> {
    let name = "UNCHANGEDSINCE";
    let given = cursor.list(|cursor| {
        if !cursor.keyword(name) {
            return Err(BadCommand::Syntax(name));
        }
        cursor.space()?;
        cursor.number63("a mod-sequence").map(ModSeq)
    })?;
    match given.as_slice() {
        [mod_seq] => Ok(*mod_seq),
        _ => Err(BadCommand::Syntax(name)),
    }
}

/// One item, or a macro, which some clients put in parentheses too.
pub(super) fn item(cursor: &mut Cursor<'_>, items: &mut Vec<FetchItem>) -> Parsed<()> {
    let word = cursor.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'.').to_ascii_uppercase();
    let fast = [FetchItem::Flags, FetchItem::InternalDate, FetchItem::Size];
    items.push(match word.as_slice() {
        b"FAST" => {
            items.extend(fast);
            return Ok(());
        }
        b"ALL" => {
            items.extend(fast.into_iter().chain([FetchItem::Envelope]));
            return Ok(());
        }
        b"FULL" => {
            items.extend(fast.into_iter().chain([FetchItem::Envelope, FetchItem::Body]));
            return Ok(());
        }
        b"UID" => FetchItem::Uid,
        b"FLAGS" => FetchItem::Flags,
        b"INTERNALDATE" => FetchItem::InternalDate,
        b"RFC822.SIZE" => FetchItem::Size,
        b"ENVELOPE" => FetchItem::Envelope,
        b"BODYSTRUCTURE" => FetchItem::BodyStructure,
        b"MODSEQ" => FetchItem::ModSeq,
        b"EMAILID" => FetchItem::EmailId,
        b"THREADID" => FetchItem::ThreadId,
        b"SAVEDATE" => FetchItem::SaveDate,
        b"PREVIEW" => preview(cursor)?,
        b"RFC822" => FetchItem::Rfc822(Rfc822::Whole),
        b"RFC822.HEADER" => FetchItem::Rfc822(Rfc822::Header),
        b"RFC822.TEXT" => FetchItem::Rfc822(Rfc822::Text),
        b"BODY" if cursor.peek() != Some(b'[') => FetchItem::Body,
        b"BODY" => section_item(cursor, false)?,
        b"BODY.PEEK" => section_item(cursor, true)?,
        b"BINARY" => binary_item(cursor, false)?,
        b"BINARY.PEEK" => binary_item(cursor, true)?,
        b"BINARY.SIZE" => FetchItem::BinarySize(binary_section(cursor)?),
        _ => return Err(BadCommand::Syntax(ITEM)),
    });
    Ok(())
}

/// `PREVIEW (LAZY)` (RFC 8970 §6)
fn preview(cursor: &mut Cursor<'_>) -> Parsed<FetchItem> {
    let mut ahead = *cursor;
    ahead.spaces();
    if ahead.peek() == Some(b'(') {
        const WHAT: &str = "LAZY";
        ahead.list_of_some(WHAT, |ahead| if ahead.keyword(WHAT) { Ok(()) } else { Err(BadCommand::Syntax(WHAT)) })?;
        *cursor = ahead;
    }
    Ok(FetchItem::Preview)
}

/// `[1.HEADER]<0.1024>`
fn section_item(cursor: &mut Cursor<'_>, peek: bool) -> Parsed<FetchItem> {
    cursor.expect(b'[', SECTION)?;
    let section = section(cursor)?;
    cursor.expect(b']', "the end of a section")?;
    Ok(FetchItem::Section { section, peek, partial: partial(cursor)? })
}

/// `[1]<0.1024>` (RFC 3516 §4.2)
fn binary_item(cursor: &mut Cursor<'_>, peek: bool) -> Parsed<FetchItem> {
    let path = binary_section(cursor)?;
    Ok(FetchItem::Binary { path, peek, partial: partial(cursor)? })
}

/// `section-binary`: part numbers, or nothing.
fn binary_section(cursor: &mut Cursor<'_>) -> Parsed<Vec<u32>> {
    cursor.expect(b'[', SECTION)?;
    let section = section(cursor)?;
    cursor.expect(b']', "the end of a section")?;
    match section.text {
        SectionText::All => Ok(section.path),
        _ => Err(BadCommand::Syntax("part numbers alone")),
    }
}

/// `<0.1024>`, where it is there.
fn partial(cursor: &mut Cursor<'_>) -> Parsed<Option<Partial>> {
    if cursor.accept(b'<') {
        let offset = cursor.octets("an offset")?;
        cursor.expect(b'.', "a dot")?;
        const COUNT: &str = "a number of octets";
        let count = cursor.octets(COUNT)?;
        if count == 0 {
            return Err(BadCommand::Syntax(COUNT));
        }
        cursor.expect(b'>', "the end of a partial")?;
        return Ok(Some(Partial { offset, count }));
    }
    Ok(None)
}

/// `section-spec`, or nothing.
pub(super) fn section(cursor: &mut Cursor<'_>) -> Parsed<Section> {
    let mut path = Vec::new();
    while cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        match cursor.number32(SECTION)? {
            0 => return Err(BadCommand::Syntax(SECTION)),
            part => path.push(part),
        }
        if !cursor.accept(b'.') {
            return Ok(Section { path, text: SectionText::All });
        }
    }
    let word = cursor.take_while(|byte| byte.is_ascii_alphabetic() || byte == b'.').to_ascii_uppercase();
    let text = match word.as_slice() {
        b"" if path.is_empty() => SectionText::All,
        b"HEADER" => SectionText::Header,
        b"HEADER.FIELDS" => SectionText::HeaderFields(field_names(cursor)?),
        b"HEADER.FIELDS.NOT" => SectionText::HeaderFieldsNot(field_names(cursor)?),
        b"TEXT" => SectionText::Text,
        b"MIME" if !path.is_empty() => SectionText::Mime,
        _ => return Err(BadCommand::Syntax(SECTION)),
    };
    Ok(Section { path, text })
}

fn field_names(cursor: &mut Cursor<'_>) -> Parsed<Vec<String>> {
    cursor.space()?;
    cursor.list_of_some("a field name", Cursor::astring_text)
}

/// The arguments of STORE.
pub(super) fn store(cursor: &mut Cursor<'_>, numbers: Numbers) -> Parsed<Store> {
    let set = cursor.sequence_set()?;
    cursor.space()?;
    let mut unchanged_since = None;
    if cursor.peek() == Some(b'(') {
        unchanged_since = Some(self::unchanged_since(cursor)?);
        cursor.space()?;
    }
    let change = if cursor.accept(b'+') {
        FlagsChange::Add
    } else if cursor.accept(b'-') {
        FlagsChange::Remove
    } else {
        FlagsChange::Replace
    };
    let silent = match cursor.word("FLAGS")?.as_str() {
        "FLAGS" => false,
        "FLAGS.SILENT" => true,
        _ => return Err(BadCommand::Syntax("FLAGS")),
    };
    cursor.space()?;
    let flags = if cursor.peek() == Some(b'(') { cursor.flag_list()? } else { cursor.bare_flags()? };
    Ok(Store { set, numbers, change, silent, flags, unchanged_since })
}

/// The arguments of COPY and MOVE.
pub(super) fn set_and_mailbox(cursor: &mut Cursor<'_>) -> Parsed<(SequenceSet, MailboxArgument)> {
    let set = cursor.sequence_set()?;
    cursor.space()?;
    Ok((set, cursor.mailbox()?))
}
