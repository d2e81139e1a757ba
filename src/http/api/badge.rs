//! The badge: a token for one person's browser, the number, and the script that shows it.
//!
//! Browsers ask from the ENT's pages, so from another origin: those that the settings name may read the answers (CORS, Fetch
//! Standard §3.2), of the badge's routes only, and without cookies. What is asked with is in the `Authorization` header alone, so
//! a page that somebody is lured to has nothing to ask with.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    CACHE_CONTROL, CONTENT_TYPE, ORIGIN, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::unfold;
use serde::Deserialize;
use serde_json::json;

use super::extract::{Given, person};
use super::guard::Caller;
use super::problem::Problem;
use super::{Api, answer};
use crate::domain::Fault;
use crate::domain::api::Badge;
use crate::domain::feed::FeedWatch;
use crate::http::events::{Event, response};
use crate::sentences::ApiProblem;

/// The web component, without dependencies.
const SCRIPT: &str = include_str!("badge.js");

/// Whose badge.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBadge {
    person: String,
}

/// `POST /badge-tokens`
pub(super) async fn create(
    State(api): State<Api>,
    caller: Caller,
    given: Given<NewBadge>,
) -> Result<Response, Problem> {
    let user = person(&api, &caller, &given.value.person).await?;
    let badge = api.gateway.create_badge(&caller.token, &user).await?;
    let body = json!({
        "token": String::from_utf8_lossy(badge.secret.expose()),
        "expires_at": answer::time(badge.expires_at),
    });
    Ok(answer::json(StatusCode::CREATED, &body))
}

/// `GET /badge`
pub(super) async fn show(
    State(api): State<Api>,
    headers: HeaderMap,
    axum::Extension(badge): axum::Extension<Badge>,
) -> Result<Response, Problem> {
    let unread = api.gateway.unread(&badge.user).await?;
    let body = json!({ "unread": unread, "expires_at": answer::time(badge.expires_at) });
    Ok(answer::tagged(&headers, body.to_string()))
}

/// `GET /badge/events`
pub(super) async fn events(
    State(api): State<Api>,
    axum::Extension(badge): axum::Extension<Badge>,
) -> Result<Response, Problem> {
    let place = super::events::place(&api, &format!("badge {}", badge.user.id))?;
    let watch = api.gateway.watch_feed(&badge.user).await?;
    let shown = Shown { api, badge, watch, unread: None };
    Ok(response(
        place,
        unfold(shown, |mut shown| async move {
            let event = shown.next().await?;
            Some((event, shown))
        }),
    ))
}

/// A badge that is being shown.
struct Shown {
    api: Api,
    badge: Badge,
    watch: FeedWatch,
    unread: Option<u64>,
}

impl Shown {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.unread.is_some() {
                super::events::wait(&mut self.watch).await;
            }
            let unread = self.look().await.map_err(super::events::ended).ok()??;
            if self.unread.replace(unread) != Some(unread) {
                let data = json!({ "unread": unread }).to_string();
                return Some(Event { name: "unread", id: None, data });
            }
        }
    }

    /// The number; `None` where the badge may not be shown any more.
    async fn look(&mut self) -> Result<Option<u64>, Fault> {
        if !self.api.gateway.badge_lives(&self.badge).await? {
            return Ok(None);
        }
        Ok(Some(self.api.gateway.unread(&self.badge.user).await?))
    }
}

/// Lets pages of the origins that the settings name read the answers of the badge's routes.
pub(super) async fn cross_origin(State(api): State<Api>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let is_badge = path == "/badge" || path == "/badge/events";
    let origin = request.headers().get(ORIGIN).cloned().filter(|_| is_badge);
    let origin = origin.filter(|origin| {
        let origins = &api.gateway.config.api.badge_origins;
        origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
    });
    let preflight = is_badge && request.method() == Method::OPTIONS;
    let mut response = match (&origin, preflight) {
        (Some(_), true) => StatusCode::NO_CONTENT.into_response(),
        (None, true) => Problem::new(ApiProblem::BadMethod).into_response(),
        (_, false) => next.run(request).await,
    };
    let headers = response.headers_mut();
    if is_badge {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if preflight {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, If-None-Match"));
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
    response
}

/// `/badge/passerelle-badge.js`: for every page, it holds nothing of anybody.
pub(super) fn script() -> Router {
    Router::new().route(
        "/badge/passerelle-badge.js",
        get(async || {
            let headers = [
                (CONTENT_TYPE, "text/javascript; charset=utf-8"),
                (CACHE_CONTROL, "public, max-age=3600"),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            (headers, SCRIPT)
        }),
    )
}
