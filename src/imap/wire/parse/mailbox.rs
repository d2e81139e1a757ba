//! Commands about mailboxes: SELECT, LIST with its extensions, STATUS, quotas.

use super::super::command::{Access, CommandBody, List, Resync, SequenceSet, StatusItem};
use super::super::framer::BadCommand;
use super::cursor::{Cursor, Parsed};
use super::metadata;
use crate::model::{ModSeq, UidValidity};

/// RFC 9051 §6.3.2, §6.3.3; RFC 7162 §3.1.8, §3.2.5
pub(super) fn select(cursor: &mut Cursor<'_>, access: Access) -> Parsed<CommandBody> {
    const WHAT: &str = "CONDSTORE or QRESYNC";
    let mailbox = cursor.mailbox()?;
    cursor.spaces();
    let (mut condstore, mut known) = (false, None);
    if !cursor.is_at_end() {
        cursor.list_of_some(WHAT, |cursor| match cursor.word(WHAT)?.as_str() {
            "CONDSTORE" => {
                condstore = true;
                Ok(())
            }
            "QRESYNC" if known.is_none() => {
                cursor.space()?;
                known = Some(resync(cursor)?);
                Ok(())
            }
            _ => Err(BadCommand::Syntax(WHAT)),
        })?;
    }
    Ok(CommandBody::Select { mailbox, access, condstore, qresync: known })
}

/// `(uidvalidity mod-sequence [known-uids] [(known-sequence-set known-uid-set)])`
fn resync(cursor: &mut Cursor<'_>) -> Parsed<Resync> {
    cursor.expect(b'(', "what is known of the mailbox")?;
    cursor.spaces();
    let uid_validity = UidValidity(cursor.number32("a UIDVALIDITY")?);
    cursor.space()?;
    let mod_seq = ModSeq(cursor.number63("a mod-sequence")?);
    let (mut known, mut samples) = (None, None);
    cursor.spaces();
    if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        known = Some(known_set(cursor)?);
        cursor.spaces();
    }
    if cursor.accept(b'(') {
        cursor.spaces();
        let numbers = known_set(cursor)?;
        cursor.space()?;
        samples = Some((numbers, known_set(cursor)?));
        cursor.spaces();
        cursor.expect(b')', "the end of the known numbers")?;
        cursor.spaces();
    }
    cursor.expect(b')', "the end of what is known")?;
    Ok(Resync { uid_validity, mod_seq, known, samples })
}

/// `known-uids`: a set without `*`.
fn known_set(cursor: &mut Cursor<'_>) -> Parsed<SequenceSet> {
    match cursor.sequence_set()? {
        SequenceSet::Ranges(ranges) if ranges.iter().all(|(from, to)| from.is_some() && to.is_some()) => {
            Ok(SequenceSet::Ranges(ranges))
        }
        _ => Err(BadCommand::Syntax("a set without *")),
    }
}

/// RFC 9051 §6.3.4, RFC 6154 §3
pub(super) fn create(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    const WHAT: &str = "USE and attributes";
    let mailbox = cursor.mailbox()?;
    cursor.spaces();
    let mut uses = Vec::new();
    if !cursor.is_at_end() {
        cursor.expect(b'(', WHAT)?;
        cursor.spaces();
        if !cursor.keyword("USE") {
            return Err(BadCommand::Syntax(WHAT));
        }
        cursor.space()?;
        uses = cursor.list_of_some(WHAT, |cursor| {
            cursor.expect(b'\\', WHAT)?;
            Ok(format!("\\{}", cursor.atom(WHAT)?))
        })?;
        cursor.spaces();
        cursor.expect(b')', WHAT)?;
    }
    Ok(CommandBody::Create { mailbox, uses })
}

/// RFC 9051 §6.3.6
pub(super) fn rename(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let from = cursor.mailbox()?;
    cursor.space()?;
    Ok(CommandBody::Rename { from, to: cursor.mailbox()? })
}

