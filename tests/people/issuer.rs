//! An issuer of tokens in this process, with keys of each kind: what it says at each path is the test's to choose.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A key of the issuer's, made now (the RSA one lies in a file: ring makes none).
pub(crate) enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub(crate) fn rsa() -> Key {
    let text = include_str!("keys/rsa.txt").replace('\n', "");
    Key::Rsa(RsaKeyPair::from_der(&STANDARD.decode(text).unwrap()).unwrap())
}

pub(crate) fn ec() -> Key {
    let (random, kind) = (SystemRandom::new(), &signature::ECDSA_P256_SHA256_FIXED_SIGNING);
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    Key::Ec(EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap())
}

pub(crate) fn ed() -> Key {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Key::Ed(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
}

pub(crate) fn b64(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

impl Key {
    /// As the issuer tells it (RFC 7517).
    pub(crate) fn public(&self, id: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({"kty": "RSA", "use": "sig", "kid": id, "n": b64(public.n), "e": b64(public.e)})
            }
            Self::Ec(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": id, "x": b64(x), "y": b64(y)})
            }
            Self::Ed(key) => json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": b64(key.public_key())}),
        }
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    pub(crate) fn sign(&self, message: &[u8], padding: &'static dyn signature::RsaEncoding) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let mut signed = vec![0; key.public().modulus_len()];
                key.sign(padding, &SystemRandom::new(), message, &mut signed).unwrap();
                signed
            }
            Self::Ec(key) => key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with these claims, signed as it should be.
    pub(crate) fn token(&self, id: &str, claims: &Value) -> String {
        self.token_with(&json!({"alg": self.algorithm(), "kid": id, "typ": "JWT"}), claims)
    }

    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let padding: &dyn signature::RsaEncoding = match header["alg"].as_str() {
            Some("PS256") => &signature::RSA_PSS_SHA256,
            Some("RS512") => &signature::RSA_PKCS1_SHA512,
            _ => &signature::RSA_PKCS1_SHA256,
        };
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        format!("{signed}.{}", b64(self.sign(signed.as_bytes(), padding)))
    }
}

/// The issuer: what it says at each path, and what it was asked. Where it says nothing, it is slow.
pub(crate) struct Issuer {
    pub(crate) port: u16,
    pages: Arc<Mutex<HashMap<String, String>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

pub(crate) const METADATA: &str = "/openid/.well-known/openid-configuration";

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let issuer = Self { port, pages: Arc::default(), asked: Arc::default() };
        issuer.tells_about_itself(&issuer.url(), &format!("{}/certs?v=1", issuer.url()));
        let (pages, asked) = (Arc::clone(&issuer.pages), Arc::clone(&issuer.asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (pages, asked) = (Arc::clone(&pages), Arc::clone(&asked));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap_or(0) > 0 {}
                    let head = String::from_utf8(head).unwrap();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    asked.lock().push(path.clone());
                    let page = pages.lock().get(&path).cloned().unwrap_or_default();
                    if page.is_empty() {
                        // Until the client has had enough.
                        let _ = stream.read_u8().await;
                    }
                    let length = page.len();
                    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{page}");
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        issuer
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/openid", self.port)
    }

    pub(crate) fn says(&self, path: &str, page: &str) {
        self.pages.lock().insert(path.to_owned(), page.to_owned());
    }

    pub(crate) fn tells_about_itself(&self, issuer: &str, keys: &str) {
        self.says(METADATA, &json!({"issuer": issuer, "jwks_uri": keys, "more": [1]}).to_string());
    }

    pub(crate) fn tells(&self, keys: &[Value]) {
        self.says("/openid/certs?v=1", &json!({ "keys": keys }).to_string());
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().iter().filter(|path| path.contains("/certs")).count()
    }
}
