//! PURE: the server's side of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), message by message.
//!
//! [`First`] is the client's first message; with a [`Salting`] it becomes the server's, and [`Challenged`] waits for the
//! client's last, out of which comes a [`Proof`]. A [`Verifier`] is what is kept of a password: whoever reads it cannot log in
//! with it, and must try passwords one by one to find the right one.
//!
//! A failed exchange ends without the server's last message, which RFC 5802 §7 leaves to us: one round trip less, and no
//! `e=unknown-user` that tells who exists.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq;

use super::prepare::prepared;
use super::{Failure, Offer};
use crate::model::Secret;

/// Octets of a key, a proof, a signature.
pub const KEY_BYTES: usize = 32;
/// Octets of a salt.
pub const SALT_BYTES: usize = 16;
/// A message that is longer is no message of SCRAM: names, nonces and bindings are short.
const MESSAGE_BYTES_MAX: usize = 2048;

/// What is told to whoever gives a name, known or not.
#[derive(Clone, Debug)]
pub struct Salting {
    pub salt: [u8; SALT_BYTES],
    pub iterations: NonZeroU32,
    /// The server's part of the nonce: printable, without a comma.
    pub nonce: String,
}

/// The client's first message (RFC 5802 §5), and what must come back in its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    name: String,
    nonce: String,
    bare: String,
    /// The header and the data of the channel binding: what `c=` must hold.
    bound: Vec<u8>,
}

/// The exchange between the server's first message and the client's last.
#[derive(Clone, Debug)]
pub struct Challenged {
    name: String,
    /// Both parts.
    nonce: String,
    bound: Vec<u8>,
    /// The first message of the client, and the server's.
    said: String,
}

/// A client's claim to know a password.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The login or address, as it was given.
    pub name: String,
    said: String,
    proof: [u8; KEY_BYTES],
}

/// What is kept of a password (RFC 5802 §3). `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    pub stored_key: [u8; KEY_BYTES],
    pub server_key: [u8; KEY_BYTES],
}

impl First {
    /// Reads it. `plus`: is it SCRAM-SHA-256-PLUS?
    ///
    /// # Errors
    /// It is malformed, acts for somebody else, or what it says of channel bindings cannot be (RFC 5802 §6).
    pub(super) fn read(octets: &[u8], plus: bool, offer: &Offer) -> Result<Self, Failure> {
        let text = text(octets)?;
        let (flag, rest) = text.split_once(',').ok_or(Failure::Malformed)?;
        let (on_behalf, bare) = rest.split_once(',').ok_or(Failure::Malformed)?;
        let header = format!("{flag},{on_behalf},");
        let data = bound_data(flag, plus, offer)?;
        let mut attributes = bare.split(',');
        // `m=` in front would be an extension that must be understood.
        let name = attributes.next().and_then(|part| part.strip_prefix("n=")).ok_or(Failure::Malformed)?;
        let nonce = attributes.next().and_then(|part| part.strip_prefix("r=")).ok_or(Failure::Malformed)?;
        let name = name_of(name)?;
        if let Some(on_behalf) = on_behalf.strip_prefix("a=") {
            if name_of(on_behalf)? != name {
                return Err(Failure::ForSomebodyElse);
            }
        } else if !on_behalf.is_empty() {
            return Err(Failure::Malformed);
        }
        // Printable, and no comma (RFC 5802 §7).
        if nonce.is_empty() || !nonce.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(Failure::Malformed);
        }
        let bound = [header.as_bytes(), data].concat();
        Ok(Self { name, nonce: nonce.to_owned(), bare: bare.to_owned(), bound })
    }

    /// Who it says it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's first message, and what waits for the answer.
    pub fn challenged(self, salting: &Salting) -> (String, Challenged) {
        let nonce = format!("{}{}", self.nonce, salting.nonce);
        let message = format!("r={nonce},s={},i={}", STANDARD.encode(salting.salt), salting.iterations);
        let said = format!("{},{message}", self.bare);
        (message, Challenged { name: self.name, nonce, bound: self.bound, said })
    }
}

