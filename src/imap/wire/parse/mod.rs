//! PURE: reads one whole command, its literals in place (RFC 9051 §6, §9; RFC 3501 §9 and the extensions that are offered).
//!
//! Words are blind to case, and spaces may be several, or stand before the end and inside parentheses, as real clients send them;
//! everything else is as the grammar has it. `tests/imap_grammar.rs` holds this parser against imap-codec.

mod acl;
mod append;
mod cursor;
mod fetch;
mod mailbox;
mod metadata;
mod notify;
mod search;
mod sort;
mod uid_batches;
mod value;

pub(super) use self::append::{AppendRead, Behind, append_next};
use self::cursor::{Cursor, Parsed};
use super::append::AppendHead;
use super::command::{Access, Command, CommandBody, Numbers, Section};
use super::framer::{BadCommand, FrameLimits};
use crate::model::Secret;
use crate::sasl;

/// What a command that announces a literal is about to send.
pub(super) enum LiteralStart {
    /// Octets of a message, or an argument before them.
    Append { tag: String, read: AppendRead<AppendHead> },
    /// An argument of another command.
    Argument,
}

/// The tag, where a command begins with a proper one and it is all there: for BAD.
pub(super) fn tag_of(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'\r' | b'\n'))?;
    let tag = bytes.get(..end).filter(|tag| !tag.is_empty() && tag.iter().all(|byte| cursor::is_tag_char(*byte)))?;
    String::from_utf8(tag.to_vec()).ok()
}

/// A whole command, given without its end of line.
pub(super) fn command(bytes: &[u8], limits: &FrameLimits) -> Result<Command, BadCommand> {
    let mut cursor = Cursor::new(bytes, limits);
    let tag = cursor.tag()?;
    cursor.space()?;
    let verb = cursor.word("a command")?;
    let body = body(&verb, &mut cursor)?;
    cursor.end()?;
    Ok(Command { tag, body })
}

/// A command up to and with the announcement of a literal: refused early where no such command exists.
pub(super) fn literal_start(bytes: &[u8], limits: &FrameLimits) -> Result<LiteralStart, BadCommand> {
    let mut cursor = Cursor::new(bytes, limits);
    let tag = cursor.tag()?;
    cursor.space()?;
    let mut verb = cursor.word("a command")?;
    let mut numbers = Numbers::Sequence;
    if verb == "UID" {
        numbers = Numbers::Uid;
        let mut ahead = cursor;
        ahead.space()?;
        if let Ok(word) = ahead.word("")
            && word == "REPLACE"
        {
            (verb, cursor) = (word, ahead);
        }
    }
    if !append::is_append(&verb) {
        return if takes_arguments(&verb) { Ok(LiteralStart::Argument) } else { Err(BadCommand::UnknownCommand) };
    }
    cursor.space()?;
    let read = append::head(&mut cursor, &verb, numbers)?;
    Ok(LiteralStart::Append { tag, read })
}

/// APPEND or REPLACE whose messages are in URLs alone: another one announces a literal.
fn append_whole(verb: &str, cursor: &mut Cursor<'_>, numbers: Numbers) -> Parsed<CommandBody> {
    match append::head(cursor, verb, numbers)? {
        AppendRead::Line { line: head, .. } if head.line.literal.is_none() => Ok(CommandBody::Append(head)),
        _ => Err(BadCommand::Syntax("a message literal")),
    }
}

/// The verbs that carry arguments, so perhaps a literal.
fn takes_arguments(verb: &str) -> bool {
    const VERBS: [&str; 39] = [
        "APPEND",
        "AUTHENTICATE",
        "CANCELUPDATE",
        "COMPRESS",
        "COPY",
        "CREATE",
        "DELETE",
        "DELETEACL",
        "ENABLE",
        "ESEARCH",
        "EXAMINE",
        "FETCH",
        "GETACL",
        "GETMETADATA",
        "GETQUOTA",
        "GETQUOTAROOT",
        "ID",
        "LIST",
        "LISTRIGHTS",
        "LOGIN",
        "LSUB",
        "MOVE",
        "MYRIGHTS",
        "NOTIFY",
        "RENAME",
        "REPLACE",
        "SEARCH",
        "SELECT",
        "SETACL",
        "SETMETADATA",
        "SETQUOTA",
        "SORT",
        "STATUS",
        "STORE",
        "SUBSCRIBE",
        "THREAD",
        "UID",
        "UIDBATCHES",
        "UNSUBSCRIBE",
    ];
    VERBS.contains(&verb)
}

/// The section of a URL, decoded (RFC 5092 §7.1): all of it, or `None`.
pub(super) fn url_section(text: &str) -> Option<Section> {
    let limits = FrameLimits::for_text(text.len());
    let mut cursor = Cursor::new(text.as_bytes(), &limits);
    let section = fetch::section(&mut cursor).ok()?;
    cursor.is_at_end().then_some(section)
}

fn body(verb: &str, cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    Ok(match verb {
        "CAPABILITY" => CommandBody::Capability,
        "NOOP" => CommandBody::Noop,
        "LOGOUT" => CommandBody::Logout,
        "STARTTLS" => CommandBody::StartTls,
        "NAMESPACE" => CommandBody::Namespace,
        "IDLE" => CommandBody::Idle,
        "CHECK" => CommandBody::Check,
        "CLOSE" => CommandBody::Close,
        "UNSELECT" => CommandBody::Unselect,
        "UNAUTHENTICATE" => CommandBody::Unauthenticate,
        "EXPUNGE" => CommandBody::Expunge { uids: None },
        _ if takes_arguments(verb) => {
            cursor.space()?;
            body_with_arguments(verb, cursor)?
        }
        _ => return Err(BadCommand::UnknownCommand),
    })
}

