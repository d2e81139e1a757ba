//! A gateway on a database that others share. It can be killed: its tasks end wherever they are, nobody says goodbye.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use passerelle::config;
use passerelle::domain::clock::Clock;
use passerelle::domain::mailbox::Mailbox;
use passerelle::domain::messages::{AppendOptions, Appended};
use passerelle::domain::{Fault, Gateway};
use passerelle::model::User;
use passerelle::server::{self, Server};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::RwLock;

pub struct Node {
    folder: TempDir,
    settings: String,
    /// How often it has been killed.
    life: AtomicU64,
    running: RwLock<Option<Running>>,
}

struct Running {
    /// All of it is in here.
    runtime: Runtime,
    server: Server,
}

impl Node {
    /// Starts one; `settings`: those that all gateways of a test have.
    pub async fn start(url: &str, settings: &str) -> Self {
        let settings = format!(
            "{settings}\ndata_dir = 'data'\nlogin.without_tls_from_loopback = true\nlisten.imap = '127.0.0.1:0'\n\
             imap.poll_seconds = 1\nstore.url = '{url}'\nstore.connections_max = 6\n"
        );
        let node = Self {
            folder: tempfile::tempdir().unwrap(),
            settings,
            life: AtomicU64::new(0),
            running: RwLock::new(None),
        };
        node.revive().await;
        node
    }

    /// Starts it where it does not run: a test that failed left it so.
    pub async fn revive(&self) {
        let mut running = self.running.write().await;
        if running.is_none() {
            *running = Some(self.run().await);
        }
    }

    async fn run(&self) -> Running {
        let config = config::parse(&self.settings, "p.toml", self.folder.path(), None);
        let config = Arc::new(config.unwrap_or_else(|problems| panic!("{problems}")));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.spawn(async { server::start(config, Clock::system()).await.unwrap() }).await.unwrap();
        Running { runtime, server }
    }

    /// Which of its lives it is in.
    pub fn life(&self) -> u64 {
        self.life.load(Ordering::SeqCst)
    }

    /// A connection to it, and the life that it is in.
    pub async fn connect(&self) -> (TcpStream, u64) {
        let running = self.running.read().await;
        let address: SocketAddr = running.as_ref().unwrap().server.addresses().imap.unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        (stream, self.life())
    }

    /// Puts a message into the mailbox; `None` where the gateway was killed meanwhile: it may be there, or not.
    pub async fn deliver(&self, user: User, mailbox: Mailbox) -> Option<u32> {
        let (delivering, life) = {
            let running = self.running.read().await;
            let Running { runtime, server } = running.as_ref().unwrap();
            (runtime.spawn(deliver(Arc::clone(server.gateway()), user, mailbox)), self.life())
        };
        match delivering.await {
            Ok(Ok(uid)) => Some(uid),
            _ if self.life() != life => None,
            other => panic!("{other:?}"),
        }
    }

    /// Kills it, and starts another in its place.
    pub async fn kill(&self) {
        let mut running = self.running.write().await;
        self.life.fetch_add(1, Ordering::SeqCst);
        let Running { runtime, server } = running.take().unwrap();
        let ended = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(Duration::from_secs(10));
            drop(server);
        });
        ended.await.unwrap();
        *running = Some(self.run().await);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(Running { runtime, .. }) = self.running.get_mut().take() {
            runtime.shutdown_background();
        }
    }
}

/// Puts a message into the mailbox, past every session; its UID.
pub async fn deliver(gateway: Arc<Gateway>, user: User, mailbox: Mailbox) -> Result<u32, Fault> {
    let mut spool = gateway.spool();
    spool.write(b"Subject: b\r\n\r\ny\r\n").await?;
    let message = spool.finish().await?;
    match gateway.append(&user, &mailbox, message, AppendOptions::default()).await? {
        Appended::At { uid, .. } => Ok(uid.0),
        other => panic!("{other:?}"),
    }
}
