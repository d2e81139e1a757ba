//! A receiver of webhooks: remembers every request, answers as the test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.head.lines().find(|line| line.to_lowercase().starts_with(&start)).map(|line| &line[start.len()..])
    }

    pub(crate) fn id(&self) -> String {
        self.header("passerelle-event-id").unwrap().to_owned()
    }
}

/// What it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answers {
    With(u16),
    /// After so long: 200.
    Late(Duration),
    /// Nothing: it hangs up.
    HangsUp,
    /// With a redirect to itself.
    Redirects,
}

pub(crate) struct Receiver {
    pub(crate) port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<Answers>>,
    pub(crate) open_at_once: Arc<AtomicUsize>,
}

impl Receiver {
    pub(crate) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            received: Arc::default(),
            answers: Arc::new(Mutex::new(answers)),
            open_at_once: Arc::default(),
        };
        let (received, answers, open) =
            (Arc::clone(&receiver.received), Arc::clone(&receiver.answers), Arc::clone(&receiver.open_at_once));
        let now = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(
                    stream,
                    Arc::clone(&received),
                    Arc::clone(&answers),
                    (Arc::clone(&now), Arc::clone(&open)),
                ));
            }
        });
        receiver
    }

    pub(crate) fn answer(&self, answers: Answers) {
        *self.answers.lock() = answers;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        self.wait_until(|received| received.len() >= count).await
    }

    pub(crate) async fn wait_until(&self, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let started = std::time::Instant::now();
        loop {
            let received = self.received();
            if enough(&received) {
                return received;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{} requests: {received:?}", received.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn serve(
    stream: TcpStream,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<Answers>>,
    (now, most): (Arc<AtomicUsize>, Arc<AtomicUsize>),
) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let text = String::from_utf8(body).unwrap();
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        received.lock().push(Received {
            body: serde_json::from_str(&text).unwrap(),
            head: head.replace('\r', ""),
            text,
        });
        let answer = *answers.lock();
        let status = match answer {
            Answers::With(status) => format!("{status} x"),
            Answers::Late(time) => {
                tokio::time::sleep(time).await;
                "200 OK".to_owned()
            }
            Answers::HangsUp => {
                now.fetch_sub(1, Ordering::SeqCst);
                return;
            }
            Answers::Redirects => "302 Found\r\nLocation: /elsewhere".to_owned(),
        };
        now.fetch_sub(1, Ordering::SeqCst);
        let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}");
        if stream.get_mut().write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}
