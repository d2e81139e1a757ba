//! Accepts connections, as many as there is room for. When all places are taken a listener stops accepting: clients wait
//! in the system's queue instead of being turned away.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustix::net::sockopt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::bind::Service;
use super::web::Door;
use super::{Shared, drain, session, web};
use crate::metrics::{Listener, Metrics};

/// A silent connection is probed after this long. RFC 9051 §5.4 lets clients be silent for 30 minutes, and phones pay
/// for each packet; home routers forget a connection after 10 to 15.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(9 * 60);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(60);

/// How long to wait after the system refused to accept (no more files): doubled each time, up to a second.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Serves a port of mail, or of LDAP, until the server stops.
pub(super) async fn mail(shared: Arc<Shared>, service: Service, listener: TcpListener) {
    let places = match service {
        Service::Ldap | Service::Ldaps => &shared.ldap_places,
        _ => &shared.places,
    };
    while let Some((stream, peer, place)) = next(&shared, &listener, places).await {
        let stop = CancellationToken::new();
        let session = session::run(Arc::clone(&shared), service, stream, peer, stop.clone());
        let (told, kill) = (Arc::clone(&shared), shared.kill.clone());
        let open = Open::new(&shared, service.listener());
        shared.sessions.spawn(async move {
            let (_place, _open) = (place, open);
            let mut session = pin!(session);
            let ended = async {
                tokio::select! {
                    () = session.as_mut() => {}
                    () = drain::turn_comes(&told, &stop) => session.await,
                }
            };
            kill.run_until_cancelled(ended).await
        });
    }
}

/// Serves an HTTP port, with TLS or without, until the server stops.
pub(super) async fn web(shared: Arc<Shared>, (counted, door): (Listener, Door), listener: TcpListener, router: Router) {
    let places = match counted {
        Listener::Admin | Listener::Metrics => &shared.operator_places,
        _ => &shared.http_places,
    };
    while let Some((stream, peer, place)) = next(&shared, &listener, places).await {
        let patience = Duration::from_secs(shared.config.events.stall_seconds_max);
        if let Err(error) = give_up_on_the_silent(&stream, patience) {
            tracing::debug!(%error, "a client left before it was served");
            continue;
        }
        let connection = web::run(Arc::clone(&shared), door.clone(), stream, peer, place, router.clone());
        let (kill, open) = (shared.kill.clone(), Open::new(&shared, counted));
        shared.sessions.spawn(async move {
            let _open = open;
            kill.run_until_cancelled_owned(connection).await
        });
    }
}

/// A connection among those that are counted. Dropped, it is closed.
struct Open {
    metrics: Arc<Metrics>,
    listener: Listener,
}

impl Open {
    fn new(shared: &Shared, listener: Listener) -> Self {
        let metrics = Arc::clone(&shared.gateway.metrics);
        metrics.connections.at(listener).add(1);
        metrics.connections_opened.at(listener).inc();
        Self { metrics, listener }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.metrics.connections.at(self.listener).add(-1);
    }
}

/// The next connection and its place; `None` when the server stops.
async fn next(
    shared: &Shared,
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    shared
        .stop
        .run_until_cancelled(async {
            let (stream, peer) = accept(listener).await;
            if places.available_permits() == 0 {
                tracing::warn!("all places for connections are taken: new ones wait");
            }
            // The semaphore is never closed.
            let place = Arc::clone(places).acquire_owned().await.ok()?;
            Some((stream, peer, place))
        })
        .await
        .flatten()
}

/// Accepts one connection, however often the system refuses.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut pause = PAUSE_MIN;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match prepare(&stream) {
                Ok(()) => return (stream, peer),
                Err(error) => tracing::debug!(%error, "a client left before it was served"),
            },
            // The client left before its turn (accept(2)): nothing is wrong with us.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

/// A client that has vanished while something was sent to it is noticed within this time.
fn give_up_on_the_silent(stream: &TcpStream, patience: Duration) -> io::Result<()> {
    Ok(sockopt::set_tcp_user_timeout(stream, u32::try_from(patience.as_millis()).unwrap_or(u32::MAX))?)
}

/// Answers go out at once; a client that vanished is noticed.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEP_ALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, KEEP_ALIVE_EVERY)?;
    Ok(())
}
