//! Who is signed in on the person's page (`http::page`). The browser holds 256 random bits, the store a hash of them: a session
//! is good on every gateway, and after a restart. It ends when the person signs out, is suspended or changes the password,
//! when it was not used for a while, and after a time at any rate.
//!
//! A device's app password opens mail, not this page: who finds one cannot make more.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::tries::Origin;
use super::{Credential, Login, LoginRefusal, Welcome, random};
use crate::domain::{Fault, Gateway};
use crate::model::{Secret, Timestamp, User};
use crate::store::Durability;
use crate::store::people::page_sessions::{self, Found, Good, Row};

const MINUTE: i64 = 60_000_000;
/// How often a session's use is noted.
const NOTED_EVERY: i64 = MINUTE;
/// What hashes are for, so that they are like no others.
const KEPT: &str = "passerelle 2026 page session";
const FORM: &str = "passerelle 2026 page form";

/// What the browser holds of a session.
#[derive(Clone, PartialEq, Eq)]
pub struct PageToken([u8; 32]);

impl PageToken {
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

    /// What a form of the page must bring back, which only who holds the token can know. `purpose`: what the form is for.
    pub fn form(&self, purpose: &str) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&blake3::derive_key(FORM, &self.0));
        hasher.update(purpose.as_bytes());
        URL_SAFE_NO_PAD.encode(hasher.finalize().as_bytes())
    }

    /// Is this what the form must bring? Takes as long whatever is wrong.
    pub fn is_form(&self, purpose: &str, brought: &str) -> bool {
        use subtle::ConstantTimeEq;
        self.form(purpose).as_bytes().ct_eq(brought.as_bytes()).into()
    }

    fn kept(&self) -> [u8; 32] {
        blake3::derive_key(KEPT, &self.0)
    }
}

impl std::fmt::Debug for PageToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageToken(…)")
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct PageSession {
    pub user: User,
    /// The ENT vouched for the person.
    pub by_ent: bool,
    pub token: PageToken,
}

impl Gateway {
    /// Signs somebody in by the person's own password, with the same limits as a mail client.
    pub async fn sign_in_by_password(&self, from: IpAddr, name: &str, password: &Secret) -> Result<Login, Fault> {
        Ok(match self.log_in_at(Some(Origin::of(from)), name, password).await? {
            Login::Welcome(welcome) if welcome.credential.device().is_some() => {
                Login::Refused(LoginRefusal::BadCredentials)
            }
            login => login,
        })
    }

    /// Begins a session of somebody who has proved who it is.
    pub async fn begin_page_session(&self, welcome: &Welcome, by_ent: bool) -> Result<PageSession, Fault> {
        let Credential::Own { password_version } = welcome.credential else {
            return Err(Fault::Worker("a device does not sign in".to_owned()));
        };
        let (token, now) = (PageToken::new()?, self.clock.now());
        let row = Row {
            token_hash: token.kept(),
            user: welcome.user.id.clone(),
            password_version,
            by_ent,
            signed_in_at: now,
            used_at: now,
        };
        let input = (row, self.config.page.sessions_per_person_max);
        self.store.write(Durability::Synced, input, |tx, input| Box::pin(page_sessions::insert(tx, input))).await?;
        Ok(PageSession { user: welcome.user.clone(), by_ent, token })
    }

    /// Whose session this is; `None` where it is nobody's, or good no more. It is not used by that: what a page asks by itself
    /// keeps nobody signed in who has gone away.
    pub async fn see_page_session(&self, token: &PageToken) -> Result<Option<PageSession>, Fault> {
        Ok(self.good_page_session(token).await?.map(|(_, session)| session))
    }

    async fn good_page_session(&self, token: &PageToken) -> Result<Option<(Row, PageSession)>, Fault> {
        let found = self.store.read_snapshot(token.kept(), |tx, hash| Box::pin(page_sessions::find(tx, hash))).await?;
        let now = self.clock.now();
        let Some(Found { row, user, .. }) = found.filter(|found| self.is_good(found, now)) else { return Ok(None) };
        let session = PageSession { user, by_ent: row.by_ent, token: token.clone() };
        Ok(Some((row, session)))
    }

    /// The same of somebody who does something: the session is used.
    pub async fn page_session(&self, token: &PageToken) -> Result<Option<PageSession>, Fault> {
        let Some((row, session)) = self.good_page_session(token).await? else { return Ok(None) };
        let now = self.clock.now();
        if now.0.saturating_sub(row.used_at.0) >= NOTED_EVERY {
            let input = (row.token_hash, now);
            let noted =
                self.store.write(Durability::Relaxed, input, |tx, input| Box::pin(page_sessions::note_use(tx, input)));
            // Nobody is sent away because nothing can be written.
            if let Err(error) = noted.await {
                tracing::warn!(%error, "the use of a session could not be noted");
            }
        }
        Ok(Some(session))
    }

    fn is_good(&self, found: &Found, now: Timestamp) -> bool {
        let since = self.good_page_sessions(now);
        found.row.used_at > since.used_since
            && found.row.signed_in_at > since.signed_in_since
            && found.row.password_version == found.password_version
            && !found.user.suspended
    }

    fn good_page_sessions(&self, now: Timestamp) -> Good {
        let page = &self.config.page;
        let before = |minutes: i64| Timestamp(now.0.saturating_sub(minutes.saturating_mul(MINUTE)));
        Good {
            used_since: before(page.session_idle_minutes.into()),
            signed_in_since: before(i64::from(page.session_hours_max).saturating_mul(60)),
        }
    }

    /// Ends a session.
    pub async fn end_page_session(&self, token: &PageToken) -> Result<(), Fault> {
        let hash = token.kept();
        Ok(self.store.write(Durability::Synced, hash, |tx, hash| Box::pin(page_sessions::end(tx, hash))).await?)
    }

    /// Forgets sessions that are good no more; how many.
    pub async fn forget_page_sessions(&self) -> Result<u64, Fault> {
        let good = self.good_page_sessions(self.clock.now());
        Ok(self.store.write(Durability::Synced, good, |tx, good| Box::pin(page_sessions::forget(tx, good))).await?)
    }
}
