//! PURE: a signed token (RFC 7519, RFC 7515) and public keys (RFC 7517) → what it claims. ring checks signatures.
//!
//! Only what the settings name is an algorithm, and each key is for its own kind: `none`, and a public key taken for a shared
//! secret, are not even words here (RFC 8725 §3.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config::{OidcConfig, TokenAlgorithm};
use crate::model::Timestamp;

/// Keys of one issuer at most.
const KEYS_MAX: usize = 64;

/// Why a token is not taken. Says nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    #[error("too long")]
    TooLong,
    #[error("no signed token (JWS, three parts)")]
    Malformed,
    #[error("an algorithm that the settings do not name")]
    Algorithm,
    #[error("a header that asks for what we do not know (crit, typ)")]
    Header,
    #[error("signed by a key that the issuer does not tell")]
    Key,
    #[error("not signed by the issuer's key")]
    Signature,
    #[error("of another issuer")]
    Issuer,
    #[error("for another service")]
    Audience,
    #[error("expired, or without an end")]
    Expired,
    #[error("not valid yet")]
    NotYet,
    #[error("without the claim that names the person")]
    Person,
    #[error("not allowed to do this")]
    Scope,
    #[error("no answer to the question that was asked")]
    Nonce,
}

/// A token whose signature nobody has checked.
#[derive(Debug)]
pub(super) struct Unchecked<'t> {
    algorithm: TokenAlgorithm,
    /// Which key it says it was signed by.
    pub key_id: Option<String>,
    signed: &'t [u8],
    claims: &'t str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// A public key, as far as tokens are checked by it.
pub(super) struct PublicKey {
    pub id: Option<String>,
    /// The only one that it is for, where it says so.
    algorithm: Option<TokenAlgorithm>,
    kind: Kind,
}

enum Kind {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A JSON Web Key; what is not asked for is passed over (RFC 7517 §4).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

/// The keys of a JWK set that can check signatures; others are passed over (RFC 7517 §5). `None` where it is no such set.
pub(super) fn public_keys(set: &[u8]) -> Option<Vec<PublicKey>> {
    let set: JwkSet = serde_json::from_slice(set).ok()?;
    Some(set.keys.into_iter().filter_map(public_key).take(KEYS_MAX).collect())
}

fn public_key(value: Value) -> Option<PublicKey> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
        return None;
    }
    let octets = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
    // Uncompressed (SEC 1 §2.3.3).
    let point = || Some([vec![4], octets(&jwk.x)?, octets(&jwk.y)?].concat());
    let kind = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Kind::Rsa { modulus: octets(&jwk.n)?, exponent: octets(&jwk.e)? },
        ("EC", Some("P-256")) => Kind::P256(point()?),
        ("EC", Some("P-384")) => Kind::P384(point()?),
        ("OKP", Some("Ed25519")) => Kind::Ed25519(octets(&jwk.x)?),
        _ => return None,
    };
    let algorithm = match &jwk.alg {
        Some(name) => Some(algorithm(name)?),
        None => None,
    };
    Some(PublicKey { id: jwk.kid, algorithm, kind })
}

/// By its name in tokens and keys (RFC 7518 §3.1, RFC 8037 §3.1).
fn algorithm(name: &str) -> Option<TokenAlgorithm> {
    Some(match name {
        "RS256" => TokenAlgorithm::Rs256,
        "RS384" => TokenAlgorithm::Rs384,
        "RS512" => TokenAlgorithm::Rs512,
        "PS256" => TokenAlgorithm::Ps256,
        "PS384" => TokenAlgorithm::Ps384,
        "PS512" => TokenAlgorithm::Ps512,
        "ES256" => TokenAlgorithm::Es256,
        "ES384" => TokenAlgorithm::Es384,
        "EdDSA" => TokenAlgorithm::EdDsa,
        _ => return None,
    })
}

