//! PURE: a document signed with the certificate of the ports: CMS SignedData (RFC 5652 §5), as Apple's devices want profiles.
//! Written as DER without a whole ASN.1 library.

use ring::digest::{self, Algorithm};
use rustls::SignatureScheme;
use rustls::sign::CertifiedKey;

use super::validity::{EXPLICIT_VERSION, INTEGER, SEQUENCE, expect};

const OCTET_STRING: u8 = 0x04;
const NULL: &[u8] = &[0x05, 0x00];
const OBJECT_IDENTIFIER: u8 = 0x06;
const SET: u8 = 0x31;
/// `[0]`, constructed.
const CONTEXT_0: u8 = 0xA0;

/// 1.2.840.113549.1.7.1 and .2 (RFC 5652 §4, §5.1), 1.2.840.113549.1.9.3 and .4 (§11.1, §11.2).
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
/// 2.16.840.1.101.3.4.2.1 and .2 (RFC 5754 §2).
const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA_384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];

/// How it can be signed.
struct Way {
    scheme: SignatureScheme,
    hash: &'static Algorithm,
    hash_name: &'static [u8],
    /// Of the signature (RFC 5754 §3.2, §3.3).
    name: &'static [u8],
    /// RSA's names have a NULL beside them, those of ECDSA nothing.
    parameters: &'static [u8],
}

static WAYS: [Way; 3] = [
    Way {
        scheme: SignatureScheme::ECDSA_NISTP256_SHA256,
        hash: &digest::SHA256,
        hash_name: SHA_256,
        name: &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02],
        parameters: &[],
    },
    Way {
        scheme: SignatureScheme::ECDSA_NISTP384_SHA384,
        hash: &digest::SHA384,
        hash_name: SHA_384,
        name: &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03],
        parameters: &[],
    },
    Way {
        scheme: SignatureScheme::RSA_PKCS1_SHA256,
        hash: &digest::SHA256,
        hash_name: SHA_256,
        name: &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B],
        parameters: NULL,
    },
];

/// The document inside its signature, with the certificate and those between it and its authority. `None` where the key is
/// of a kind that readers of profiles do not know.
pub(super) fn signed(document: &[u8], key: &CertifiedKey) -> Option<Vec<u8>> {
    let schemes: Vec<SignatureScheme> = WAYS.iter().map(|way| way.scheme).collect();
    let signer = key.key.choose_scheme(&schemes)?;
    let way = WAYS.iter().find(|way| way.scheme == signer.scheme())?;
    let attributes = attributes(document, way);
    // Signed as a SET, sent as [0] (RFC 5652 §5.4).
    let signature = signer.sign(&element(SET, &[&attributes])).ok()?;
    let hash = element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[way.hash_name])]);
    let version = element(INTEGER, &[&[1]]);
    let signer_info = element(
        SEQUENCE,
        &[
            &version,
            &issuer_and_serial_number(key.cert.first()?)?,
            &hash,
            &element(CONTEXT_0, &[&attributes]),
            &element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[way.name]), way.parameters]),
            &element(OCTET_STRING, &[&signature]),
        ],
    );
    let content = element(
        SEQUENCE,
        &[&element(OBJECT_IDENTIFIER, &[DATA]), &element(CONTEXT_0, &[&element(OCTET_STRING, &[document])])],
    );
    let chain: Vec<&[u8]> = key.cert.iter().map(AsRef::as_ref).collect();
    let signed_data = element(
        SEQUENCE,
        &[&version, &element(SET, &[&hash]), &content, &element(CONTEXT_0, &chain), &element(SET, &[&signer_info])],
    );
    let name = element(OBJECT_IDENTIFIER, &[SIGNED_DATA]);
    Some(element(SEQUENCE, &[&name, &element(CONTEXT_0, &[&signed_data])]))
}

/// What is signed of the document (RFC 5652 §5.3), in the order of DER.
fn attributes(document: &[u8], way: &Way) -> Vec<u8> {
    let attribute =
        |name: &[u8], value: &[u8]| element(SEQUENCE, &[&element(OBJECT_IDENTIFIER, &[name]), &element(SET, &[value])]);
    let digest = digest::digest(way.hash, document);
    let mut attributes = [
        attribute(CONTENT_TYPE, &element(OBJECT_IDENTIFIER, &[DATA])),
        attribute(MESSAGE_DIGEST, &element(OCTET_STRING, &[digest.as_ref()])),
    ];
    attributes.sort();
    attributes.concat()
}

/// Whose certificate it is (RFC 5652 §10.2.4), out of the certificate.
fn issuer_and_serial_number(certificate: &[u8]) -> Option<Vec<u8>> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (mut rest, _) = expect(certificate, SEQUENCE)?;
    if let Some((_, after)) = expect(rest, EXPLICIT_VERSION) {
        rest = after;
    }
    let (serial_number, rest) = expect(rest, INTEGER)?;
    let (_, rest) = expect(rest, SEQUENCE)?;
    let (issuer, _) = expect(rest, SEQUENCE)?;
    Some(element(SEQUENCE, &[&element(SEQUENCE, &[issuer]), &element(INTEGER, &[serial_number])]))
}

/// An element with its tag and its length.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut element = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => element.push(short),
        _ => {
            let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            // A length has eight octets at most.
            element.push(0x80 | u8::try_from(octets.len()).unwrap_or(0));
            element.extend(octets);
        }
    }
    parts.iter().for_each(|part| element.extend_from_slice(part));
    element
}
