//! The ENT as the one that gives tokens out (OpenID Connect Discovery 1.0, RFC 7517): its keys, remembered, and whose a token is.
//!
//! Keys are asked for when they are old, or when a token names one that is not among them; never more often than the setting
//! says, and by one login at a time. Where the issuer does not answer, the old keys are good for as long as the setting says.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::Away;
use super::http::Place;
use super::jwt::{BadToken, PublicKey, Unchecked, public_keys};
use crate::config::{OidcConfig, is_private_url};
use crate::model::{Secret, Timestamp};

/// Octets of what the issuer tells about itself, and of its keys.
const BODY_BYTES_MAX: usize = 256 << 10;

/// Why it is not known whose a token is.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// The token's fault.
    #[error("a token that is {0}")]
    Token(#[from] BadToken),
    /// There are no keys to check it by.
    #[error("the issuer's keys: {0}")]
    Away(Arc<Away>),
}

/// The issuer of the settings.
pub struct Issuer {
    config: OidcConfig,
    keys: ArcSwapOption<Keys>,
    asking: Mutex<Asking>,
}

/// Keys, and when they came.
struct Keys {
    keys: Vec<PublicKey>,
    at: Timestamp,
}

/// When the issuer was last asked, and why there was no answer.
#[derive(Default)]
struct Asking {
    asked_at: Option<Timestamp>,
    failed: Option<Arc<Away>>,
}

/// What the issuer tells about itself, as far as it is needed.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    /// `None` where the settings name none.
    ///
    /// # Errors
    /// The URL or the file of authorities cannot be used.
    pub fn new(config: &OidcConfig) -> Result<Option<Self>, String> {
        let Some(url) = config.keys_url.clone().or_else(|| config.configuration_url()) else { return Ok(None) };
        if config.issuer.is_none() {
            return Ok(None);
        }
        Place::new(&url, config.ca_file.as_deref())?;
        Ok(Some(Self { config: config.clone(), keys: ArcSwapOption::empty(), asking: Mutex::default() }))
    }

    /// What the claim that names the person holds, in a token that may be used here and now.
    ///
    /// # Errors
    /// Never says what the token holds.
    pub async fn person(&self, token: &Secret, now: Timestamp) -> Result<String, Unknown> {
        let token = Unchecked::read(token.expose(), &self.config)?;
        let keys = self.keys_for(&token, now).await?;
        let mut fitting = keys.keys.iter().filter(|key| token.may_be_by(key)).peekable();
        if fitting.peek().is_none() {
            return Err(BadToken::Key.into());
        }
        Ok(token.person(fitting, &self.config, now)?)
    }

    /// Who signs in, as an ID token says that answers the question with this nonce (OpenID Connect Core 1.0 §3.1.3.7).
    /// `judged`: as the settings have it, but for the one client.
    ///
    /// # Errors
    /// Never says what the token holds.
    pub async fn person_of_id_token(
        &self,
        token: &Secret,
        judged: &OidcConfig,
        nonce: &str,
        now: Timestamp,
    ) -> Result<String, Unknown> {
        let token = Unchecked::read(token.expose(), judged)?;
        let keys = self.keys_for(&token, now).await?;
        let mut fitting = keys.keys.iter().filter(|key| token.may_be_by(key)).peekable();
        if fitting.peek().is_none() {
            return Err(BadToken::Key.into());
        }
        Ok(token.person_who_signs_in(fitting, judged, nonce, now)?)
    }

    /// Keys, asked for where those that we have are old or do not fit.
    async fn keys_for(&self, token: &Unchecked<'_>, now: Timestamp) -> Result<Arc<Keys>, Unknown> {
        let suffices = |keys: &Arc<Keys>| {
            age(now, keys.at) < self.config.keys_remember_seconds.into()
                && keys.keys.iter().any(|key| token.may_be_by(key))
        };
        if let Some(keys) = self.keys.load_full().filter(suffices) {
            return Ok(keys);
        }
        let mut asking = self.asking.lock().await;
        // Somebody else may have asked while we waited.
        if let Some(keys) = self.keys.load_full().filter(suffices) {
            return Ok(keys);
        }
        if asking.asked_at.is_none_or(|at| age(now, at) >= self.config.keys_ask_seconds.into()) {
            asking.asked_at = Some(now);
            asking.failed = match self.ask().await {
                Ok(keys) => {
                    self.keys.store(Some(Arc::new(Keys { keys, at: now })));
                    None
                }
                Err(away) => {
                    tracing::warn!(%away, "the issuer's keys could not be read");
                    Some(Arc::new(away))
                }
            };
        }
        let known = self.keys.load_full();
        let usable = known.filter(|keys| age(now, keys.at) < self.config.keys_stale_seconds.into());
        usable.ok_or_else(|| Unknown::Away(asking.failed.clone().unwrap_or_else(|| Arc::new(Away::Paused))))
    }

    async fn ask(&self) -> Result<Vec<PublicKey>, Away> {
        let within = self.config.answer_milliseconds_max;
        let asked = tokio::time::timeout(Duration::from_millis(within), self.ask_for_keys()).await;
        asked.unwrap_or(Err(Away::Late(within)))
    }

    async fn ask_for_keys(&self) -> Result<Vec<PublicKey>, Away> {
        let url = match &self.config.keys_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let keys = self.get(&url).await?;
        public_keys(&keys).ok_or_else(|| Away::Answer("no set of keys".to_owned()))
    }

    /// Where the issuer says that its keys are. It must be the one that was asked (OpenID Connect Discovery 1.0 §4.3).
    async fn discover(&self) -> Result<String, Away> {
        let url = self.config.configuration_url().unwrap_or_default();
        let metadata: Metadata =
            serde_json::from_slice(&self.get(&url).await?).map_err(|error| Away::Answer(error.to_string()))?;
        if self.config.issuer.as_ref() != Some(&metadata.issuer) {
            return Err(Away::Answer("another issuer".to_owned()));
        }
        if !is_private_url(&metadata.jwks_uri) {
            return Err(Away::Answer("keys that are not behind https".to_owned()));
        }
        Ok(metadata.jwks_uri)
    }

    async fn get(&self, url: &str) -> Result<bytes::Bytes, Away> {
        let ca_file: Option<PathBuf> = self.config.ca_file.clone();
        let place = Place::new(url, ca_file.as_deref()).map_err(Away::Connection)?;
        place.get(BODY_BYTES_MAX).await
    }
}

/// Seconds; of what is to come: none.
fn age(now: Timestamp, then: Timestamp) -> i64 {
    now.seconds().saturating_sub(then.seconds()).max(0)
}
