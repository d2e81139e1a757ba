//! UIDBATCHES (RFC 10022): cuts the mailbox into ranges of UIDs with the same number of messages, so that a client that
//! counts by UID alone can ask for it in pieces.

use super::answer::{Done, Failure, Outcome};
use super::serve::Context;
use super::session::SelectedMailbox;
use super::view::MailboxView;
use super::wire::command::UidBatches;
use super::wire::write::{self, Code};
use crate::config::ImapConfig;
use crate::model::Uid;

/// UIDBATCHES. What it answers has nothing to do with `$`.
pub(super) async fn uid_batches(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    tag: &str,
    ask: UidBatches,
) -> Outcome {
    let size = size(&context.gateway.config.imap, &selected.view, ask)?;
    let batches = batches(&selected.view, size, ask.range);
    write::uid_batches(&mut context.client.out, tag, &batches);
    context.client.drain().await?;
    Ok(Done::new("UIDBATCHES completed"))
}

/// How many messages go into a batch: what was asked, or fewer where one command may not work on as many
/// (RFC 10022 §3).
fn size(config: &ImapConfig, view: &MailboxView, ask: UidBatches) -> Result<usize, Failure> {
    let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let size = number(ask.size);
    if size < config.uid_batch_messages_min {
        return Err(Failure::refused(Code::TooFew, "The batches are too small"));
    }
    let spanned = match ask.range {
        None => number(view.exists()),
        Some((first, last)) if first > last => {
            return Err(Failure::BadWith { code: Code::ClientBug, text: "The first batch comes before the last" });
        }
        Some((first, last)) => number(last - first).saturating_add(1).saturating_mul(size),
    };
    if spanned > config.uid_batches_messages_max {
        return Err(Failure::refused(Code::TooMany, "The batches span too many messages"));
    }
    Ok(config.message_limit.map_or(size, |limit| size.min(limit)))
}

/// The batches asked for (the first is 1), newest first, each from its highest UID down to right above the next one's,
/// the last one's down to 1.
fn batches(view: &MailboxView, size: usize, range: Option<(u32, u32)>) -> Vec<(Uid, Uid)> {
    let place = |batch: u32| usize::try_from(batch).unwrap_or(usize::MAX).saturating_sub(1);
    let (first, last) = range.map_or((0, usize::MAX), |(first, last)| (place(first), place(last)));
    let mut found = Vec::new();
    let mut batch = first;
    // Messages below a batch and in it.
    let mut left = view.len().saturating_sub(first.saturating_mul(size));
    while batch <= last
        && let Some(high) = left.checked_sub(1).and_then(|index| view.uid_at(index))
    {
        left = left.saturating_sub(size);
        let below = left.checked_sub(1).and_then(|index| view.uid_at(index));
        found.push((high, Uid(below.map_or(1, |below| below.0.saturating_add(1)))));
        batch = batch.saturating_add(1);
    }
    found
}
