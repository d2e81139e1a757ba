//! APPEND (RFC 9051 §6.3.12): the message streams from the socket into a spool; memory does not grow with its size.
//!
//! What can be refused is refused before the client sends the message.

use super::answer::{Done, DoneCode, End, Failure, Outcome};
use super::mailboxes::{check_room, find};
use super::serve::Context;
use super::session::{Allowed, SessionState};
use super::updates::refresh_after_write;
use super::wire::command::AppendHead;
use super::wire::framer::Frame;
use super::wire::write::{self, Code};
use crate::domain::mailbox::Mailbox;
use crate::domain::messages::{AppendOptions, Appended};
use crate::domain::spool::Spool;
use crate::domain::{Fault, Gateway};
use crate::model::User;
use crate::sentences::Sentence;

/// The message is larger than `append_bytes_max` (RFC 7889 §4).
pub(super) fn too_large(gateway: &Gateway) -> Failure {
    let bytes_max = gateway.config.imap.append_bytes_max;
    Failure::told(Code::TooBig, Sentence::MessageTooLarge { bytes_max })
}

/// APPEND, from its head on.
pub(super) async fn append(context: &mut Context<'_>, state: &mut SessionState, head: AppendHead) -> Outcome {
    let (size, waits) = (head.size, !head.non_synchronizing);
    let options = AppendOptions { flags: head.flags.clone(), internal_date: head.date };
    let (user, mailbox) = match target(context, state, head).await {
        Ok(target) => target,
        Err(failure) => {
            context.client.framer().append_refused();
            return Err(failure);
        }
    };
    if waits {
        write::continuation(&mut context.client.out, "OK");
    }
    let mut spool = context.gateway.spool();
    let received = receive(context, &mut spool, size).await?;
    context.client.framer().append_literal_taken();
    // However long the message took: only the end of the line is still to come.
    context.client.expect_rest_of_message();
    if let Frame::AppendEnd(Err(reason)) = context.client.frame().await? {
        return Err(Failure::Bad(reason.text().into()));
    }
    received?;
    let appended = context.gateway.append(&user, &mailbox, spool.finish().await?, options).await?;
    if let Some(selected) = state.selected_mut().filter(|selected| selected.mailbox.id == mailbox.id) {
        refresh_after_write(context, selected).await?;
    }
    match appended {
        Appended::At { uid_validity, uid } => {
            Ok(Done::with(DoneCode::AppendUid(uid_validity, uid), "APPEND completed"))
        }
        Appended::NoSuchMailbox => Err(Failure::try_create()),
        Appended::QuotaExceeded => Err(Failure::over_quota()),
    }
}

/// Whose it will be and where it goes, or why it cannot.
async fn target(context: &mut Context<'_>, state: &SessionState, head: AppendHead) -> Result<(User, Mailbox), Failure> {
    let Some(account) = state.account().filter(|_| Allowed::AfterLogin.in_state(state)) else {
        return Err(Failure::bad("Command not allowed in this state"));
    };
    if head.size > context.gateway.config.imap.append_bytes_max {
        return Err(too_large(context.gateway));
    }
    if head.size == 0 {
        return Err(Failure::refused(Code::Cannot, "An empty message"));
    }
    if head.flags.keywords().count() > context.gateway.config.mailboxes.keywords_per_message_max {
        return Err(Failure::told(Code::Limit, Sentence::TooManyKeywords));
    }
    let mailbox = find(context, &account.user, head.mailbox).await?.ok_or_else(Failure::try_create)?;
    check_room(context, &account.user, head.size).await?;
    Ok((account.user.clone(), mailbox))
}

/// Takes the whole literal out of the connection. A fault of the spool does not stop that: the client sends all of it
/// anyway, and only then can be answered.
async fn receive(context: &mut Context<'_>, spool: &mut Spool, size: u64) -> Result<Result<(), Fault>, End> {
    let mut spooled = Ok(());
    let mut left = size;
    while left > 0 {
        let octets = context.client.message_octets(left).await?;
        left -= u64::try_from(octets.len()).unwrap_or(left);
        if spooled.is_ok() {
            spooled = spool.write(&octets).await;
        }
    }
    Ok(spooled)
}
