//! Signals: SIGTERM and SIGINT stop the server, at once where they come again; SIGHUP reads the certificate and the communication rules again.

use std::pin::pin;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Exit, systemd};
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

    /// Lets the server work until it is told to stop, or must because it has become too old for the store, and stops it.
    pub(super) async fn serve(mut self, server: Server) -> Exit {
        systemd::ready();
        let mut alive = pin!(systemd::keep_alive());
        let outdated = server.outdated();
        let exit = loop {
            tokio::select! {
                signal = stopped(&mut self.terminate, &mut self.interrupt) => {
                    tracing::info!(signal, "stopping; the same signal again: at once");
                    break Exit::Done;
                }
                () = outdated.cancelled() => break Exit::NotDone,
                _ = self.hang_up.recv() => reload(&server).await,
                () = alive.as_mut() => {}
            }
        };
        systemd::stopping(server.stops_within());
        let hurry = server.hurry();
        let mut stopping = pin!(server.stop());
        loop {
            tokio::select! {
                () = stopping.as_mut() => break,
                _ = stopped(&mut self.terminate, &mut self.interrupt) => hurry.cancel(),
                () = alive.as_mut() => {}
            }
        }
        tracing::info!("stopped");
        exit
    }
}

/// Waits until somebody wants the server to stop.
async fn stopped(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

async fn reload(server: &Server) {
    systemd::reloading();
    reload_all(server).await;
    systemd::ready();
}

async fn reload_all(server: &Server) {
    match server.reload() {
        Ok(restart) if restart.is_empty() => tracing::info!("the certificate and the log's filter were read again"),
        Ok(restart) => {
            tracing::warn!(?restart, "the certificate and the log's filter were read again; these need a restart")
        }
        Err(error) => return tracing::error!(%error, "nothing was reloaded: what is in use stays"),
    }
    if let Err(problems) = server.gateway().read_rules() {
        return tracing::error!(%problems, "the communication rules in use stay");
    }
    match server.gateway().apply_rules(ImportMode::Apply).await {
        Ok(changes) => tracing::info!(changes = changes.len(), "the communication rules were read again"),
        Err(fault) => tracing::error!(%fault, "the communication rules could not be brought into the store"),
    }
}
