//! Several gateways on one store: what changes here is told to the others within milliseconds, and what they tell wakes the
//! sessions that wait here.
//!
//! All of it is hints. Whoever is woken looks into the store; whoever is not looks anyway, after `imap.poll_seconds`. So a
//! hint may be lost, doubled or false, and nothing but time goes with it.
//!
//! * Told after the commit, by one task on its own connection: what happens while a round of notices is sent goes with the
//!   next one, however much it is. A letter to 5 000 people is one statement with some dozen notices.
//! * What cannot be sent is kept, in bounded memory, and sent once the store is back.
//! * A connection that was lost has missed notices: everything that sessions here wait on is looked at after it is back, a
//!   few sessions at a time.

mod notice;

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::notice::{Changed, GatewayId};
use super::login::random;
use super::{Fault, Gateway};
use crate::metrics::Direction;
use crate::model::{MailboxId, UserId};
use crate::store::notices::{Hearing, NOTICE_BYTES_MAX};

/// Mailboxes and people that wait to be told of, at most.
const ITEMS_MAX: usize = 20_000;
/// How long after the last notice a connection is asked whether it still lives, and how long it may take to say so.
const PROBE_AFTER: Duration = Duration::from_secs(20);
const PROBE_WITHIN: Duration = Duration::from_secs(5);
/// How long to wait after a failure: doubled each time, up to the longest.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Sessions woken together where everything is to be looked at, and the time between two such lots.
const WAKE_AT_ONCE: usize = 100;
const WAKE_PAUSE: Duration = Duration::from_millis(20);
/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What waits to be told to other gateways.
pub struct Hints {
    us: GatewayId,
    /// Are there others?
    shared: bool,
    waiting: Mutex<Changed>,
    told: Notify,
    /// The switch has been turned, here or elsewhere.
    switch: Notify,
}

/// How long to wait before the next try.
struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(PAUSE_MIN)
    }
}

impl Patience {
    fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(PAUSE_MAX);
        now
    }
}

impl Hints {
    pub(super) fn new(shared: bool) -> Result<Self, Fault> {
        let us = GatewayId(u64::from_ne_bytes(random()?));
        Ok(Self { us, shared, waiting: Mutex::default(), told: Notify::new(), switch: Notify::new() })
    }

    fn add(&self, changed: Changed) {
        if self.shared {
            self.waiting.lock().add(changed, ITEMS_MAX);
            self.told.notify_one();
        }
    }
}

impl Gateway {
    /// These mailboxes may have changed, by a write of this process: wakes whoever waits on them, here and elsewhere.
    pub(super) fn changed(&self, mailboxes: &[MailboxId]) {
        self.changes.wake(mailboxes);
        self.hints.add(Changed { mailboxes: mailboxes.iter().copied().collect(), ..Changed::default() });
    }

    /// The same of a person's names and subscriptions.
    pub(super) fn changed_person(&self, user: &UserId) {
        self.changes.wake_person(user);
        self.hints.add(Changed { people: [user.clone()].into(), ..Changed::default() });
    }

    /// The same of what is turned off and who is suspended.
    pub(super) fn changed_switch(&self) {
        self.hints.switch.notify_one();
        self.hints.add(Changed { switch: true, ..Changed::default() });
    }

    /// Waits until the switch is turned, here or by another gateway that says so.
    pub async fn switch_turned(&self) {
        self.hints.switch.notified().await;
    }

    /// Tells other gateways what changes here, until the server stops.
    pub async fn keep_telling(&self, stop: CancellationToken) {
        let least = Duration::from_millis(self.config.store.postgres.hint_pause_milliseconds);
        let mut patience = Patience::default();
        let telling = async {
            loop {
                self.hints.told.notified().await;
                let wait = match self.tell_others().await {
                    Ok(()) => {
                        patience = Patience::default();
                        least
                    }
                    Err(fault) => {
                        tracing::warn!(%fault, "other gateways could not be told what has changed; they poll");
                        self.hints.told.notify_one();
                        patience.next()
                    }
                };
                tokio::time::sleep(wait).await;
            }
        };
        stop.run_until_cancelled(telling).await.unwrap_or(())
    }

