//! The server's side of the control socket: one command a connection, from the same user (or root) only.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::ask::nobody_listens;
use super::{AdminAnswer, AdminCommand, MESSAGE_BYTES_MAX, ReloadSheet, execute, execute_watched, progress_line};
use crate::domain::Gateway;
use crate::domain::import::progress::Progress;

/// How long a command may take to come in.
const COMMAND_WITHIN: Duration = Duration::from_secs(10);
/// How often somebody who waits for an import hears of it.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// How long to wait after the system refused to accept.
const PAUSE: Duration = Duration::from_millis(200);

/// The open control socket.
pub struct Listener(UnixListener);

/// Reads settings and certificate files again; gives the settings that need a restart.
pub type Reload = Arc<dyn Fn() -> Result<Vec<String>, String> + Send + Sync>;

/// Opens the socket, for its owner only. One left over by a server that was killed is replaced.
///
/// # Errors
/// Another server listens there; a path that cannot be a socket (108 octets at most).
pub fn listen(path: &Path) -> io::Result<Listener> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AddrInUse, "another server runs on this data_dir")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path)?,
        Err(error) if nobody_listens(&error) => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(Listener(listener))
}

/// Answers commands until the server stops.
pub async fn serve(listener: Listener, gateway: Arc<Gateway>, reload: Reload, stop: CancellationToken) {
    while let Some(accepted) = stop.run_until_cancelled(listener.0.accept()).await {
        match accepted {
            Ok((stream, _)) if is_ours(&stream) => {
                tokio::spawn(answer(stream, Arc::clone(&gateway), Arc::clone(&reload)));
            }
            Ok(_) => tracing::warn!("control socket: another user was turned away"),
            Err(error) => {
                tracing::error!(%error, "control socket: cannot accept");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Is it this process's user, or root? The file's mode says so already, except in the instant before it is set.
fn is_ours(stream: &UnixStream) -> bool {
    let ours = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == ours || peer.uid() == 0)
}

async fn answer(mut stream: UnixStream, gateway: Arc<Gateway>, reload: Reload) {
    let mut text = Vec::new();
    let mut limited = (&mut stream).take(MESSAGE_BYTES_MAX);
    let read = tokio::time::timeout(COMMAND_WITHIN, limited.read_to_end(&mut text)).await;
    if !matches!(read, Ok(Ok(_))) {
        return;
    }
    let answer = match serde_json::from_slice::<AdminCommand>(&text) {
        Ok(AdminCommand::Reload { dry_run: false }) => match reload() {
            Ok(restart) => match execute(&gateway, AdminCommand::Reload { dry_run: false }).await {
                AdminAnswer::Reloaded(sheet) => {
                    AdminAnswer::Reloaded(ReloadSheet { certificate_read: true, restart, ..sheet })
                }
                other => other,
            },
            Err(why) => AdminAnswer::Refused(why),
        },
        Ok(command) => execute_and_tell(&gateway, command, &mut stream).await,
        // The error's text may quote a password: its place is enough.
        Err(error) => AdminAnswer::Refused(format!(
            "the command cannot be read (column {}): are command line and server of the same version?",
            error.column()
        )),
    };
    if let Err(error) = tell(&mut stream, &answer).await {
        tracing::warn!(%error, "control socket: the answer was not taken");
    }
}

/// Does it and tells now and then how far it is. It is done whether or not anybody still listens.
async fn execute_and_tell(gateway: &Gateway, command: AdminCommand, stream: &mut UnixStream) -> AdminAnswer {
    let progress = Arc::new(Progress::default());
    let mut work = pin!(execute_watched(gateway, command, &progress));
    let mut told = None;
    loop {
        match tokio::time::timeout(TELL_EVERY, &mut work).await {
            Ok(answer) => return answer,
            Err(_elapsed) => {
                let now = progress_line(&progress);
                if let Some(line) = now.clone().filter(|_| now != told) {
                    let _ = tell(stream, &AdminAnswer::Progress(line)).await;
                }
                told = now;
            }
        }
    }
}

/// One line of JSON.
async fn tell(stream: &mut UnixStream, answer: &AdminAnswer) -> io::Result<()> {
    let mut text = serde_json::to_vec(answer)?;
    text.push(b'\n');
    tokio::time::timeout(COMMAND_WITHIN, stream.write_all(&text)).await?
}
