//! LISTENERS: binds every configured address, accepts within a limit, shakes hands, runs sessions, stops gracefully.
//!
//! [`start`] gives a [`Server`] that `cli` (and tests) hold: its addresses, its gateway, [`Server::reload`], [`Server::stop`].
//!
//! | file | what |
//! | --- | --- |
//! | `bind` | settings → open listeners |
//! | `handed` | sockets that systemd hands over |
//! | `drain` | stopping: who is told goodbye when |
//! | `reload` | what can change while sessions go on |
//! | `admin` | who may shake hands with the page of those who run the service |
//! | `accept` | connections, as many as there is room for |
//! | `rounds` | what the server does by itself, again and again |
//! | `proxied` | for whom a balancer connects |
//! | `handshake` | TLS |
//! | `session` | one connection of mail or LDAP: TLS, STARTTLS, the protocol |
//! | `web` | one HTTP connection |
//! | `prompt` | a stream whose other end must go on reading |

mod accept;
mod admin;
mod bind;
mod drain;
mod handed;
mod handshake;
mod prompt;
mod proxied;
mod reload;
mod rounds;
mod session;
mod web;

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::{Extension, Router};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::control::{self, Reload};
use crate::domain::clock::Clock;
use crate::domain::{Fault, Gateway, open_store};
use crate::http::setup::Signing;
use crate::http::{self, PublicPorts};
use crate::metrics::Listener;
use crate::store::StoreError;
use crate::tls::{Certificates, TlsError};

use self::web::Door;
pub use bind::Addresses;
pub use reload::ReloadError;

/// Connections of those who run the service, and of what watches over it.
const OPERATOR_CONNECTIONS_MAX: usize = 64;

/// Why the server cannot start. Each says all: a field called `source` would be told twice where causes are listed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("`{key}` = \"{address}\": {error}")]
    Bind { key: &'static str, address: SocketAddr, error: io::Error },
    #[error("{0}")]
    Handed(io::Error),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Gateway(#[from] Fault),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    /// The page of those who run the service would be open, or closed, to everybody.
    #[error("`listen.admin`: {0}")]
    Admins(String),
}

/// The server at work. Dropped without [`Server::stop`], its tasks end with the runtime.
pub struct Server {
    shared: Arc<Shared>,
    addresses: Addresses,
}

/// What all connections share.
struct Shared {
    config: Arc<Config>,
    gateway: Arc<Gateway>,
    certificates: Option<Certificates>,
    /// Places for mail connections.
    places: Arc<Semaphore>,
    /// Places for LDAP connections.
    ldap_places: Arc<Semaphore>,
    /// Places for HTTP connections.
    http_places: Arc<Semaphore>,
    /// Places for those who run the service: nobody else can take them.
    operator_places: Arc<Semaphore>,
    /// Cancelled first: nobody new, and sessions say goodbye, each when its turn comes.
    stop: CancellationToken,
    /// Cancelled where whoever stops the server will not wait for sessions.
    hurry: CancellationToken,
    /// Cancelled then: whoever is still there is cut off.
    kill: CancellationToken,
    /// Cancelled where the store has become too new for this program, with `stop` and `end`.
    outdated: CancellationToken,
    /// Cancelled last, when no session is left: what the server does by itself ends.
    end: CancellationToken,
    sessions: TaskTracker,
    tasks: TaskTracker,
    connections: AtomicU64,
}

/// Starts everything that the settings name, in the order in which it can fail: certificate, addresses, store.
///
/// # Errors
/// The first thing that cannot be: what was opened before it is closed again.
pub async fn start(config: Arc<Config>, clock: Clock) -> Result<Server, StartError> {
    let certificates = Certificates::load(&config.tls, clock.now())?;
    let admins = admin::acceptor(&config, certificates.as_ref())?;
    let listeners = bind::bind(&config.listen).await?;
    let data_dir = &config.data_dir;
    make_private(data_dir).map_err(|error| StartError::File { path: data_dir.clone(), error })?;
    let store = open_store(&config).await?;
    let gateway = Arc::new(Gateway::new(Arc::clone(&config), store, clock)?);
    gateway.check_blobs().await?;
    // What is turned off is known before anybody is let in.
    gateway.see_to_switch().await?;
    let socket = config.control_socket();
    let control = control::listen(&socket).map_err(|error| StartError::File { path: socket, error })?;
    let addresses = listeners.addresses()?;
    let shared = Arc::new(Shared {
        gateway,
        certificates,
        places: places(config.listen.connections_max),
        ldap_places: places(config.listen.ldap_connections_max),
        http_places: places(config.listen.http_connections_max),
        operator_places: places(OPERATOR_CONNECTIONS_MAX),
        stop: CancellationToken::new(),
        hurry: CancellationToken::new(),
        kill: CancellationToken::new(),
        outdated: CancellationToken::new(),
        end: CancellationToken::new(),
        sessions: TaskTracker::new(),
        tasks: TaskTracker::new(),
        connections: AtomicU64::new(1),
        config,
    });
    shared.spawn(listeners, addresses, control, admins);
    Ok(Server { shared, addresses })
}

/// As many places as a setting says.
fn places(max: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)))
}

