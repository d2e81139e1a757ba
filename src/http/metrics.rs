//! `/metrics`, as Prometheus scrapes it. On a listener of its own (`listen.metrics`), for the network that Prometheus is in,
//! and on the admins' listener. Never on the ports that people reach.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::domain::Gateway;
use crate::metrics;

/// The only route of the listener for metrics.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new().route("/metrics", get(exposed)).with_state(gateway)
}

async fn exposed(State(gateway): State<Arc<Gateway>>) -> Response {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], gateway.metrics_text()).into_response()
}
