//! Tokens that programs of the ENT come with: 256 random bits, of which a hash is kept.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ApiToken;
use crate::domain::login::random;
use crate::domain::{Fault, Gateway};
use crate::model::{ApiScope, SchoolId, Secret, Timestamp, TrailEvent, User, UserId};
use crate::store::{Durability, StoreError, api, json_list, trail};

/// What a token begins with, so that one that lies where it should not is recognised.
const PREFIX: &str = "passerelle_";
/// What the hash is for, so that it is like no other.
const CONTEXT: &str = "passerelle 2026 api token";
/// The longest name of a token, in characters.
const NAME_CHARS_MAX: usize = 100;
/// How exactly the last use is kept, microseconds.
const LAST_USE_GRAIN: i64 = 60_000_000;

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct TokenPlan {
    pub name: String,
    pub scopes: BTreeSet<ApiScope>,
    /// Sees this school's people only: by id, UAI or name.
    pub school: Option<String>,
    pub expires_at: Option<Timestamp>,
}

/// A new token, with the secret that is shown now and never again.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub token: ApiToken,
    pub secret: Secret,
}

/// Why a token cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    #[error("the name must have 1 to {NAME_CHARS_MAX} characters, none of them a control character")]
    BadName,
    #[error("a token needs one scope at least")]
    NoScope,
    #[error("a token of one school cannot have the scope `{0}`")]
    NotOfOneSchool(&'static str),
    #[error("no school, or several, have the id, the UAI or the name {0}")]
    UnknownSchool(String),
    #[error("it would have expired already")]
    Expired,
}

fn hash(secret: &str) -> [u8; 32] {
    blake3::derive_key(CONTEXT, secret.as_bytes())
}

impl Gateway {
    /// Makes a token.
    pub async fn create_api_token(&self, plan: TokenPlan) -> Result<Result<NewApiToken, TokenRefusal>, Fault> {
        let school = match self.check_plan(&plan).await? {
            Ok(school) => school,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>()?));
        let token = ApiToken {
            id: self.clock.new_id().to_string(),
            name: plan.name.trim().to_owned(),
            scopes: plan.scopes,
            school,
            created_at: self.clock.now(),
            expires_at: plan.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let words: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
        let detail = format!("{} \"{}\": {}", token.id, token.name, words.join(" "));
        let line = self.trail_line(None, &TrailEvent::Admin { act: "api-token-create", detail });
        let input = (token.clone(), hash(&secret), line);
        let write = self.store.write(Durability::Synced, input, |tx, (token, hash, line)| {
            Box::pin(async move {
                api::add_token(tx, token, hash).await?;
                trail::add(tx, line).await
            })
        });
        write.await?;
        Ok(Ok(NewApiToken { token, secret: Secret::new(secret) }))
    }

    async fn check_plan(&self, plan: &TokenPlan) -> Result<Result<Option<SchoolId>, TokenRefusal>, Fault> {
        let name = plan.name.trim();
        if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Ok(Err(TokenRefusal::BadName));
        }
        if plan.scopes.is_empty() {
            return Ok(Err(TokenRefusal::NoScope));
        }
        if plan.expires_at.is_some_and(|at| at <= self.clock.now()) {
            return Ok(Err(TokenRefusal::Expired));
        }
        let Some(school) = &plan.school else { return Ok(Ok(None)) };
        if let Some(scope) = plan.scopes.iter().find(|scope| !scope.may_be_of_one_school()) {
            return Ok(Err(TokenRefusal::NotOfOneSchool(scope.word())));
        }
        Ok(match self.schools_called(school).await?.as_slice() {
            [school] => Ok(Some(school.clone())),
            _ => Err(TokenRefusal::UnknownSchool(school.clone())),
        })
    }

    /// All tokens, revoked ones too, the oldest first.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, Fault> {
        Ok(self.store.read((), |tx, none| Box::pin(api::tokens(tx, none))).await?)
    }

    /// Revokes a token at once, on every gateway. `false`: none such is in use.
    pub async fn revoke_api_token(&self, id: &str) -> Result<bool, Fault> {
        let line = self.trail_line(None, &TrailEvent::Admin { act: "api-token-revoke", detail: id.to_owned() });
        let write = self.store.write(Durability::Synced, (id.to_owned(), self.clock.now(), line), |tx, asked| {
            Box::pin(async move {
                let (id, now, line) = asked;
                let revoked = api::revoke(tx, id, *now).await?;
                if revoked {
                    trail::add(tx, line).await?;
                }
                Ok::<_, StoreError>(revoked)
            })
        });
        Ok(write.await?)
    }

    /// The token with this secret, where it may be used now; its use is noted.
    pub async fn api_token(&self, secret: &str) -> Result<Option<ApiToken>, Fault> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let found = self.store.read(hash(secret), |tx, hash| Box::pin(api::token_of(tx, hash))).await?;
        let Some(token) = found.filter(|token| self.is_in_use(token)) else { return Ok(None) };
        let now = self.clock.now();
        if token.last_used_at.is_none_or(|at| now.0.saturating_sub(at.0) >= LAST_USE_GRAIN) {
            let note = (token.id.clone(), now);
            let noted = self.store.write(Durability::Relaxed, note, |tx, note| Box::pin(api::note_use(tx, note)));
            if let Err(error) = noted.await {
                tracing::warn!(%error, "the last use of an API token was not noted");
            }
        }
        Ok(Some(token))
    }

    /// May this token still be used? For answers that last.
    pub async fn api_token_lives(&self, id: &str) -> Result<bool, Fault> {
        let found = self.store.read(id.to_owned(), |tx, id| Box::pin(api::token_by_id(tx, id))).await?;
        Ok(found.is_some_and(|token| self.is_in_use(&token)))
    }

    fn is_in_use(&self, token: &ApiToken) -> bool {
        token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > self.clock.now())
    }

    /// A person as this token sees him, by id, login, alias or address: nobody where he is of another school.
    pub async fn person_for(&self, token: &ApiToken, name: &str) -> Result<Option<User>, Fault> {
        let Some(user) = self.find_user(name).await? else { return Ok(None) };
        let seen = self.people_for(token, vec![user.id.clone()]).await?;
        Ok((!seen.is_empty()).then_some(user))
    }

    /// Those of these people whom the token sees.
    pub async fn people_for(&self, token: &ApiToken, users: Vec<UserId>) -> Result<Vec<UserId>, Fault> {
        let Some(school) = &token.school else { return Ok(users) };
        let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
        let asked = (json_list(&ids), school.clone());
        Ok(self.store.read(asked, |tx, asked| Box::pin(api::of_school(tx, asked))).await?)
    }

    /// The trail's line about what a program did to somebody.
    pub async fn trail_of_token(&self, token: &ApiToken, user: Option<&UserId>, what: &str) -> Result<(), Fault> {
        let detail = format!("{} \"{}\": {what}", token.id, token.name);
        self.trail(user, &TrailEvent::Admin { act: "api", detail }).await
    }
}
