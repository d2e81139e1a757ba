//! Wakes sessions that wait on a mailbox, or on all that a person has. A notice is only a hint; the truth is asked from
//! the store.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::Gateway;
use crate::model::{MailboxId, User, UserId};

/// Who waits on what.
pub struct Changes {
    channels: Mutex<Channels>,
    /// What notices count from.
    started: Instant,
}

impl Default for Changes {
    fn default() -> Self {
        Self { channels: Mutex::default(), started: Instant::now() }
    }
}

#[derive(Default)]
struct Channels {
    by_mailbox: Table<MailboxId>,
    by_person: Table<UserId>,
    /// Mailboxes of those whom somebody waits on → their person's channel: who changes a mailbox need not know its owner.
    by_owned: Table<MailboxId>,
}

/// What somebody waits on.
pub(super) enum Channel {
    Mailbox(MailboxId),
    Person(UserId),
}

/// Channels that are kept without looking whether anybody still waits.
const TIDY_ABOVE_MIN: usize = 64;

/// Channels by what they tell of.
struct Table<K> {
    senders: HashMap<K, watch::Sender<u64>>,
    /// Above this many, those that nobody waits on are dropped.
    tidy_above: usize,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { senders: HashMap::new(), tidy_above: TIDY_ABOVE_MIN }
    }
}

impl<K: Eq + Hash> Table<K> {
    fn sender(&mut self, key: K) -> &watch::Sender<u64> {
        self.tidy();
        self.senders.entry(key).or_insert_with(|| watch::Sender::new(0))
    }

    fn tidy(&mut self) {
        if self.senders.len() >= self.tidy_above {
            self.senders.retain(|_, sender| sender.receiver_count() > 0);
            self.tidy_above = (self.senders.len() * 2).max(TIDY_ABOVE_MIN);
        }
    }

    /// Leads to this channel from now on; tells whether it did before.
    fn lead(&mut self, key: K, sender: &watch::Sender<u64>) -> bool {
        self.tidy();
        let before = self.senders.insert(key, sender.clone());
        before.is_some_and(|before| before.same_channel(sender))
    }

    fn wake(&mut self, key: &K, now: u64) {
        if let Some(sender) = self.senders.get(key) {
            if sender.receiver_count() > 0 {
                sender.send_modify(|woken_at| *woken_at = now);
            } else {
                self.senders.remove(key);
            }
        }
    }
}

impl Changes {
    fn watch(&self, mailbox: MailboxId) -> watch::Receiver<u64> {
        self.channels.lock().by_mailbox.sender(mailbox).subscribe()
    }

    fn watch_person(&self, user: &UserId) -> watch::Receiver<u64> {
        self.channels.lock().by_person.sender(user.clone()).subscribe()
    }

    /// These are mailboxes of the person: what changes in them wakes whoever waits on that person. Tells whether one of
    /// them is new here, so that a change of it may have gone unheard.
    pub(super) fn own(&self, user: &UserId, mailboxes: impl IntoIterator<Item = MailboxId>) -> bool {
        let mut channels = self.channels.lock();
        let Channels { by_person, by_owned, .. } = &mut *channels;
        let Some(sender) = by_person.senders.get(user).filter(|sender| sender.receiver_count() > 0) else {
            return false;
        };
        mailboxes.into_iter().fold(false, |new, mailbox| !by_owned.lead(mailbox, sender) | new)
    }

    /// Microseconds since the start, never 0: when a notice is given, which is what it says.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    /// Wakes whoever waits on these mailboxes; each is woken once for any number of changes it has not looked at.
    pub(super) fn wake<'m>(&self, mailboxes: impl IntoIterator<Item = &'m MailboxId>) {
        let now = self.now();
        let mut channels = self.channels.lock();
        for mailbox in mailboxes {
            channels.by_mailbox.wake(mailbox, now);
            channels.by_owned.wake(mailbox, now);
        }
    }

    /// Wakes whoever waits on this person: names or subscriptions have changed.
    pub(super) fn wake_person(&self, user: &UserId) {
        self.channels.lock().by_person.wake(user, self.now());
    }

    /// Everything that somebody waits on now.
    pub(super) fn waiting(&self) -> Vec<Channel> {
        let channels = self.channels.lock();
        let mailboxes = channels.by_mailbox.senders.keys().copied().map(Channel::Mailbox);
        mailboxes.chain(channels.by_person.senders.keys().cloned().map(Channel::Person)).collect()
    }

    /// Wakes whoever waits on this.
    pub(super) fn wake_channel(&self, channel: &Channel) {
        match channel {
            Channel::Mailbox(mailbox) => self.channels.lock().by_mailbox.wake(mailbox, self.now()),
            Channel::Person(user) => self.wake_person(user),
        }
    }
}

impl Gateway {
    /// A receiver that changes whenever the mailbox may have changed. Subscribe first, then look.
    pub fn watch(&self, mailbox: MailboxId) -> watch::Receiver<u64> {
        self.changes.watch(mailbox)
    }

    /// A client in IDLE has been told of what a notice was given for, which said `woken_at`.
    pub fn pushed(&self, woken_at: u64) {
        let time = Duration::from_micros(self.changes.now().saturating_sub(woken_at));
        self.metrics.push.took(time);
    }

    /// A receiver that changes whenever something of the person's mailboxes may have: names, subscriptions, and what is in
    /// those that [`Gateway::overview`] has shown. Subscribe first, then look.
    pub fn watch_person(&self, user: &User) -> watch::Receiver<u64> {
        self.changes.watch_person(&user.id)
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
        assert!(changes.channels.lock().by_mailbox.senders.len() <= TIDY_ABOVE_MIN);
        let kept = changes.watch(MailboxId(1));
        changes.wake(&(0..10_000).map(MailboxId).collect::<Vec<_>>());
        assert_eq!(changes.channels.lock().by_mailbox.senders.len(), 1);
        assert!(kept.has_changed().unwrap());
    }

    #[test]
    fn a_person_is_woken_by_each_of_their_mailboxes() {
        let changes = Changes::default();
        let (anne, luc) = (UserId::new("anne"), UserId::new("luc"));
        assert!(!changes.own(&anne, [MailboxId(1)]), "nobody waits");
        let (mut annes, lucs) = (changes.watch_person(&anne), changes.watch_person(&luc));
        assert!(changes.own(&anne, [MailboxId(1), MailboxId(2)]));
        assert!(!changes.own(&anne, [MailboxId(2), MailboxId(1)]));
        assert!(changes.own(&luc, [MailboxId(3)]));
        changes.wake(&[MailboxId(2), MailboxId(4)]);
        assert!(annes.has_changed().unwrap());
        annes.mark_unchanged();
        changes.wake_person(&anne);
        assert!(annes.has_changed().unwrap());
        assert!(!lucs.has_changed().unwrap());
        drop(annes);
        changes.wake(&[MailboxId(1), MailboxId(2)]);
        changes.wake_person(&anne);
        assert_eq!(changes.channels.lock().by_person.senders.len(), 1);
        assert_eq!(changes.channels.lock().by_owned.senders.len(), 1);
        let again = changes.watch_person(&anne);
        assert!(changes.own(&anne, [MailboxId(1)]), "the channel is another one");
        changes.wake(&[MailboxId(1)]);
        assert!(again.has_changed().unwrap());
    }
}
