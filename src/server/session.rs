//! One connection of mail or LDAP: TLS from the first octet or by STARTTLS, and the protocol on whichever stream there is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::bind::Service;
use super::{Shared, handshake, proxied};
use crate::connection::{Connection, Ended, Security, Start};
use crate::sasl::ChannelBindings;
use crate::{imap, ldap, smtp};

/// Serves one client, until `stop` is cancelled at the latest. Never fails: whatever goes wrong concerns this client only.
pub(super) async fn run(
    shared: Arc<Shared>,
    service: Service,
    mut stream: TcpStream,
    peer: SocketAddr,
    stop: CancellationToken,
) {
    let Some(peer) = proxied::client(&shared, &mut stream, peer).await else { return };
    let connection = Connection {
        id: shared.connections.fetch_add(1, Ordering::Relaxed),
        peer,
        security: Security::Plain,
        bindings: ChannelBindings::default(),
        stop,
    };
    let span = tracing::info_span!("session", id = connection.id, service = service.name(), %peer);
    // Boxed, each on its own: a connection takes the memory of the phase it is in, not of the largest.
    let stream = if service.is_encrypted() {
        stream
    } else {
        match Box::pin(speak(&shared, service, &connection, Start::Greeting, stream).instrument(span.clone())).await {
            Ended::StartTls(stream) => stream,
            Ended::Closed => return,
        }
    };
    let shaken = Box::pin(handshake::shake_hands(&shared, stream).instrument(span.clone())).await;
    let Some((stream, bindings)) = shaken else { return };
    let start = if service.is_encrypted() { Start::Greeting } else { Start::AfterStartTls };
    let connection = Connection { security: Security::Tls, bindings, ..connection };
    // A second STARTTLS is refused by the protocols (RFC 9051 §6.2.1, RFC 3207 §4.2, RFC 4511 §4.14.2).
    Box::pin(speak(&shared, service, &connection, start, stream).instrument(span)).await;
}

async fn speak<S>(shared: &Shared, service: Service, connection: &Connection, start: Start, stream: S) -> Ended<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static,
{
    let gateway = Arc::clone(&shared.gateway);
    match service {
        Service::Imap | Service::Imaps => imap::run(gateway, connection, start, stream).await,
        Service::Submission | Service::Submissions => smtp::run(gateway, connection, start, stream).await,
        // The client speaks first, always.
        Service::Ldap | Service::Ldaps => ldap::run(gateway, connection, stream).await,
    }
}
