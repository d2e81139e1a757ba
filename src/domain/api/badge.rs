//! Tokens of badges: the ENT's server asks for one with its own token, and gives it to the person's browser. It is good for
//! some minutes, for one person, for the number of unread messages; it ends earlier where the ENT's token is revoked.
//!
//! It is no row but a signed text, `PERSON.TOKEN.EXPIRES.SIGNATURE`: HMAC-SHA256 with a key that all gateways share.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use tokio::sync::OnceCell;

use super::ApiToken;
use crate::domain::login::random;
use crate::domain::{Fault, Gateway};
use crate::model::{Secret, Timestamp, Use, User, UserId};
use crate::store::people::directory;
use crate::store::{Durability, api};

/// What a badge's token begins with.
const PREFIX: &str = "badge_";

/// The key, once it has been read.
#[derive(Default)]
pub struct BadgeKey(OnceCell<hmac::Key>);

/// A new token of a badge.
#[derive(Clone, Debug)]
pub struct NewBadge {
    pub secret: Secret,
    pub expires_at: Timestamp,
}

/// What a badge may see.
#[derive(Clone, Debug)]
pub struct Badge {
    pub user: User,
    pub expires_at: Timestamp,
    token: String,
}

impl Gateway {
    async fn badge_key(&self) -> Result<&hmac::Key, Fault> {
        let read = || async {
            let new: [u8; 32] = random()?;
            let key = self.store.write(Durability::Synced, new, |tx, new| Box::pin(api::badge_key(tx, new))).await?;
            Ok::<_, Fault>(hmac::Key::new(hmac::HMAC_SHA256, &key))
        };
        self.badge_key.0.get_or_try_init(read).await
    }

    /// A token for this person's badge, on behalf of the ENT's token.
    pub async fn create_badge(&self, token: &ApiToken, user: &User) -> Result<NewBadge, Fault> {
        let seconds = i64::try_from(self.config.api.badge_seconds_max).unwrap_or(i64::MAX);
        let expires_at = Timestamp::from_seconds(self.clock.now().seconds().saturating_add(seconds));
        let person = URL_SAFE_NO_PAD.encode(user.id.as_str());
        let said = format!("{person}.{}.{}", token.id, expires_at.seconds());
        let signature = hmac::sign(self.badge_key().await?, said.as_bytes());
        let secret = Secret::new(format!("{PREFIX}{said}.{}", URL_SAFE_NO_PAD.encode(signature)));
        Ok(NewBadge { secret, expires_at })
    }

    /// What the badge with this token may see; `None` where it is no token, or not any more, or the person may not read.
    pub async fn badge(&self, secret: &str) -> Result<Option<Badge>, Fault> {
        let Some((said, signature)) = secret.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once('.')) else {
            return Ok(None);
        };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return Ok(None) };
        if hmac::verify(self.badge_key().await?, said.as_bytes(), &signature).is_err() {
            return Ok(None);
        }
        let Some((user, token, expires_at)) = read(said) else { return Ok(None) };
        let user = self.store.read(user, |tx, user| Box::pin(directory::user_by_id(tx, user))).await?;
        let Some(user) = user else { return Ok(None) };
        let badge = Badge { user, token, expires_at };
        Ok(self.badge_lives(&badge).await?.then_some(badge))
    }

    /// May this badge still be shown? For answers that last.
    pub async fn badge_lives(&self, badge: &Badge) -> Result<bool, Fault> {
        if badge.expires_at <= self.clock.now() || !self.api_token_lives(&badge.token).await? {
            return Ok(false);
        }
        let user = badge.user.id.clone();
        let user = self.store.read(user, |tx, user| Box::pin(directory::user_by_id(tx, user))).await?;
        match user.filter(|user| !user.suspended) {
            Some(user) => Ok(self.turned_off(&user, Use::Reading).await?.is_none()),
            None => Ok(false),
        }
    }
}

/// Whose, by which token, until when.
fn read(said: &str) -> Option<(UserId, String, Timestamp)> {
    let mut parts = said.split('.');
    let (person, token, expires_at) = (parts.next()?, parts.next()?, parts.next()?);
    let person = String::from_utf8(URL_SAFE_NO_PAD.decode(person).ok()?).ok()?;
    Some((UserId::new(person), token.to_owned(), Timestamp::from_seconds(expires_at.parse().ok()?)))
}
