//! Settings → open listeners. All are opened before anything is served, so that a taken port is told at the start.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::{StartError, handed};
use crate::config::ListenConfig;

/// What is spoken on a mail port.
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
}

impl Service {
    /// For logs.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Imaps => "imaps",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
        }
    }
}

/// Where the server listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    pub imap: Option<SocketAddr>,
    pub imaps: Option<SocketAddr>,
    pub submission: Option<SocketAddr>,
    pub submissions: Option<SocketAddr>,
    pub http: Option<SocketAddr>,
}

/// Open listeners.
pub(super) struct Listeners {
    pub mail: Vec<(Service, TcpListener)>,
    pub http: Option<TcpListener>,
}

/// Opens every address that is set; a socket that was handed over takes the place of its address.
pub(super) async fn bind(config: &ListenConfig) -> Result<Listeners, StartError> {
    let mut handed = handed::sockets().map_err(StartError::Handed)?;
    let wanted = [
        (Service::Imap, "listen.imap", config.imap),
        (Service::Imaps, "listen.imaps", config.imaps),
        (Service::Submission, "listen.submission", config.submission),
        (Service::Submissions, "listen.submissions", config.submissions),
    ];
    let mut mail = Vec::new();
    for (service, key, address) in wanted {
        match (handed.remove(service.name()), address) {
            (Some(socket), _) => mail.push((service, socket)),
            (None, Some(address)) => mail.push((service, open(key, address).await?)),
            (None, None) => {}
        }
    }
    let http = match (handed.remove("http"), config.http) {
        (Some(socket), _) => Some(socket),
        (None, Some(address)) => Some(open("listen.http", address).await?),
        (None, None) => None,
    };
    Ok(Listeners { mail, http })
}

async fn open(key: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Bind { key, address, error })
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
            };
            *place = Some(local(service.name(), listener)?);
        }
        addresses.http = self.http.as_ref().map(|listener| local("listen.http", listener)).transpose()?;
        Ok(addresses)
    }
}
