//! APPEND and REPLACE (RFC 9051 §6.3.12, RFC 3502, RFC 4469, RFC 6855 §4, RFC 8508): messages stream from the socket into
//! spools; memory does not grow with their size. They are stored together, or none is.
//!
//! What can be refused is refused before the client sends the octets.

use std::borrow::Cow;

use super::answer::{Done, DoneCode, End, Failure, Outcome};
use super::catenate;
use super::mailboxes::find_target;
use super::message_limit;
use super::recall;
use super::serve::Context;
use super::session::{Allowed, SessionState};
use super::updates::refresh_after_write;
use super::wire::append::{AppendHead, AppendItem, AppendLine, MessageLiteral, Replaced};
use super::wire::command::{Access, Numbers, SequenceSet};
use super::wire::framer::{BadCommand, Frame};
use super::wire::write::{self, Code, Condition};
use crate::domain::mailbox::{Mailbox, Quota};
use crate::domain::messages::{AppendOptions, AppendedAll, Replacing, ToAppend};
use crate::domain::spool::Spool;
use crate::domain::{Fault, Gateway};
use crate::model::User;
use crate::sentences::Sentence;

/// A message is larger than `append_bytes_max` (RFC 7889 §4).
pub(super) fn too_large(gateway: &Gateway) -> Failure {
    let bytes_max = gateway.config.imap.append_bytes_max;
    Failure::told(Code::TooBig, Sentence::MessageTooLarge { bytes_max })
}

/// APPEND or REPLACE, from its head on.
pub(super) async fn append(context: &mut Context<'_>, state: &mut SessionState, head: AppendHead) -> Outcome {
    let name = if head.replaces.is_some() { "REPLACE completed" } else { "APPEND completed" };
    let literal = head.line.literal;
    let mut incoming = match Incoming::begin(context, state, &head).await {
        Ok(incoming) => incoming,
        Err(failure) => {
            refuse(context, literal);
            return Err(failure);
        }
    };
    receive(context, state, &mut incoming, head.line).await?;
    let Incoming { user, mailbox, replaced, messages, .. } = incoming;
    let mut finished = Vec::with_capacity(messages.len());
    for message in messages {
        finished.push(message.finish(context).await?);
    }
    let work = context.gateway.append_all(&user, &mailbox, finished, replaced);
    let appended = context.working(work).await??;
    if let Some(selected) = state.selected_mut()
        && (selected.mailbox.id == mailbox.id || replaced.is_some())
    {
        if let AppendedAll::At { uids, .. } = &appended
            && selected.mailbox.id == mailbox.id
        {
            selected.brought.extend(uids);
        }
        refresh_after_write(context, selected).await?;
    }
    let (uid_validity, uids) = match appended {
        AppendedAll::At { uid_validity, uids } => (uid_validity, uids),
        AppendedAll::NoSuchMailbox => return Err(Failure::try_create()),
        AppendedAll::QuotaExceeded => return Err(Failure::over_quota()),
        AppendedAll::NoSuchMessage => return Err(gone()),
    };
    if replaced.is_none() {
        return Ok(Done::with(DoneCode::AppendUid(uid_validity, uids), name));
    }
    // Before the EXPUNGE (RFC 8508 §3.3).
    let code = Code::AppendUid(uid_validity, &uids);
    write::untagged(&mut context.client.out, Condition::Ok, Some(code), "Replaced");
    Ok(Done::new(name))
}

fn empty() -> Failure {
    Failure::refused(Code::Cannot, "An empty message")
}

fn gone() -> Failure {
    Failure::refused(Code::NonExistent, "The message to be replaced has gone")
}

/// A synchronizing literal will not come, another one is thrown away.
fn refuse(context: &mut Context<'_>, literal: Option<MessageLiteral>) {
    if literal.is_some() {
        context.client.framer().append_refused();
    }
}

/// Messages on their way in.
struct Incoming {
    user: User,
    mailbox: Mailbox,
    replaced: Option<Replacing>,
    quota: Quota,
    /// Octets announced so far.
    size: u64,
    messages: Vec<Message>,
}

/// One of them, as far as it has come.
struct Message {
    spool: Spool,
    options: AppendOptions,
    size: u64,
    /// Announced by `~{n}`, and holds NUL.
    has_nul: bool,
    /// A fault of the spool: the client sends all of it anyway, and only then can be answered.
    fault: Option<Fault>,
}

impl Incoming {
    /// Whose they will be and where they go, or why they cannot.
    async fn begin(context: &mut Context<'_>, state: &SessionState, head: &AppendHead) -> Result<Self, Failure> {
        let Some(account) = state.account().filter(|_| Allowed::AfterLogin.in_state(state)) else {
            return Err(Failure::bad("Command not allowed in this state"));
        };
        let replaced = head.replaces.map(|replaced| replacing(state, replaced)).transpose()?;
        let mailbox = find_target(context, &account.user, head.mailbox.clone()).await?;
        recall::refuse_append(context, &mailbox)?;
        let quota = context.gateway.quota(&account.user).await?;
        Ok(Self { user: account.user.clone(), mailbox, replaced, quota, size: 0, messages: Vec::new() })
    }

    /// The message that has begun last.
    fn last(&mut self) -> Result<&mut Message, Failure> {
        self.messages.last_mut().ok_or_else(|| Failure::bad("No message has begun"))
    }

