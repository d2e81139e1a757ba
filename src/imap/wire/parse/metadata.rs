//! GETMETADATA, SETMETADATA, and METADATA among the return options of LIST (RFC 5464 §5, RFC 9590 §5).

use super::super::command::{CommandBody, MailboxArgument};
use super::super::framer::BadCommand;
use super::super::metadata::{Annotated, GetMetadata, SetMetadata};
use super::cursor::{Cursor, Parsed, utf8};
use crate::domain::metadata::Depth;
use crate::model::AnnotationName;

/// Names in one command: each is looked for among all that there are.
const NAMES_MAX: usize = 100;

/// Options stand before the mailbox by the grammar and behind it in the examples: both are taken.
pub(super) fn get(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mut ask = GetMetadata::default();
    if cursor.peek() == Some(b'(') {
        options(cursor, &mut ask)?;
        cursor.space()?;
    }
    let of = annotated(cursor)?;
    cursor.space()?;
    let mut ahead = *cursor;
    if options(&mut ahead, &mut ask).is_ok() {
        *cursor = ahead;
        cursor.space()?;
    }
    ask.names = names(cursor)?;
    Ok(CommandBody::GetMetadata(of, ask))
}

/// `SETMETADATA name (entry value …)`
pub(super) fn set(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let of = annotated(cursor)?;
    cursor.space()?;
    let values = cursor.list_of_some("an entry and its value", |cursor| {
        let name = name(cursor)?;
        cursor.space()?;
        let value = cursor.nstring8()?;
        if !name.names_one() {
            return Err(BadCommand::Syntax("the whole name of an entry"));
        }
        Ok((name, value))
    })?;
    if values.len() > NAMES_MAX {
        return Err(BadCommand::Syntax("fewer entries"));
    }
    Ok(CommandBody::SetMetadata(of, SetMetadata { values }))
}

/// Behind METADATA in RETURN: options and entries in parentheses.
pub(super) fn list_option(cursor: &mut Cursor<'_>) -> Parsed<GetMetadata> {
    let mut ask = GetMetadata::default();
    cursor.expect(b'(', "entries in parentheses")?;
    cursor.spaces();
    if cursor.peek() == Some(b'(') {
        options(cursor, &mut ask)?;
        cursor.space()?;
    }
    loop {
        ask.names.push(name(cursor)?);
        cursor.spaces();
        if cursor.accept(b')') {
            break;
        }
    }
    check_count(ask.names).map(|names| GetMetadata { names, ..ask })
}

fn annotated(cursor: &mut Cursor<'_>) -> Parsed<Annotated> {
    let text = cursor.astring_text()?;
    if text.is_empty() {
        return Ok(Annotated::Server);
    }
    Ok(Annotated::Mailbox(MailboxArgument::read(cursor.limits.names, &text)))
}

/// `(MAXSIZE 1024 DEPTH infinity)`
fn options(cursor: &mut Cursor<'_>, ask: &mut GetMetadata) -> Parsed<()> {
    const WHAT: &str = "MAXSIZE or DEPTH";
    let mut read = ask.clone();
    cursor.list_of_some(WHAT, |cursor| {
        match cursor.word(WHAT)?.as_str() {
            "MAXSIZE" => {
                cursor.space()?;
                read.bytes_max = Some(u64::from(cursor.number32("a number of octets")?));
            }
            "DEPTH" => {
                cursor.space()?;
                read.depth = match cursor.word("a depth")?.as_str() {
                    "0" => Depth::Zero,
                    "1" => Depth::One,
                    "INFINITY" => Depth::Infinity,
                    _ => return Err(BadCommand::Syntax("0, 1 or infinity")),
                };
            }
            _ => return Err(BadCommand::Syntax(WHAT)),
        }
        Ok(())
    })?;
    *ask = read;
    Ok(())
}

fn names(cursor: &mut Cursor<'_>) -> Parsed<Vec<AnnotationName>> {
    let names = match cursor.peek() {
        Some(b'(') => cursor.list_of_some("an entry", name)?,
        _ => vec![name(cursor)?],
    };
    check_count(names)
}

fn check_count(names: Vec<AnnotationName>) -> Parsed<Vec<AnnotationName>> {
    if names.len() > NAMES_MAX { Err(BadCommand::Syntax("fewer entries")) } else { Ok(names) }
}

fn name(cursor: &mut Cursor<'_>) -> Parsed<AnnotationName> {
    const WHAT: &str = "the name of an entry";
    let text = utf8(&cursor.astring()?)?;
    AnnotationName::parse(&text).ok_or(BadCommand::Syntax(WHAT))
}
