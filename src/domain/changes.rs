//! Wakes sessions that wait on a mailbox. A notice is only a hint; the truth is asked from the store.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::Gateway;
use crate::model::MailboxId;

/// Who waits on which mailbox.
#[derive(Default)]
pub struct Changes {
    channels: Mutex<Channels>,
}

#[derive(Default)]
struct Channels {
    by_mailbox: HashMap<MailboxId, watch::Sender<u64>>,
    /// Above this many, those that nobody waits on are dropped.
    tidy_above: usize,
}

/// Channels that are kept without looking whether anybody still waits.
const TIDY_ABOVE_MIN: usize = 64;

impl Changes {
    fn watch(&self, mailbox: MailboxId) -> watch::Receiver<u64> {
        let mut channels = self.channels.lock();
        if channels.by_mailbox.len() >= channels.tidy_above {
            channels.by_mailbox.retain(|_, sender| sender.receiver_count() > 0);
            channels.tidy_above = (channels.by_mailbox.len() * 2).max(TIDY_ABOVE_MIN);
        }
        channels.by_mailbox.entry(mailbox).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Wakes whoever waits on these mailboxes; each is woken once for any number of changes it has not looked at.
    pub(super) fn wake(&self, mailboxes: &[MailboxId]) {
        let mut channels = self.channels.lock();
        for mailbox in mailboxes {
            if let Some(sender) = channels.by_mailbox.get(mailbox) {
                if sender.receiver_count() > 0 {
                    sender.send_modify(|count| *count = count.wrapping_add(1));
                } else {
                    channels.by_mailbox.remove(mailbox);
                }
            }
        }
    }
}

impl Gateway {
    /// A receiver that changes whenever the mailbox may have changed. Subscribe first, then look.
    pub fn watch(&self, mailbox: MailboxId) -> watch::Receiver<u64> {
        self.changes.watch(mailbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wakes_those_who_wait_and_nobody_else() {
        let changes = Changes::default();
        let (mut one, two) = (changes.watch(MailboxId(1)), changes.watch(MailboxId(2)));
        changes.wake(&[MailboxId(1), MailboxId(3)]);
        assert!(one.has_changed().unwrap());
        assert!(!two.has_changed().unwrap());
        one.mark_unchanged();
        changes.wake(&[MailboxId(1)]);
        changes.wake(&[MailboxId(1)]);
        assert!(one.has_changed().unwrap());
    }

    #[test]
    fn forgets_mailboxes_that_nobody_waits_on() {
        let changes = Changes::default();
        for id in 0..10_000 {
            drop(changes.watch(MailboxId(id)));
        }
        assert!(changes.channels.lock().by_mailbox.len() <= TIDY_ABOVE_MIN);
        let kept = changes.watch(MailboxId(1));
        changes.wake(&(0..10_000).map(MailboxId).collect::<Vec<_>>());
        assert_eq!(changes.channels.lock().by_mailbox.len(), 1);
        assert!(kept.has_changed().unwrap());
    }
}
