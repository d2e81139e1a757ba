//! The real server, as `passerelle demo` starts it: one process for all tests that run at the same time.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tempfile::TempDir;

/// Accounts that the server makes, `u0001` and so on: each test takes its own.
const ACCOUNTS: usize = 150;
pub(crate) const PASSWORD: &str = "un-mot-de-passe-de-test";
pub(crate) const DOMAIN: &str = "school.test";
pub(crate) const HOST: &str = "localhost";

/// A running server; the last one to let go of it ends it.
pub(crate) struct Server {
    process: Child,
    folder: TempDir,
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) submission: u16,
    pub(crate) submissions: u16,
    pub(crate) http: u16,
    pub(crate) https: u16,
    taken: AtomicUsize,
}

static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// The server that runs, or a new one.
    pub(crate) fn shared() -> Arc<Self> {
        let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(server) = running.upgrade() {
            return server;
        }
        let server = Arc::new(Self::start());
        *running = Arc::downgrade(&server);
        server
    }

    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [imap, imaps, submission, submissions, http, https] = free_ports();
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command.arg("demo").arg("--data-dir").arg(folder.path()).args(["--domain", DOMAIN, "--password", PASSWORD]);
        command.args(["--bench-accounts", &ACCOUNTS.to_string()]);
        for (flag, port) in [
            ("--imap-port", imap),
            ("--imaps-port", imaps),
            ("--submission-port", submission),
            ("--submissions-port", submissions),
            ("--ldap-port", 0),
            ("--http-port", http),
            ("--https-port", https),
        ] {
            command.arg(flag).arg(port.to_string());
        }
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (ready, is_ready) = mpsc::channel();
        // Reads for ever, so that the server never waits for somebody to read what it prints.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.trim() == "ready" {
                    let _ = ready.send(());
                }
            }
        });
        let said = is_ready.recv_timeout(Duration::from_secs(120));
        let taken = AtomicUsize::new(0);
        let server = Self { process, folder, imap, imaps, submission, submissions, http, https, taken };
        assert!(said.is_ok(), "the server did not print `ready` within two minutes");
        server
    }

    /// The server's certificate, which clients are told to trust.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("tls/cert.pem")
    }

    /// Logins that no other test uses.
    pub(crate) fn people<const N: usize>(&self) -> [String; N] {
        let first = self.taken.fetch_add(N, Ordering::Relaxed) + 1;
        assert!(first + N <= ACCOUNTS + 1, "more tests than accounts: raise ACCOUNTS");
        std::array::from_fn(|index| format!("u{:04}", first + index))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ports that were free a moment ago.
fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [_; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
