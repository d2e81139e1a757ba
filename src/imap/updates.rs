//! What has changed in the selected mailbox: asked from the gateway, told to the client (RFC 9051 §5.2, §7.4, §7.5).

use bytes::BytesMut;

use super::answer::{Bye, End, Failure};
use super::serve::Context;
use super::session::{SelectedMailbox, SessionState};
use super::view::{Expunges, Untagged};
use super::wire::write::{self, FetchItems};
use crate::domain::snapshot::Entry;
use crate::model::SeqNum;

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

/// Tells the client what its view has in store.
pub(super) async fn tell(context: &mut Context<'_>, state: &mut SessionState, expunges: Expunges) -> Result<(), End> {
    let SessionState::Selected(account, selected) = state else { return Ok(()) };
    for untagged in selected.view.tell(expunges) {
        let out = &mut context.client.out;
        match untagged {
            Untagged::Expunge(seq) => write::expunge(out, seq),
            Untagged::Exists(count) => write::exists(out, count),
            Untagged::Flags(seq, uid) => {
                if let Some(entry) = selected.view.snapshot().entry(uid) {
                    let shown = Shown { uid: true, flags: true, mod_seq: account.condstore };
                    write_flags(out, seq, entry, shown);
                }
            }
        }
        context.client.drain().await?;
    }
    Ok(())
}

/// What a FETCH response about flags shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub uid: bool,
    pub flags: bool,
    pub mod_seq: bool,
}

/// One FETCH response about flags. Where nobody asked for it, it carries the UID (RFC 9051 §7.5.2).
pub(super) fn write_flags(out: &mut BytesMut, seq: SeqNum, entry: &Entry, shown: Shown) {
    let mut items = FetchItems::open(out, seq);
    if shown.uid {
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
