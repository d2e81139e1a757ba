//! The description of the API (OpenAPI 3.1), as it stands in `docs/openapi.json`; and what a token may do.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::answer;
use super::guard::Caller;
use super::problem::Problem;
use crate::model::{ApiScope, SchoolId};

/// The document.
pub const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

/// `GET /openapi.json`
pub(super) async fn document(headers: HeaderMap) -> Response {
    answer::tagged(&headers, DESCRIPTION.to_owned())
}

/// `GET /token`
pub(super) async fn token(caller: Caller) -> Result<Response, Problem> {
    let scopes: Vec<&str> = caller.token.scopes.iter().copied().map(ApiScope::word).collect();
    let body = json!({
        "name": caller.token.name,
        "scopes": scopes,
        "school": caller.token.school.as_ref().map(SchoolId::as_str),
        "expires_at": caller.token.expires_at.map(answer::time),
    });
    Ok(answer::json(StatusCode::OK, &body))
}
