//! PURE: settings of tokens that the ENT gives out (`[oidc]`): OAUTHBEARER and XOAUTH2.

use std::path::PathBuf;

use serde::Deserialize;

use super::check::Finding;

/// The ENT as the one that says who people are (OpenID Connect).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcConfig {
    /// Who gives tokens out: what `iss` must hold. No token is taken where it is missing.
    pub issuer: Option<String>,
    /// Where its keys are; asked from the issuer (`/.well-known/openid-configuration`) where it is missing.
    pub keys_url: Option<String>,
    /// For whom tokens must be: one of these must stand in `aud`. None: no token opens a mailbox.
    pub audiences: Vec<String>,
    /// What the token must allow, a word of its `scope`.
    pub scope: Option<String>,
    /// How tokens may be signed.
    pub algorithms: Vec<TokenAlgorithm>,
    /// The claim that names the person, and what it holds.
    pub person_claim: String,
    pub person_claim_holds: PersonClaim,
    /// PEM: authorities that the issuer's certificate may come from, besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// How far the issuer's clock may be from ours.
    pub clock_skew_seconds: u32,
    /// A longer token is none.
    pub token_bytes_max: usize,
    /// How old keys may be before they are asked for again.
    pub keys_remember_seconds: u32,
    /// How often they are asked for at most: where a token names a key that is not among them, and where there was no answer.
    pub keys_ask_seconds: u32,
    /// How old keys may be at most, where the issuer does not answer.
    pub keys_stale_seconds: u32,
    /// From the question to the end of the answer.
    pub answer_milliseconds_max: u64,
}

/// A signature by a key that is public on our side (RFC 7518 §3.1, RFC 8037 §3.1). Neither `none` nor those by a shared secret
/// can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TokenAlgorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// What the claim that names the person holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonClaim {
    /// The identifier of the school's records.
    #[default]
    ExternalId,
    /// A login, an alias, or an address at our domain.
    Login,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            keys_url: None,
            audiences: Vec::new(),
            scope: None,
            algorithms: vec![TokenAlgorithm::Rs256, TokenAlgorithm::Es256],
            person_claim: "sub".to_owned(),
            person_claim_holds: PersonClaim::ExternalId,
            ca_file: None,
            clock_skew_seconds: 60,
            token_bytes_max: 8 << 10,
            keys_remember_seconds: 3600,
            keys_ask_seconds: 30,
            keys_stale_seconds: 24 * 3600,
            answer_milliseconds_max: 5000,
        }
    }
}

impl OidcConfig {
    /// Do tokens open mailboxes?
    pub fn takes_tokens(&self) -> bool {
        self.issuer.is_some() && !self.audiences.is_empty()
    }

    /// Where the issuer tells about itself (OpenID Connect Discovery 1.0 §4).
    pub fn configuration_url(&self) -> Option<String> {
        let issuer = self.issuer.as_ref()?;
        Some(format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
    }
}

/// What cannot be.
/// `signs_in`: people sign in to their page through the issuer, so that tokens need not open mailboxes, too.
pub(super) fn check(oidc: &OidcConfig, signs_in: bool, findings: &mut Vec<Finding>) {
    let Some(issuer) = &oidc.issuer else { return };
    for (key, url) in [("oidc.issuer", Some(issuer)), ("oidc.keys_url", oidc.keys_url.as_ref())] {
        if url.is_some_and(|url| !is_private_url(url)) {
            findings.push((key, format!("`{key}` must begin with https:// (http:// on loopback only)")));
        }
    }
    if oidc.audiences.is_empty() && !signs_in {
        let message = "`oidc.audiences` must name whom tokens are for: one for another service must not open mailboxes";
        findings.push(("oidc.audiences", message.to_owned()));
    }
    if oidc.algorithms.is_empty() {
        findings.push(("oidc.algorithms", "`oidc.algorithms` must name one at least".to_owned()));
    }
    if oidc.keys_stale_seconds < oidc.keys_remember_seconds {
        let message = "`oidc.keys_stale_seconds` must be at least `oidc.keys_remember_seconds`";
        findings.push(("oidc.keys_stale_seconds", message.to_owned()));
    }
}

/// Whoever answers at this URL can only be whom it names.
pub fn is_private_url(url: &str) -> bool {
    let behind = |start: &&str| url.strip_prefix(*start);
    let rest = ["http://127.0.0.1", "http://[::1]", "http://localhost"].iter().find_map(behind);
    let on_loopback = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']));
    on_loopback || url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
}
