//! Tokens that the ENT gives out (RFC 7628): whose they are. `ent` checks them, `sasl::bearer` knows the messages.
//!
//! Nobody can guess a token, so none uses up a try. A session may outlive its token, which says who has come in, not for how
//! long: whoever is suspended, or turned off, is cut off at once all the same.

use super::{Credential, Login};
use crate::config::PersonClaim;
use crate::domain::{Fault, Gateway};
use crate::ent::{BadToken, Unknown};
use crate::sasl::bearer::{self, Status, Token};
use crate::store::people::directory;

/// What a token came to.
#[derive(Debug)]
pub enum TokenLogin {
    /// It is somebody's.
    Known(Login),
    /// It is nobody's: what to tell the client, before it is refused.
    Refused(String),
}

impl Gateway {
    /// Whose is this token?
    pub(super) async fn try_token(&self, token: &Token) -> Result<TokenLogin, Fault> {
        let Some(issuer) = &self.issuer else { return Ok(self.token_refused(token, Status::InvalidToken)) };
        let person = match issuer.person(&token.token, self.clock.now()).await {
            Ok(person) => person,
            Err(Unknown::Away(away)) => return Err(Fault::Ent(format!("the issuer's keys: {away}"))),
            Err(Unknown::Token(why)) => {
                tracing::info!(%why, "a token was refused");
                let status = if why == BadToken::Scope { Status::InsufficientScope } else { Status::InvalidToken };
                return Ok(self.token_refused(token, status));
            }
        };
        let known = match self.login_of_claim(person).await? {
            Some(login) => self.look_up(&login).await?,
            None => return Ok(self.names_nobody(token)),
        };
        let Some(user) = known.account.as_ref().map(|account| account.user.id.clone()) else {
            return Ok(self.names_nobody(token));
        };
        if let Some(name) = &token.name
            && self.find_user(name).await?.is_none_or(|named| named.id != user)
        {
            tracing::info!(%user, "a token was refused: it is not of the person that the client names");
            return Ok(self.token_refused(token, Status::InvalidToken));
        }
        Ok(TokenLogin::Known(known.welcome(Credential::own)))
    }

    /// What the person is called whom the claim names.
    pub(super) async fn login_of_claim(&self, claim: String) -> Result<Option<String>, Fault> {
        match self.config.oidc.person_claim_holds {
            PersonClaim::ExternalId => {
                let user = self.store.read(claim, |tx, id| Box::pin(directory::user_by_external_id(tx, id))).await?;
                Ok(user.map(|user| user.login))
            }
            PersonClaim::Login => Ok(Some(claim)),
        }
    }

    fn names_nobody(&self, token: &Token) -> TokenLogin {
        tracing::info!("a token was refused: it names nobody we know");
        self.token_refused(token, Status::InvalidToken)
    }

    fn token_refused(&self, token: &Token, status: Status) -> TokenLogin {
        let oidc = &self.config.oidc;
        let url = oidc.configuration_url();
        TokenLogin::Refused(bearer::refusal(token.form, status, url.as_deref(), oidc.scope.as_deref()))
    }
}
