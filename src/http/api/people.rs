//! People suspended and let back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Api;
use super::extract::{Given, Person};
use super::problem::Problem;

/// Why, for the trail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    reason: String,
}

/// `POST /people/{person}/suspend`
pub(super) async fn suspend(State(api): State<Api>, person: Person, why: Given<Why>) -> Result<Response, Problem> {
    let reason = line(&why.value.reason)?;
    api.gateway.trail_of_token(&person.caller.token, Some(&person.user.id), "user-suspend").await?;
    api.gateway.suspend_user(&person.user.id, &reason).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /people/{person}/resume`
pub(super) async fn resume(State(api): State<Api>, person: Person) -> Result<Response, Problem> {
    api.gateway.trail_of_token(&person.caller.token, Some(&person.user.id), "user-resume").await?;
    api.gateway.resume_user(&person.user.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

/// A reason, which stands on one line.
pub(super) fn line(reason: &str) -> Result<String, Problem> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX || reason.chars().any(char::is_control) {
        return Err(Problem::bad("`reason` must have 1 to 500 characters, none of them a control character"));
    }
    Ok(reason.to_owned())
}
