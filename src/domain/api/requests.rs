//! Requests that make something and may come twice: the header `Idempotency-Key` names one, and the same key again gets the
//! answer of the first.
//!
//! An answer may hold a secret (an app password) that is kept nowhere in clear: so it is kept encrypted, with a key made of
//! the token's secret, which only its holder has. A request whose end is not known, because the process ended meanwhile, is
//! not done again: its sender is told to look.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::ApiToken;
use crate::domain::login::random;
use crate::domain::{Fault, Gateway};
use crate::model::{Secret, Timestamp};
use crate::store::Durability;
use crate::store::api::{self, ApiRequest};

/// What the key is for, so that it is like no other.
const CONTEXT: &str = "passerelle 2026 answer to an api request";

/// A request under a key of its sender's.
pub struct RequestKey {
    token: String,
    key: String,
    sealing: LessSafeKey,
}

/// How a request stands.
pub enum Begun {
    /// For the first time: do it, then [`Gateway::finish_request`].
    New,
    /// It was done: this was answered.
    Done(Vec<u8>),
    /// Another request had this key.
    Another,
    /// It is under way, or its end is not known.
    Unfinished,
}

impl RequestKey {
    /// What a token's holder calls a request.
    ///
    /// # Errors
    /// Never: the key has the length that the cipher needs.
    pub fn new(token: &ApiToken, secret: &Secret, key: &str) -> Result<Self, Fault> {
        let mut material = secret.expose().to_vec();
        material.extend_from_slice(key.as_bytes());
        let sealing = UnboundKey::new(&CHACHA20_POLY1305, &blake3::derive_key(CONTEXT, &material));
        let sealing = sealing.map_err(|_| Fault::Worker("a key of the wrong length".to_owned()))?;
        Ok(Self { token: token.id.clone(), key: key.to_owned(), sealing: LessSafeKey::new(sealing) })
    }

    fn seal(&self, answer: &[u8]) -> Result<Vec<u8>, Fault> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut octets = answer.to_vec();
        let sealed =
            self.sealing.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut octets);
        sealed.map_err(|_| Fault::Worker("an answer could not be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &octets].concat())
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, octets) = sealed.split_at_checked(NONCE_LEN)?;
        let mut octets = octets.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        Some(self.sealing.open_in_place(nonce, Aad::empty(), &mut octets).ok()?.to_vec())
    }
}

impl Gateway {
    /// Begins a request, once. `request`: all of it that says what it is.
    pub async fn begin_request(&self, key: &RequestKey, request: &[u8]) -> Result<Begun, Fault> {
        let now = self.clock.now();
        let hours = i64::from(self.config.api.idempotency_hours);
        let asked = ApiRequest {
            token: key.token.clone(),
            key: key.key.clone(),
            request_hash: *blake3::hash(request).as_bytes(),
            now,
            forget_before: Timestamp(now.0.saturating_sub(hours.saturating_mul(3_600_000_000))),
        };
        let request_hash = asked.request_hash;
        let earlier = self.store.write(Durability::Synced, asked, |tx, asked| Box::pin(api::begin(tx, asked))).await?;
        Ok(match earlier {
            None => Begun::New,
            Some(earlier) if earlier.request_hash != request_hash => Begun::Another,
            Some(earlier) => match earlier.answer.and_then(|sealed| key.open(&sealed)) {
                Some(answer) => Begun::Done(answer),
                None => Begun::Unfinished,
            },
        })
    }

    /// Keeps what was answered.
    pub async fn finish_request(&self, key: &RequestKey, answer: &[u8]) -> Result<(), Fault> {
        let input = (key.token.clone(), key.key.clone(), key.seal(answer)?);
        Ok(self.store.write(Durability::Synced, input, |tx, input| Box::pin(api::finish(tx, input))).await?)
    }

    /// Forgets a request that did nothing, so that its key can be used again.
    pub async fn undo_request(&self, key: &RequestKey) -> Result<(), Fault> {
        let input = (key.token.clone(), key.key.clone());
        Ok(self.store.write(Durability::Synced, input, |tx, input| Box::pin(api::undo(tx, input))).await?)
    }
}
