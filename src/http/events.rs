//! PROTOCOL: an answer that stays open: server-sent events (HTML Living Standard §9.2, "Server-sent events").
//!
//! A handler takes a place ([`EventPlaces::take`]; none is left: 429 or 503), and gives a stream of [`Event`]s to
//! [`response`]. The answer bears a [`Lasting`], by which the listener (`server::web`) knows that it may outlast other
//! connections, and ends it when the server stops. A stream holds what is true now, never a queue: a client that reads slowly
//! costs what lies in its socket, and is cut off by the listener.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream, StreamExt, unfold};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::EventsConfig;

/// Keeps proxies from holding events back.
const NO_BUFFERING: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
/// A comment: nothing to the client, and a sign of life to whatever stands between.
const KEEP_ALIVE: &[u8] = b":\n\n";

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Without line ends.
    pub name: &'static str,
    /// What the client sends back as `Last-Event-ID` when it comes again; without line ends.
    pub id: Option<String>,
    /// JSON.
    pub data: String,
}

impl Event {
    fn octets(&self) -> Bytes {
        let mut text = format!("event: {}\n", self.name);
        if let Some(id) = &self.id {
            text.push_str(&format!("id: {id}\n"));
        }
        for line in self.data.lines() {
            text.push_str(&format!("data: {line}\n"));
        }
        text.push('\n');
        text.into()
    }
}

/// On an answer: it lasts. Cancelled, its stream ends as soon as it has told what it is telling.
#[derive(Clone, Debug, Default)]
pub struct Lasting(pub CancellationToken);

/// Who holds how many streams open.
#[derive(Clone)]
pub struct EventPlaces(Arc<Counted>);

struct Counted {
    config: EventsConfig,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_holder: HashMap<String, usize>,
}

/// One stream's place. Dropped, it is free again.
pub struct EventPlace {
    places: EventPlaces,
    holder: String,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// This person, or this token, has as many as may be.
    Holder,
    /// All are taken.
    All,
}

impl EventPlaces {
    /// As many as the settings say.
    pub fn new(config: &EventsConfig) -> Self {
        Self(Arc::new(Counted { config: config.clone(), open: Mutex::default() }))
    }

    /// A place for one more stream of `holder`: a person's id, or whatever else tells one from another.
    ///
    /// # Errors
    /// None is left.
    pub fn take(&self, holder: impl Into<String>) -> Result<EventPlace, Full> {
        let holder = holder.into();
        let mut open = self.0.open.lock();
        if open.all >= self.0.config.streams_max {
            return Err(Full::All);
        }
        let held = open.by_holder.entry(holder.clone()).or_default();
        if *held >= self.0.config.streams_per_person_max {
            return Err(Full::Holder);
        }
        *held += 1;
        open.all += 1;
        drop(open);
        Ok(EventPlace { places: self.clone(), holder })
    }
}

impl Drop for EventPlace {
    fn drop(&mut self) {
        let mut open = self.places.0.open.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(held) = open.by_holder.get_mut(&self.holder) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                open.by_holder.remove(&self.holder);
            }
        }
    }
}

/// The answer that tells these events until they end, the server stops or the time is over.
pub fn response(place: EventPlace, events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let config = &place.places.0.config;
    let lasting = Lasting::default();
    let telling = Telling {
        events: events.boxed(),
        keep_alive: Duration::from_secs(config.keep_alive_seconds),
        ends_at: Instant::now() + Duration::from_secs(config.stream_seconds_max),
        end: lasting.0.clone(),
        _place: place,
    };
    let hello = futures_util::stream::once(async { Ok(Bytes::from_static(KEEP_ALIVE)) });
    let body = hello.chain(unfold(telling, |mut telling| async move {
        let octets = telling.next().await?;
        Some((Ok::<_, Infallible>(octets), telling))
    }));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONNECTION, HeaderValue::from_static("close")),
        NO_BUFFERING,
    ];
    let mut response = (headers, Body::from_stream(body)).into_response();
    response.extensions_mut().insert(lasting);
    response
}

/// A stream that is being told.
struct Telling {
    events: BoxStream<'static, Event>,
    keep_alive: Duration,
    ends_at: Instant,
    end: CancellationToken,
    _place: EventPlace,
}

impl Telling {
    /// What to send next; `None`: that was all.
    async fn next(&mut self) -> Option<Bytes> {
        tokio::select! {
            biased;
            () = self.end.cancelled() => None,
            () = tokio::time::sleep_until(self.ends_at) => None,
            event = self.events.next() => event.map(|event| event.octets()),
            () = tokio::time::sleep(self.keep_alive) => Some(Bytes::from_static(KEEP_ALIVE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_by_holder_and_in_all_and_given_back() {
        let config = EventsConfig { streams_per_person_max: 2, streams_max: 3, ..EventsConfig::default() };
        let places = EventPlaces::new(&config);
        let (one, _two) = (places.take("anne").ok().unwrap(), places.take("anne").ok().unwrap());
        assert_eq!(places.take("anne").err(), Some(Full::Holder));
        let _three = places.take("luc").ok().unwrap();
        assert_eq!(places.take("paul").err(), Some(Full::All));
        drop(one);
        assert!(places.take("anne").is_ok());
        assert_eq!(places.0.open.lock().all, 2);
    }

    #[test]
    fn an_event_is_told_line_by_line() {
        let event = Event { name: "unread", id: Some("x".to_owned()), data: "{\n}".to_owned() };
        assert_eq!(event.octets(), "event: unread\nid: x\ndata: {\ndata: }\n\n");
    }

    #[tokio::test]
    async fn a_stream_that_is_told_to_end_gives_its_place_back() {
        let places = EventPlaces::new(&EventsConfig::default());
        let response = response(places.take("anne").ok().unwrap(), futures_util::stream::pending());
        let Lasting(end) = response.extensions().get::<Lasting>().unwrap().clone();
        end.cancel();
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(body, KEEP_ALIVE);
        assert_eq!(places.0.open.lock().all, 0);
    }
}
