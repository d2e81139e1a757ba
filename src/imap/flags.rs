//! STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3).

use super::answer::{Done, DoneCode, Failure, Outcome};
use super::copy::writable;
use super::message_limit;
use super::serve::Context;
use super::session::{Account, SelectedMailbox};
use super::updates::{Shown, refresh_after_write, write_flags};
use super::wire::command::{FlagsChange, Numbers, Store};
use super::wire::write::Code;
use crate::domain::messages::{FlagChange, StoreFlags};
use crate::domain::recover::RESTORE_KEYWORD;
use crate::domain::snapshot::Snapshot;
use crate::model::{Flags, SpecialUse, Uid};
use crate::sentences::Sentence;

/// STORE. Without `.SILENT` every message of the set that is there is answered by a FETCH.
pub(super) async fn store(
    context: &mut Context<'_>,
    account: &mut Account,
    selected: &mut SelectedMailbox,
    ask: Store,
) -> Outcome {
    writable(selected)?;
    let mut uids = selected.view.select(&ask.set, ask.numbers)?;
    let cut = message_limit::newest(&context.gateway.config.imap, &mut uids);
    if uids.is_empty() {
        return Ok(Done::new("No such messages"));
    }
    let before = selected.view.snapshot().clone();
    let (flags, restores) = without_restore(selected, &ask);
    let change = StoreFlags { change: domain(ask.change), flags, unchanged_since: ask.unchanged_since };
    let work = context.gateway.store_flags(selected.mailbox.id, &uids, change);
    let stored = context.working(work).await??;
    if restores {
        let stay = |uid: &Uid| stored.modified.binary_search(uid).is_ok();
        let back: Vec<Uid> = uids.iter().copied().filter(|uid| !stay(uid)).collect();
        context.gateway.restore(&account.user, &back).await?;
    }
    refresh_after_write(context, selected).await?;
    for uid in uids.iter().filter(|uid| stored.modified.binary_search(uid).is_err()) {
        answer(context, account, selected, &ask, &before, *uid);
        context.client.drain().await?;
    }
    if !stored.too_many_keywords.is_empty() {
        return Err(Failure::told(Code::Limit, Sentence::TooManyKeywords));
    }
    if stored.modified.is_empty() {
        return Ok(message_limit::tell(context, cut, Done::new("STORE completed")));
    }
    let numbers = stored.modified.iter().filter_map(|uid| match ask.numbers {
        Numbers::Uid => Some(uid.0),
        Numbers::Sequence => selected.view.seq_of(*uid).map(|seq| seq.0),
    });
    let done = Done::with(DoneCode::Modified(numbers.collect()), "Some messages had changed");
    Ok(message_limit::tell(context, cut, done))
}

/// The flags to set, without the keyword that brings messages out of Trash; and whether it was there. Elsewhere it is a
/// keyword as any other.
fn without_restore(selected: &SelectedMailbox, ask: &Store) -> (Flags, bool) {
    let mut flags = ask.flags.clone();
    let restores = selected.mailbox.special_use == Some(SpecialUse::Trash)
        && ask.change != FlagsChange::Remove
        && flags.has_keyword(RESTORE_KEYWORD);
    if restores {
        flags.clear_keyword(RESTORE_KEYWORD);
    }
    (flags, restores)
}

/// Answers for one message. `.SILENT` spares the flags where they are what the client must now think they are; a
/// client that is told ModSeqs hears the new one all the same (RFC 7162 §3.1.3, §6).
fn answer(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    ask: &Store,
    before: &Snapshot,
    uid: Uid,
) {
    let (Some(seq), Some(entry)) = (selected.view.seq_of(uid), selected.view.snapshot().entry(uid)) else { return };
    if ask.silent {
        let expected = before.entry(uid).map(|entry| changed(&entry.flags, ask));
        if expected.as_ref() != Some(&entry.flags) {
            return;
        }
    }
    let by_uid = ask.numbers == Numbers::Uid || account.qresync;
    let shown = Shown { uid: by_uid, flags: !ask.silent, mod_seq: account.condstore };
    if !ask.silent || account.condstore {
        write_flags(&mut context.client.out, account.number(seq, uid), entry, shown);
    }
    selected.view.told_flags(uid);
}

/// The flags that the client expects after its STORE.
fn changed(flags: &Flags, ask: &Store) -> Flags {
    match ask.change {
        FlagsChange::Replace => ask.flags.clone(),
        FlagsChange::Add => flags.clone().union(&ask.flags),
        FlagsChange::Remove => flags.clone().difference(&ask.flags),
    }
}

fn domain(change: FlagsChange) -> FlagChange {
    match change {
        FlagsChange::Replace => FlagChange::Replace,
        FlagsChange::Add => FlagChange::Add,
        FlagsChange::Remove => FlagChange::Remove,
    }
}
