//! PROTOCOL: the JSON API for the ENT, `/api/v1/…` (`docs/api.md`, `docs/openapi.json`). By token with scopes; no message's
//! body, and subjects only where the token says so.
//!
//! | file | what |
//! | --- | --- |
//! | `routes` | the table of routes, with what each needs |
//! | `guard` | who asks, may it, is it too much |
//! | `extract` | paths, queries and bodies, as handlers want them |
//! | `answer` | JSON, with an ETag where that saves work |
//! | `problem` | what cannot be done (RFC 9457) |
//! | `once` | requests that may come twice (Idempotency-Key) |
//! | `feed`, `events` | unread counts and what is new, asked for or told |
//! | `people`, `switch`, `recall`, `devices`, `directory` | what admins can do, too |
//! | `badge` | the badge's token, number and script |
//! | `openapi` | the description |

mod answer;
mod badge;
mod devices;
mod directory;
mod events;
mod extract;
mod feed;
mod guard;
mod once;
mod openapi;
mod people;
mod problem;
mod recall;
mod routes;
mod switch;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response_with_state};

use self::guard::Rates;
pub use self::openapi::DESCRIPTION;
use self::problem::Problem;
pub use self::routes::{Need, ROUTES, Route};
use super::events::EventPlaces;
use crate::domain::Gateway;
use crate::sentences::ApiProblem;

/// Where the API is.
pub const PREFIX: &str = "/api/v1";

/// What handlers share.
#[derive(Clone)]
pub(super) struct Api {
    gateway: Arc<Gateway>,
    places: EventPlaces,
    rates: Arc<Rates>,
}

/// The routes of the API, and of the badge's script.
pub(super) fn router(gateway: Arc<Gateway>, places: EventPlaces) -> Router {
    let rates = Arc::new(Rates::new(&gateway.config.api));
    let api = Api { gateway, places, rates };
    let mut routes = Router::new();
    for route in ROUTES {
        let guard = from_fn_with_state((api.clone(), route.need), guard::guard);
        routes = routes.route(route.path, (route.handler)().layer(guard));
    }
    let routes = routes
        .fallback(async || Problem::new(ApiProblem::NoSuchPath))
        .method_not_allowed_fallback(async || Problem::new(ApiProblem::BadMethod))
        .layer(map_response_with_state(api.clone(), problem::tell))
        .layer(from_fn_with_state(api.clone(), badge::cross_origin));
    Router::new().nest(PREFIX, routes).with_state(api).merge(badge::script())
}
