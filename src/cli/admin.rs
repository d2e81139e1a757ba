//! How the commands of admins are carried out: by the running server, or here where none runs.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::progress::Bar;
use super::{Exit, print};
use crate::config::{self, LogConfig};
use crate::control::{self, AdminAnswer, AdminCommand};
use crate::domain::clock::Clock;
use crate::domain::import::progress::Progress;
use crate::domain::{Gateway, open_store};
use crate::{logging, server};

/// How often somebody who waits hears how far it is.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Has the command done, by the server that runs on this configuration or, where none does, on the store itself. A bar
/// shows how far those commands are that say so.
pub(super) async fn ask(config_file: &Path, command: AdminCommand) -> anyhow::Result<AdminAnswer> {
    let config = Arc::new(config::load(config_file)?);
    let mut bar = Bar::default();
    let answer = control::ask_watched(&config.control_socket(), &command, &mut |line| bar.show(&line)).await;
    bar.clear();
    if let Some(answer) = answer? {
        return Ok(answer);
    }
    // A command that asks page by page comes here for each of them.
    if !tracing::dispatcher::has_been_set() {
        logging::start(&LogConfig { filter: "warn".to_owned(), json: false }).map_err(anyhow::Error::msg)?;
    }
    server::make_private(&config.data_dir).with_context(|| config.data_dir.display().to_string())?;
    let store = open_store(&config).await?;
    let gateway = Gateway::new(Arc::clone(&config), store, Clock::system())?;
    let progress = Arc::new(Progress::default());
    let answer = with_bar(&progress, control::execute_watched(&gateway, command, &progress)).await;
    gateway.tell_the_rest().await;
    gateway.store().close().await;
    Ok(answer)
}

/// Does work in this process; a bar shows how far it is.
pub(super) async fn with_bar<T>(progress: &Progress, work: impl Future<Output = T>) -> T {
    let mut bar = Bar::default();
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(TELL_EVERY, &mut work).await {
            Ok(done) => {
                bar.clear();
                return done;
            }
            Err(_elapsed) => control::progress_line(progress).into_iter().for_each(|line| bar.show(&line)),
        }
    }
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
