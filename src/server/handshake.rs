//! The TLS handshake of a connection, on mail ports and on HTTPS.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Shared;
use crate::sasl::ChannelBindings;
use crate::tls;

/// Shakes hands, within its time; `None` where it came to nothing.
pub(super) async fn shake_hands(shared: &Shared, stream: TcpStream) -> Option<(TlsStream<TcpStream>, ChannelBindings)> {
    let certificates = shared.certificates.as_ref()?;
    let acceptor = certificates.acceptor();
    let end_point = certificates.end_point();
    let stream = shake_hands_by(shared, &acceptor, stream).await?;
    // Exchanged meanwhile, nobody knows which one was shown.
    let end_point = end_point.filter(|shown| certificates.end_point().as_ref() == Some(shown));
    let bindings = tls::channel_bindings(stream.get_ref().1, end_point);
    Some((stream, bindings))
}

/// The same by another acceptor.
pub(super) async fn shake_hands_by(
    shared: &Shared,
    acceptor: &TlsAcceptor,
    stream: TcpStream,
) -> Option<TlsStream<TcpStream>> {
    let patience = Duration::from_secs(shared.config.listen.handshake_seconds_max);
    let shaken = shared.stop.run_until_cancelled(tokio::time::timeout(patience, acceptor.accept(stream))).await?;
    match shaken {
        Ok(Ok(stream)) => Some(stream),
        // Scanners and clients that do not trust us: worth a line, not an alarm.
        Ok(Err(error)) => {
            tracing::info!(%error, "no TLS");
            None
        }
        Err(_) => {
            tracing::info!("the TLS handshake took too long");
            None
        }
    }
}
