//! Reads a whole command.

use super::command::{AppendHead, Command};
use super::framer::{BadCommand, FrameLimits};

pub(super) enum AppendStart {
    Message { tag: String, head: AppendHead },
    Argument,
}

pub(super) fn tag_of(_bytes: &[u8]) -> Option<String> {
    None
}

pub(super) fn command(_bytes: &[u8], _limits: &FrameLimits) -> Result<Command, BadCommand> {
    Err(BadCommand::UnknownCommand)
}

pub(super) fn append_start(_bytes: &[u8], _limits: &FrameLimits) -> Result<AppendStart, BadCommand> {
    Ok(AppendStart::Argument)
}
