//! TLS as a careful client does it: shakes hands with whoever is there, looks at the certificate, and says whether it may be
//! trusted (RFC 5280, RFC 9525). Nothing that must stay secret is sent where it may not.

use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::net::{Endpoint, Net, Stream};
use super::report::RENEW_DAYS;
use crate::sentences::checkup::{Place, Remark};
use crate::tls;

/// A certificate that was shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    hash: [u8; 32],
    /// Seconds since 1970; `None` where they cannot be read.
    ends_at: Option<i64>,
    /// Why it may not be trusted.
    faults: Vec<Remark>,
}

impl Shown {
    pub(super) fn is_trusted(&self) -> bool {
        self.faults.is_empty()
    }
}

const DAY: i64 = 24 * 3600;

/// Shakes hands. A certificate that may not be trusted is no error here.
pub(super) async fn encrypt<S: Stream>(
    net: &Net,
    endpoint: &Endpoint,
    stream: S,
) -> Result<(TlsStream<S>, Shown), Remark> {
    let no_tls = |why: String| Remark::NoTls { place: endpoint.place(), why };
    let name = ServerName::try_from(endpoint.host.clone()).map_err(|error| no_tls(error.to_string()))?;
    let provider = Arc::new(ring::default_provider());
    let witness = Arc::new(Witness { provider: Arc::clone(&provider), seen: Mutex::default() });
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| no_tls(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Witness>::clone(&witness))
        .with_no_client_auth();
    let shaking = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
    let stream = match timeout(net.patience, shaking).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(no_tls(error.to_string())),
        Err(_) => return Err(Remark::Silent { place: endpoint.place() }),
    };
    let chain = std::mem::take(&mut *witness.seen.lock());
    let Some((own, others)) = chain.split_first() else { return Err(no_tls("no certificate".to_owned())) };
    let faults = faults(net, provider, endpoint, &name, own, others);
    let shown = Shown { hash: *blake3::hash(own).as_bytes(), ends_at: tls::ends_at(own), faults };
    Ok((stream, shown))
}

/// Everything that is wrong with it: the name is looked at whatever else there is.
fn faults(
    net: &Net,
    provider: Arc<CryptoProvider>,
    endpoint: &Endpoint,
    name: &ServerName<'_>,
    own: &CertificateDer<'_>,
    others: &[CertificateDer<'_>],
) -> Vec<Remark> {
    let place = endpoint.place();
    let mut faults = Vec::new();
    let parsed = ParsedCertificate::try_from(own);
    if !parsed.is_ok_and(|parsed| rustls::client::verify_server_name(&parsed, name).is_ok()) {
        faults.push(Remark::CertificateName { place: place.clone(), host: endpoint.host.clone() });
    }
    let verifier = match WebPkiServerVerifier::builder_with_provider(Arc::clone(&net.roots), provider).build() {
        Ok(verifier) => verifier,
        Err(error) => {
            faults.push(Remark::CertificateBad { place, why: error.to_string() });
            return faults;
        }
    };
    let now = UnixTime::now();
    match verifier.verify_server_cert(own, others, name, &[], now) {
        Ok(_) => {}
        Err(Error::InvalidCertificate(CertificateError::NotValidForName))
        | Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })) => {}
        Err(error) => faults.push(fault(place, &error, own, now)),
    }
    faults
}

fn fault(place: Place, error: &Error, own: &CertificateDer<'_>, now: UnixTime) -> Remark {
    use CertificateError as E;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    match error {
        Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => {
            let days = tls::ends_at(own).map_or(0, |ends_at| now.saturating_sub(ends_at) / DAY);
            Remark::CertificateExpired { place, days }
        }
        Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => Remark::CertificateTooNew { place },
        Error::InvalidCertificate(E::UnknownIssuer) => Remark::CertificateUnknown { place },
        error => Remark::CertificateBad { place, why: error.to_string() },
    }
}

/// What is to be said of all certificates together. `now`: seconds since 1970.
pub(super) fn remarks(shown: &[(Endpoint, Shown)], now: i64) -> Vec<Remark> {
    let Some((first, certificate)) = shown.first() else { return Vec::new() };
    let mut remarks = certificate.faults.clone();
    for (endpoint, other) in shown.iter().skip(1) {
        if other.hash != certificate.hash {
            remarks.push(Remark::CertificatesDiffer { place: endpoint.place() });
            remarks.extend(other.faults.clone());
        } else if endpoint.host != first.host {
            // The same certificate, asked for under another name.
            let named = |fault: &&Remark| matches!(fault, Remark::CertificateName { .. });
            remarks.extend(other.faults.iter().filter(named).cloned());
        }
    }
    let days = certificate.ends_at.map(|ends_at| ends_at.saturating_sub(now) / DAY);
    if let Some(days) = days.filter(|_| certificate.is_trusted()) {
        if days <= RENEW_DAYS {
            remarks.push(Remark::CertificateEnds { days });
        } else if remarks.is_empty() {
            remarks.push(Remark::CertificateFine { days, host: first.host.clone() });
        }
    }
    remarks
}

/// Sees the certificates, and lets everybody pass: what they are worth is judged afterwards.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(own).chain(others).map(|certificate| certificate.clone().into_owned());
        *self.seen.lock() = chain.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
