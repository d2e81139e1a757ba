//! How the commands of admins are carried out: by the running server, or here where none runs.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::{Exit, print};
use crate::config::{self, LogConfig};
use crate::control::{self, AdminAnswer, AdminCommand};
use crate::domain::Gateway;
use crate::domain::clock::Clock;
use crate::store::Store;
use crate::{logging, server};

/// Has the command done, by the server that runs on this configuration or, where none does, on the store itself.
pub(super) async fn ask(config_file: &Path, command: AdminCommand) -> anyhow::Result<AdminAnswer> {
    let config = Arc::new(config::load(config_file)?);
    if let Some(answer) = control::ask(&config.control_socket(), &command).await? {
        return Ok(answer);
    }
    logging::start(&LogConfig { filter: "warn".to_owned(), json: false }).map_err(anyhow::Error::msg)?;
    server::make_private(&config.data_dir).with_context(|| config.data_dir.display().to_string())?;
    let store = Store::open(&config.store_url(), config.store.connections_max).await?;
    let gateway = Gateway::new(Arc::clone(&config), store, Clock::system())?;
    let answer = control::execute(&gateway, command).await;
    gateway.store().close().await;
    Ok(answer)
}

/// Has it done and prints `done`.
pub(super) async fn ask_and_say(config_file: &Path, command: AdminCommand, done: &str) -> anyhow::Result<Exit> {
    match ask(config_file, command).await? {
        AdminAnswer::Done => {
            print::line(done);
            Ok(Exit::Done)
        }
        other => Ok(unexpected(other)),
    }
}

/// A refusal, a failure, or an answer to another question.
pub(super) fn unexpected(answer: AdminAnswer) -> Exit {
    match answer {
        AdminAnswer::Refused(why) => print::error(&why),
        AdminAnswer::Failed(why) => print::error(&format!("failed, try later: {why}")),
        _ => print::error("the server answered something else: are command line and server of the same version?"),
    }
    Exit::NotDone
}