/// Makes the folder, where it is not there yet, for its owner only: it holds people's letters.
pub fn make_private(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

impl Server {
    /// Where it listens, with the ports that the system chose for port 0.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What sessions ask.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.shared.gateway
    }

    /// Reads the settings and the certificate files again; gives the settings that are written otherwise now and need a
    /// restart.
    ///
    /// # Errors
    /// What is wrong with them; all that is in use stays.
    pub fn reload(&self) -> Result<Vec<String>, ReloadError> {
        self.shared.reload()
    }

    /// How long a stop may take (settings).
    pub fn stops_within(&self) -> Duration {
        let listen = &self.shared.config.listen;
        Duration::from_secs(listen.drain_seconds.saturating_add(listen.stop_seconds_max))
    }

    /// Cancelled where the store has become too new for this program: nobody is served any more, stop it.
    pub fn outdated(&self) -> CancellationToken {
        self.shared.outdated.clone()
    }

    /// Cancel it, and [`Server::stop`] waits for sessions no longer.
    pub fn hurry(&self) -> CancellationToken {
        self.shared.hurry.clone()
    }

    /// Stops: nobody new is let in, sessions say goodbye within `listen.drain_seconds`, the store closes. Sessions that
    /// take more than `listen.stop_seconds_max` longer are cut off; what was answered is kept all the same.
    pub async fn stop(self) {
        let shared = self.shared;
        shared.stop.cancel();
        shared.sessions.close();
        shared.drain().await;
        shared.end.cancel();
        shared.tasks.close();
        shared.tasks.wait().await;
        if !shared.outdated.is_cancelled() {
            rounds::see_to_trail(&shared.gateway, true).await;
        }
        shared.gateway.tell_the_rest().await;
        shared.gateway.store().close().await;
        let socket = shared.config.control_socket();
        if let Err(error) = std::fs::remove_file(&socket) {
            tracing::warn!(path = %socket.display(), %error, "the control socket could not be removed");
        }
    }
}

impl Shared {
    fn spawn(
        self: &Arc<Self>,
        listeners: bind::Listeners,
        addresses: Addresses,
        control: control::Listener,
        admins: Option<TlsAcceptor>,
    ) {
        for (service, listener) in listeners.mail {
            self.tasks.spawn(accept::mail(Arc::clone(self), service, listener));
        }
        let public = self.signing(http::router(Arc::clone(&self.gateway), self.public_ports(addresses)));
        let metrics = http::metrics::router(Arc::clone(&self.gateway));
        for (counted, door, listener, router) in [
            (Listener::Https, Door::Tls, listeners.https, &public),
            (Listener::Http, Door::Plain, listeners.http, &public),
            (Listener::Metrics, Door::Plain, listeners.metrics, &metrics),
        ] {
            if let Some(listener) = listener {
                self.tasks.spawn(accept::web(Arc::clone(self), (counted, door), listener, router.clone()));
            }
        }
        self.see_certificate();
        let (observing, end) = (Arc::clone(&self.gateway), self.end.clone());
        self.tasks.spawn(async move { observing.keep_observing(end).await });
        let reload: Reload = {
            let shared = Arc::clone(self);
            Arc::new(move || shared.reload().map_err(|error| error.to_string()))
        };
        if let (Some(listener), Some(acceptor)) = (listeners.admin, admins) {
            let router = http::admin::router(Arc::clone(&self.gateway));
            let door = Door::Admins(acceptor);
            self.tasks.spawn(accept::web(Arc::clone(self), (Listener::Admin, door), listener, router));
        }
        self.tasks.spawn(rounds::switch(Arc::clone(self)));
        if self.gateway.store().is_shared() {
            self.tasks.spawn(rounds::schema(Arc::clone(self)));
            let (telling, hearing) = (Arc::clone(&self.gateway), Arc::clone(&self.gateway));
            let (end, end_hearing) = (self.end.clone(), self.end.clone());
            self.tasks.spawn(async move { telling.keep_telling(end).await });
            self.tasks.spawn(async move { hearing.keep_hearing(end_hearing).await });
        }
        let collecting = Arc::clone(&self.gateway);
        let end = self.end.clone();
        self.tasks.spawn(async move { collecting.keep_collecting(end).await });
        if self.config.people.collect_every_hours > 0 {
            self.tasks.spawn(rounds::departed(Arc::clone(self)));
        }
        self.tasks.spawn(rounds::trail(Arc::clone(self)));
        self.tasks.spawn(rounds::quiet(Arc::clone(self)));
        for hook in self.gateway.webhooks() {
            let (telling, hook, end) = (Arc::clone(&self.gateway), Arc::clone(hook), self.end.clone());
            self.tasks.spawn(async move { telling.keep_telling_webhook(&hook, end).await });
        }
        let gateway = Arc::clone(&self.gateway);
        self.tasks.spawn(control::serve(control, gateway, reload, self.end.clone()));
    }

    /// Metrics tell when the certificate ends.
    fn see_certificate(&self) {
        if let Some(ends_at) = self.certificates.as_ref().and_then(Certificates::ends_at) {
            self.gateway.metrics.certificate_ends.set(u64::try_from(ends_at).unwrap_or(0));
        }
    }

    /// Profiles are signed with the certificate of the ports.
    fn signing(&self, router: Router) -> Router {
        let Some(signer) = self.certificates.as_ref().map(Certificates::signer) else { return router };
        router.layer(Extension(Signing(Arc::new(move |document| signer.signed(document)))))
    }

    /// The ports to tell clients of: those set, else those listened on. STARTTLS without a certificate is not told.
    fn public_ports(&self, addresses: Addresses) -> PublicPorts {
        if self.certificates.is_none() {
            return PublicPorts::default();
        }
        let Addresses { imap, imaps, submission, submissions, .. } = addresses;
        PublicPorts::told(&self.config.public, [imap, imaps, submission, submissions])
    }
}
