//! PROTOCOL: what the HTTP port answers: health, and automatic set-up of mail clients. Everything else is a fast 404.
//!
//! Without TLS: it stands behind a reverse proxy, or on loopback.

mod autoconfig;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

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

#[derive(Clone)]
struct Site {
    gateway: Arc<Gateway>,
    /// The set-up of clients, made once; `None` where there is nothing to set up.
    autoconfig: Option<Bytes>,
}

/// The routes of the HTTP port.
pub fn router(gateway: Arc<Gateway>, ports: PublicPorts) -> Router {
    let autoconfig = autoconfig::document(&gateway.config.domain, gateway.config.host_name(), ports).map(Bytes::from);
    Router::new()
        .route("/health", get(health))
        .route("/mail/config-v1.1.xml", get(set_up))
        .route("/.well-known/autoconfig/mail/config-v1.1.xml", get(set_up))
        .with_state(Site { gateway, autoconfig })
}

/// 200 where people can be served, else 503.
async fn health(State(site): State<Site>) -> Response {
    let why = match tokio::time::timeout(HEALTH_WITHIN, site.gateway.health()).await {
        Ok(Ok(())) => return (StatusCode::OK, "ok\n").into_response(),
        Ok(Err(fault)) => fault.to_string(),
        Err(_) => format!("the store did not answer within {} s", HEALTH_WITHIN.as_secs()),
    };
    tracing::error!(%why, "not healthy");
    (StatusCode::SERVICE_UNAVAILABLE, "unavailable\n").into_response()
}

async fn set_up(State(site): State<Site>) -> Response {
    match site.autoconfig {
        Some(document) => ([(CONTENT_TYPE, "text/xml; charset=utf-8")], document).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
