//! The ENT as the one through which people sign in (OpenID Connect Core 1.0 §3.1, the code flow; RFC 6749 §4.1): where it asks
//! them who they are, and the code that they bring back for the token that says it. `domain::login` asks and judges.
//!
//! With PKCE (RFC 7636, S256), and as a client with a secret (`client_secret_basic`). What the issuer tells of itself is
//! remembered as long as its keys.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Away;
use super::http::{Place, escaped};
use crate::config::{OidcConfig, PageConfig, is_private_url};
use crate::model::{Secret, Timestamp};

/// Octets of what the issuer tells about itself, and of a token's answer.
const BODY_BYTES_MAX: usize = 256 << 10;

/// The issuer, asked as one client.
pub struct SignIn {
    oidc: OidcConfig,
    client_id: String,
    secret_file: PathBuf,
    scope: String,
    known: ArcSwapOption<(Metadata, Timestamp)>,
}

/// What the browser is sent to ask.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// Where the answer goes: exactly as the issuer knows it.
    pub redirect_uri: &'q str,
    pub state: &'q str,
    pub nonce: &'q str,
    /// Of the verifier, by S256.
    pub code_challenge: &'q str,
}

/// What the issuer tells about itself (OpenID Connect Discovery 1.0 §3), as far as it is needed.
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    /// RP-Initiated Logout 1.0 §2.1.
    end_session_endpoint: Option<String>,
    /// Does every answer name it (RFC 9207 §3)?
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl SignIn {
    /// `None` where the page is no client of an issuer.
    pub fn new(oidc: &OidcConfig, page: &PageConfig) -> Option<Self> {
        oidc.issuer.as_ref()?;
        Some(Self {
            client_id: page.client_id.clone()?,
            secret_file: page.client_secret_file.clone()?,
            scope: page.scope.clone(),
            oidc: oidc.clone(),
            known: ArcSwapOption::empty(),
        })
    }

    /// Where to send the browser (RFC 6749 §4.1.1).
    ///
    /// # Errors
    /// The issuer does not tell where.
    pub async fn question_url(&self, question: Question<'_>, now: Timestamp) -> Result<String, Away> {
        let metadata = self.metadata(now).await?;
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", question.redirect_uri),
            ("scope", &self.scope),
            ("state", question.state),
            ("nonce", question.nonce),
            ("code_challenge", question.code_challenge),
            ("code_challenge_method", "S256"),
        ];
        Ok(with_query(&metadata.authorization_endpoint, &parameters))
    }

    /// May an answer that names this issuer, or none, be from ours (RFC 9207 §2.4)?
    ///
    /// # Errors
    /// The issuer does not tell whether it names itself.
    pub async fn is_from_issuer(&self, named: Option<&str>, now: Timestamp) -> Result<bool, Away> {
        let metadata = self.metadata(now).await?;
        Ok(match named {
            Some(named) => named == metadata.issuer,
            None => !metadata.authorization_response_iss_parameter_supported,
        })
    }

    /// A code for the token that says who signs in (RFC 6749 §4.1.3).
    ///
    /// # Errors
    /// [`Away::Refused`] where the issuer does not take the code.
    pub async fn redeem(
        &self,
        code: &str,
        redirect_uri: &str,
        code_verifier: &str,
        now: Timestamp,
    ) -> Result<Secret, Away> {
        let metadata = self.metadata(now).await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", code_verifier),
        ];
        let authorization = self.authorization().await?;
        let place = self.place(&metadata.token_endpoint)?;
        let answer = self.in_time(place.post(&authorization, &form, BODY_BYTES_MAX)).await?;
        let tokens: Tokens = serde_json::from_slice(&answer).map_err(|_| Away::Answer("no ID token".to_owned()))?;
        Ok(Secret::new(tokens.id_token))
    }

    /// Where to send the browser so that the issuer forgets the person, too; `None` where it offers that nowhere.
    ///
    /// # Errors
    /// The issuer does not tell.
    pub async fn sign_out_url(&self, back_to: &str, now: Timestamp) -> Result<Option<String>, Away> {
        let metadata = self.metadata(now).await?;
        let parameters = [("client_id", self.client_id.as_str()), ("post_logout_redirect_uri", back_to)];
        Ok(metadata.end_session_endpoint.map(|endpoint| with_query(&endpoint, &parameters)))
    }

    /// `Basic`, with name and secret each encoded as in a form (RFC 6749 §2.3.1).
    async fn authorization(&self) -> Result<Secret, Away> {
        let secret = tokio::fs::read_to_string(&self.secret_file).await;
        let secret = secret.map_err(|error| Away::Token(format!("{}: {error}", self.secret_file.display())))?;
        let pair = format!("{}:{}", escaped(&self.client_id), escaped(secret.trim()));
        Ok(Secret::new(format!("Basic {}", STANDARD.encode(pair))))
    }

    async fn metadata(&self, now: Timestamp) -> Result<Metadata, Away> {
        let remembered = i64::from(self.oidc.keys_remember_seconds);
        if let Some(known) = self.known.load_full()
            && now.seconds().saturating_sub(known.1.seconds()) < remembered
        {
            return Ok(known.0.clone());
        }
        let metadata = self.in_time(self.ask()).await?;
        self.known.store(Some(Arc::new((metadata.clone(), now))));
        Ok(metadata)
    }

    /// It must be the issuer that was asked (OpenID Connect Discovery 1.0 §4.3), and nothing of it in the clear.
    async fn ask(&self) -> Result<Metadata, Away> {
        let url = self.oidc.configuration_url().unwrap_or_default();
        let answer = self.place(&url)?.get(BODY_BYTES_MAX).await?;
        let metadata: Metadata = serde_json::from_slice(&answer).map_err(|error| Away::Answer(error.to_string()))?;
        if self.oidc.issuer.as_ref() != Some(&metadata.issuer) {
            return Err(Away::Answer("another issuer".to_owned()));
        }
        let mut endpoints = vec![&metadata.authorization_endpoint, &metadata.token_endpoint];
        endpoints.extend(&metadata.end_session_endpoint);
        if endpoints.into_iter().any(|url| !is_private_url(url) || !url.bytes().all(|octet| octet.is_ascii_graphic())) {
            return Err(Away::Answer("an endpoint that is not behind https".to_owned()));
        }
        Ok(metadata)
    }

    fn place(&self, url: &str) -> Result<Place, Away> {
        Place::new(url, self.oidc.ca_file.as_deref()).map_err(Away::Connection)
    }

    async fn in_time<T>(&self, asking: impl Future<Output = Result<T, Away>>) -> Result<T, Away> {
        let within = self.oidc.answer_milliseconds_max;
        let asked = tokio::time::timeout(Duration::from_millis(within), asking).await;
        asked.unwrap_or(Err(Away::Late(within)))
    }
}

/// An endpoint may have a query of its own (RFC 6749 §3.1).
fn with_query(endpoint: &str, parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    format!("{endpoint}{}{}", if endpoint.contains('?') { '&' } else { '?' }, pairs.join("&"))
}
