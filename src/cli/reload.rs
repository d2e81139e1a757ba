//! `passerelle reload`.

use clap::Args;

use super::{ConfigArgument, Exit, admin};
use crate::control::AdminCommand;

/// Have the running server read its certificate and key again
///
/// The same as SIGHUP, but it says here what is wrong with the files, where something is.
#[derive(Args, Debug)]
pub(super) struct Reload {
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) async fn run(command: Reload) -> anyhow::Result<Exit> {
    admin::ask_and_say(&command.config.path, AdminCommand::Reload, "the certificate was read again").await
}
