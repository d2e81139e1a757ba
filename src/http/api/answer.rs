//! Answers: JSON that nobody keeps, with an ETag (RFC 9110 §8.8.3) where the same is asked again and again.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::model::Timestamp;

const JSON: (HeaderName, HeaderValue) = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
const NO_STORE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
/// May be kept, and is asked for again each time.
const NO_CACHE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));

/// This JSON.
pub(super) fn json(status: StatusCode, value: &Value) -> Response {
    (status, [JSON, NO_STORE], value.to_string()).into_response()
}

/// This JSON; 304 where the client has it.
pub(super) fn tagged(headers: &HeaderMap, text: String) -> Response {
    let hash = blake3::hash(text.as_bytes()).to_hex();
    let tag = format!("\"{}\"", hash.get(..32).unwrap_or_default());
    let etag = (ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\"")));
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    });
    if is_known {
        return (StatusCode::NOT_MODIFIED, [etag, NO_CACHE]).into_response();
    }
    ([JSON, etag, NO_CACHE], text).into_response()
}

/// A time as RFC 3339 §5.6 has it, to the second.
pub(super) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds()).unwrap_or_default().to_string()
}
