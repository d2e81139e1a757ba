//! Paths, queries and bodies as handlers want them; what cannot be read is a problem that says where.

use axum::body::to_bytes;
use axum::extract::path::Path;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::Api;
use super::guard::Caller;
use super::problem::Problem;
use crate::model::User;
use crate::sentences::ApiProblem;

/// The person that the path names first, as the token sees him.
pub(super) struct Person {
    pub(super) caller: Caller,
    pub(super) user: User,
    /// What the path names behind.
    pub(super) rest: Option<String>,
}

impl FromRequestParts<Api> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let nobody = || Problem::new(ApiProblem::NoSuchPerson);
        let caller = Caller::from_request_parts(parts, api).await?;
        let names: Path<Vec<(String, String)>> = Path::from_request_parts(parts, api).await.map_err(|_| nobody())?;
        let mut names = names.0.into_iter().map(|(_, value)| value);
        let name = names.next().ok_or_else(nobody)?;
        let user = person(api, &caller, &name).await?;
        Ok(Self { caller, user, rest: names.next() })
    }
}

/// Somebody, as the token sees him.
pub(super) async fn person(api: &Api, caller: &Caller, name: &str) -> Result<User, Problem> {
    let nobody = || Problem::new(ApiProblem::NoSuchPerson);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(nobody());
    }
    api.gateway.person_for(&caller.token, name).await?.ok_or_else(nobody)
}

/// A longer name is nobody's.
const NAME_BYTES_MAX: usize = 320;

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Problem> {
        // The guard has put it there.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(ApiProblem::NoToken))
    }
}

/// The query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Problem> {
        let query = Query::<T>::try_from_uri(&parts.uri).map_err(|error| Problem::bad(error.body_text()))?;
        Ok(Self(query.0))
    }
}

/// The body, a JSON object, as it came and as it was read.
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) octets: Bytes,
}

impl<T: DeserializeOwned> FromRequest<Api> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let octets = octets(request, api.gateway.config.api.request_bytes_max).await?;
        Ok(Self { value: read(&octets)?, octets })
    }
}

/// The octets of the body, where they are not too many.
pub(super) async fn octets(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(ApiProblem::TooLarge { bytes_max });
    let length = request.headers().get(axum::http::header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<usize>().ok());
    if length.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    to_bytes(request.into_body(), bytes_max).await.map_err(|_| too_large())
}

/// A JSON object.
pub(super) fn read<T: DeserializeOwned>(octets: &[u8]) -> Result<T, Problem> {
    // A list of values would do for a struct as well.
    if !octets.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::bad("the body must be a JSON object"));
    }
    serde_json::from_slice(octets).map_err(Problem::bad)
}
