//! Settings → open listeners. All are opened before anything is served, so that a taken port is told at the start.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::{StartError, handed};
use crate::config::ListenConfig;
use crate::metrics::Listener;

/// What is spoken on a port of mail, or of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// RFC 9051, STARTTLS.
    Imap,
    /// RFC 8314 §3.2.
    Imaps,
    /// RFC 6409, STARTTLS.
    Submission,
    /// RFC 8314 §3.3.
    Submissions,
    /// RFC 4511, STARTTLS.
    Ldap,
    /// The same over TLS.
    Ldaps,
}

impl Service {
    /// For metrics.
    pub(super) const fn listener(self) -> Listener {
        match self {
            Self::Imap => Listener::Imap,
            Self::Imaps => Listener::Imaps,
            Self::Submission => Listener::Submission,
            Self::Submissions => Listener::Submissions,
            Self::Ldap => Listener::Ldap,
            Self::Ldaps => Listener::Ldaps,
        }
    }

    /// For logs.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Imaps => "imaps",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
            Self::Ldap => "ldap",
            Self::Ldaps => "ldaps",
        }
    }

    /// Is there TLS from the first octet?
    pub(super) const fn is_encrypted(self) -> bool {
        matches!(self, Self::Imaps | Self::Submissions | Self::Ldaps)
    }
}

/// Where the server listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    pub imap: Option<SocketAddr>,
    pub imaps: Option<SocketAddr>,
    pub submission: Option<SocketAddr>,
    pub submissions: Option<SocketAddr>,
    pub ldap: Option<SocketAddr>,
    pub ldaps: Option<SocketAddr>,
    pub https: Option<SocketAddr>,
    pub http: Option<SocketAddr>,
    pub metrics: Option<SocketAddr>,
    pub admin: Option<SocketAddr>,
}

/// Open listeners.
pub(super) struct Listeners {
    pub mail: Vec<(Service, TcpListener)>,
    pub https: Option<TcpListener>,
    pub http: Option<TcpListener>,
    pub metrics: Option<TcpListener>,
    pub admin: Option<TcpListener>,
}

/// Opens every address that is set; a socket that was handed over takes the place of its address.
pub(super) async fn bind(config: &ListenConfig) -> Result<Listeners, StartError> {
    let mut handed = handed::sockets().map_err(StartError::Handed)?;
    let wanted = [
        (Service::Imap, "listen.imap", config.imap),
        (Service::Imaps, "listen.imaps", config.imaps),
        (Service::Submission, "listen.submission", config.submission),
        (Service::Submissions, "listen.submissions", config.submissions),
        (Service::Ldap, "listen.ldap", config.ldap),
        (Service::Ldaps, "listen.ldaps", config.ldaps),
    ];
    let mut mail = Vec::new();
    for (service, key, address) in wanted {
        let listener = open(handed.remove(service.name()), key, address).await?;
        mail.extend(listener.map(|listener| (service, listener)));
    }
    let https = open(handed.remove("https"), "listen.https", config.https).await?;
    let http = open(handed.remove("http"), "listen.http", config.http).await?;
    let metrics = open(handed.remove("metrics"), "listen.metrics", config.metrics).await?;
    let admin = open(handed.remove("admin"), "listen.admin", config.admin).await?;
    Ok(Listeners { mail, https, http, metrics, admin })
}

async fn open(
    handed: Option<TcpListener>,
    key: &'static str,
    address: Option<SocketAddr>,
) -> Result<Option<TcpListener>, StartError> {
    let (None, Some(address)) = (&handed, address) else { return Ok(handed) };
    TcpListener::bind(address).await.map(Some).map_err(|error| StartError::Bind { key, address, error })
}

impl Listeners {
    /// The addresses in use.
    pub(super) fn addresses(&self) -> Result<Addresses, StartError> {
        let mut addresses = Addresses::default();
        let local = |key, listener: &TcpListener| {
            let address = SocketAddr::from(([0, 0, 0, 0], 0));
            listener.local_addr().map_err(|error| StartError::Bind { key, address, error })
        };
        for (service, listener) in &self.mail {
            let place = match service {
                Service::Imap => &mut addresses.imap,
                Service::Imaps => &mut addresses.imaps,
                Service::Submission => &mut addresses.submission,
                Service::Submissions => &mut addresses.submissions,
                Service::Ldap => &mut addresses.ldap,
                Service::Ldaps => &mut addresses.ldaps,
            };
            *place = Some(local(service.name(), listener)?);
        }
        addresses.https = self.https.as_ref().map(|listener| local("listen.https", listener)).transpose()?;
        addresses.http = self.http.as_ref().map(|listener| local("listen.http", listener)).transpose()?;
        addresses.admin = self.admin.as_ref().map(|listener| local("listen.admin", listener)).transpose()?;
        addresses.metrics = self.metrics.as_ref().map(|listener| local("listen.metrics", listener)).transpose()?;
        Ok(addresses)
    }
}