    /// Tells other gateways what they have not been told yet: before the process ends.
    pub async fn tell_the_rest(&self) {
        match tokio::time::timeout(LAST_WORDS, self.tell_others()).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::warn!(%fault, "other gateways were not told what changed last; they poll"),
            Err(_elapsed) => tracing::warn!("other gateways were not told what changed last; they poll"),
        }
    }

    async fn tell_others(&self) -> Result<(), Fault> {
        let changed = std::mem::take(&mut *self.hints.waiting.lock());
        if changed.is_empty() {
            return Ok(());
        }
        let notices_max = self.config.store.postgres.hint_notices_max;
        let notices = changed.notices(self.hints.us, NOTICE_BYTES_MAX, notices_max);
        let told = self.store.tell(&notices).await;
        match told {
            Ok(_) => self.metrics.hints.at(Direction::Sent).add(u64::try_from(notices.len()).unwrap_or(0)),
            Err(_) => self.hints.waiting.lock().add(changed, ITEMS_MAX),
        }
        Ok(told?)
    }

    /// Hears what other gateways tell, until the server stops. Connects again for as long as it takes.
    pub async fn keep_hearing(&self, stop: CancellationToken) {
        let mut patience = Patience::default();
        let hearing = async {
            loop {
                let started = Instant::now();
                match self.hear().await {
                    // SQLite: there is nobody to hear.
                    Ok(None) => return,
                    Ok(Some(())) => tracing::warn!("the connection for hints was lost; waiting sessions poll"),
                    Err(fault) => {
                        tracing::warn!(%fault, "hints of other gateways cannot be heard; waiting sessions poll")
                    }
                }
                if started.elapsed() > PAUSE_MAX {
                    patience = Patience::default();
                }
                tokio::time::sleep(patience.next()).await;
            }
        };
        stop.run_until_cancelled(hearing).await.unwrap_or(())
    }

    /// Hears until the connection is lost.
    async fn hear(&self) -> Result<Option<()>, Fault> {
        let Some(mut hearing) = self.store.hear().await? else { return Ok(None) };
        tracing::debug!("hearing other gateways");
        // What was told while nobody heard.
        let everything = Notify::new();
        everything.notify_one();
        self.hints.switch.notify_one();
        let lost = async {
            while let Some(text) = next(&mut hearing).await? {
                self.heard(&text, &everything);
            }
            Ok::<_, Fault>(())
        };
        tokio::select! {
            lost = lost => lost.map(Some),
            () = self.keep_waking(&everything) => Ok(Some(())),
        }
    }

    fn heard(&self, text: &str, everything: &Notify) {
        let Some((from, changed)) = notice::read(text) else {
            return tracing::debug!(octets = text.len(), "what came on the channel of hints is none");
        };
        if from == self.hints.us {
            return;
        }
        self.metrics.hints.at(Direction::Received).inc();
        self.changes.wake(changed.mailboxes.iter());
        changed.people.iter().for_each(|user| self.changes.wake_person(user));
        if changed.everything {
            everything.notify_one();
        }
        if changed.switch || changed.everything {
            self.hints.switch.notify_one();
        }
    }

    /// Wakes everybody each time it is asked: in lots, so that thousands of sessions do not ask the store at once. What is
    /// asked for meanwhile is done once, afterwards.
    async fn keep_waking(&self, everything: &Notify) {
        loop {
            everything.notified().await;
            for lot in self.changes.waiting().chunks(WAKE_AT_ONCE) {
                lot.iter().for_each(|channel| self.changes.wake_channel(channel));
                tokio::time::sleep(WAKE_PAUSE).await;
            }
        }
    }
}

/// The next notice; `None` where the connection is lost, or does not answer any more.
async fn next(hearing: &mut Hearing) -> Result<Option<String>, Fault> {
    loop {
        match tokio::time::timeout(PROBE_AFTER, hearing.next()).await {
            Ok(heard) => return Ok(heard?),
            Err(_elapsed) => match tokio::time::timeout(PROBE_WITHIN, hearing.probe()).await {
                Ok(probed) => probed?,
                Err(_elapsed) => return Ok(None),
            },
        }
    }
}
