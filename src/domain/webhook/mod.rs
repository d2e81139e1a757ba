//! Webhooks: the ENT is told that messages have come.
//!
//! What is to be told is written in the transaction that delivers (`store::webhook`), so nothing is lost with a process: a row
//! for each run of a letter and webhook, be they 5 000 readers. Letters that wait for the end of quiet hours are noted when
//! they are placed. One gateway at a time tells a webhook (a lease that runs out by itself), a page of people in a request.
//!
//! Each request has an id that is the same however often it is sent: a receiver that remembers ids gets nothing twice. It is
//! repeated until a 2xx comes, with pauses that grow, and given up after some days, which the log says and `passerelle webhook
//! status` counts.
//!
//! | file | what |
//! | --- | --- |
//! | `telling` | rounds: lease, what is due, pauses |
//! | `request` | pure: a page of people → requests, signed |

mod request;
mod telling;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;

use super::{Fault, Gateway};
use crate::config::{Config, WebhookConfig, WebhookShape};
use crate::ent::Courier;
use crate::model::{Profile, Timestamp, TrailEvent};
pub use crate::store::webhook::HookState;
use crate::store::webhook::{self, Hook, NewOutbox};
use crate::store::{Durability, json_list, trail};

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;
/// People of a page where each is told by a request of his own.
const PAGE_OF_SINGLES: usize = 100;

/// All webhooks of the settings.
pub struct Webhooks {
    hooks: Vec<Arc<Webhook>>,
    /// For deliveries.
    noted: Vec<Hook>,
}

/// One of them.
pub struct Webhook {
    pub config: WebhookConfig,
    courier: Courier,
    /// JSON lists.
    profiles: String,
    schools: String,
    /// There is something new.
    due: Notify,
}

impl Webhooks {
    /// # Errors
    /// A URL, or a file of authorities, cannot be used.
    pub(in crate::domain) fn new(config: &Config) -> Result<Self, String> {
        let hooks = config.webhook.iter().map(|hook| Webhook::new(hook).map(Arc::new));
        let noted = config.webhook.iter().map(|hook| Hook {
            name: hook.name.clone(),
            page_people: match hook.shape {
                WebhookShape::Passerelle => hook.people_per_request_max,
                WebhookShape::Zimbra => PAGE_OF_SINGLES,
            },
            patience: patience(hook),
        });
        Ok(Self { hooks: hooks.collect::<Result<_, _>>()?, noted: noted.collect() })
    }
}

fn patience(hook: &WebhookConfig) -> i64 {
    i64::from(hook.give_up_days).saturating_mul(MICROSECONDS_PER_DAY)
}

impl Webhook {
    fn new(config: &WebhookConfig) -> Result<Self, String> {
        let profiles: Vec<&str> = config.profiles.iter().copied().map(Profile::column).collect();
        let schools: Vec<String> = config.schools.iter().map(|uai| uai.to_lowercase()).collect();
        Ok(Self {
            courier: Courier::new(&config.url, config.ca_file.as_deref(), config.private_addresses)?,
            profiles: json_list(&profiles),
            schools: json_list(&schools),
            due: Notify::new(),
            config: config.clone(),
        })
    }
}

/// What a file holds, without the line end.
async fn secret(file: &PathBuf) -> Result<String, String> {
    let read = tokio::fs::read_to_string(file).await;
    let text = read.map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(text.trim().to_owned())
}

impl Gateway {
    /// All webhooks: each is told by a round of its own ([`Gateway::keep_telling_webhook`]).
    pub fn webhooks(&self) -> &[Arc<Webhook>] {
        &self.webhooks.hooks
    }

    /// What a transaction that delivers so many letters is to note.
    pub(in crate::domain) fn new_outbox(&self, letters: usize) -> NewOutbox {
        let hooks = self.webhooks.noted.clone();
        let rows = u32::try_from(letters.saturating_mul(hooks.len())).unwrap_or(u32::MAX);
        let first_id = if rows == 0 { 0 } else { self.clock.new_ids(rows) };
        NewOutbox { hooks, first_id }
    }

    /// A delivery has been committed.
    pub(in crate::domain) fn wake_webhooks(&self) {
        self.webhooks.hooks.iter().for_each(|hook| hook.due.notify_one());
    }

    /// How the webhooks stand that have something in the outbox.
    pub async fn webhook_states(&self) -> Result<Vec<HookState>, Fault> {
        Ok(self.store.read((), |tx, none| Box::pin(webhook::states(tx, none))).await?)
    }

    /// Tries again at once whatever a webhook has not been told, what was given up too. How many runs of letters.
    pub async fn retry_webhook(&self, hook: &str) -> Result<u64, Fault> {
        let now = self.clock.now();
        let known = self.config.webhook.iter().find(|known| known.name == hook);
        let give_up = Timestamp(now.0.saturating_add(known.map_or(MICROSECONDS_PER_DAY, patience)));
        let line = self.trail_line(None, &TrailEvent::Admin { act: "webhook-retry", detail: hook.to_owned() });
        let write = self.store.write(Durability::Synced, (hook.to_owned(), now, give_up, line), |tx, asked| {
            Box::pin(async move {
                let (hook, now, give_up, line) = asked;
                trail::add(tx, line).await?;
                webhook::retry(tx, hook, *now, *give_up).await
            })
        });
        let count = write.await?;
        self.wake_webhooks();
        Ok(count)
    }

    /// Forgets what a webhook was not told and was given up, or (`all`) whatever it was not told. How many runs of letters.
    pub async fn drop_webhook(&self, hook: &str, all: bool) -> Result<u64, Fault> {
        let line = self.trail_line(None, &TrailEvent::Admin { act: "webhook-drop", detail: hook.to_owned() });
        let write = self.store.write(Durability::Synced, (hook.to_owned(), all, line), |tx, (hook, all, line)| {
            Box::pin(async move {
                trail::add(tx, line).await?;
                webhook::forget(tx, hook, *all).await
            })
        });
        Ok(write.await?)
    }
}
