//! What is new: unread count and latest messages, and a stream that says when they change.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;

use super::visit::Visit;
use super::{Answer, Page, Part, Trouble, answered};
use crate::domain::feed::{FeedItem, FeedWatch};
use crate::domain::login::{PageSession, PageToken};
use crate::domain::{Fault, Gateway};
use crate::http::events::{self, Event};
use crate::http::html::{self, Frame};
use crate::model::Use;
use crate::sentences::page::{self as sentences, Words};

/// A stream says no more than once in this time that something has changed.
const PAUSE: Duration = Duration::from_millis(500);

/// A message in the list.
struct Row {
    sender: String,
    subject: String,
    at: String,
    unread: bool,
}

/// What changes.
#[derive(Template)]
#[template(path = "latest.html")]
struct Latest {
    w: &'static Words,
    unread: u64,
    unread_text: String,
    rows: Vec<Row>,
    /// Why nothing can be shown.
    off: Option<String>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    w: &'static Words,
    latest: Latest,
    address: String,
    devices: bool,
}

pub(super) async fn home(visit: Visit) -> Response {
    let answer = async {
        let page = &visit.page;
        let session = visit.signed_in().await?;
        let words = page.words();
        let shown = Home {
            frame: page.frame_for(&session, "", Part::Home),
            w: words,
            latest: latest_of(page, &session).await?,
            address: page.gateway.primary_address(&session.user).map(|own| own.to_string()).unwrap_or_default(),
            devices: page.gateway.may_make_devices(&session.user),
        };
        Ok(html::page(&shown))
    };
    let answer: Answer = answer.await;
    answered(&visit, answer)
}

/// The part that changes, by itself.
pub(super) async fn latest(visit: Visit) -> Response {
    let answer = async {
        let session = visit.still_signed_in().await?;
        Ok(html::page(&latest_of(&visit.page, &session).await?))
    };
    quietly(&visit, answer.await)
}

async fn latest_of(page: &Page, session: &PageSession) -> Result<Latest, Fault> {
    let (gateway, user, language) = (&page.gateway, &session.user, page.language());
    let off = gateway.turned_off(user, Use::Reading).await?.map(|why| why.text(language));
    let (unread, items) = match off {
        Some(_) => (0, Vec::new()),
        None => (gateway.unread(user).await?, gateway.latest(user, gateway.config.page.latest_max).await?),
    };
    let rows = items.into_iter().map(|item| row(page, item)).collect();
    Ok(Latest { w: page.words(), unread, unread_text: sentences::unread(language, unread), rows, off })
}

fn row(page: &Page, item: FeedItem) -> Row {
    let (gateway, words) = (&page.gateway, page.words());
    let (at, now) = (gateway.on_the_wall(item.at), gateway.on_the_wall(gateway.clock.now()));
    Row {
        sender: item
            .sender_name
            .or(item.sender_address)
            .map_or_else(|| words.no_sender.to_owned(), |name| plain(&name)),
        subject: if item.subject.is_empty() { words.no_subject.to_owned() } else { plain(&item.subject) },
        at: sentences::moment(page.language(), at, now),
        unread: item.unread,
    }
}

/// Without the marks that turn the direction of what follows (Unicode, annex 9): with them a text reads as another one.
fn plain(text: &str) -> String {
    text.chars().filter(|sign| !matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')).collect()
}

/// When something changes, and nothing of what: the page asks for that, and shows who it is.
pub(super) async fn events(visit: Visit) -> Response {
    let answer = async {
        let page = &visit.page;
        let session = visit.still_signed_in().await?;
        let Ok(place) = page.places.take(session.user.id.as_str()) else {
            return Ok((StatusCode::TOO_MANY_REQUESTS, page.words().too_many_requests).into_response());
        };
        let watch = page.gateway.watch_feed(&session.user).await?;
        let watching = Watching { watch, gateway: Arc::clone(&page.gateway), token: session.token };
        Ok(events::response(
            place,
            unfold(watching, |mut watching| async move {
                let event = watching.next().await?;
                Some((event, watching))
            }),
        ))
    };
    quietly(&visit, answer.await)
}

struct Watching {
    watch: FeedWatch,
    gateway: Arc<Gateway>,
    token: PageToken,
}

impl Watching {
    /// `None`: the session has ended.
    async fn next(&mut self) -> Option<Event> {
        self.watch.changed().await;
        tokio::time::sleep(PAUSE).await;
        let session = self.gateway.see_page_session(&self.token).await;
        session.ok().flatten().map(|_| Event { name: "changed", id: None, data: "{}".to_owned() })
    }
}

/// To a script: who is signed out hears so, and is sent nowhere.
fn quietly(visit: &Visit, answer: Answer) -> Response {
    match answer {
        Err(Trouble::SignedOut) => StatusCode::UNAUTHORIZED.into_response(),
        answer => answered(visit, answer),
    }
}
