//! What has changed in the selected mailbox: asked from the gateway, told to the client (RFC 9051 §5.2, §7.4, §7.5).

use bytes::BytesMut;

use super::answer::{Bye, End, Failure};
use super::qresync::write_vanished;
use super::serve::Context;
use super::session::{SelectedMailbox, SessionState};
use super::view::{Expunges, Untagged};
use super::wire::write::{self, Code, Condition, FetchItems, MessageNumber};
use crate::domain::snapshot::Entry;
use crate::model::ModSeq;

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
    let mut untagged = selected.view.tell(expunges);
    let mut vanished = Vec::new();
    if account.hears_vanished() {
        // EXPUNGEs come last message first; VANISHED rises.
        vanished.extend(untagged.iter().rev().filter_map(Untagged::expunged));
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
    let moves = account.qresync && (!vanished.is_empty() || selected.view.holds_expunges());
    Ok(moves.then(|| selected.view.complete()))
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
