//! Signing in on the person's page through the ENT (OpenID Connect Core 1.0 §3.1): the question that the browser is sent to
//! ask, and what comes back. `ent::sign_in` speaks with the issuer; who is meant is found as for tokens of mail clients.
//!
//! A question is 256 random bits, which the browser keeps in a cookie. `state` (RFC 6749 §10.12), `nonce` and the verifier of
//! PKCE (RFC 7636) are made of them: an answer is taken from the browser that asked, and from no other, and nothing of a
//! question is kept here, however many are asked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Credential, Login, random};
use crate::domain::{Fault, Gateway};
use crate::ent::{Away, Question, Unknown};

/// What hashes are for, so that they are like no others.
const STATE: &str = "passerelle 2026 sign-in state";
const NONCE: &str = "passerelle 2026 sign-in nonce";
const VERIFIER: &str = "passerelle 2026 sign-in verifier";

/// What the browser holds of a question.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInSeed([u8; 32]);

impl SignInSeed {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new() -> Result<Self, Fault> {
        Ok(Self(random()?))
    }

    /// As a cookie holds it.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// From such a text.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// What the answer must bring back.
    pub fn state(&self) -> String {
        self.made(STATE)
    }

    fn made(&self, context: &str) -> String {
        URL_SAFE_NO_PAD.encode(blake3::derive_key(context, &self.0))
    }
}

impl std::fmt::Debug for SignInSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignInSeed(…)")
    }
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct SignInAnswer<'a> {
    pub code: &'a str,
    /// The issuer that it says it is from.
    pub issuer: Option<&'a str>,
    /// As in the question.
    pub redirect_uri: &'a str,
}

/// What signing in came to.
#[derive(Debug)]
pub enum SignedIn {
    Known(Login),
    /// The answer is not taken: to be tried anew. Why stands in the log.
    NotTaken,
    /// The ENT knows the person, and we do not.
    Unknown,
}

impl Gateway {
    /// Do people sign in through the ENT?
    pub fn signs_in_by_ent(&self) -> bool {
        self.sign_in.is_some()
    }

    /// Where to send the browser that holds `seed`.
    pub async fn ask_ent_who(&self, seed: &SignInSeed, redirect_uri: &str) -> Result<String, Fault> {
        let Some(sign_in) = &self.sign_in else { return Err(Fault::Ent("nobody signs in through it".to_owned())) };
        let challenge = ring::digest::digest(&ring::digest::SHA256, seed.made(VERIFIER).as_bytes());
        let question = Question {
            redirect_uri,
            state: &seed.state(),
            nonce: &seed.made(NONCE),
            code_challenge: &URL_SAFE_NO_PAD.encode(challenge),
        };
        sign_in.question_url(question, self.clock.now()).await.map_err(away)
    }

    /// Who it is, by an answer that brought the seed's `state`.
    pub async fn hear_ent_who(&self, seed: &SignInSeed, answer: SignInAnswer<'_>) -> Result<SignedIn, Fault> {
        let (Some(sign_in), Some(issuer)) = (&self.sign_in, &self.issuer) else { return Ok(SignedIn::NotTaken) };
        let Some(judged) = self.config.page.id_tokens(&self.config.oidc) else { return Ok(SignedIn::NotTaken) };
        let now = self.clock.now();
        if !sign_in.is_from_issuer(answer.issuer, now).await.map_err(away)? {
            return Ok(not_taken("it is from another issuer, or does not say from which"));
        }
        let token = match sign_in.redeem(answer.code, answer.redirect_uri, &seed.made(VERIFIER), now).await {
            Ok(token) => token,
            Err(Away::Refused(why)) => return Ok(not_taken(&format!("the issuer does not take its code: {why}"))),
            Err(other) => return Err(away(other)),
        };
        match issuer.person_of_id_token(&token, &judged, &seed.made(NONCE), now).await {
            Ok(person) => self.welcome_from_ent(person).await,
            Err(Unknown::Token(why)) => Ok(not_taken(&format!("its token is {why}"))),
            Err(Unknown::Away(why)) => Err(Fault::Ent(format!("the issuer's keys: {why}"))),
        }
    }

    async fn welcome_from_ent(&self, claim: String) -> Result<SignedIn, Fault> {
        let Some(login) = self.login_of_claim(claim).await? else { return Ok(unknown()) };
        let known = self.look_up(&login).await?;
        if known.account.is_none() {
            return Ok(unknown());
        }
        Ok(SignedIn::Known(known.welcome(Credential::own)))
    }

    /// Where to send the browser so that the ENT forgets the person, too. Nothing where it does not offer that, or does not
    /// answer: here the person is signed out all the same.
    pub async fn sign_out_of_ent(&self, back_to: &str) -> Option<String> {
        let sign_in = self.sign_in.as_ref()?;
        match sign_in.sign_out_url(back_to, self.clock.now()).await {
            Ok(url) => url,
            Err(away) => {
                tracing::warn!(%away, "nobody can be signed out of the ENT");
                None
            }
        }
    }
}

fn not_taken(why: &str) -> SignedIn {
    tracing::info!(why, "an answer to a sign-in was not taken");
    SignedIn::NotTaken
}

fn unknown() -> SignedIn {
    tracing::info!("a sign-in was refused: it names nobody we know");
    SignedIn::Unknown
}

fn away(away: Away) -> Fault {
    Fault::Ent(format!("signing in: {away}"))
}
