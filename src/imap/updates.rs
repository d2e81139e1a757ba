//! What has changed in the selected mailbox: asked from the gateway, told to the client (RFC 9051 §5.2, §7.4, §7.5).

use bytes::BytesMut;

use super::answer::{Bye, End, Failure};
use super::contexts;
use super::fetch::fetch_new;
use super::qresync::write_vanished;
use super::serve::Context;
use super::session::{Account, SelectedMailbox, SessionState};
use super::view::{Expunges, Untagged, count_up_to};
use super::wire::command::FetchItem;
use super::wire::notify::MessageEvents;
use super::wire::write::{self, Code, Condition, FetchItems, MessageNumber};
use crate::domain::snapshot::Entry;
use crate::model::{ModSeq, Uid};

/// Takes note of the mailbox as it is now.
pub(super) async fn refresh(context: &mut Context<'_>, selected: &mut SelectedMailbox) -> Result<(), Failure> {
    match context.gateway.snapshot(selected.mailbox.id).await? {
        Some(snapshot) if snapshot.uid_validity == selected.view.snapshot().uid_validity => {
            selected.view.note(snapshot);
            Ok(())
        }
        _ => Err(End::Bye(Bye::MailboxGone).into()),
    }
}

/// The same behind a write that has succeeded: should it fail, the client hears of the changes later.
pub(super) async fn refresh_after_write(context: &mut Context<'_>, selected: &mut SelectedMailbox) -> Result<(), End> {
    match refresh(context, selected).await {
        Err(Failure::Ended(end)) => Err(end),
        Err(Failure::Fault(fault)) => {
            context.log(&fault);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Tells the client what its view has in store. Gives the ModSeq that a client of QRESYNC must now hear as the highest:
/// where expunges were told, or had to be held back while later changes were told (RFC 7162 §6).
pub(super) async fn tell(
    context: &mut Context<'_>,
    state: &mut SessionState,
    expunges: Expunges,
) -> Result<Option<ModSeq>, End> {
    let SessionState::Selected(account, selected) = state else { return Ok(None) };
    let wanted = account.wanted();
    if wanted != MessageEvents::Nothing || expunges == Expunges::Answer {
        contexts::tell_gone(context, selected).await?;
    }
    let known_up_to = selected.view.last_told();
    let vanished = tell_view(context, account, selected, expunges).await?;
    let has_new = selected.view.last_told() > known_up_to;
    if wanted != MessageEvents::Nothing && (has_new || !selected.contexts.is_empty()) {
        Box::pin(tell_asked(context, account, selected, known_up_to)).await?;
    }
    let moves = account.qresync && (vanished || selected.view.has_news());
    Ok(moves.then(|| selected.view.complete()))
}

/// EXPUNGE or VANISHED, EXISTS, and flags; tells whether VANISHED was.
async fn tell_view(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    expunges: Expunges,
) -> Result<bool, End> {
    let mut untagged = selected.view.tell(expunges, account.wanted());
    let mut vanished = Vec::new();
    if account.hears_vanished() {
        // EXPUNGEs come last message first; VANISHED rises.
        vanished.extend(untagged.iter().rev().filter_map(Untagged::expunged).map(|uid| (uid.0, uid.0)));
        untagged.retain(|untagged| untagged.expunged().is_none());
        write_vanished(context, false, &vanished).await?;
    }
    for untagged in untagged {
        let out = &mut context.client.out;
        match untagged {
            Untagged::Expunge(seq, _) => write::expunge(out, seq),
            Untagged::Exists(count) => write::exists(out, count),
            Untagged::Flags(seq, uid) => {
                if let Some(entry) = selected.view.snapshot().entry(uid) {
                    let shown = Shown { uid: true, flags: true, mod_seq: account.condstore };
                    write_flags(out, account.number(seq, uid), entry, shown);
                }
            }
        }
        context.client.drain().await?;
    }
    Ok(!vanished.is_empty())
}

/// What the client has asked to be told of new messages, then the searches that are kept up to date (RFC 5465 §7). Of the
/// messages that this session has put here itself it need not hear (RFC 5465 §5.2).
async fn tell_asked(
    context: &mut Context<'_>,
    account: &mut Account,
    selected: &mut SelectedMailbox,
    known_up_to: Uid,
) -> Result<(), End> {
    let changes = contexts::judge(context, selected).await?;
    let own = std::mem::take(&mut selected.brought);
    let new = selected.view.snapshot().entries.range(count_up_to(selected.view.snapshot(), known_up_to)..usize::MAX);
    let new: Vec<Uid> = new.map(|entry| entry.uid).filter(|uid| !own.contains(uid)).collect();
    let mut asked: Vec<(Vec<FetchItem>, Vec<Uid>)> = Vec::new();
    for uid in new {
        let mut items = account.wanted_items().to_vec();
        contexts::items_of(selected, &changes, uid, &mut items);
        match asked.last_mut() {
            Some((same, uids)) if *same == items => uids.push(uid),
            _ => asked.push((items, vec![uid])),
        }
    }
    asked.retain(|(items, _)| !items.is_empty());
    let count: usize = asked.iter().map(|(_, uids)| uids.len()).sum();
    if count > context.gateway.config.imap.notify_messages_max {
        account.overflow(context);
        asked.clear();
    }
    for (items, uids) in asked {
        match fetch_new(context, account, selected, &uids, items).await {
            Err(Failure::Ended(end)) => return Err(end),
            // The client has heard that they are there, and may ask itself.
            Err(Failure::Fault(fault)) => context.log(&fault),
            _ => {}
        }
    }
    contexts::tell(context, selected, &changes).await
}

/// What a FETCH response about flags shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub uid: bool,
    pub flags: bool,
    pub mod_seq: bool,
}

/// One FETCH response about flags. Where nobody asked for it, it carries the UID (RFC 9051 §7.5.2), once.
pub(super) fn write_flags(out: &mut BytesMut, message: MessageNumber, entry: &Entry, shown: Shown) {
    let mut items = FetchItems::open(out, message);
    if shown.uid && matches!(message, MessageNumber::Seq(_)) {
        items.uid(out, entry.uid);
    }
    if shown.flags {
        items.flags(out, &entry.flags);
    }
    if shown.mod_seq {
        items.mod_seq(out, entry.mod_seq);
    }
    items.close(out);
}

/// `* OK [HIGHESTMODSEQ …]`
pub(super) fn write_highest(context: &mut Context<'_>, mod_seq: ModSeq) {
    let code = Code::HighestModSeq(mod_seq);
    write::untagged(&mut context.client.out, Condition::Ok, Some(code), "Highest ModSeq");
}
