//! LISTENERS: TLS that asks clients for a certificate (RFC 8446 §4.3.2, RFC 5280): for the page of those who run the service.

use std::path::Path;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, version};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::TlsAcceptor;

use super::{Certificates, Current, TlsError, provider, read_pem, subject, unusable};

/// The certificate that a client has shown, and that an authority of ours has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Its common name; `None` where it has none, or several.
    pub name: Option<String>,
    /// The hash of all of it.
    pub fingerprint: [u8; 32],
}

impl Certificates {
    /// Shakes hands with clients that show a certificate of one of these authorities (PEM), or, unless it is needed, none.
    /// No session is resumed: each connection's certificate is looked at.
    ///
    /// # Errors
    /// The file cannot be read, or holds no authority.
    pub fn acceptor_for_admins(&self, authorities: Option<&Path>, needed: bool) -> Result<TlsAcceptor, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?;
        let builder = match authorities {
            Some(authorities) => builder.with_client_cert_verifier(verifier(authorities, needed)?),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::clone(&self.current) as Arc<Current>);
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn verifier(authorities: &Path, needed: bool) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let read = read_pem(authorities, "certificate", |text| {
        CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>()
    })?;
    let mut roots = RootCertStore::empty();
    for authority in read {
        roots.add(authority).map_err(|error| unusable(authorities, &format!("holds no authority ({error})")))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()));
    let builder = if needed { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| unusable(authorities, &format!("holds no authority ({error})")))
}

/// The certificate of the client at the other end; `None` where it has shown none.
pub fn client_certificate(connection: &ServerConnection) -> Option<ClientCertificate> {
    let shown = connection.peer_certificates()?.first()?;
    Some(ClientCertificate { name: subject::common_name(shown), fingerprint: *blake3::hash(shown).as_bytes() })
}
