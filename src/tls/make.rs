//! A self-signed certificate, so that the demo has TLS with nothing to install.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Moment};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};

use super::{TlsError, read, unusable};
use crate::config::TlsConfig;
use crate::model::Timestamp;

/// How long a made certificate holds: what Apple's clients still take.
const DAYS: i32 = 800;

/// Makes `cert.pem` and `key.pem` (P-256, readable by the owner only) in `folder`, for `names`, localhost, 127.0.0.1 and ::1.
/// Keeps those that are there already where they can be used for all `names` at `now`.
///
/// # Errors
/// A file that cannot be written; a name that a certificate cannot hold.
pub fn make_certificate(folder: &Path, names: &[&str], now: Timestamp) -> Result<TlsConfig, TlsError> {
    let files = super::Files { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    let config = TlsConfig { certificate: Some(files.certificate.clone()), key: Some(files.key.clone()) };
    if read(&files, now).is_ok_and(|key| names.iter().all(|name| super::covers(&key, name))) {
        return Ok(config);
    }
    std::fs::create_dir_all(folder).map_err(|error| TlsError::File { path: folder.to_owned(), error })?;
    let (certificate, key) = make(names, now).map_err(|why| unusable(&files.certificate, &why))?;
    write(&files.key, &key, 0o600)?;
    write(&files.certificate, &certificate, 0o644)?;
    Ok(config)
}

/// Certificate and key, PEM.
fn make(names: &[&str], now: Timestamp) -> Result<(String, String), String> {
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let mut all: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    all.push("localhost".to_owned());
    all.sort_unstable();
    all.dedup();
    let mut params = CertificateParams::new(all).map_err(|error| error.to_string())?;
    params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    params.subject_alt_names.push(SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("localhost"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let today = date(now)?;
    let (year, month, day) = shifted(today, -1)?;
    params.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = shifted(today, DAYS)?;
    params.not_after = rcgen::date_time_ymd(year, month, day);
    let certificate = params.self_signed(&key).map_err(|error| error.to_string())?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn date(now: Timestamp) -> Result<Date, String> {
    let moment = Moment::from_second(now.seconds()).map_err(|error| error.to_string())?;
    Ok(moment.to_zoned(TimeZone::UTC).date())
}

/// Year, month and day, some days on.
fn shifted(date: Date, days: i32) -> Result<(i32, u8, u8), String> {
    let date = date.checked_add(Span::new().days(days)).map_err(|error| error.to_string())?;
    let part = |number: i8| u8::try_from(number).map_err(|error| error.to_string());
    Ok((date.year().into(), part(date.month())?, part(date.day())?))
}

/// Writes a file anew with this mode, never readable by others in between.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    let failed = |error| TlsError::File { path: path.to_owned(), error };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}
