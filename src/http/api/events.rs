//! What is new, told as it happens (server-sent events).
//!
//! * Of one person: `message` for each that comes, `unread` where the number changes. Each event's id is a cursor: a client
//!   that comes again with `Last-Event-ID` is told what came meanwhile, and nothing twice.
//! * Of many: `unread`, first of everybody, then of each whose number changes.
//!
//! What is told is what the store says when it is looked at; notices only say when to look.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::stream::{Stream, unfold};
use serde_json::json;

use super::Api;
use super::extract::{Given, Person};
use super::feed::{People, bounded, item_json, read_cursor};
use super::guard::Caller;
use super::problem::Problem;
use crate::domain::Fault;
use crate::domain::feed::{FeedCursor, FeedWatch};
use crate::http::events::{Event, EventPlace, Full, response};
use crate::model::UserId;
use crate::sentences::ApiProblem;

/// How often it is looked whether the token is still good, where nothing happens.
const TOKEN_EVERY: Duration = Duration::from_secs(20);
/// The least time between two looks of one stream: what happens meanwhile is told together.
const PAUSE: Duration = Duration::from_millis(200);

/// `GET /people/{person}/events`
pub(super) async fn of_one(State(api): State<Api>, headers: HeaderMap, person: Person) -> Result<Response, Problem> {
    let cursor = match headers.get("last-event-id").and_then(|value| value.to_str().ok()) {
        Some(text) if !text.is_empty() => Some(read_cursor(text)?),
        _ => None,
    };
    let place = place(&api, &person.caller.token.id)?;
    // Watched before the first look: nothing is missed in between.
    let watch = api.gateway.watch_feed(&person.user).await?;
    let subjects = person.caller.sees_subjects();
    let stream = One {
        standing: Standing { api, caller: person.caller },
        user: person.user.id,
        subjects,
        watch,
        cursor,
        unread: None,
        waiting: VecDeque::new(),
    };
    Ok(response(place, stream.events()))
}

/// `POST /events`
pub(super) async fn of_many(State(api): State<Api>, caller: Caller, given: Given<People>) -> Result<Response, Problem> {
    let asked = bounded(&api, given.value)?;
    let users = api.gateway.people_for(&caller.token, asked).await?;
    let place = place(&api, &caller.token.id)?;
    let watch = api.gateway.watch_feeds(&users).await?;
    let stream = Many { standing: Standing { api, caller }, users, watch, unread: None, waiting: VecDeque::new() };
    Ok(response(place, stream.events()))
}

/// A place for one more stream.
pub(super) fn place(api: &Api, holder: &str) -> Result<EventPlace, Problem> {
    api.places.take(holder).map_err(|full| {
        Problem::new(match full {
            Full::Holder => ApiProblem::TooManyStreams,
            Full::All => ApiProblem::ServerFull,
        })
    })
}

/// Whether who opened a stream may go on.
struct Standing {
    api: Api,
    caller: Caller,
}

impl Standing {
    async fn holds(&self) -> Result<bool, Fault> {
        self.api.gateway.api_token_lives(&self.caller.token.id).await
    }
}

/// Waits for something that may be new, or for the time to look whether the token is still good.
pub(super) async fn wait(watch: &mut FeedWatch) -> std::collections::BTreeSet<UserId> {
    tokio::time::sleep(PAUSE).await;
    tokio::time::timeout(TOKEN_EVERY, watch.changed()).await.unwrap_or_default()
}

/// What is told of one person.
struct One {
    standing: Standing,
    user: UserId,
    subjects: bool,
    watch: FeedWatch,
    cursor: Option<FeedCursor>,
    /// As it was told last; `None` before the first look.
    unread: Option<u64>,
    waiting: VecDeque<Event>,
}

impl One {
    fn events(self) -> impl Stream<Item = Event> + Send {
        unfold(self, |mut one| async move {
            let event = one.next().await?;
            Some((event, one))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.unread.is_some() {
                wait(&mut self.watch).await;
            }
            if !self.look().await.unwrap_or_else(ended) {
                return None;
            }
        }
    }

    /// Tells what is new. `false`: the stream ends.
    async fn look(&mut self) -> Result<bool, Fault> {
        let Standing { api, .. } = &self.standing;
        if !self.standing.holds().await? {
            return Ok(false);
        }
        loop {
            // Who comes for the first time is told of what comes from now on.
            let max = if self.cursor.is_some() { api.gateway.config.api.items_max } else { 0 };
            let Some(page) = api.gateway.feed_since(&self.user, self.cursor, max).await? else { return Ok(false) };
            for item in &page.items {
                self.waiting.push_back(Event {
                    name: "message",
                    id: Some(page.cursor.behind(item).text()),
                    data: item_json(item, self.subjects).to_string(),
                });
            }
            self.cursor = Some(page.cursor);
            if page.more {
                continue;
            }
            if self.unread != Some(page.unread) {
                self.unread = Some(page.unread);
                let data = json!({ "person": self.user.as_str(), "unread": page.unread }).to_string();
                self.waiting.push_back(Event { name: "unread", id: Some(page.cursor.text()), data });
            }
            return Ok(true);
        }
    }
}

/// What is told of many.
struct Many {
    standing: Standing,
    users: Vec<UserId>,
    watch: FeedWatch,
    /// As they were told last; `None` before the first look.
    unread: Option<HashMap<UserId, u64>>,
    waiting: VecDeque<Event>,
}

impl Many {
    fn events(self) -> impl Stream<Item = Event> + Send {
        unfold(self, |mut many| async move {
            let event = many.next().await?;
            Some((event, many))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let changed: Vec<UserId> = match &self.unread {
                None => self.users.clone(),
                Some(_) => wait(&mut self.watch).await.into_iter().collect(),
            };
            if !self.look(&changed).await.unwrap_or_else(ended) {
                return None;
            }
        }
    }

    async fn look(&mut self, users: &[UserId]) -> Result<bool, Fault> {
        if !self.standing.holds().await? {
            return Ok(false);
        }
        let known = self.unread.get_or_insert_default();
        if users.is_empty() {
            return Ok(true);
        }
        for (user, unread) in self.standing.api.gateway.unread_of(users).await? {
            if known.get(&user) != Some(&unread) {
                let data = json!({ "person": user.as_str(), "unread": unread }).to_string();
                self.waiting.push_back(Event { name: "unread", id: None, data });
                known.insert(user, unread);
            }
        }
        Ok(true)
    }
}

/// A stream whose store does not answer ends; its client comes again.
#[expect(clippy::needless_pass_by_value, reason = "as the error of a result")]
pub(super) fn ended(fault: Fault) -> bool {
    tracing::warn!(%fault, "an event stream ended");
    false
}
