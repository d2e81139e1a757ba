//! Requests that make something and may come twice: the same `Idempotency-Key` gets the answer of the first.

use axum::body::to_bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::guard::Caller;
use super::problem::Problem;
use super::{Api, answer};
use crate::domain::api::{Begun, RequestKey};
use crate::sentences::ApiProblem;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
/// The longest key, in octets.
const KEY_BYTES_MAX: usize = 255;
/// Octets of an answer that is kept.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A request, as far as it says what it is.
pub(super) struct Asking<'a> {
    pub(super) caller: &'a Caller,
    pub(super) headers: &'a HeaderMap,
    pub(super) uri: &'a Uri,
    pub(super) body: &'a [u8],
}

/// Does it, or gives the answer that it got before. What failed because of the request itself did nothing: its key is free
/// again.
pub(super) async fn once(
    api: &Api,
    asking: Asking<'_>,
    doing: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let Some(key) = key(asking.headers)? else { return doing.await };
    let key = RequestKey::new(&asking.caller.token, &asking.caller.secret, key)?;
    let request = [asking.uri.to_string().as_bytes(), b"\n", asking.body].concat();
    match api.gateway.begin_request(&key, &request).await? {
        Begun::Done(kept) => return replayed(&kept),
        Begun::Another => return Err(Problem::new(ApiProblem::KeyOfAnother)),
        Begun::Unfinished => return Err(Problem::new(ApiProblem::KeyUnfinished)),
        Begun::New => {}
    }
    match doing.await {
        Ok(response) => {
            let (parts, body) = response.into_parts();
            let octets = to_bytes(body, ANSWER_BYTES_MAX).await.map_err(Problem::bad)?;
            let body: Value = serde_json::from_slice(&octets).unwrap_or_default();
            let kept = json!({ "status": parts.status.as_u16(), "body": body }).to_string();
            api.gateway.finish_request(&key, kept.as_bytes()).await?;
            Ok(Response::from_parts(parts, octets.into()))
        }
        // Something may have been done.
        Err(problem) if problem.may_pass() => Err(problem),
        Err(problem) => {
            api.gateway.undo_request(&key).await?;
            Err(problem)
        }
    }
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Problem::bad("Idempotency-Key must have 1 to 255 visible characters of ASCII"));
    }
    Ok(Some(key))
}

fn replayed(kept: &[u8]) -> Result<Response, Problem> {
    let kept: Value = serde_json::from_slice(kept).unwrap_or_default();
    let status = kept.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let body = kept.get("body").cloned().unwrap_or_default();
    let response = if body.is_null() { status.into_response() } else { answer::json(status, &body) };
    Ok(([REPLAYED], response).into_response())
}
