//! Tests of certificates: handshakes on both versions of TLS, reloads, everything that can be wrong with the files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::{Certificates, make_certificate};
use crate::config::TlsConfig;
use crate::model::Timestamp;

/// 2026-11-23.
const NOW: Timestamp = Timestamp(1_795_392_000_000_000);
const DAY: i64 = 86_400_000_000;

fn later(days: i64) -> Timestamp {
    Timestamp(NOW.0 + days * DAY)
}

fn load(config: &TlsConfig, now: Timestamp) -> Result<Certificates, String> {
    Certificates::load(config, now).map(Option::unwrap).map_err(|error| error.to_string())
}

fn error(config: &TlsConfig, now: Timestamp) -> String {
    load(config, now).err().unwrap()
}

/// The client's clock.
#[derive(Debug)]
struct Now;

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_micros(NOW.0.unsigned_abs())))
    }
}

/// Trusts what the file holds now; speaks the given versions.
fn connector(certificate: &Path, versions: &[&'static rustls::SupportedProtocolVersion]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_details(Arc::new(super::provider()), Arc::new(Now))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn greet(certificates: &Certificates, connector: &TlsConnector, name: &str) -> Result<String, String> {
    let (client, server) = tokio::io::duplex(16 << 10);
    let acceptor = certificates.acceptor();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let serve = async {
        let mut stream = acceptor.accept(server).await.map_err(|error| error.to_string())?;
        stream.write_all(b"hello").await.map_err(|error| error.to_string())?;
        stream.shutdown().await.map_err(|error| error.to_string())
    };
    let ask = async {
        let mut stream = connector.connect(name, client).await.map_err(|error| error.to_string())?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.map_err(|error| error.to_string())?;
        Ok(text)
    };
    tokio::join!(ask, serve).0
}

#[tokio::test]
async fn the_made_certificate_serves_all_its_names_on_both_versions_of_tls() {
    let folder = tempfile::tempdir().unwrap();
    let config = make_certificate(folder.path(), &["school.test", "mail.school.test"], NOW).unwrap();
    let path = config.certificate.clone().unwrap();
    let key_mode = std::fs::metadata(config.key.as_ref().unwrap()).unwrap().permissions().mode();
    assert_eq!(key_mode & 0o777, 0o600);
    let certificates = load(&config, NOW).unwrap();
    for name in ["school.test", "mail.school.test", "localhost", "127.0.0.1"] {
        assert!(certificates.covers(name), "{name}");
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            let heard = greet(&certificates, &connector(&path, &[version]), name).await;
            assert_eq!(heard.as_deref(), Ok("hello"), "{name} {version:?}");
        }
    }
    assert!(!certificates.covers("other.test"));
    assert!(greet(&certificates, &connector(&path, &[&rustls::version::TLS13]), "other.test").await.is_err());
}

#[tokio::test]
async fn a_reload_takes_the_new_files_and_keeps_the_old_ones_when_they_are_bad() {
    let folder = tempfile::tempdir().unwrap();
    let config = make_certificate(folder.path(), &["old.test"], NOW).unwrap();
    let certificates = load(&config, NOW).unwrap();
    std::fs::write(config.certificate.as_ref().unwrap(), "nonsense").unwrap();
    assert!(certificates.reload(NOW).is_err());
    assert!(certificates.covers("old.test"));
    make_certificate(folder.path(), &["new.test"], NOW).unwrap();
    certificates.reload(NOW).unwrap();
    assert!(certificates.covers("new.test") && !certificates.covers("old.test"));
}

#[test]
fn a_certificate_is_made_again_only_when_it_no_longer_serves() {
    let folder = tempfile::tempdir().unwrap();
    let read = || std::fs::read_to_string(folder.path().join("cert.pem")).unwrap();
    make_certificate(folder.path(), &["school.test"], NOW).unwrap();
    let first = read();
    make_certificate(folder.path(), &["school.test"], later(300)).unwrap();
    assert_eq!(read(), first);
    make_certificate(folder.path(), &["other.test"], NOW).unwrap();
    let second = read();
    assert_ne!(second, first);
    make_certificate(folder.path(), &["other.test"], later(900)).unwrap();
    assert_ne!(read(), second);
}

#[test]
fn what_is_wrong_is_said_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = make_certificate(folder.path(), &["a.test"], NOW).unwrap();
    let (certificate, key) = (config.certificate.clone().unwrap(), config.key.clone().unwrap());
    let (c, k) = (certificate.display(), key.display());
    assert_eq!(load(&config, NOW).unwrap().ends_at(), Some(later(800).seconds()));
    assert!(error(&config, later(802)).starts_with(&format!("{c}: holds a certificate that expired on 2029-01-31T")));
    assert!(error(&config, later(-9)).starts_with(&format!("{c}: holds a certificate that is not valid before 2026-")));

    let other = tempfile::tempdir().unwrap();
    make_certificate(other.path(), &["a.test"], NOW).unwrap();
    std::fs::copy(other.path().join("key.pem"), &key).unwrap();
    assert_eq!(error(&config, NOW), format!("{k}: is not the key of the certificate in {c}"));
    std::fs::copy(&certificate, &key).unwrap();
    assert_eq!(error(&config, NOW), format!("{k}: holds no private key (PEM, \"-----BEGIN …-----\")"));
    std::fs::write(&certificate, "hello").unwrap();
    assert_eq!(error(&config, NOW), format!("{c}: holds no certificate (PEM, \"-----BEGIN CERTIFICATE-----\")"));
    std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").unwrap();
    assert!(error(&config, NOW).starts_with(&format!("{c}: is not PEM")));
    std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").unwrap();
    assert_eq!(error(&config, NOW), format!("{c}: holds a certificate whose dates cannot be read"));
    std::fs::remove_file(&certificate).unwrap();
    assert_eq!(error(&config, NOW), format!("{c}: No such file or directory (os error 2)"));
}