    /// May so many octets more come?
    fn check(&mut self, context: &Context<'_>, size: u64) -> Result<(), Failure> {
        let bytes_max = context.gateway.config.imap.append_bytes_max;
        if self.last()?.size.checked_add(size).is_none_or(|bytes| bytes > bytes_max) {
            return Err(too_large(context.gateway));
        }
        self.size = self.size.saturating_add(size);
        let messages = u64::try_from(self.messages.len()).unwrap_or(u64::MAX);
        if self.quota.has_room(messages, self.size) { Ok(()) } else { Err(Failure::over_quota()) }
    }

    /// Does what a line says, up to its literal.
    async fn take_line(
        &mut self,
        context: &mut Context<'_>,
        state: &SessionState,
        line: AppendLine,
    ) -> Result<(), Failure> {
        for item in line.items {
            match item {
                AppendItem::Message { flags, date } => {
                    self.end_message()?;
                    message_limit::may_append(&context.gateway.config.imap, self.messages.len() + 1)?;
                    if self.messages.len() >= context.gateway.config.imap.append_messages_max {
                        return Err(Failure::refused(Code::Limit, "Too many messages in one command"));
                    }
                    if flags.keywords().count() > context.gateway.config.mailboxes.keywords_per_message_max {
                        return Err(Failure::told(Code::Limit, Sentence::TooManyKeywords));
                    }
                    self.messages.push(Message::new(context, AppendOptions { flags, internal_date: date }));
                }
                AppendItem::Url(url) => {
                    let source = catenate::find(context, &self.user, state, &url).await?;
                    self.check(context, source.size())?;
                    let message = self.last()?;
                    message.size = message.size.saturating_add(source.size());
                    source.copy(context, &mut message.spool).await?;
                }
            }
        }
        match line.literal {
            // Nothing at all: said before the client waits (RFC 3502 §6.3.11).
            Some(literal) if literal.size == 0 && self.last()?.size == 0 => Err(empty()),
            Some(literal) => self.check(context, literal.size),
            None => self.end_message(),
        }
    }

    /// A message of no octets cannot be (RFC 3502 §6.3.11: it cancels the whole command).
    fn end_message(&self) -> Result<(), Failure> {
        match self.messages.last() {
            Some(message) if message.size == 0 => Err(empty()),
            _ => Ok(()),
        }
    }
}

/// The message that REPLACE means, by the view as the client knows it.
fn replacing(state: &SessionState, replaced: Replaced) -> Result<Replacing, Failure> {
    let SessionState::Selected(_, selected) = state else {
        return Err(Failure::bad("Command not allowed in this state"));
    };
    if state.requires_uid(replaced) {
        return Err(Failure::uid_required());
    }
    if selected.access == Access::ReadOnly {
        return Err(Failure::read_only());
    }
    let set = SequenceSet::Ranges(vec![(replaced.number, replaced.number)]);
    let uid = selected.view.select(&set, replaced.numbers)?.first().copied().ok_or_else(gone)?;
    match selected.view.snapshot().entry(uid) {
        Some(_) => Ok(Replacing { mailbox: selected.mailbox.id, uid }),
        None if replaced.numbers == Numbers::Uid => Err(gone()),
        None => Err(Failure::refused(Code::ExpungeIssued, "The message to be replaced has been expunged")),
    }
}

/// Takes all lines and literals of the command out of the connection.
async fn receive(
    context: &mut Context<'_>,
    state: &SessionState,
    incoming: &mut Incoming,
    mut line: AppendLine,
) -> Result<(), Failure> {
    loop {
        let literal = line.literal;
        if let Err(failure) = incoming.take_line(context, state, line).await {
            refuse(context, literal);
            return Err(failure);
        }
        let Some(literal) = literal else { return Ok(()) };
        if !literal.non_synchronizing {
            write::continuation(&mut context.client.out, "OK");
        }
        incoming.last()?.receive(context, literal).await?;
        context.client.framer().append_literal_taken();
        // However long the message took: only a line is still to come.
        context.client.expect_rest_of_message();
        line = match context.client.frame().await? {
            Frame::AppendNext(Ok(line)) => line,
            Frame::AppendNext(Err(BadCommand::MessageTooLarge)) => return Err(too_large(context.gateway)),
            Frame::AppendNext(Err(reason)) if reason.is_limit() => {
                return Err(Failure::Refused { code: Some(Code::Limit), text: Cow::Owned(reason.text()) });
            }
            Frame::AppendNext(Err(reason)) => return Err(Failure::Bad(Cow::Owned(reason.text()))),
            _ => return Err(Failure::bad("Expected the rest of the command")),
        };
    }
}

impl Message {
    fn new(context: &Context<'_>, options: AppendOptions) -> Self {
        Self { spool: context.gateway.spool(), options, size: 0, has_nul: false, fault: None }
    }

    /// Takes a whole literal.
    async fn receive(&mut self, context: &mut Context<'_>, literal: MessageLiteral) -> Result<(), End> {
        let mut left = literal.size;
        while left > 0 {
            let octets = context.client.message_octets(left).await?;
            left -= u64::try_from(octets.len()).unwrap_or(left);
            self.has_nul |= literal.binary && memchr::memchr(0, &octets).is_some();
            if self.fault.is_none() {
                self.fault = self.spool.write(&octets).await.err();
            }
        }
        self.size = self.size.saturating_add(literal.size);
        Ok(())
    }

    async fn finish(self, context: &mut Context<'_>) -> Result<ToAppend, Failure> {
        if let Some(fault) = self.fault {
            return Err(fault.into());
        }
        let mut message = self.spool.finish().await?;
        if self.has_nul {
            let encoded = context.gateway.encode_binary(message).await?;
            message = encoded.ok_or_else(|| Failure::refused(Code::UnknownCte, "NUL outside of a part's content"))?;
        }
        Ok(ToAppend { message, options: self.options })
    }
}
