//! Sockets handed over by systemd (`sd_listen_fds(3)`): they stay open while the server is restarted, so that no client is
//! turned away. Each is called as its setting is: `imap`, `imaps`, `submission`, `submissions`, `ldap`, `ldaps`, `https`,
//! `http`, `metrics`, `admin`.

use std::collections::HashMap;
use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;

/// The names that a socket may have.
const NAMES: [&str; 10] =
    ["imap", "imaps", "submission", "submissions", "ldap", "ldaps", "https", "http", "metrics", "admin"];

/// The sockets that this process was given, by name.
///
/// # Errors
/// A name that is none of ours, or given twice; something that is no TCP socket.
pub(super) fn sockets() -> io::Result<HashMap<&'static str, tokio::net::TcpListener>> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut handed = ListenFd::from_env();
    let mut sockets = HashMap::new();
    for index in 0..handed.len() {
        let given = names.split(':').nth(index).unwrap_or_default();
        let Some(name) = NAMES.into_iter().find(|name| *name == given) else {
            let known = NAMES.join(", ");
            return Err(io::Error::other(format!(
                "a socket called \"{given}\" was handed over; FileDescriptorName= is one of {known}"
            )));
        };
        let Some(socket) = handed.take_tcp_listener(index)? else { continue };
        if sockets.insert(name, listener(socket)?).is_some() {
            return Err(io::Error::other(format!("two sockets called \"{name}\" were handed over")));
        }
    }
    Ok(sockets)
}

fn listener(socket: TcpListener) -> io::Result<tokio::net::TcpListener> {
    socket.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(socket)
}
