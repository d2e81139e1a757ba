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

#[tokio::test]
async fn both_ends_know_what_binds_their_connection() {
    let folder = tempfile::tempdir().unwrap();
    let config = make_certificate(folder.path(), &["school.test"], NOW).unwrap();
    let path = config.certificate.clone().unwrap();
    let certificates = load(&config, NOW).unwrap();
    let shown = CertificateDer::from_pem_file(&path).unwrap();
    let end_point = ring::digest::digest(&ring::digest::SHA256, &shown).as_ref().to_vec();
    assert_eq!(certificates.end_point(), Some(end_point.clone()), "ECDSA with SHA-256");
    let mut exported = Vec::new();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12, &rustls::version::TLS13] {
        let (client, server) = tokio::io::duplex(16 << 10);
        let (acceptor, connector) = (certificates.acceptor(), connector(&path, &[version]));
        let name = ServerName::try_from("school.test").unwrap();
        let (ours, theirs) = tokio::join!(acceptor.accept(server), connector.connect(name, client));
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        let bindings = super::channel_bindings(ours.get_ref().1, certificates.end_point());
        assert_eq!(bindings.end_point, Some(end_point.clone()));
        let label = b"EXPORTER-Channel-Binding";
        let on_their_side = theirs.get_ref().1.export_keying_material([0; 32], label, Some(b"")).unwrap();
        match version.version {
            rustls::ProtocolVersion::TLSv1_3 => assert_eq!(bindings.exporter, Some(on_their_side)),
            _ => assert_eq!(bindings.exporter, None),
        }
        exported.push(on_their_side);
    }
    assert_ne!(exported[0], exported[2], "another connection, another binding");
}

#[test]
fn a_certificate_is_hashed_as_it_was_signed() {
    // A certificate without anything in it but its kind of signature.
    let certificate = |name: &[u8]| {
        let algorithm = [&[0x06, u8::try_from(name.len()).unwrap()], name].concat();
        let algorithm = [&[0x30, u8::try_from(algorithm.len()).unwrap()], algorithm.as_slice()].concat();
        let body = [&[0x30, 0x00], algorithm.as_slice(), &[0x03, 0x01, 0x00]].concat();
        [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
    };
    let rsa = |last: u8| certificate(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, last]);
    let ecdsa = |last: &[u8]| certificate(&[&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04], last].concat());
    let bytes = |certificate: Vec<u8>| super::binding::end_point(&certificate).map(|hash| hash.len());
    for (certificate, expected) in [
        (rsa(4), Some(32)),
        (rsa(5), Some(32)),
        (rsa(11), Some(32)),
        (rsa(12), Some(48)),
        (rsa(13), Some(64)),
        // RSASSA-PSS and SHA-224; Ed25519 has no hash of its own.
        (rsa(10), None),
        (rsa(14), None),
        (certificate(&[0x2B, 0x65, 0x70]), None),
        (ecdsa(&[1]), Some(32)),
        (ecdsa(&[3, 2]), Some(32)),
        (ecdsa(&[3, 3]), Some(48)),
        (ecdsa(&[3, 4]), Some(64)),
        (b"no certificate".to_vec(), None),
        (Vec::new(), None),
    ] {
        assert_eq!(bytes(certificate), expected);
    }
}