/// RFC 3501 §6.3.9
pub(super) fn lsub(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let reference = cursor.mailbox_text()?;
    cursor.space()?;
    Ok(CommandBody::Lsub { reference, pattern: cursor.mailbox_pattern()? })
}

/// RFC 9051 §6.3.9, RFC 5258 §3, RFC 6154 §3, RFC 5819 §2
pub(super) fn list(cursor: &mut Cursor<'_>) -> Parsed<List> {
    let mut list = List::default();
    if cursor.peek() == Some(b'(') {
        list.extended = true;
        cursor.list(|cursor| selection(cursor, &mut list))?;
        cursor.space()?;
        if list.select_recursive_match && !list.select_subscribed && !list.select_special_use {
            return Err(BadCommand::Syntax("another option besides RECURSIVEMATCH"));
        }
    }
    list.reference = cursor.mailbox_text()?;
    cursor.space()?;
    if cursor.peek() == Some(b'(') {
        list.extended = true;
        list.patterns = cursor.list_of_some("a pattern", Cursor::mailbox_pattern)?;
    } else {
        list.patterns = vec![cursor.mailbox_pattern()?];
    }
    cursor.spaces();
    if !cursor.is_at_end() {
        list.extended = true;
        if !cursor.keyword("RETURN") {
            return Err(BadCommand::Syntax("RETURN"));
        }
        cursor.space()?;
        cursor.list(|cursor| return_option(cursor, &mut list))?;
    }
    Ok(list)
}

fn selection(cursor: &mut Cursor<'_>, list: &mut List) -> Parsed<()> {
    const WHAT: &str = "a selection option of LIST";
    let chosen = match cursor.word(WHAT)?.as_str() {
        "SUBSCRIBED" => &mut list.select_subscribed,
        "REMOTE" => &mut list.select_remote,
        "RECURSIVEMATCH" => &mut list.select_recursive_match,
        "SPECIAL-USE" => &mut list.select_special_use,
        _ => return Err(BadCommand::Syntax(WHAT)),
    };
    *chosen = true;
    Ok(())
}

fn return_option(cursor: &mut Cursor<'_>, list: &mut List) -> Parsed<()> {
    const WHAT: &str = "a return option of LIST";
    let chosen = match cursor.word(WHAT)?.as_str() {
        "SUBSCRIBED" => &mut list.return_subscribed,
        "CHILDREN" => &mut list.return_children,
        "SPECIAL-USE" => &mut list.return_special_use,
        "STATUS" => {
            cursor.space()?;
            list.return_status = Some(status_items(cursor)?);
            return Ok(());
        }
        "METADATA" => {
            cursor.space()?;
            list.return_metadata = Some(metadata::list_option(cursor)?);
            return Ok(());
        }
        _ => return Err(BadCommand::Syntax(WHAT)),
    };
    *chosen = true;
    Ok(())
}

/// RFC 9051 §6.3.11
pub(super) fn status(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mailbox = cursor.mailbox()?;
    cursor.space()?;
    Ok(CommandBody::Status { mailbox, items: status_items(cursor)? })
}

fn status_items(cursor: &mut Cursor<'_>) -> Parsed<Vec<StatusItem>> {
    const WHAT: &str = "a STATUS item";
    cursor.list_of_some(WHAT, |cursor| {
        let word = cursor.word(WHAT)?;
        StatusItem::ALL.into_iter().find(|item| item.name() == word).ok_or(BadCommand::Syntax(WHAT))
    })
}

/// RFC 9208 §4.1.1. What is asked does not matter: it is always refused.
pub(super) fn set_quota(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    cursor.astring()?;
    cursor.space()?;
    cursor.list(|cursor| {
        cursor.atom("a resource")?;
        cursor.space()?;
        cursor.octets("a limit")
    })?;
    Ok(CommandBody::SetQuota)
}
