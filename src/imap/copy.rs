//! Messages that leave or are doubled: COPY, MOVE, EXPUNGE, CLOSE, UNSELECT (RFC 9051 §6.4.1–§6.4.3, §6.4.7, §6.4.8;
//! RFC 4315, RFC 6851). UIDs that are gone are passed over: the answer is OK, and the EXPUNGEs have been told.

use super::answer::{Done, DoneCode, Failure, Outcome};
use super::mailboxes::find_target;
use super::message_limit;
use super::recall;
use super::serve::Context;
use super::session::{Account, SelectedMailbox, SessionState};
use super::updates::refresh_after_write;
use super::view::OutOfRange;
use super::wire::command::{Access, MailboxArgument, Numbers, SequenceSet};
use super::wire::write::{self, Code, Condition};
use crate::domain::messages::Copied;
use crate::model::{Uid, UidValidity};

impl From<OutOfRange> for Failure {
    fn from(_: OutOfRange) -> Self {
        Self::bad("No message has that number")
    }
}

/// What was copied where; `None` where there was nothing to copy.
type Placed = Option<(UidValidity, Vec<(Uid, Uid)>)>;

/// COPY (RFC 9051 §6.4.7).
pub(super) async fn copy(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    set: &SequenceSet,
    numbers: Numbers,
    target: MailboxArgument,
) -> Outcome {
    let uids = selected.view.select(set, numbers)?;
    let target = find_target(context, &account.user, target).await?;
    if uids.is_empty() {
        return Ok(Done::new("Nothing to copy"));
    }
    message_limit::may_copy(&context.gateway.config.imap, &uids)?;
    let copied = if context.gateway.recalls(&target) {
        recall::recall(context, account, selected, &uids, (&target, false)).await?
    } else {
        let work = context.gateway.copy(&account.user, selected.mailbox.id, &uids, &target);
        context.working(work).await??
    };
    if target.id == selected.mailbox.id {
        if let Copied::At { pairs, .. } = &copied {
            selected.brought.extend(pairs.iter().map(|(_, uid)| *uid));
        }
        refresh_after_write(context, selected).await?;
    }
    Ok(match placed(copied)? {
        Some((uid_validity, pairs)) => Done::with(DoneCode::CopyUid(uid_validity, pairs), "COPY completed"),
        None => Done::new("Nothing to copy"),
    })
}

/// MOVE (RFC 6851 §3): COPYUID comes before the EXPUNGEs, both before the tagged answer.
pub(super) async fn move_messages(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    set: &SequenceSet,
    numbers: Numbers,
    target: MailboxArgument,
) -> Outcome {
    writable(selected)?;
    let mut uids = selected.view.select(set, numbers)?;
    let cut = message_limit::newest(&context.gateway.config.imap, &mut uids);
    let target = find_target(context, &account.user, target).await?;
    if uids.is_empty() {
        return Ok(Done::new("Nothing to move"));
    }
    let moved = if context.gateway.recalls(&target) {
        recall::recall(context, account, selected, &uids, (&target, true)).await?
    } else {
        let work = context.gateway.move_messages(&account.user, selected.mailbox.id, &uids, &target);
        context.working(work).await??
    };
    refresh_after_write(context, selected).await?;
    if let Some((uid_validity, pairs)) = placed(moved)? {
        let code = Code::CopyUid(uid_validity, &pairs);
        write::untagged(&mut context.client.out, Condition::Ok, Some(code), "Moved");
    }
    Ok(message_limit::tell(context, cut, Done::new("MOVE completed")))
}

fn placed(copied: Copied) -> Result<Placed, Failure> {
    match copied {
        Copied::At { pairs, .. } if pairs.is_empty() => Ok(None),
        Copied::At { uid_validity, pairs } => Ok(Some((uid_validity, pairs))),
        Copied::NoSuchMailbox => Err(Failure::try_create()),
        Copied::QuotaExceeded => Err(Failure::over_quota()),
    }
}

/// EXPUNGE (RFC 9051 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1). All that has changed is told before its answer, so that
/// answer may tell the highest ModSeq (RFC 7162 §3.2.7, §3.2.9).
pub(super) async fn expunge(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    uids: Option<&SequenceSet>,
) -> Outcome {
    writable(selected)?;
    let mut uids = uids.map(|set| selected.view.select(set, Numbers::Uid)).transpose()?;
    let mut cut = None;
    if let Some(uids) = &mut uids {
        uids.retain(|uid| selected.view.snapshot().entry(*uid).is_some_and(message_limit::is_deleted));
        cut = message_limit::newest(&context.gateway.config.imap, uids);
    }
    if uids.as_ref().is_none_or(|uids| !uids.is_empty()) {
        let work = context.gateway.expunge(selected.mailbox.id, uids.as_deref());
        let gone = context.working(work).await??;
        refresh_after_write(context, selected).await?;
        if account.qresync && !gone.is_empty() {
            let mod_seq = selected.view.snapshot().mod_seq;
            let done = Done::with(DoneCode::HighestModSeq(mod_seq), "EXPUNGE completed");
            return Ok(message_limit::tell(context, cut, done));
        }
    }
    Ok(message_limit::tell(context, cut, Done::new("EXPUNGE completed")))
}

/// CLOSE (RFC 9051 §6.4.1): expunges without telling, unless the mailbox was opened by EXAMINE; nor is the ModSeq told,
/// which would make a client of QRESYNC lose the expunges (RFC 7162 §3.2.8).
pub(super) async fn close(context: &mut Context<'_>, state: &mut SessionState) -> Outcome {
    if let Some(selected) = state.selected_mut()
        && selected.access == Access::ReadWrite
    {
        let work = context.gateway.expunge(selected.mailbox.id, None);
        context.working(work).await??;
    }
    state.unselect();
    Ok(Done::new("CLOSE completed"))
}

/// UNSELECT (RFC 9051 §6.4.2).
pub(super) fn unselect(state: &mut SessionState) -> Outcome {
    state.unselect();
    Ok(Done::new("UNSELECT completed"))
}

/// Changes need a mailbox opened by SELECT.
pub(super) fn writable(selected: &SelectedMailbox) -> Result<(), Failure> {
    match selected.access {
        Access::ReadWrite => Ok(()),
        Access::ReadOnly => Err(Failure::read_only()),
    }
}
