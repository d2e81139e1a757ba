//! The command line's side of the control socket.

use std::io;
use std::path::Path;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::{AdminAnswer, AdminCommand, MESSAGE_BYTES_MAX, ProgressLine};

/// Why the running server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("control socket: {0}")]
    Io(#[from] io::Error),
    #[error("control socket: the answer cannot be read: {0}")]
    Answer(#[from] serde_json::Error),
    /// Of another user, or the server ended in the middle.
    #[error("the server closed the control socket without an answer: is it run by another user?")]
    NoAnswer,
}

/// Asks the running server; `None` where none runs.
///
/// # Errors
/// A server is there and did not answer.
pub async fn ask(socket: &Path, command: &AdminCommand) -> Result<Option<AdminAnswer>, AskError> {
    ask_watched(socket, command, &mut |_| {}).await
}

/// The same; `watch` hears how far it is.
///
/// # Errors
/// A server is there and did not answer.
pub async fn ask_watched(
    socket: &Path,
    command: &AdminCommand,
    watch: &mut (dyn FnMut(ProgressLine) + Send),
) -> Result<Option<AdminAnswer>, AskError> {
    let mut stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(error) if nobody_listens(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    stream.write_all(&serde_json::to_vec(command)?).await?;
    stream.shutdown().await?;
    let mut answers = BufReader::new(stream.take(MESSAGE_BYTES_MAX)).lines();
    while let Some(answer) = answers.next_line().await? {
        match serde_json::from_str(&answer)? {
            AdminAnswer::Progress(progress) => watch(progress),
            answer => return Ok(Some(answer)),
        }
    }
    Err(AskError::NoAnswer)
}

/// No socket, or one left over by a server that was killed.
pub(super) fn nobody_listens(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}
