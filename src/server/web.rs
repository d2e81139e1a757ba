//! One HTTP connection.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::{Shared, handshake, proxied};
use crate::connection::Security;

/// How long a client may take over its request's head, or be silent between two requests.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The longest that a connection lasts, so that clients that do not read their answers cannot hold every place.
const CONNECTION_WITHIN: Duration = Duration::from_secs(120);
/// Octets of a request's head.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Serves one client, with TLS or without.
pub(super) async fn run(
    shared: Arc<Shared>,
    security: Security,
    mut stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) {
    match security {
        Security::Plain => answer(router, stream, &shared.stop).await,
        Security::Tls => {
            // Not so without TLS: a reverse proxy speaks HTTP there.
            if proxied::client(&shared, &mut stream, peer).await.is_none() {
                return;
            }
            // Boxed: a connection takes the memory of the phase it is in.
            let Some((stream, _)) = Box::pin(handshake::shake_hands(&shared, stream)).await else { return };
            answer(router, stream, &shared.stop).await;
        }
    }
}

/// Answers requests until the client leaves, is silent for too long, or the server stops.
async fn answer<S>(router: Router, stream: S, stop: &CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let ended = tokio::time::timeout(CONNECTION_WITHIN, async {
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    });
    match ended.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an HTTP connection ended badly"),
        Err(_) => tracing::debug!("an HTTP connection lasted too long"),
    }
}