impl Challenged {
    /// Reads the client's last message.
    pub(super) fn answered(self, octets: &[u8]) -> Result<Proof, Failure> {
        let text = text(octets)?;
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(Failure::Malformed)?;
        let mut attributes = without_proof.split(',');
        let bound = attributes.next().and_then(|part| part.strip_prefix("c=")).ok_or(Failure::Malformed)?;
        let nonce = attributes.next().and_then(|part| part.strip_prefix("r=")).ok_or(Failure::Malformed)?;
        let bound = STANDARD.decode(bound).map_err(|_| Failure::Malformed)?;
        let proof = STANDARD.decode(proof).map_err(|_| Failure::Malformed)?;
        let proof = proof.try_into().map_err(|_| Failure::Malformed)?;
        if nonce != self.nonce {
            return Err(Failure::Malformed);
        }
        if bound != self.bound {
            return Err(Failure::ChannelBinding);
        }
        Ok(Proof { name: self.name, said: format!("{},{without_proof}", self.said), proof })
    }
}

impl Verifier {
    /// Of a password. Slow on purpose. `None` where no client could send it: it is not text, or holds what SASLprep forbids.
    pub fn of(password: &Secret, salt: &[u8; SALT_BYTES], iterations: NonZeroU32) -> Option<Self> {
        let password = prepared(std::str::from_utf8(password.expose()).ok()?)?;
        let mut salted = [0; KEY_BYTES];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password.as_bytes(), &mut salted);
        Some(Self { stored_key: hash(&mac(&salted, b"Client Key")), server_key: mac(&salted, b"Server Key") })
    }

    /// The server's last message, where the proof is of this password (RFC 5802 §3).
    pub fn signs(&self, proof: &Proof) -> Option<String> {
        let mut client_key = mac(&self.stored_key, proof.said.as_bytes());
        client_key.iter_mut().zip(proof.proof).for_each(|(octet, proof)| *octet ^= proof);
        let is_right: bool = hash(&client_key).ct_eq(&self.stored_key).into();
        is_right.then(|| format!("v={}", STANDARD.encode(mac(&self.server_key, proof.said.as_bytes()))))
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(…)")
    }
}

fn text(octets: &[u8]) -> Result<&str, Failure> {
    match std::str::from_utf8(octets) {
        Ok(text) if text.len() <= MESSAGE_BYTES_MAX && !text.contains('\0') => Ok(text),
        _ => Err(Failure::Malformed),
    }
}

/// The data that the client's flag binds to (RFC 5802 §6).
fn bound_data<'o>(flag: &str, plus: bool, offer: &'o Offer) -> Result<&'o [u8], Failure> {
    let offers_plus = offer.mechanisms.contains(&super::Mechanism::ScramSha256Plus);
    match (flag.strip_prefix("p="), plus) {
        (Some(name), true) => offer.bindings.data(name).ok_or(Failure::ChannelBinding),
        (Some(_), false) => Err(Failure::Malformed),
        (None, true) => Err(Failure::Malformed),
        (None, false) => match flag {
            "n" => Ok(&[]),
            // It could, and believes that we cannot: somebody took the word out of what we announced.
            "y" if offers_plus => Err(Failure::ChannelBinding),
            "y" => Ok(&[]),
            _ => Err(Failure::Malformed),
        },
    }
}

/// A name out of its escapes (RFC 5802 §5.1), prepared.
pub(super) fn name_of(text: &str) -> Result<String, Failure> {
    let mut name = String::with_capacity(text.len());
    let mut pieces = text.split('=');
    name.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (sign, rest) = match (piece.strip_prefix("2C"), piece.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (None, Some(rest)) => ('=', rest),
            (None, None) => return Err(Failure::Malformed),
        };
        name.push(sign);
        name.push_str(rest);
    }
    match prepared(&name) {
        Some(name) if !name.is_empty() => Ok(name.into_owned()),
        _ => Err(Failure::Malformed),
    }
}

fn mac(key: &[u8; KEY_BYTES], message: &[u8]) -> [u8; KEY_BYTES] {
    octets(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref())
}

fn hash(message: &[u8]) -> [u8; KEY_BYTES] {
    octets(digest::digest(&digest::SHA256, message).as_ref())
}

/// SHA-256 gives as many octets as a key has.
fn octets(output: &[u8]) -> [u8; KEY_BYTES] {
    let mut octets = [0; KEY_BYTES];
    octets.iter_mut().zip(output).for_each(|(octet, output)| *octet = *output);
    octets
}
