//! UIDBATCHES (RFC 10022 §3).

use super::super::command::{CommandBody, UidBatches};
use super::super::framer::BadCommand;
use super::cursor::{Cursor, Parsed};

/// `500`, `500 1:3`
pub(super) fn uid_batches(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let size = positive(cursor, "a number of messages")?;
    cursor.spaces();
    let mut range = None;
    if !cursor.is_at_end() {
        const WHAT: &str = "a range of batches such as 1:3";
        let first = positive(cursor, WHAT)?;
        cursor.expect(b':', WHAT)?;
        range = Some((first, positive(cursor, WHAT)?));
    }
    Ok(CommandBody::UidBatches(UidBatches { size, range }))
}

/// `nz-number`
fn positive(cursor: &mut Cursor<'_>, what: &'static str) -> Parsed<u32> {
    cursor.number32(what).and_then(|number| if number == 0 { Err(BadCommand::Syntax(what)) } else { Ok(number) })
}
