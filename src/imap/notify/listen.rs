//! What wakes a session that waits: notices of its mailbox, of all that the person has, or a poll of a shared store.

use std::time::Duration;

use tokio::sync::watch;

use super::super::session::SessionState;
use super::super::wire::notify::MessageEvents;
use crate::domain::Gateway;
use crate::model::{MailboxId, UserId};

/// How a session waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Waiting {
    /// Between two commands: only what NOTIFY has asked for is told (RFC 5465 §3.1).
    ForCommand,
    /// In IDLE.
    Idle,
}

/// Whom it listens to. Empty: nothing is to be told.
#[derive(Debug, Default)]
pub(in crate::imap) struct Listening {
    mailbox: Option<(MailboxId, watch::Receiver<u64>)>,
    person: Option<(UserId, watch::Receiver<u64>)>,
    /// What the last notice said, until somebody takes it.
    woken_at: Option<u64>,
}

impl Listening {
    /// Listens to what the session must hear of now. Tells whether something of it is new: then look before waiting.
    pub(in crate::imap) fn follow(&mut self, gateway: &Gateway, state: &SessionState, waiting: Waiting) -> bool {
        let account = state.account();
        let watching = account.and_then(|account| account.watching.as_deref());
        let hears = watching.is_some() || waiting == Waiting::Idle;
        let mailbox = match state {
            SessionState::Selected(account, selected) if hears && account.wanted() != MessageEvents::Nothing => {
                Some(selected.mailbox.id)
            }
            _ => None,
        };
        let person = watching.filter(|watching| watching.watches_others()).and(account).map(|account| &account.user);
        let mut is_new = false;
        if self.mailbox.as_ref().map(|(id, _)| *id) != mailbox {
            self.mailbox = mailbox.map(|id| (id, gateway.watch(id)));
            is_new |= mailbox.is_some();
        }
        if self.person.as_ref().map(|(id, _)| id) != person.map(|user| &user.id) {
            self.person = person.map(|user| (user.id.clone(), gateway.watch_person(user)));
            is_new |= person.is_some();
        }
        is_new
    }

    /// Waits for a notice; on a shared store, no longer than until the next poll. For ever where nothing is to be told.
    pub(in crate::imap) async fn changed(&mut self, poll: Option<Duration>) {
        let poll = poll.filter(|_| self.mailbox.is_some() || self.person.is_some());
        let Self { mailbox, person, woken_at } = self;
        *woken_at = tokio::select! {
            at = notice(mailbox.as_mut().map(|(_, receiver)| receiver)) => Some(at),
            at = notice(person.as_mut().map(|(_, receiver)| receiver)) => Some(at),
            () = pause(poll) => None,
        };
    }

    /// When the notice was given that ended the last wait; `None` where it was a poll, or somebody has asked already.
    pub(in crate::imap) fn woken_at(&mut self) -> Option<u64> {
        self.woken_at.take()
    }
}

/// What the next notice says.
async fn notice(receiver: Option<&mut watch::Receiver<u64>>) -> u64 {
    if let Some(receiver) = receiver
        && receiver.changed().await.is_ok()
    {
        return *receiver.borrow_and_update();
    }
    std::future::pending().await
}

async fn pause(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