fn body_with_arguments(verb: &str, cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    match verb {
        "ID" => id(cursor),
        "AUTHENTICATE" => authenticate(cursor),
        "LOGIN" => login(cursor),
        "COMPRESS" => Ok(CommandBody::Compress(cursor.word("a compression")?)),
        "ENABLE" => enable(cursor),
        "SELECT" => mailbox::select(cursor, Access::ReadWrite),
        "EXAMINE" => mailbox::select(cursor, Access::ReadOnly),
        "CREATE" => mailbox::create(cursor),
        "DELETE" => Ok(CommandBody::Delete(cursor.mailbox()?)),
        "RENAME" => mailbox::rename(cursor),
        "SUBSCRIBE" => Ok(CommandBody::Subscribe(cursor.mailbox()?)),
        "UNSUBSCRIBE" => Ok(CommandBody::Unsubscribe(cursor.mailbox()?)),
        "LIST" => Ok(CommandBody::List(mailbox::list(cursor)?)),
        "LSUB" => mailbox::lsub(cursor),
        "STATUS" => mailbox::status(cursor),
        "GETQUOTA" => Ok(CommandBody::GetQuota { root: cursor.astring_text()? }),
        "GETQUOTAROOT" => Ok(CommandBody::GetQuotaRoot(cursor.mailbox()?)),
        "SETQUOTA" => mailbox::set_quota(cursor),
        "MYRIGHTS" | "GETACL" | "LISTRIGHTS" | "SETACL" | "DELETEACL" => acl::acl(verb, cursor),
        "GETMETADATA" => metadata::get(cursor),
        "SETMETADATA" => metadata::set(cursor),
        "NOTIFY" => notify::notify(cursor),
        "CANCELUPDATE" => notify::cancel_update(cursor),
        "ESEARCH" => notify::esearch(cursor),
        "UID" => uid(cursor),
        "UIDBATCHES" => uid_batches::uid_batches(cursor),
        "APPEND" => append_whole(verb, cursor, Numbers::Sequence),
        _ => with_numbers(verb, cursor, Numbers::Sequence),
    }
}

/// UID and the command that it changes (RFC 9051 §6.4.9, RFC 4315 §2.1).
fn uid(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let verb = cursor.word("a command behind UID")?;
    cursor.space()?;
    match verb.as_str() {
        "EXPUNGE" => Ok(CommandBody::Expunge { uids: Some(cursor.sequence_set()?) }),
        _ => with_numbers(&verb, cursor, Numbers::Uid),
    }
}

fn with_numbers(verb: &str, cursor: &mut Cursor<'_>, numbers: Numbers) -> Parsed<CommandBody> {
    match verb {
        "REPLACE" => append_whole(verb, cursor, numbers),
        "FETCH" => Ok(CommandBody::Fetch(fetch::fetch(cursor, numbers)?)),
        "STORE" => Ok(CommandBody::Store(fetch::store(cursor, numbers)?)),
        "SEARCH" => Ok(CommandBody::Search(search::search(cursor, numbers)?)),
        "SORT" => sort::sort(cursor, numbers),
        "THREAD" => sort::thread(cursor, numbers),
        "COPY" => {
            let (set, mailbox) = fetch::set_and_mailbox(cursor)?;
            Ok(CommandBody::Copy { set, numbers, mailbox })
        }
        "MOVE" => {
            let (set, mailbox) = fetch::set_and_mailbox(cursor)?;
            Ok(CommandBody::Move { set, numbers, mailbox })
        }
        _ => Err(BadCommand::UnknownCommand),
    }
}

/// RFC 2971 §3.1
fn id(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    if cursor.keyword("NIL") {
        return Ok(CommandBody::Id(None));
    }
    let fields = cursor.list(|cursor| {
        let key = cursor.string()?;
        cursor.space()?;
        let value = cursor.nstring()?;
        let value = value.map(|value| String::from_utf8_lossy(&value).into_owned());
        Ok((String::from_utf8_lossy(&key).to_lowercase(), value))
    })?;
    Ok(CommandBody::Id(Some(fields)))
}

/// RFC 9051 §6.2.2, RFC 4959
fn authenticate(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mechanism = cursor.word("a mechanism")?;
    cursor.spaces();
    if cursor.is_at_end() {
        return Ok(CommandBody::Authenticate { mechanism, initial: None });
    }
    let text = cursor.take_while(|byte| byte.is_ascii_graphic());
    let initial = sasl::decode(text).ok_or(BadCommand::Syntax("an initial response in base64"))?;
    Ok(CommandBody::Authenticate { mechanism, initial: Some(initial) })
}

/// RFC 9051 §6.2.3
fn login(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let name = Secret::new(cursor.astring()?);
    cursor.space()?;
    Ok(CommandBody::Login { name, password: Secret::new(cursor.astring()?) })
}

/// RFC 5161 §3.1
fn enable(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mut words = vec![cursor.word("a capability")?];
    loop {
        cursor.spaces();
        if cursor.is_at_end() {
            return Ok(CommandBody::Enable(words));
        }
        cursor.one_more(words.len())?;
        words.push(cursor.word("a capability")?);
    }
}

#[cfg(test)]
mod tests;
