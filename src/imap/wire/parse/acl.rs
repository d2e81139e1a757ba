//! MYRIGHTS, GETACL, LISTRIGHTS, SETACL, DELETEACL (RFC 4314 §3, §7).

use super::super::command::CommandBody;
use super::super::framer::BadCommand;
use super::cursor::{Cursor, Parsed};

/// The rights there are, with the old ones (RFC 4314 §2.1, §2.1.1).
const RIGHTS: &str = "lrswipkxteacd";

/// The arguments of one of them.
pub(super) fn acl(verb: &str, cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mailbox = cursor.mailbox()?;
    if verb == "MYRIGHTS" {
        return Ok(CommandBody::MyRights(mailbox));
    }
    if verb == "GETACL" {
        return Ok(CommandBody::GetAcl(mailbox));
    }
    cursor.space()?;
    let identifier = cursor.astring_text()?;
    if identifier.is_empty() {
        return Err(BadCommand::Syntax("somebody"));
    }
    if verb == "LISTRIGHTS" {
        return Ok(CommandBody::ListRights { mailbox, identifier });
    }
    if verb == "DELETEACL" {
        return Ok(CommandBody::DeleteAcl(mailbox));
    }
    cursor.space()?;
    rights(&cursor.astring_text()?)?;
    Ok(CommandBody::SetAcl(mailbox))
}

/// `mod-rights`: a right that nobody knows is an error (RFC 4314 §3.1).
fn rights(text: &str) -> Parsed<()> {
    let rights = text.strip_prefix(['+', '-']).unwrap_or(text);
    match rights.chars().all(|right| RIGHTS.contains(right)) {
        true => Ok(()),
        false => Err(BadCommand::Syntax("rights that exist")),
    }
}
