//! Signals: SIGTERM and SIGINT stop the server, SIGHUP reads the certificate and the communication rules again.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::domain::import::ImportMode;
use crate::server::Server;

/// The signals that concern a server. Made before the server starts, so that none is missed.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens to them from now on.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Lets the server work until it is told to stop, and stops it.
    pub(super) async fn serve(mut self, server: Server) {
        let signal = loop {
            tokio::select! {
                _ = self.terminate.recv() => break "SIGTERM",
                _ = self.interrupt.recv() => break "SIGINT",
                _ = self.hang_up.recv() => reload(&server).await,
            }
        };
        tracing::info!(signal, "stopping");
        server.stop().await;
        tracing::info!("stopped");
    }
}

async fn reload(server: &Server) {
    match server.reload() {
        Ok(()) => tracing::info!("the certificate was read again"),
        Err(error) => tracing::error!(%error, "the certificate in use stays"),
    }
    if let Err(problems) = server.gateway().read_rules() {
        return tracing::error!(%problems, "the communication rules in use stay");
    }
    match server.gateway().apply_rules(ImportMode::Apply).await {
        Ok(changes) => tracing::info!(changes = changes.len(), "the communication rules were read again"),
        Err(fault) => tracing::error!(%fault, "the communication rules could not be brought into the store"),
    }
}
