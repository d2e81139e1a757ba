//! Gateways as processes of their own (`passerelle serve`), killed and started as often as one likes.

use std::fs::{File, OpenOptions};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a start may take: recovery included.
const START_WITHIN: Duration = Duration::from_secs(60);

/// One gateway: its folder, its settings, its process.
pub(crate) struct Gateway {
    config: PathBuf,
    log: PathBuf,
    pub(crate) ports: (u16, u16),
    child: Option<Child>,
}

impl Gateway {
    /// Not started yet. `settings`: further lines.
    pub(crate) fn new(folder: &Path, data: &Path, store: Option<&str>, settings: &str) -> Self {
        let ports = (free_port(), free_port());
        let (name, url) = (data.file_name().unwrap().to_str().unwrap(), store.map(|url| format!("url = '{url}'\n")));
        let limits = [
            "messages_per_hour_max",
            "messages_per_day_max",
            "people_per_message_max",
            "people_per_day_max",
            "first_time_per_day_max",
        ]
        .map(|key| format!("{key} = 1000000000\n"))
        .concat();
        let text = format!(
            "domain = 'school.test'\ndata_dir = '{}'\n[login]\nwithout_tls_from_loopback = true\nscram_iterations = 4096\n\
             [listen]\nimap = '127.0.0.1:{}'\nsubmission = '127.0.0.1:{}'\ndrain_seconds = 0\n[imap]\npoll_seconds = 1\n\
             [keeping]\ncollect_seconds = 1\nundelete_days = 0\norphans_hours = 2\n[log]\nfilter = 'warn'\n\
             [limits.teacher]\n{limits}[store]\nblob_threshold_bytes = 4000\nconnections_max = 8\n{}{settings}",
            data.display(),
            ports.0,
            ports.1,
            url.unwrap_or_default()
        );
        let config = folder.join(format!("{name}.toml"));
        std::fs::write(&config, text).unwrap();
        Self { config, log: folder.join(format!("{name}.log")), ports, child: None }
    }

    /// Starts it and waits until it answers.
    pub(crate) fn start(&mut self, environment: &[(String, String)]) {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let child = self.command("serve").envs(environment.iter().cloned()).stdout(Stdio::null()).stderr(log).spawn();
        let child = self.child.insert(child.unwrap());
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.ports.0)).is_err() {
            if let Some(ended) = child.try_wait().unwrap() {
                panic!("a gateway does not start: {ended}: {}", self.said());
            }
            assert!(started.elapsed() < START_WITHIN, "a gateway does not answer: {}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// As an admin stops it.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
            assert!(child.wait().unwrap().success(), "it stops: {}", self.said());
        }
    }

    /// `passerelle verify --deep`: what it says, and whether all is well.
    pub(crate) fn verify(&self) -> (String, bool) {
        let output = self.command("verify").arg("--deep").output().unwrap();
        let said = [output.stdout, output.stderr].map(|octets| String::from_utf8_lossy(&octets).into_owned()).concat();
        (said, output.status.success())
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command.arg(name).arg("--config").arg(&self.config).env_remove("PASSERELLE_STORE_URL");
        command
    }

    /// The end of its log.
    pub(crate) fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    pub(crate) fn config(&self) -> &Path {
        &self.config
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Copies a file's worth of nothing: room that is taken, until it is deleted.
pub(crate) fn fill(path: &Path, leave: u64) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = File::create(path)?;
    let block = vec![0x5a; 4096];
    while file.write_all(&block).is_ok() {}
    let size = file.metadata()?.len();
    file.set_len(size.saturating_sub(leave))
}
