//! Rounds of one webhook: take the lease, tell what is due, note what became of it, pause where the receiver is away.
//!
//! A request may be sent twice with the same id: where the process ends between the answer and the note of it, where the lease
//! runs out meanwhile, where the answer was lost. It is never not sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::FutureExt;
use futures_util::stream::{StreamExt, iter};
use tokio_util::sync::CancellationToken;

use super::request::{Telling, signature, tellings};
use super::{Webhook, secret};
use crate::domain::login::random;
use crate::domain::{Fault, Gateway};
use crate::ent::Away;
use crate::model::Timestamp;
use crate::store::Durability;
use crate::store::webhook::{self, AskedLease, AskedPage, OutboxRow, Page, Told};

/// How often it is looked what is due: what another gateway delivered, and what is tried again.
const POLL: Duration = Duration::from_secs(1);
/// Rows looked at together.
const ROWS_AT_ONCE: usize = 64;
/// A lease lasts for two answers and so much longer.
const LEASE_BESIDES: Duration = Duration::from_secs(10);
/// Characters of an error that are kept.
const ERROR_CHARS_MAX: usize = 300;

/// How a row fared.
enum Fared {
    /// Told, at least in part, or refused by a receiver that is there.
    Heard,
    /// The receiver cannot be reached, or is in trouble.
    Away,
    /// Not tried now.
    Skipped,
}

impl Gateway {
    /// Tells one webhook what there is to tell, until the server stops.
    pub async fn keep_telling_webhook(&self, hook: &Webhook, stop: CancellationToken) {
        let holder = random::<16>().map(|octets| u128::from_ne_bytes(octets).to_string()).unwrap_or_default();
        let rounds = async {
            let mut failures = 0;
            loop {
                // Woken, or time to look anyway.
                let _ = tokio::time::timeout(POLL, hook.due.notified()).await;
                match self.tell_due(hook, &holder).await {
                    Ok(true) => failures = 0,
                    Ok(false) => {
                        failures += 1;
                        tokio::time::sleep(pause(hook, failures)).await;
                    }
                    Err(fault) => {
                        tracing::error!(%fault, hook = hook.config.name, "what a webhook is to be told was not looked at");
                    }
                }
            }
        };
        stop.run_until_cancelled(Box::pin(rounds)).await.unwrap_or(());
        let lease = (lease_name(hook), holder);
        if self.store.is_shared()
            && let Err(error) =
                self.store.write(Durability::Relaxed, lease, |tx, lease| Box::pin(webhook::give_back(tx, lease))).await
        {
            tracing::warn!(%error, hook = hook.config.name, "the lease of a webhook was not given back: it runs out");
        }
    }

