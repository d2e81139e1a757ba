//! The client's side of SCRAM-SHA-256 (RFC 5802 §3), written from the RFC and not from the server.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};

/// One exchange.
pub struct ScramClient {
    header: String,
    bare: String,
    binding: Vec<u8>,
    nonce: String,
}

impl ScramClient {
    /// `header`: `n,,` or `p=tls-exporter,,`; `binding`: the octets that it binds to.
    pub fn new(header: &str, binding: &[u8], name: &str) -> Self {
        let nonce = "client-nonce".to_owned();
        let bare = format!("n={},r={nonce}", name.replace('=', "=3D").replace(',', "=2C"));
        Self { header: header.to_owned(), bare, binding: binding.to_vec(), nonce }
    }

    /// The first message, in base64.
    pub fn first(&self) -> String {
        STANDARD.encode(format!("{}{}", self.header, self.bare))
    }

    /// The last message to a server's first, and what the server must say to it; all in base64.
    pub fn last(&self, server_first: &str, password: &str) -> (String, String) {
        let server_first = String::from_utf8(STANDARD.decode(server_first).unwrap()).unwrap();
        let part = |start: &str| server_first.split(',').find_map(|part| part.strip_prefix(start)).unwrap().to_owned();
        let (nonce, salt, rounds) = (part("r="), part("s="), part("i="));
        assert!(nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len() + 16, "{nonce}");
        let mut salted = [0; 32];
        let rounds = NonZeroU32::new(rounds.parse().unwrap()).unwrap();
        let salt = STANDARD.decode(salt).unwrap();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, password.as_bytes(), &mut salted);
        let channel = STANDARD.encode([self.header.as_bytes(), &self.binding].concat());
        let without_proof = format!("c={channel},r={nonce}");
        let said = format!("{},{server_first},{without_proof}", self.bare);
        let client_key = mac(&salted, b"Client Key");
        let signature = mac(digest::digest(&digest::SHA256, &client_key).as_ref(), said.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, signature)| key ^ signature).collect();
        let last = format!("{without_proof},p={}", STANDARD.encode(proof));
        let server = mac(&mac(&salted, b"Server Key"), said.as_bytes());
        (STANDARD.encode(last), STANDARD.encode(format!("v={}", STANDARD.encode(server))))
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}
