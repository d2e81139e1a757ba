//! A PostgreSQL of one test, which may be stopped and started: `None` where its programs are not installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use passerelle::domain::clock::Clock;
use passerelle::tls::make_certificate;
use tempfile::TempDir;

pub(crate) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    /// Settings, and what its processes have in their environment.
    settings: &'static [&'static str],
    environment: Vec<(String, String)>,
}

/// Where PostgreSQL's programs are, the newest.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.map(|version| version.unwrap().path().join("bin")).collect();
    found.retain(|programs| programs.join("initdb").exists());
    found.sort();
    found.pop()
}

/// PostgreSQL refuses to run as root: its own user does it then.
fn as_postgres(program: &Path) -> Command {
    if rustix::process::geteuid().is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Cluster {
    /// Starts one that takes connections by TLS only.
    pub(crate) fn start() -> Option<Self> {
        let cluster = Self::make("hostssl", &["fsync=off"])?;
        cluster.run();
        Some(cluster)
    }

    /// Makes one; `kind`: the connections that it takes, as in pg_hba.conf.
    pub(crate) fn make(kind: &str, settings: &'static [&'static str]) -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().unwrap();
        make_certificate(folder.path(), &["localhost"], Clock::system().now()).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { folder, programs, port, settings, environment: Vec::new() };
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(cluster.folder.path()));
        }
        let data = cluster.folder.path().join("data");
        let initdb = cluster.programs.join("initdb");
        run(as_postgres(&initdb).arg("-D").arg(&data).args([
            "-N",
            "-U",
            "postgres",
            "-A",
            "trust",
            "--locale=C.UTF-8",
            "-E",
            "UTF8",
        ]));
        let hosts = format!("local all all trust\n{kind} all all 127.0.0.0/8 trust\n");
        std::fs::write(data.join("pg_hba.conf"), hosts).unwrap();
        Some(cluster)
    }

    /// Starts it, for the first time or again.
    pub(crate) fn run(&self) {
        let folder = self.folder.path();
        let options = format!(
            "-c listen_addresses=127.0.0.1,127.0.0.2 -p {} -k {} -c ssl=on -c ssl_cert_file={} -c ssl_key_file={} {}",
            self.port,
            folder.display(),
            folder.join("cert.pem").display(),
            folder.join("key.pem").display(),
            self.settings.iter().map(|setting| format!("-c {setting} ")).collect::<String>()
        );
        run(self
            .control()
            .envs(self.environment.iter().cloned())
            .args(["-w", "-t", "60", "-l"])
            .arg(folder.join("log"))
            .args(["-o", &options, "start"])
            .stdout(Stdio::null()));
    }

    /// As a crash of its machine would: nobody is told, nothing is written.
    pub(crate) fn crash(&self) {
        run(self.control().args(["-m", "immediate", "-w", "stop"]));
    }

    /// As an admin stops it.
    pub(crate) fn stop(&self) {
        run(self.control().args(["-m", "fast", "-w", "stop"]));
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From the next start on.
    pub(crate) fn set_environment(&mut self, environment: Vec<(String, String)>) {
        self.environment = environment;
    }

    fn control(&self) -> Command {
        let mut command = as_postgres(&self.programs.join("pg_ctl"));
        command.arg("-D").arg(self.folder.path().join("data"));
        command
    }

    /// Its URL; `host` and TLS as given.
    pub(crate) fn url(&self, host: &str, tls: &str) -> String {
        let authority = self.folder.path().join("cert.pem");
        format!(
            "postgres://postgres@{host}:{}/postgres?{}",
            self.port,
            tls.replace("CA", &authority.display().to_string())
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.control().args(["-m", "immediate", "-w", "stop"]).output();
    }
}