    /// Tells until nothing is due. `false`: the receiver is away.
    async fn tell_due(&self, hook: &Webhook, holder: &str) -> Result<bool, Fault> {
        while self.holds_lease(hook, holder).await? {
            let asked = (hook.config.name.clone(), self.clock.now(), ROWS_AT_ONCE);
            let rows = self.store.read(asked, |tx, asked| Box::pin(webhook::due(tx, asked))).await?;
            if rows.is_empty() {
                return Ok(true);
            }
            let (started, is_away) = (Instant::now(), AtomicBool::new(false));
            let telling: Vec<_> =
                rows.into_iter().map(|row| self.try_row(hook, row, (started, &is_away)).boxed()).collect();
            let fared: Vec<Result<Fared, Fault>> =
                iter(telling).buffer_unordered(hook.config.requests_at_once_max).collect().await;
            let mut heard = false;
            for one in fared {
                heard |= matches!(one?, Fared::Heard);
            }
            if !heard && is_away.load(Ordering::Relaxed) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Is it this gateway that tells? SQLite has one.
    async fn holds_lease(&self, hook: &Webhook, holder: &str) -> Result<bool, Fault> {
        if !self.store.is_shared() {
            return Ok(true);
        }
        let now = self.clock.now();
        let lasts = answer_within(hook).saturating_mul(2).saturating_add(LEASE_BESIDES);
        let asked = AskedLease { name: lease_name(hook), holder: holder.to_owned(), now, until: later(now, lasts) };
        Ok(self.store.write(Durability::Relaxed, asked, |tx, asked| Box::pin(webhook::lease(tx, asked))).await?)
    }

    /// Tells one page of a row, unless the receiver is away by now. The lease must outlast what is begun.
    async fn try_row(
        &self,
        hook: &Webhook,
        row: OutboxRow,
        (started, is_away): (Instant, &AtomicBool),
    ) -> Result<Fared, Fault> {
        if is_away.load(Ordering::Relaxed) || started.elapsed() > answer_within(hook) {
            return Ok(Fared::Skipped);
        }
        let fared = self.tell_row(hook, row).await;
        if matches!(fared, Ok(Fared::Away)) {
            is_away.store(true, Ordering::Relaxed);
        }
        fared
    }

    /// Tells one page of a row.
    async fn tell_row(&self, hook: &Webhook, row: OutboxRow) -> Result<Fared, Fault> {
        let asked = AskedPage {
            row: row.clone(),
            profiles: hook.profiles.clone(),
            schools: hook.schools.clone(),
            header: hook.config.subjects,
        };
        let page = self.store.read_snapshot(asked, |tx, asked| Box::pin(webhook::page(tx, asked))).await?;
        // A letter that was recalled is news no more, and one whose people have all gone is nobody's.
        let Some((page, last)) = page.filter(|page| !page.letter.recalled).and_then(|page| {
            let last = page.last.clone()?;
            Some((page, last))
        }) else {
            self.note_told(Told::Done { id: row.id }).await?;
            return Ok(Fared::Heard);
        };
        let (up_to, why) = self.tell_page(hook, &row, &page).await;
        let Some(away) = why else {
            let now = self.clock.now();
            let told =
                if page.more { Told::Up { id: row.id, after_user: last, now } } else { Told::Done { id: row.id } };
            self.note_told(told).await?;
            return Ok(Fared::Heard);
        };
        if let Some(after_user) = up_to {
            self.note_told(Told::Up { id: row.id, after_user, now: self.clock.now() }).await?;
        }
        let fared = if is_trouble(&away) { Fared::Away } else { Fared::Heard };
        self.note_failure(hook, &row, &away).await?;
        Ok(fared)
    }

    /// Sends what a page says, in order. Up to whom it was told one by one, where it was not told to the end, and why not.
    async fn tell_page(&self, hook: &Webhook, row: &OutboxRow, page: &Page) -> (Option<String>, Option<Away>) {
        let started = Instant::now();
        let tellings = tellings(hook.config.shape, row, page, &self.config.domain);
        let singles = tellings.len() == page.people.len() && tellings.len() > 1;
        let sending: Vec<_> = tellings.iter().map(|telling| self.send(hook, telling).boxed()).collect();
        let mut sent = iter(sending).buffered(hook.config.requests_at_once_max);
        let (mut count, mut why) = (0_usize, None);
        while let Some(one) = sent.next().await {
            match one {
                Ok(()) => count += 1,
                Err(away) => {
                    why = Some(away);
                    break;
                }
            }
            if started.elapsed() > answer_within(hook) && count < tellings.len() {
                why = Some(Away::Late(0));
                break;
            }
        }
        let last = count.checked_sub(1).and_then(|at| page.people.get(at));
        (last.filter(|_| singles && why.is_some()).map(ToString::to_string), why)
    }

    async fn send(&self, hook: &Webhook, telling: &Telling) -> Result<(), Away> {
        let mut headers = vec![("passerelle-event-id", telling.id.clone())];
        if let Some(file) = &hook.config.secret_file {
            let secret = secret(file).await.map_err(Away::Token)?;
            headers.push(("passerelle-signature", signature(&secret, self.clock.now(), &telling.body)));
        }
        if let Some(file) = &hook.config.token_file {
            let token = secret(file).await.map_err(Away::Token)?;
            headers.push(("authorization", format!("Bearer {token}")));
        }
        let sending = hook.courier.post(&headers, Bytes::from(telling.body.clone()));
        let milliseconds = hook.config.answer_seconds_max.saturating_mul(1000);
        tokio::time::timeout(answer_within(hook), sending).await.unwrap_or(Err(Away::Late(milliseconds)))
    }

    async fn note_told(&self, told: Told) -> Result<(), Fault> {
        Ok(self.store.write(Durability::Relaxed, told, |tx, told| Box::pin(webhook::note(tx, told))).await?)
    }

    async fn note_failure(&self, hook: &Webhook, row: &OutboxRow, away: &Away) -> Result<(), Fault> {
        // What there was no time for is no failure.
        if matches!(away, Away::Late(0)) {
            return Ok(());
        }
        let (id, now) = (row.id, self.clock.now());
        let error: String = away.to_string().chars().take(ERROR_CHARS_MAX).collect();
        let name = &hook.config.name;
        if now >= row.give_up_at {
            tracing::error!(hook = name, id, %error, "a webhook is given up telling of a letter: `passerelle webhook status`");
            return self.note_told(Told::Dead { id, error, now }).await;
        }
        tracing::warn!(hook = name, id, tries = row.tries + 1, %error, "a webhook could not be told");
        let next_try_at = later(now, pause(hook, row.tries.saturating_add(1)));
        self.note_told(Told::Failed { id, error, next_try_at }).await
    }
}

fn lease_name(hook: &Webhook) -> String {
    format!("webhook {}", hook.config.name)
}

const fn answer_within(hook: &Webhook) -> Duration {
    Duration::from_secs(hook.config.answer_seconds_max)
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    Timestamp(now.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
}

/// Is it the receiver as a whole that is in trouble, and not one request that it does not like?
const fn is_trouble(away: &Away) -> bool {
    match away {
        Away::Status(status) => matches!(status, 408 | 429 | 500..=599),
        Away::Late(0) => false,
        _ => true,
    }
}

/// Doubled each time, up to the longest; half as long to half as long again, so that not everything comes at once.
fn pause(hook: &Webhook, tries: u32) -> Duration {
    let seconds = hook.config.retry_seconds_min.saturating_mul(1 << tries.saturating_sub(1).min(20));
    let pause = Duration::from_secs(seconds.min(hook.config.retry_seconds_max));
    let part = random::<4>().map_or(0.5, |octets| f64::from(u32::from_ne_bytes(octets)) / f64::from(u32::MAX));
    pause.mul_f64(0.5 + part)
}
