//! An S3 service of one test, and a wire to it that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const BUCKET: &str = "letters";

/// `moto_server`, ended with its test.
pub(crate) struct Service {
    child: Child,
    address: SocketAddr,
    pub(crate) wire: Arc<Wire>,
}

/// What the wire does with a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Passes,
    /// Closed at once.
    Closed,
    /// Taken, and never answered.
    Silent,
    /// Answered `503 Slow Down`, so many times; then it passes.
    Busy(usize),
}

/// Stands between the gateway and the service.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    mode: Mutex<Mode>,
    open: Mutex<Vec<TcpStream>>,
    /// Octets that came from the service.
    carried: AtomicU64,
}

impl Service {
    /// Starts one with an empty bucket; `None` where the program is not installed.
    pub(crate) fn start() -> Option<Self> {
        let service = Self::run(|_| {})?;
        service.request("PUT", "", b"");
        Some(service)
    }

    /// The same; nobody has a key that it takes.
    pub(crate) fn start_closed() -> Option<Self> {
        // So many requests are let in without being asked: the one that makes the bucket.
        let service = Self::run(|command| _ = command.env("INITIAL_NO_AUTH_ACTION_COUNT", "1"))?;
        service.request("PUT", "", b"");
        Some(service)
    }

    /// The same, by TLS, with the certificate and key in this folder.
    pub(crate) fn start_tls(folder: &Path) -> Option<Self> {
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let service = Self::run(|command| _ = command.arg("-s").arg("-c").arg(&certificate).arg("-k").arg(&key))?;
        let bucket = format!("https://localhost:{}/{BUCKET}", service.address.port());
        let made =
            Command::new("curl").args(["-sSf", "--cacert"]).arg(certificate).args(["-X", "PUT", &bucket]).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(service)
    }

    fn run(change: impl FnOnce(&mut Command)) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        change(&mut command);
        let Ok(child) = command.spawn() else {
            assert!(std::env::var_os("CI").is_none(), "CI must have moto_server");
            return None;
        };
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let service = Self { child, address, wire: Wire::to(address) };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "moto_server does not start");
            thread::sleep(Duration::from_millis(50));
        }
        Some(service)
    }

    /// A request around the gateway: the answer's body.
    pub(crate) fn request(&self, method: &str, name: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{method} /{BUCKET}/{name} HTTP/1.1\r\nHost: s3\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=k/20261123/us-east-1/s3/aws4_request\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        answer.split_off(end + 4)
    }

    /// The names in the bucket.
    pub(crate) fn names(&self) -> Vec<String> {
        let list = String::from_utf8(self.request("GET", "?list-type=2", b"")).unwrap();
        list.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap().to_owned()).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Wire {
    fn to(service: SocketAddr) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            mode: Mutex::new(Mode::Passes),
            open: Mutex::default(),
            carried: AtomicU64::new(0),
        });
        let taken = Arc::clone(&wire);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (wire, stream) = (Arc::clone(&taken), stream.unwrap());
                wire.open.lock().unwrap().push(stream.try_clone().unwrap());
                thread::spawn(move || wire.carry(stream, service));
            }
        });
        wire
    }

    /// From now on; connections that are open are cut.
    pub(crate) fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Connections taken since the mode was set.
    pub(crate) fn taken(&self) -> usize {
        self.open.lock().unwrap().len()
    }

    /// Octets that came from the service until now.
    pub(crate) fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }

    /// From the service to the gateway, until either ends.
    fn answer(&self, mut from: TcpStream, mut to: &TcpStream) {
        let mut octets = [0; 16384];
        while let Ok(count @ 1..) = from.read(&mut octets) {
            self.carried.fetch_add(count as u64, Ordering::Relaxed);
            if to.write_all(&octets[..count]).is_err() {
                return;
            }
        }
    }

    fn carry(&self, mut stream: TcpStream, service: SocketAddr) {
        let mode = {
            let mut mode = self.mode.lock().unwrap();
            let now = *mode;
            if let Mode::Busy(left) = now {
                *mode = if left > 1 { Mode::Busy(left - 1) } else { Mode::Passes };
            }
            now
        };
        match mode {
            Mode::Closed => drop(stream),
            Mode::Silent => thread::sleep(Duration::from_secs(600)),
            Mode::Busy(_) => {
                let _ = stream.read(&mut [0; 65536]);
                let _ = stream.write_all(b"HTTP/1.1 503 Slow Down\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                // Not reset before it is read, whatever is still on its way.
                let _ = stream.shutdown(Shutdown::Write);
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            }
            Mode::Passes => {
                let there = TcpStream::connect(service).unwrap();
                let (mut from, mut to) = (stream.try_clone().unwrap(), there.try_clone().unwrap());
                let up = thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
                self.answer(there.try_clone().unwrap(), &stream);
                let _ = stream.shutdown(Shutdown::Both);
                let _ = there.shutdown(Shutdown::Both);
                up.join().unwrap();
            }
        }
    }
}
