//! A folder with a configuration, a certificate and a small school; processes that end with their test.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use passerelle::config::{self, Config};
use passerelle::domain::clock::Clock;
use passerelle::server::{self, Server, StartError};
use passerelle::tls::make_certificate;
use tempfile::TempDir;

pub(crate) struct Sandbox {
    folder: TempDir,
}

/// Every listener on a free port, and nothing else but defaults.
const LISTEN: &str = "imap = \"127.0.0.1:0\"\nimaps = \"127.0.0.1:0\"\nsubmission = \"127.0.0.1:0\"\n\
                      submissions = \"127.0.0.1:0\"\nhttps = \"127.0.0.1:0\"\n\
                      http = \"127.0.0.1:0\"\ndrain_seconds = 0\n";

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// With more lines in `[listen]`.
    pub(crate) fn with(listen: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_certificate(&folder.path().join("tls"), &["school.test", "localhost"], Clock::system().now()).unwrap();
        let text = format!(
            "domain = \"school.test\"\nhost_name = \"localhost\"\ndata_dir = \"data\"\n\
             [tls]\ncertificate = \"tls/cert.pem\"\nkey = \"tls/key.pem\"\n\
             [login]\nwithout_tls_from_loopback = true\n[listen]\n{LISTEN}{listen}"
        );
        std::fs::write(folder.path().join("p.toml"), text).unwrap();
        Self { folder }
    }

    /// On another store than the folder's own.
    pub(crate) fn on_store(url: &str) -> Self {
        let sandbox = Self::new();
        let text = std::fs::read_to_string(sandbox.path("p.toml")).unwrap();
        std::fs::write(sandbox.path("p.toml"), format!("{text}[store]\nurl = \"{url}\"\nconnections_max = 4\n"))
            .unwrap();
        sandbox
    }

    /// Writes something else in the settings.
    pub(crate) fn set(&self, before: &str, after: &str) {
        let text = std::fs::read_to_string(self.path("p.toml")).unwrap();
        assert!(text.contains(before), "{text}");
        std::fs::write(self.path("p.toml"), text.replacen(before, after, 1)).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::new(config::load(&self.path("p.toml")).unwrap())
    }

    pub(crate) async fn start(&self) -> Server {
        self.try_start().await.unwrap()
    }

    pub(crate) async fn try_start(&self) -> Result<Server, StartError> {
        server::start(self.config(), Clock::system()).await
    }

    /// A school of two: Anna and Bruno, who teach.
    pub(crate) fn write_school(&self) -> PathBuf {
        let school = self.path("school");
        std::fs::create_dir_all(&school).unwrap();
        std::fs::write(school.join("schools.csv"), "uai;name\n0750001A;Lycée Test\n").unwrap();
        let users = "external_id;login;first_name;last_name;profile;schools\n\
                     T1;anna.un;Anna;Un;Teacher;0750001A\nT2;bruno.deux;Bruno;Deux;Teacher;0750001A\n";
        std::fs::write(school.join("users.csv"), users).unwrap();
        school
    }

    /// Runs the program to its end. `PASSERELLE_CONFIG` names the configuration.
    pub(crate) fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Runs it, expects success, gives what it printed.
    pub(crate) fn done(&self, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{out}\n{err}");
        out
    }

    /// Runs it, expects exit code 1, gives what it said on stderr.
    pub(crate) fn refused(&self, arguments: &[&str], stdin: &str) -> String {
        let output = self.run(arguments, stdin);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}\n{out}\n{err}");
        err
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command
            .args(arguments)
            .env("PASSERELLE_CONFIG", self.path("p.toml"))
            .env_remove("PASSERELLE_STORE_URL")
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts `serve` and waits until it is ready.
    pub(crate) fn serve(&self) -> Running {
        Running::start(self.command(&["serve"]), Stream::Err, "ready")
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

pub(crate) enum Stream {
    Out,
    Err,
}

/// How long a process may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server process; killed with its test.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    /// What it said until it was ready.
    pub(crate) said: String,
}

impl Running {
    /// Waits for a line that holds `mark`.
    #[allow(clippy::zombie_processes, reason = "waited for by `stop` and by drop")]
    pub(crate) fn start(mut command: Command, stream: Stream, mark: &str) -> Self {
        match stream {
            Stream::Out => command.stderr(Stdio::inherit()),
            Stream::Err => command.stdout(Stdio::null()),
        };
        let mut child = command.spawn().unwrap();
        let source: Box<dyn Read + Send> = match stream {
            Stream::Out => Box::new(child.stdout.take().unwrap()),
            Stream::Err => Box::new(child.stderr.take().unwrap()),
        };
        let mut running = Self { child, lines: lines(source), said: String::new() };
        running.said = running.listen(mark).concat();
        running
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, as kill(1) takes it.
    pub(crate) fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([format!("-{name}"), self.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Reads on until a line holds `mark`.
    pub(crate) fn hear(&mut self, mark: &str) -> String {
        self.listen(mark).pop().unwrap()
    }

    /// All lines up to one that holds `mark`.
    fn listen(&mut self, mark: &str) -> Vec<String> {
        let (until, mut said) = (Instant::now() + PATIENCE, Vec::new());
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => said.push(line),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it did not say \"{mark}\" within {PATIENCE:?}, but:\n{}", said.concat())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().unwrap();
                    panic!("it ended ({status}) before it said \"{mark}\", and said:\n{}", said.concat())
                }
            }
            if said.last().is_some_and(|line| line.contains(mark)) {
                return said;
            }
        }
    }

    /// Waits until it ends by itself, and gives its exit code.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Stops it by a signal and gives its exit code.
    pub(crate) fn stop(mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }
}

/// What a process says, line by line, for as long as it lives.
fn lines(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut source = BufReader::new(source);
        loop {
            let mut line = String::new();
            if source.read_line(&mut line).is_ok_and(|read| read > 0) && sender.send(line).is_ok() {
                continue;
            }
            return;
        }
    });
    lines
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The mode bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
