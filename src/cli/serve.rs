//! `passerelle serve`.

use std::sync::Arc;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::until_stopped::Signals;
use super::{ConfigArgument, Exit};
use crate::config::Config;
use crate::domain::clock::Clock;
use crate::{config, logging, server};

/// Run the server in the foreground
///
/// SIGTERM or Ctrl-C stops it: sessions are told goodbye, what was answered is kept.
/// SIGHUP reads the certificate and its key again. Logs go to stderr.
///
/// Example:  passerelle serve --config /etc/passerelle/passerelle.toml
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Serve {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Serve) -> anyhow::Result<Exit> {
    let config = Arc::new(config::load(&command.config.path)?);
    logging::start(&config.log).map_err(anyhow::Error::msg)?;
    raise_file_limit(&config);
    let signals = Signals::new()?;
    let server = server::start(Arc::clone(&config), Clock::system()).await?;
    let addresses = server.addresses();
    let engine = server.gateway().store().engine_name();
    tracing::info!(?addresses, engine, domain = config.domain, "ready");
    Ok(signals.serve(server).await)
}

/// Each connection is an open file: asks the system for as many as the settings promise.
pub(super) fn raise_file_limit(config: &Config) {
    let listen = &config.listen;
    let places = listen.connections_max.saturating_add(listen.http_connections_max);
    let needed = u64::try_from(places.saturating_add(config.events.streams_max)).unwrap_or(u64::MAX);
    // Besides connections: the store's files and connections, large bodies being read.
    let wanted = needed.saturating_add(u64::from(config.store.connections_max)).saturating_add(512);
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let reachable = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(reachable), maximum: limit.maximum }) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    if reachable < wanted {
        tracing::warn!(
            reachable,
            wanted,
            "the system allows fewer open files than the connections promised (ulimit -n, LimitNOFILE=)"
        );
    }
}
