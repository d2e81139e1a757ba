//! Unread counts, and what came since a cursor.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::extract::{Asked, Given, Person};
use super::guard::Caller;
use super::problem::Problem;
use super::{Api, answer};
use crate::domain::feed::{FeedCursor, FeedItem};
use crate::model::UserId;
use crate::sentences::ApiProblem;

/// People, by id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    people: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// `GET /people/{person}/unread`
pub(super) async fn unread(State(api): State<Api>, headers: HeaderMap, person: Person) -> Result<Response, Problem> {
    let unread = api.gateway.unread(&person.user).await?;
    Ok(answer::tagged(&headers, json!({ "person": person.user.id.as_str(), "unread": unread }).to_string()))
}

/// `POST /unread`
pub(super) async fn unread_of_many(
    State(api): State<Api>,
    caller: Caller,
    given: Given<People>,
) -> Result<Response, Problem> {
    let asked = bounded(&api, given.value)?;
    let seen = api.gateway.people_for(&caller.token, asked.clone()).await?;
    let counts = api.gateway.unread_of(&seen).await?;
    let unknown: Vec<&str> = asked.iter().filter(|user| !counts.contains_key(user)).map(UserId::as_str).collect();
    let counts: Map<String, Value> = counts.iter().map(|(user, unread)| (user.to_string(), (*unread).into())).collect();
    Ok(answer::json(StatusCode::OK, &json!({ "unread": counts, "unknown": unknown })))
}

/// The people asked about, each once, where they are not too many.
pub(super) fn bounded(api: &Api, people: People) -> Result<Vec<UserId>, Problem> {
    let max = api.gateway.config.api.people_per_request_max;
    if people.people.len() > max {
        return Err(Problem::new(ApiProblem::TooMany { max }));
    }
    if people.people.iter().any(|id| id.contains('\0')) {
        return Err(Problem::bad("an id holds a NUL"));
    }
    let people: std::collections::BTreeSet<UserId> = people.people.into_iter().map(UserId::new).collect();
    Ok(people.into_iter().collect())
}

/// `GET /people/{person}/feed`
pub(super) async fn since(
    State(api): State<Api>,
    headers: HeaderMap,
    person: Person,
    Asked(since): Asked<Since>,
) -> Result<Response, Problem> {
    let cursor = since.cursor.as_deref().map(read_cursor).transpose()?;
    let items_max = api.gateway.config.api.items_max;
    let max = since.limit.unwrap_or(items_max).clamp(1, items_max);
    let page = api.gateway.feed_since(&person.user.id, cursor, max).await?;
    let page = page.ok_or_else(|| Problem::new(ApiProblem::NoSuchPerson))?;
    let subjects = person.caller.sees_subjects();
    let items: Vec<Value> = page.items.iter().map(|item| item_json(item, subjects)).collect();
    let body = json!({
        "person": person.user.id.as_str(),
        "unread": page.unread,
        "items": items,
        "cursor": page.cursor.text(),
        "more": page.more,
        "reset": page.reset,
    });
    Ok(answer::tagged(&headers, body.to_string()))
}

/// A cursor as it was given out.
pub(super) fn read_cursor(text: &str) -> Result<FeedCursor, Problem> {
    FeedCursor::read(text).ok_or_else(|| Problem::bad("the cursor is none that was given out here"))
}

/// A message of the feed.
pub(super) fn item_json(item: &FeedItem, subjects: bool) -> Value {
    let mut value = json!({
        "id": item.id.to_string(),
        "from": { "name": item.sender_name, "address": item.sender_address },
        "at": answer::time(item.at),
        "unread": item.unread,
    });
    if let Some(members) = value.as_object_mut().filter(|_| subjects) {
        members.insert("subject".to_owned(), item.subject.as_str().into());
    }
    value
}
