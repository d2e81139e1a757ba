//! What binds a login to the TLS connection it runs on (RFC 5056): `tls-exporter` (RFC 9266) and `tls-server-end-point`
//! (RFC 5929 §4). Used by `server`, checked by `sasl::scram`.

use ring::digest::{self, Algorithm, SHA256, SHA384, SHA512};
use rustls::{ProtocolVersion, ServerConnection};

use super::validity::{SEQUENCE, expect};
use crate::sasl::ChannelBindings;

/// Of a connection that has shaken hands; `end_point` is the hash of the certificate that it has shown.
pub fn channel_bindings(connection: &ServerConnection, end_point: Option<Vec<u8>>) -> ChannelBindings {
    ChannelBindings { exporter: exporter(connection), end_point }
}

/// TLS 1.3 alone: what TLS 1.2 exports need not be this connection's own (RFC 9266 §3).
fn exporter(connection: &ServerConnection) -> Option<[u8; 32]> {
    if connection.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return None;
    }
    connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).ok()
}

/// The certificate's hash, by the hash function of its signature; `None` where that has none, or not exactly one.
pub(super) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let hash = signature_hash(certificate)?;
    Some(digest::digest(hash, certificate).as_ref().to_vec())
}

/// 1.2.840.113549.1.1 and 1.2.840.10045.4 (RFC 8017 §A.2, RFC 5758 §3.2).
const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];
const ECDSA: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04];
const OBJECT_IDENTIFIER: u8 = 0x06;

fn signature_hash(certificate: &[u8]) -> Option<&'static Algorithm> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (_, rest) = expect(certificate, SEQUENCE)?;
    let (algorithm, _) = expect(rest, SEQUENCE)?;
    let (name, _) = expect(algorithm, OBJECT_IDENTIFIER)?;
    match (name.strip_prefix(RSA), name.strip_prefix(ECDSA)) {
        // MD5 and SHA-1 are replaced by SHA-256 (RFC 5929 §4.1).
        (Some([4 | 5 | 11]), _) | (_, Some([1] | [3, 2])) => Some(&SHA256),
        (Some([12]), _) | (_, Some([3, 3])) => Some(&SHA384),
        (Some([13]), _) | (_, Some([3, 4])) => Some(&SHA512),
        _ => None,
    }
}
