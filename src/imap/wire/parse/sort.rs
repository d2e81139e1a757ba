//! SORT and THREAD (RFC 5256 §5, RFC 5957 §4, RFC 5267 §6): the charset is not optional, and search keys follow.

use super::super::command::{CommandBody, Numbers};
use super::super::framer::BadCommand;
use super::super::sort::{Sort, SortCriterion, SortKey, ThreadAlgorithm, ThreadAsk};
use super::cursor::{Cursor, Parsed};
use super::search;

/// The arguments of SORT.
pub(super) fn sort(cursor: &mut Cursor<'_>, numbers: Numbers) -> Parsed<CommandBody> {
    let returns = search::returns(cursor)?;
    let criteria = cursor.list_of_some("a sort criterion", criterion)?;
    cursor.space()?;
    let search = search::with_charset(cursor, numbers, returns)?;
    Ok(CommandBody::Sort(Sort { criteria, search }))
}

fn criterion(cursor: &mut Cursor<'_>) -> Parsed<SortCriterion> {
    const WHAT: &str = "a sort criterion";
    let reverse = cursor.keyword("REVERSE");
    if reverse {
        cursor.space()?;
    }
    let key = SortKey::named(&cursor.word(WHAT)?).ok_or(BadCommand::Syntax(WHAT))?;
    Ok(SortCriterion { key, reverse })
}

/// The arguments of THREAD.
pub(super) fn thread(cursor: &mut Cursor<'_>, numbers: Numbers) -> Parsed<CommandBody> {
    let algorithm = match cursor.word("an algorithm")?.as_str() {
        "ORDEREDSUBJECT" => ThreadAlgorithm::OrderedSubject,
        "REFERENCES" => ThreadAlgorithm::References,
        _ => return Err(BadCommand::Syntax("ORDEREDSUBJECT or REFERENCES")),
    };
    cursor.space()?;
    let search = search::with_charset(cursor, numbers, None)?;
    Ok(CommandBody::Thread(ThreadAsk { algorithm, search }))
}
