//! What is answered where a request cannot be done: problem details (RFC 9457), in the language of the settings.
//!
//! A handler gives a [`Problem`] up; it travels as an extension of an empty answer to [`tell`], which knows the language.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Api;
use crate::domain::Fault;
use crate::sentences::ApiProblem;

/// Seconds after which it may be better, where the server fails.
const RETRY_SECONDS: u64 = 10;

/// Why a request is not done.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    what: ApiProblem,
    /// Further members.
    more: Value,
}

impl Problem {
    pub(super) const fn new(what: ApiProblem) -> Self {
        Self { what, more: Value::Null }
    }

    /// With further members.
    pub(super) fn with(what: ApiProblem, more: Value) -> Self {
        Self { what, more }
    }

    /// What cannot be read.
    pub(super) fn bad(what: impl ToString) -> Self {
        Self::new(ApiProblem::BadRequest(what.to_string()))
    }

    /// Is it the server's fault, so that the same again may succeed?
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self.what, ApiProblem::Unavailable)
    }

    const fn status(&self) -> StatusCode {
        match self.what {
            ApiProblem::NoToken | ApiProblem::BadToken => StatusCode::UNAUTHORIZED,
            ApiProblem::Scope(_) => StatusCode::FORBIDDEN,
            ApiProblem::NoSuchPath
            | ApiProblem::NoSuchPerson
            | ApiProblem::NoSuchDevice
            | ApiProblem::NoSuchLetter
            | ApiProblem::NoSuchSchool => StatusCode::NOT_FOUND,
            ApiProblem::BadMethod => StatusCode::METHOD_NOT_ALLOWED,
            ApiProblem::BadRequest(_) | ApiProblem::TooMany { .. } => StatusCode::BAD_REQUEST,
            ApiProblem::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ApiProblem::TooFast { .. } | ApiProblem::TooManyStreams => StatusCode::TOO_MANY_REQUESTS,
            ApiProblem::AlreadyRecalled
            | ApiProblem::NotSuspended
            | ApiProblem::KeyUnfinished
            | ApiProblem::DirectoryStopped(_) => StatusCode::CONFLICT,
            ApiProblem::BadDeviceName | ApiProblem::KeyOfAnother | ApiProblem::DirectoryRefused(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            ApiProblem::ServerFull | ApiProblem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Seconds to wait.
    const fn retry_after(&self) -> Option<u64> {
        match self.what {
            ApiProblem::TooFast { seconds } => Some(seconds),
            ApiProblem::TooManyStreams | ApiProblem::ServerFull | ApiProblem::Unavailable => Some(RETRY_SECONDS),
            _ => None,
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        tracing::error!(%fault, "a request of the API failed");
        Self::new(ApiProblem::Unavailable)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the problem that an answer bears.
pub(super) async fn tell(State(api): State<Api>, response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else { return response };
    let status = problem.status();
    let mut members = json!({
        "type": format!("urn:passerelle:problem:{}", problem.what.name()),
        "title": problem.what.title(api.gateway.config.language),
        "status": status.as_u16(),
    });
    if let Some(members) = members.as_object_mut() {
        if let Some(detail) = problem.what.detail() {
            members.insert("detail".to_owned(), detail.into());
        }
        if let Value::Object(more) = &problem.more {
            members.extend(more.clone());
        }
    }
    let retry_after = problem.retry_after();
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = retry_after {
        parts.headers.insert(RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        // RFC 6750 §3.
        parts.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"passerelle\""));
    }
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(parts, members.to_string().into())
}
