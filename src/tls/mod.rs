//! LISTENERS: certificate files → the TLS that listeners speak (1.2 and 1.3, RFC 8446, RFC 8314 §3), exchanged while running.
//!
//! `server` takes an acceptor from [`Certificates`] for each handshake; [`Certificates::reload`] reads the files again.
//! New handshakes get the new certificate at once; a client that resumes an earlier session still shows the old one.
//!
//! | file | what |
//! | --- | --- |
//! | `binding` | what binds a login to its connection |
//! | `client` | clients that show a certificate |
//! | `make` | a self-signed certificate, for trials |
//! | `signing` | pure: documents signed with the certificate |
//! | `subject` | pure: for whom a certificate is made |
//! | `validity` | pure: from when and until when a certificate holds |

mod binding;
mod client;
mod make;
mod signing;
mod subject;
#[cfg(test)]
mod tests;
mod validity;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, NoServerSessionStorage, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsConfig;
use crate::model::Timestamp;
pub use binding::channel_bindings;
pub use client::{ClientCertificate, client_certificate};
pub use make::make_certificate;

/// Why a certificate cannot be used. Names the file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
    /// The file was read, and what it holds will not do.
    #[error("{}: {why}", path.display())]
    Unusable { path: PathBuf, why: String },
    /// The TLS library refused its settings.
    #[error("TLS: {0}")]
    Library(#[from] rustls::Error),
}

/// The certificate in use, and the files it comes from.
pub struct Certificates {
    files: Files,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Certificates {
    /// Reads the files that the settings name; `None` where they name none.
    ///
    /// # Errors
    /// A missing file, one that is not PEM, a key of another certificate, a certificate out of its time.
    pub fn load(config: &TlsConfig, now: Timestamp) -> Result<Option<Self>, TlsError> {
        let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else { return Ok(None) };
        let files = Files { certificate: certificate.clone(), key: key.clone() };
        let current = Arc::new(Current(ArcSwap::from_pointee(read(&files, now)?)));
        let config = Arc::new(server_config(Arc::clone(&current))?);
        Ok(Some(Self { files, current, config }))
    }

    /// Shakes hands with whatever certificate is in use by then.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Reads the files again.
    ///
    /// # Errors
    /// As [`Certificates::load`]; the certificate in use stays.
    pub fn reload(&self, now: Timestamp) -> Result<(), TlsError> {
        self.current.0.store(Arc::new(read(&self.files, now)?));
        Ok(())
    }

    /// Is the certificate made for this host name?
    pub fn covers(&self, host_name: &str) -> bool {
        covers(&self.current.0.load(), host_name)
    }

    /// The certificate's hash (`tls-server-end-point`); `None` where there is none for its kind of signature.
    pub fn end_point(&self) -> Option<Vec<u8>> {
        binding::end_point(self.current.0.load().cert.first()?)
    }

    /// Signs documents with whatever certificate is in use by then.
    pub fn signer(&self) -> Signer {
        Signer(Arc::clone(&self.current))
    }

    /// When the certificate ends, in seconds since 1970; `None` where its dates cannot be read.
    pub fn ends_at(&self) -> Option<i64> {
        let current = self.current.0.load();
        validity::validity(current.cert.first()?).map(|validity| validity.not_after)
    }
}

/// Signs documents with the certificate.
#[derive(Clone, Debug)]
pub struct Signer(Arc<Current>);

impl Signer {
    /// The document in CMS SignedData (RFC 5652 §5), DER; `None` where the certificate's key cannot sign it.
    pub fn signed(&self, document: &[u8]) -> Option<Vec<u8>> {
        signing::signed(document, &self.0.0.load())
    }
}

/// When a certificate (DER) ends, in seconds since 1970; `None` where its dates cannot be read.
pub fn ends_at(certificate: &[u8]) -> Option<i64> {
    validity::validity(certificate).map(|validity| validity.not_after)
}

fn covers(key: &CertifiedKey, host_name: &str) -> bool {
    let certificate = key.end_entity_cert().ok().and_then(|der| ParsedCertificate::try_from(der).ok());
    match (certificate, ServerName::try_from(host_name)) {
        (Some(certificate), Ok(name)) => rustls::client::verify_server_name(&certificate, &name).is_ok(),
        _ => false,
    }
}

fn provider() -> CryptoProvider {
    ring::default_provider()
}

fn server_config(current: Arc<Current>) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(current);
    // Resumption by ticket: phones reconnect all day, and nothing is kept here for them.
    config.ticketer = ring::Ticketer::new()?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// Reads and judges both files.
fn read(files: &Files, now: Timestamp) -> Result<CertifiedKey, TlsError> {
    let chain = read_pem(&files.certificate, "certificate", |text| {
        CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>()
    })?;
    let Some(first) = chain.first() else {
        return Err(unusable(&files.certificate, "holds no certificate (PEM, \"-----BEGIN CERTIFICATE-----\")"));
    };
    check_time(&files.certificate, first, now)?;
    let key = read_pem(&files.key, "private key", PrivateKeyDer::from_pem_slice)?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            unusable(&files.key, &format!("is not the key of the certificate in {}", files.certificate.display()))
        }
        rustls::Error::InvalidCertificate(why) => {
            unusable(&files.certificate, &format!("holds a certificate that cannot be read ({why:?})"))
        }
        error => unusable(&files.key, &format!("holds a key that cannot be used ({error})")),
    })
}

fn read_pem<T>(path: &Path, what: &str, parse: impl Fn(&[u8]) -> Result<T, pem::Error>) -> Result<T, TlsError> {
    let text = std::fs::read(path).map_err(|error| TlsError::File { path: path.to_owned(), error })?;
    parse(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => unusable(path, &format!("holds no {what} (PEM, \"-----BEGIN …-----\")")),
        error => unusable(path, &format!("is not PEM ({error})")),
    })
}

fn check_time(path: &Path, certificate: &CertificateDer<'_>, now: Timestamp) -> Result<(), TlsError> {
    let Some(validity) = validity::validity(certificate) else {
        return Err(unusable(path, "holds a certificate whose dates cannot be read"));
    };
    let day = |seconds| jiff::Timestamp::from_second(seconds).map_or_else(|_| "?".to_owned(), |time| time.to_string());
    if now.seconds() > validity.not_after {
        return Err(unusable(path, &format!("holds a certificate that expired on {}", day(validity.not_after))));
    }
    if now.seconds() < validity.not_before {
        let why = format!("holds a certificate that is not valid before {}", day(validity.not_before));
        return Err(unusable(path, &why));
    }
    Ok(())
}

fn unusable(path: &Path, why: &str) -> TlsError {
    TlsError::Unusable { path: path.to_owned(), why: why.to_owned() }
}
