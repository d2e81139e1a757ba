//! `passerelle migrate`.

use clap::Args;

use super::{ConfigArgument, Exit, print};
use crate::config;
use crate::domain::open_store;
use crate::store::Store;

/// Bring the store's schema up to date
///
/// `serve` does it by itself; this is for those who want to do it before. The server must not be running on SQLite.
#[derive(Args, Debug)]
pub(super) struct Migrate {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Migrate) -> anyhow::Result<Exit> {
    let config = config::load(&command.config.path)?;
    let url = config.store_url();
    let before = Store::inspect(&url).await?;
    open_store(&config).await?.close().await;
    let version = |schema: Option<i64>| schema.map_or_else(|| "nothing".to_owned(), |schema| schema.to_string());
    print::line(&format!("{}: schema version {} (was {})", before.engine, before.newest, version(before.schema)));
    Ok(Exit::Done)
}
