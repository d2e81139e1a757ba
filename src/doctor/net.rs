//! Connections with deadlines: to what a name says, or to the one address that was given instead of all names.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::sentences::checkup::Remark;

/// Either kind of stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What is spoken at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    Imaps,
    Imap,
    Submissions,
    Submission,
    Ldaps,
    Ldap,
    Https,
    Http,
}

impl Service {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Imaps => "imaps",
            Self::Imap => "imap",
            Self::Submissions => "submissions",
            Self::Submission => "submission",
            Self::Ldaps => "ldaps",
            Self::Ldap => "ldap",
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// TLS from the first octet?
    pub(super) const fn is_encrypted(self) -> bool {
        matches!(self, Self::Imaps | Self::Submissions | Self::Ldaps | Self::Https)
    }
}

/// A place that clients connect to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint {
    pub service: Service,
    pub host: String,
    pub port: u16,
}

impl Endpoint {
    /// As people read it.
    pub(super) fn place(&self) -> String {
        format!("{} {}:{}", self.service.name(), self.host, self.port)
    }
}

/// How places are reached, and whom to trust.
pub(super) struct Net {
    at: Option<IpAddr>,
    pub(super) roots: Arc<RootCertStore>,
    pub(super) patience: Duration,
}

impl Net {
    pub(super) fn new(at: Option<IpAddr>, ca_file: Option<&Path>, patience: Duration) -> anyhow::Result<Self> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = ca_file {
            for certificate in CertificateDer::pem_file_iter(file).with_context(|| file.display().to_string())? {
                roots.add(certificate.with_context(|| file.display().to_string())?)?;
            }
        }
        Ok(Self { at, roots: Arc::new(roots), patience })
    }

    /// Where a name leads; nobody waits longer than the patience.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Remark> {
        if let Some(at) = self.at {
            return Ok(vec![SocketAddr::new(at, port)]);
        }
        let unresolved = || Remark::Unresolved { host: host.to_owned() };
        match timeout(self.patience, lookup_host((host, port))).await {
            Ok(Ok(addresses)) => {
                let addresses: Vec<SocketAddr> = addresses.collect();
                if addresses.is_empty() { Err(unresolved()) } else { Ok(addresses) }
            }
            Ok(Err(_)) | Err(_) => Err(unresolved()),
        }
    }

    /// Connects to the first address that takes it.
    pub(super) async fn connect(&self, endpoint: &Endpoint) -> Result<TcpStream, Remark> {
        let place = endpoint.place();
        let mut silent = false;
        for address in self.resolve(&endpoint.host, endpoint.port).await? {
            match timeout(self.patience, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => silent |= error.kind() == io::ErrorKind::TimedOut,
                Err(_) => silent = true,
            }
        }
        Err(if silent { Remark::Silent { place } } else { Remark::Closed { place } })
    }
}
