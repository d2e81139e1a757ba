//! Recall out of a mail client: COPY and MOVE to the mailbox that means it (RFC 9051 §6.4.7, §6.4.8). To the client they are
//! what they always are; clients that move by COPY, STORE and EXPUNGE end up where those do that know MOVE.

use super::answer::Failure;
use super::serve::Context;
use super::session::{Account, SelectedMailbox};
use super::wire::write::Code;
use crate::domain::mailbox::Mailbox;
use crate::domain::messages::Copied;
use crate::domain::recall::RecallRefusal;
use crate::model::Uid;
use crate::sentences::Sentence;

impl From<RecallRefusal> for Failure {
    fn from(refusal: RecallRefusal) -> Self {
        let code = match refusal {
            RecallRefusal::NotAllowed | RecallRefusal::NotSent => Code::NoPerm,
            RecallRefusal::TooLate { .. } | RecallRefusal::Already => Code::Cannot,
        };
        Self::told(code, refusal.sentence())
    }
}

/// Recalls one message of the selected mailbox, and moves or copies it to the target. One: it cannot be undone.
pub(super) async fn recall(
    context: &mut Context<'_>,
    account: &Account,
    selected: &SelectedMailbox,
    uids: &[Uid],
    (target, moving): (&Mailbox, bool),
) -> Result<Copied, Failure> {
    let [uid] = uids else { return Err(Failure::told(Code::Limit, Sentence::RecallOneByOne)) };
    // Boxed: the sessions that never recall need not hold room for it.
    let work = Box::pin(context.gateway.recall_own(&account.user, (selected.mailbox.id, *uid), target, moving));
    Ok(context.working(work).await???)
}

/// A message filed by hand recalls nothing, and whoever put it there would think that it did.
pub(super) fn refuse_append(context: &Context<'_>, target: &Mailbox) -> Result<(), Failure> {
    match context.gateway.recalls(target) {
        true => Err(Failure::told(Code::Cannot, Sentence::RecallByMoving)),
        false => Ok(()),
    }
}
