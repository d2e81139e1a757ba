//! The admin's commands about tokens of the JSON API.

use serde::{Deserialize, Serialize};

use super::execute::{Stop, written};
use super::{AdminAnswer, Password};
use crate::domain::Gateway;
use crate::domain::api::{ApiToken, TokenPlan};
use crate::model::{ApiScope, SchoolId, Timestamp};

/// What an admin asks of the tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ApiTokenCommand {
    /// `school`: an id, a UAI or a name. `days`: how long it is good for; for ever, where it is not said.
    Create {
        name: String,
        scopes: Vec<String>,
        school: Option<String>,
        days: Option<u32>,
    },
    List,
    Revoke {
        id: String,
    },
}

/// One token in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiTokenLine {
    pub id: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub school: Option<String>,
    pub created: String,
    pub expires: Option<String>,
    pub last_used: Option<String>,
    pub revoked: Option<String>,
}

/// Does what the admin asks.
pub(super) async fn answer(gateway: &Gateway, command: ApiTokenCommand) -> Result<AdminAnswer, Stop> {
    match command {
        ApiTokenCommand::Create { name, scopes, school, days } => {
            let scopes = scopes.iter().map(|word| scope(word)).collect::<Result<_, _>>()?;
            let day = 24 * 3600 * 1_000_000;
            let now = gateway.clock.now().0;
            let expires_at = days.map(|days| Timestamp(now.saturating_add(i64::from(days).saturating_mul(day))));
            match gateway.create_api_token(TokenPlan { name, scopes, school, expires_at }).await? {
                Ok(new) => {
                    let secret = Password::new(String::from_utf8_lossy(new.secret.expose()));
                    Ok(AdminAnswer::ApiToken { id: new.token.id, secret })
                }
                Err(refusal) => Err(Stop::Refused(refusal.to_string())),
            }
        }
        ApiTokenCommand::List => {
            Ok(AdminAnswer::ApiTokens(gateway.api_tokens().await?.into_iter().map(line).collect()))
        }
        ApiTokenCommand::Revoke { id } => {
            if gateway.revoke_api_token(&id).await? {
                Ok(AdminAnswer::Done)
            } else {
                Err(Stop::Refused(format!("no token in use has the id {id}")))
            }
        }
    }
}

fn scope(word: &str) -> Result<ApiScope, Stop> {
    ApiScope::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = ApiScope::ALL.into_iter().map(ApiScope::word).collect();
        Stop::Refused(format!("unknown scope {word}; the scopes are {}", known.join(", ")))
    })
}

fn line(token: ApiToken) -> ApiTokenLine {
    ApiTokenLine {
        scopes: token.scopes.iter().map(|scope| scope.word().to_owned()).collect(),
        school: token.school.as_ref().map(SchoolId::to_string),
        created: written(token.created_at),
        expires: token.expires_at.map(written),
        last_used: token.last_used_at.map(written),
        revoked: token.revoked_at.map(written),
        id: token.id,
        name: token.name,
    }
}