impl<'t> Unchecked<'t> {
    /// Takes a token apart.
    pub(super) fn read(token: &'t [u8], config: &OidcConfig) -> Result<Self, BadToken> {
        if token.len() > config.token_bytes_max {
            return Err(BadToken::TooLong);
        }
        let text = std::str::from_utf8(token).map_err(|_| BadToken::Malformed)?;
        let (signed, signature) = text.rsplit_once('.').ok_or(BadToken::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(BadToken::Malformed)?;
        let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| BadToken::Malformed);
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| BadToken::Malformed)?;
        let algorithm = algorithm(&header.alg).filter(|algorithm| config.algorithms.contains(algorithm));
        // One for another purpose, a logout for example (RFC 8725 §3.11); access tokens say `at+jwt` (RFC 9068 §2.1).
        let is_ours = header.typ.as_deref().is_none_or(|typ| {
            let typ = typ.to_ascii_lowercase();
            matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
        });
        if header.crit.is_some() || !is_ours {
            return Err(BadToken::Header);
        }
        Ok(Self {
            algorithm: algorithm.ok_or(BadToken::Algorithm)?,
            key_id: header.kid,
            signed: signed.as_bytes(),
            claims,
            signature: decoded(signature)?,
        })
    }

    /// Might it be signed by this key?
    pub(super) fn may_be_by(&self, key: &PublicKey) -> bool {
        self.key_id.as_ref().is_none_or(|id| key.id.as_ref() == Some(id))
            && key.algorithm.is_none_or(|algorithm| algorithm == self.algorithm)
            && key.kind.is_for(self.algorithm)
    }

    /// The person that it names, where one of the keys has signed it and it may be used here and now.
    pub(super) fn person<'k>(
        &self,
        mut keys: impl Iterator<Item = &'k PublicKey>,
        config: &OidcConfig,
        now: Timestamp,
    ) -> Result<String, BadToken> {
        judge(&self.claims(&mut keys)?, config, now)
    }

    /// The same of an ID token for one client, `config`'s only audience (OpenID Connect Core 1.0 §3.1.3.7).
    pub(super) fn person_who_signs_in<'k>(
        &self,
        mut keys: impl Iterator<Item = &'k PublicKey>,
        config: &OidcConfig,
        nonce: &str,
        now: Timestamp,
    ) -> Result<String, BadToken> {
        let claims = self.claims(&mut keys)?;
        let person = judge(&claims, config, now)?;
        // For several: only where it was given to us.
        let several = matches!(claims.get("aud"), Some(Value::Array(all)) if all.len() > 1);
        let given_to_us = claims.get("azp").map(|party| config.audiences.iter().any(|own| party == own));
        if given_to_us == Some(false) || (several && given_to_us.is_none()) {
            return Err(BadToken::Audience);
        }
        if claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
            return Err(BadToken::Nonce);
        }
        Ok(person)
    }

    /// What it claims, where one of the keys has signed it.
    fn claims<'k>(&self, keys: &mut impl Iterator<Item = &'k PublicKey>) -> Result<Map<String, Value>, BadToken> {
        if !keys.any(|key| key.kind.has_signed(self)) {
            return Err(BadToken::Signature);
        }
        let claims = URL_SAFE_NO_PAD.decode(self.claims).map_err(|_| BadToken::Malformed)?;
        serde_json::from_slice(&claims).map_err(|_| BadToken::Malformed)
    }
}

/// Issuer, audience, times (RFC 7519 §4.1), scope (RFC 9068 §2.2.3), person.
fn judge(claims: &Map<String, Value>, config: &OidcConfig, now: Timestamp) -> Result<String, BadToken> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    if text("iss").is_none() || text("iss") != config.issuer.as_deref() {
        return Err(BadToken::Issuer);
    }
    let is_ours =
        |audience: &Value| audience.as_str().is_some_and(|text| config.audiences.iter().any(|own| own == text));
    if !match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    } {
        return Err(BadToken::Audience);
    }
    let (now, skew) = (now.seconds(), i64::from(config.clock_skew_seconds));
    let ends = claims.get("exp").and_then(seconds).ok_or(BadToken::Expired)?;
    if ends.saturating_add(skew) <= now {
        return Err(BadToken::Expired);
    }
    if let Some(begins) = claims.get("nbf")
        && seconds(begins).is_none_or(|begins| begins.saturating_sub(skew) > now)
    {
        return Err(BadToken::NotYet);
    }
    if let Some(scope) = &config.scope
        && !text("scope").is_some_and(|allowed| allowed.split(' ').any(|allowed| allowed == scope))
    {
        return Err(BadToken::Scope);
    }
    text(&config.person_claim).filter(|person| !person.is_empty()).map(str::to_owned).ok_or(BadToken::Person)
}

/// A NumericDate (RFC 7519 §2), which may have a fraction, and be beyond all time.
fn seconds(value: &Value) -> Option<i64> {
    if let Some(whole) = value.as_i64() {
        return Some(whole);
    }
    let number = value.as_f64()?;
    let end = if number < 0.0 { i64::MIN } else { i64::MAX };
    Some(format!("{:.0}", number.floor()).parse().unwrap_or(end))
}

impl Kind {
    fn is_for(&self, algorithm: TokenAlgorithm) -> bool {
        use TokenAlgorithm as A;
        match self {
            Self::Rsa { .. } => matches!(algorithm, A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512),
            Self::P256(_) => algorithm == A::Es256,
            Self::P384(_) => algorithm == A::Es384,
            Self::Ed25519(_) => algorithm == A::EdDsa,
        }
    }

    fn has_signed(&self, token: &Unchecked<'_>) -> bool {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(token.signed, &token.signature).is_ok()
        };
        match self {
            Self::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                rsa(token.algorithm).is_some_and(|rsa| key.verify(rsa, token.signed, &token.signature).is_ok())
            }
            Self::P256(point) => by(&signature::ECDSA_P256_SHA256_FIXED, point),
            Self::P384(point) => by(&signature::ECDSA_P384_SHA384_FIXED, point),
            Self::Ed25519(point) => by(&signature::ED25519, point),
        }
    }
}

/// Keys of 2048 to 8192 bits.
fn rsa(algorithm: TokenAlgorithm) -> Option<&'static signature::RsaParameters> {
    Some(match algorithm {
        TokenAlgorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        TokenAlgorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        TokenAlgorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        TokenAlgorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        TokenAlgorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        TokenAlgorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        TokenAlgorithm::Es256 | TokenAlgorithm::Es384 | TokenAlgorithm::EdDsa => return None,
    })
}
