//! Before each handler: whose request is it, may this token do that, and does it ask too much?
//!
//! The header `Authorization: Bearer TOKEN` (RFC 6750 §2.1) is the only way in: no cookie, no password, nothing in a URL. A
//! person's own credentials are none here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Api;
use super::problem::Problem;
use super::routes::Need;
use crate::config::ApiConfig;
use crate::domain::api::{ApiToken, Badge};
use crate::model::{ApiScope, Secret};
use crate::sentences::ApiProblem;

/// Tokens whose rate is counted before those that are at rest are forgotten.
const COUNTED_MAX: usize = 1024;

/// Who asks: a program of the ENT.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) token: ApiToken,
    pub(super) secret: Secret,
}

impl Caller {
    /// May it see subjects?
    pub(super) fn sees_subjects(&self) -> bool {
        self.token.scopes.contains(&ApiScope::Subjects)
    }
}

/// How much each token has asked lately.
pub(super) struct Rates {
    per_minute: u32,
    at_once: usize,
    tokens: Mutex<HashMap<String, Rate>>,
}

struct Rate {
    /// Requests that may come at once: refilled as time goes by.
    left: f64,
    at: Instant,
    places: Arc<Semaphore>,
}

impl Rates {
    pub(super) fn new(config: &ApiConfig) -> Self {
        let tokens = Mutex::default();
        Self { per_minute: config.requests_per_minute_max, at_once: config.requests_at_once_max, tokens }
    }

    /// A place for one more request.
    fn take(&self, token: &str) -> Result<OwnedSemaphorePermit, Problem> {
        let (now, full) = (Instant::now(), f64::from(self.per_minute));
        let per_second = full / 60.0;
        let mut tokens = self.tokens.lock();
        if tokens.len() >= COUNTED_MAX {
            tokens.retain(|_, rate| now.duration_since(rate.at) < Duration::from_secs(60));
        }
        let rate = tokens.entry(token.to_owned()).or_insert_with(|| Rate {
            left: full,
            at: now,
            places: Arc::new(Semaphore::new(self.at_once.min(Semaphore::MAX_PERMITS))),
        });
        rate.left = (rate.left + now.duration_since(rate.at).as_secs_f64() * per_second).min(full);
        rate.at = now;
        if rate.left < 1.0 {
            let seconds = Duration::from_secs_f64((1.0 - rate.left) / per_second).as_secs() + 1;
            return Err(Problem::new(ApiProblem::TooFast { seconds }));
        }
        let place = Arc::clone(&rate.places).try_acquire_owned();
        let place = place.map_err(|_| Problem::new(ApiProblem::TooFast { seconds: 1 }))?;
        rate.left -= 1.0;
        Ok(place)
    }
}

/// Lets a request through to its handler, or not.
pub(super) async fn guard(State((api, need)): State<(Api, Need)>, mut request: Request, next: Next) -> Response {
    let admitted = match need {
        Need::Badge => admit_badge(&api, request.headers()).await.map(|badge| {
            request.extensions_mut().insert(badge);
        }),
        Need::Token | Need::Scope(_) => admit(&api, need, request.headers()).await.map(|caller| {
            request.extensions_mut().insert(caller);
        }),
    };
    if let Err(problem) = admitted {
        return problem.into_response();
    }
    let holder = match (request.extensions().get::<Caller>(), request.extensions().get::<Badge>()) {
        (Some(caller), _) => caller.token.id.clone(),
        (None, Some(badge)) => format!("badge {}", badge.user.id),
        (None, None) => String::new(),
    };
    match api.rates.take(&holder) {
        // Until the answer begins: one that lasts has a place of another kind.
        Ok(_place) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(api: &Api, need: Need, headers: &HeaderMap) -> Result<Caller, Problem> {
    let secret = bearer(headers)?;
    let token = api.gateway.api_token(secret).await?.ok_or_else(|| Problem::new(ApiProblem::BadToken))?;
    match need {
        Need::Scope(scope) if !token.scopes.contains(&scope) => Err(Problem::new(ApiProblem::Scope(scope.word()))),
        _ => Ok(Caller { token, secret: Secret::new(secret) }),
    }
}

async fn admit_badge(api: &Api, headers: &HeaderMap) -> Result<Badge, Problem> {
    let badge = api.gateway.badge(bearer(headers)?).await?;
    badge.ok_or_else(|| Problem::new(ApiProblem::BadToken))
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let none = || Problem::new(ApiProblem::NoToken);
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).ok_or_else(none)?;
    if values.next().is_some() {
        return Err(none());
    }
    let (scheme, token) = value.split_once(' ').ok_or_else(none)?;
    if scheme.eq_ignore_ascii_case("Bearer") { Ok(token.trim()) } else { Err(none()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_that_asks_too_much_waits_and_no_other_does() {
        let config = ApiConfig { requests_per_minute_max: 3, requests_at_once_max: 2, ..ApiConfig::default() };
        let rates = Rates::new(&config);
        let first = rates.take("a").unwrap();
        let second = rates.take("a").unwrap();
        assert!(rates.take("a").is_err(), "two at once");
        drop((first, second));
        assert!(rates.take("a").is_ok());
        assert!(rates.take("a").is_err(), "three in a minute");
        assert!(rates.take("b").is_ok());
    }
}
