//! PROTOCOL: what the HTTP ports answer: health, and automatic set-up of mail clients. Everything else is a fast 404.
//!
//! | path | answers |
//! | --- | --- |
//! | `/health/live` | 200 while the process works |
//! | `/health/ready` | 200 while people can be served, else 503: for balancers |
//! | `/.well-known/carddav`, `/dav/…` | `carddav`: address books |
//! | `/`, `/sign-in`, `/devices` … | `page`: for people |
//! | `/assets/…` | `html`: what pages are dressed in |
//! | `/api/v1/…`, `/badge/…` | `api`: for the ENT |
//! | others | `setup` |
//!
//! An answer that stays open is made by `events`; who asks is told by `client`.

pub mod admin;
pub mod api;
pub mod carddav;
pub mod client;
pub mod events;
pub mod html;
pub mod metrics;
mod page;
pub mod setup;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::events::EventPlaces;
use self::setup::Setup;
use crate::config::PublicConfig;
use crate::domain::Gateway;

/// How long the store may take to show that it is alive.
const HEALTH_WITHIN: Duration = Duration::from_secs(3);

/// The ports that clients are told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublicPorts {
    pub imap: Option<u16>,
    pub imaps: Option<u16>,
    pub submission: Option<u16>,
    pub submissions: Option<u16>,
}

impl PublicPorts {
    /// Those set in `[public]`, else those listened on, in the order of the fields.
    pub fn told(set: &PublicConfig, [imap, imaps, submission, submissions]: [Option<SocketAddr>; 4]) -> Self {
        let port = |set: Option<u16>, bound: Option<SocketAddr>| set.or_else(|| bound.map(|address| address.port()));
        Self {
            imap: port(set.imap_port, imap),
            imaps: port(set.imaps_port, imaps),
            submission: port(set.submission_port, submission),
            submissions: port(set.submissions_port, submissions),
        }
    }
}

#[derive(Clone)]
struct Site {
    gateway: Arc<Gateway>,
}

/// The routes of the HTTP port.
pub fn router(gateway: Arc<Gateway>, ports: PublicPorts) -> Router {
    let setup = setup::router(Setup::new(&gateway.config, ports));
    let places = EventPlaces::new(&gateway.config.events);
    let api = api::router(Arc::clone(&gateway), places.clone());
    let page = page::router(Arc::clone(&gateway), ports, places);
    Router::new()
        // Who asks this would start the process anew: it waits for nothing that a new process would wait for, too.
        .route("/health/live", get(|| async { "ok\n" }))
        .route("/health/ready", get(ready))
        .with_state(Site { gateway: Arc::clone(&gateway) })
        .merge(carddav::router(gateway))
        .merge(setup)
        .merge(page)
        .merge(html::router())
        .merge(api)
}

/// 200 where people can be served, else 503.
async fn ready(State(site): State<Site>) -> Response {
    let why = match tokio::time::timeout(HEALTH_WITHIN, site.gateway.health()).await {
        Ok(Ok(())) => return (StatusCode::OK, "ok\n").into_response(),
        Ok(Err(fault)) => fault.to_string(),
        Err(_) => format!("the store did not answer within {} s", HEALTH_WITHIN.as_secs()),
    };
    tracing::error!(%why, "not healthy");
    (StatusCode::SERVICE_UNAVAILABLE, "unavailable\n").into_response()
}
