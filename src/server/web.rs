//! One HTTP connection. An answer that lasts (`http::events`) gives its connection's place back, and may outlast it: as long
//! as it goes on, and until the server stops.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::prompt::Prompt;
use super::{Shared, drain, handshake, proxied};
use crate::connection::Security;
use crate::http::admin::{Certificate, ShownCertificate};
use crate::http::client::Client;
use crate::http::events::Lasting;
use crate::tls;

/// How long a client may take over its request's head, or be silent between two requests.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The longest that a connection lasts, so that clients that do not read their answers cannot hold every place.
const CONNECTION_WITHIN: Duration = Duration::from_secs(120);
/// Octets of a request's head.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// By what a port is entered.
#[derive(Clone)]
pub(super) enum Door {
    Plain,
    Tls,
    /// TLS that may ask for a client certificate; the page learns which one was shown.
    Admins(TlsAcceptor),
}

/// Serves one client, with TLS or without.
pub(super) async fn run(
    shared: Arc<Shared>,
    door: Door,
    mut stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    router: Router,
) {
    match door {
        Door::Plain => {
            answer(&shared, router, Client { peer, security: Security::Plain }, stream, place).await;
        }
        Door::Admins(acceptor) => {
            let Some(stream) = Box::pin(handshake::shake_hands_by(&shared, &acceptor, stream)).await else { return };
            let shown = tls::client_certificate(stream.get_ref().1);
            let certificate = shown.map(|shown| Certificate { name: shown.name, fingerprint: shown.fingerprint });
            let router = router.layer(Extension(ShownCertificate(certificate)));
            answer(&shared, router, Client { peer, security: Security::Tls }, stream, place).await;
        }
        Door::Tls => {
            // Not so without TLS: a reverse proxy speaks HTTP there.
            let Some(peer) = proxied::client(&shared, &mut stream, peer).await else { return };
            // Boxed: a connection takes the memory of the phase it is in.
            let Some((stream, _)) = Box::pin(handshake::shake_hands(&shared, stream)).await else { return };
            answer(&shared, router, Client { peer, security: Security::Tls }, stream, place).await;
        }
    }
}

/// How a connection stands.
enum Phase {
    /// One answer after the other, within a time.
    Short { _place: OwnedSemaphorePermit },
    /// The last answer goes on, on a place of its own.
    Lasting(CancellationToken),
    /// The server stops: the answer under way is the last.
    Ending,
}

/// Answers requests until the client leaves, is silent for too long, or the server stops.
async fn answer<S>(shared: &Shared, router: Router, client: Client, stream: S, place: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Prompt::new(stream, Duration::from_secs(shared.config.events.stall_seconds_max));
    let (lasts, mut lasting) = watch::channel(None);
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(client);
        let (answering, lasts) = (hyper::service::Service::call(&service, request), lasts.clone());
        async move {
            let response = answering.await?;
            if let Some(Lasting(end)) = response.extensions().get::<Lasting>() {
                lasts.send_replace(Some(end.clone()));
            }
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut too_long = pin!(tokio::time::sleep(CONNECTION_WITHIN));
    let mut phase = Phase::Short { _place: place };
    let ended = loop {
        let stop = async {
            match &phase {
                Phase::Short { .. } => shared.stop.cancelled().await,
                Phase::Lasting(end) => drain::turn_comes(shared, end).await,
                Phase::Ending => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = connection.as_mut() => break ended,
            Ok(()) = lasting.changed() => {
                let end: Option<CancellationToken> = lasting.borrow_and_update().clone();
                match (&phase, end) {
                    (Phase::Ending, Some(end)) => end.cancel(),
                    (_, Some(end)) => phase = Phase::Lasting(end),
                    (_, None) => {}
                }
            }
            () = too_long.as_mut(), if matches!(phase, Phase::Short { .. }) => {
                return tracing::debug!("an HTTP connection lasted too long");
            }
            () = stop => {
                connection.as_mut().graceful_shutdown();
                phase = Phase::Ending;
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP connection ended badly");
    }
}
