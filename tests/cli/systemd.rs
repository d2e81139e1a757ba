//! As a service of systemd: it is told when the server is ready, reloads, stops and lives; and hands sockets over.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::sandbox::{Running, Sandbox, Stream};

/// Waits until systemd would hear this.
fn hear(socket: &UnixDatagram, word: &str) -> String {
    let mut octets = [0; 4096];
    loop {
        let length = socket.recv(&mut octets).unwrap_or_else(|error| panic!("{word}: {error}"));
        let text = String::from_utf8_lossy(&octets[..length]).into_owned();
        if text.lines().any(|line| line.starts_with(word)) {
            return text;
        }
    }
}

#[test]
fn systemd_is_told_what_the_server_does() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = sandbox.command(&["serve"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "600000");
    let server = Running::start(command, Stream::Err, "ready");
    hear(&socket, "READY=1");
    hear(&socket, "WATCHDOG=1");
    hear(&socket, "WATCHDOG=1");
    server.signal("HUP");
    assert!(hear(&socket, "RELOADING=1").contains("MONOTONIC_USEC="));
    hear(&socket, "READY=1");
    server.signal("TERM");
    assert!(hear(&socket, "STOPPING=1").contains("EXTEND_TIMEOUT_USEC="));
    assert_eq!(server.stop("TERM"), Some(0));
}

/// Hands file descriptor 0 over as the third one, as systemd does.
const HAND_OVER: &str = "\
import os, sys
os.dup2(0, 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES=sys.argv[1])
os.execv(sys.argv[2], sys.argv[2:])
";

/// The server with this socket, under this name.
fn handed(sandbox: &Sandbox, socket: &TcpListener, name: &str) -> Command {
    let mut command = Command::new("python3");
    command
        .args(["-c", HAND_OVER, name, env!("CARGO_BIN_EXE_passerelle"), "serve"])
        .env("PASSERELLE_CONFIG", sandbox.path("p.toml"))
        .stdin(std::os::fd::OwnedFd::from(socket.try_clone().unwrap()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn greeting(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut octets = [0; 5];
    stream.read_exact(&mut octets).unwrap();
    String::from_utf8_lossy(&octets).into_owned()
}

#[test]
fn nobody_is_turned_away_while_a_server_with_a_handed_over_socket_is_restarted() {
    let sandbox = Sandbox::new();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let server = Running::start(handed(&sandbox, &socket, "imap"), Stream::Err, "ready");
    assert_eq!(greeting(TcpStream::connect(address).unwrap()), "* OK ");
    assert_eq!(server.stop("TERM"), Some(0));
    let waiting = TcpStream::connect(address).unwrap();
    let server = Running::start(handed(&sandbox, &socket, "imap"), Stream::Err, "ready");
    assert_eq!(greeting(waiting), "* OK ");
    assert_eq!(server.stop("TERM"), Some(0));
}

#[test]
fn a_socket_that_nobody_knows_is_refused() {
    let sandbox = Sandbox::new();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = handed(&sandbox, &socket, "imap4").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("imap4") && said.contains("submissions"), "{said}");
}
