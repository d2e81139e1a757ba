//! Who is signed in on the admin page, and who has tried: in memory, bounded.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::Fault;
use super::super::login::random;
use crate::config::AdminConfig;
use crate::model::Timestamp;

/// Names counted at most; beyond, all that are new share one count.
const NAMES_MAX: usize = 1024;
/// Sessions of all admins together; the one that was quiet longest makes room.
const SESSIONS_MAX: usize = 64;

/// Wrong tries by name. Names are few and the network is the operators' own: who uses up an admin's tries shows in the trail.
pub(in crate::domain) struct AdminTries {
    max: u32,
    /// Microseconds.
    window: i64,
    names: Mutex<HashMap<String, (Timestamp, u32)>>,
    hashing: Arc<Semaphore>,
}

impl AdminTries {
    pub(in crate::domain) fn new(config: &AdminConfig) -> Self {
        let seconds = i64::try_from(config.tries_window_seconds).unwrap_or(i64::MAX);
        Self {
            max: config.tries_max,
            window: seconds.saturating_mul(1_000_000),
            names: Mutex::default(),
            hashing: Arc::new(Semaphore::new(1)),
        }
    }

    /// Takes a try; `false` where none is left until the window ends.
    pub(super) fn take(&self, name: &str, now: Timestamp) -> bool {
        let mut names = self.names.lock();
        names.retain(|_, (since, tries)| *tries > 0 && now.0.saturating_sub(since.0) < self.window);
        let key = if names.len() < NAMES_MAX || names.contains_key(name) { name } else { "" };
        let (_, tries) = names.entry(key.to_owned()).or_insert((now, 0));
        let left = *tries < self.max;
        *tries += u32::from(left);
        left
    }

    /// It was right.
    pub(super) fn give_back(&self, name: &str) {
        if let Some((_, tries)) = self.names.lock().get_mut(name) {
            *tries = tries.saturating_sub(1);
        }
    }

    pub(super) async fn one_at_a_time(&self) -> Result<OwnedSemaphorePermit, Fault> {
        Arc::clone(&self.hashing).acquire_owned().await.map_err(|error| Fault::Worker(error.to_string()))
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminSession {
    pub admin: String,
    /// What every form must bring.
    pub token: String,
    /// Of the client certificate that the session began with: it holds with that one only.
    pub certificate: Option<[u8; 32]>,
    began_at: Timestamp,
    seen_at: Timestamp,
}

/// Those who are signed in, by the hash of their cookie.
pub struct AdminSessions {
    /// Microseconds: since the sign-in, since the last request.
    lasts: i64,
    idle: i64,
    by_cookie: Mutex<HashMap<[u8; 32], AdminSession>>,
}

impl AdminSessions {
    /// Nobody yet.
    pub fn new(config: &AdminConfig) -> Self {
        let minutes = |minutes: u64| i64::try_from(minutes).unwrap_or(i64::MAX).saturating_mul(60_000_000);
        Self {
            lasts: minutes(config.session_minutes_max),
            idle: minutes(config.idle_minutes_max),
            by_cookie: Mutex::default(),
        }
    }

    /// Somebody signs in; gives the cookie.
    pub fn begin(&self, admin: String, certificate: Option<[u8; 32]>, now: Timestamp) -> Result<String, Fault> {
        let (cookie, token) = (hex(&random::<32>()?), hex(&random::<32>()?));
        let mut sessions = self.by_cookie.lock();
        sessions.retain(|_, session| self.holds(session, now));
        if sessions.len() >= SESSIONS_MAX
            && let Some(oldest) = sessions.iter().min_by_key(|(_, session)| session.seen_at).map(|(key, _)| *key)
        {
            sessions.remove(&oldest);
        }
        sessions.insert(key(&cookie), AdminSession { admin, token, certificate, began_at: now, seen_at: now });
        Ok(cookie)
    }

    /// Whose cookie is it, with this certificate? `acts`: somebody has asked for this; a page that renews itself has not.
    pub fn of(&self, cookie: &str, certificate: Option<[u8; 32]>, now: Timestamp, acts: bool) -> Option<AdminSession> {
        let mut sessions = self.by_cookie.lock();
        let session = sessions.get_mut(&key(cookie))?;
        if !self.holds(session, now) || session.certificate != certificate {
            return None;
        }
        if acts {
            session.seen_at = now;
        }
        Some(session.clone())
    }

    /// Signs out.
    pub fn end(&self, cookie: &str) {
        self.by_cookie.lock().remove(&key(cookie));
    }

    fn holds(&self, session: &AdminSession, now: Timestamp) -> bool {
        now.0.saturating_sub(session.began_at.0) < self.lasts && now.0.saturating_sub(session.seen_at.0) < self.idle
    }
}

impl AdminSession {
    /// Did the form come from one of our pages?
    pub fn is_token(&self, brought: &str) -> bool {
        bool::from(self.token.as_bytes().ct_eq(brought.as_bytes()))
    }
}

/// Cookies are not kept, so that nobody finds them in memory or by comparing.
fn key(cookie: &str) -> [u8; 32] {
    *blake3::hash(cookie.as_bytes()).as_bytes()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn config() -> AdminConfig {
        AdminConfig { session_minutes_max: 60, idle_minutes_max: 10, tries_max: 2, ..AdminConfig::default() }
    }

    #[test]
    fn a_session_ends_after_its_time_and_when_it_is_quiet() {
        let sessions = AdminSessions::new(&config());
        let cookie = sessions.begin("anne".to_owned(), None, Timestamp(0)).unwrap();
        for minute in [9, 18, 27, 36, 45, 54] {
            assert!(sessions.of(&cookie, None, Timestamp(minute * MINUTE), true).is_some(), "{minute}");
        }
        assert!(sessions.of(&cookie, None, Timestamp(60 * MINUTE), true).is_none(), "its time is over");
        let quiet = sessions.begin("anne".to_owned(), None, Timestamp(0)).unwrap();
        assert!(sessions.of(&quiet, None, Timestamp(10 * MINUTE), true).is_none());
        let ended = sessions.begin("anne".to_owned(), None, Timestamp(0)).unwrap();
        sessions.end(&ended);
        assert!(sessions.of(&ended, None, Timestamp(1), true).is_none());
        assert!(sessions.of("", None, Timestamp(1), true).is_none());
    }

    #[test]
    fn a_session_holds_with_its_certificate_only() {
        let sessions = AdminSessions::new(&config());
        let cookie = sessions.begin("anne".to_owned(), Some([1; 32]), Timestamp(0)).unwrap();
        assert!(sessions.of(&cookie, Some([2; 32]), Timestamp(1), true).is_none());
        assert!(sessions.of(&cookie, None, Timestamp(1), true).is_none());
        let session = sessions.of(&cookie, Some([1; 32]), Timestamp(1), true).unwrap();
        assert!(session.is_token(&session.token) && !session.is_token("") && !session.is_token(&cookie));
    }

    #[test]
    fn sessions_and_names_are_few() {
        let sessions = AdminSessions::new(&config());
        let cookies: Vec<String> = (0..SESSIONS_MAX + 5)
            .map(|at| sessions.begin("anne".to_owned(), None, Timestamp(i64::try_from(at).unwrap())).unwrap())
            .collect();
        assert_eq!(sessions.by_cookie.lock().len(), SESSIONS_MAX);
        assert!(sessions.of(&cookies[4], None, Timestamp(100), true).is_none());
        assert!(sessions.of(&cookies[5], None, Timestamp(100), true).is_some());
        let tries = AdminTries::new(&config());
        for name in 0..NAMES_MAX * 2 {
            tries.take(&name.to_string(), Timestamp(0));
        }
        assert!(tries.names.lock().len() <= NAMES_MAX + 1);
    }

    #[test]
    fn tries_are_counted_by_name_and_given_back() {
        let tries = AdminTries::new(&config());
        assert!(tries.take("anne", Timestamp(0)));
        tries.give_back("anne");
        assert!(tries.take("anne", Timestamp(0)) && tries.take("anne", Timestamp(0)));
        assert!(!tries.take("anne", Timestamp(0)) && tries.take("luc", Timestamp(0)));
        assert!(tries.take("anne", Timestamp(config().tries_window_seconds as i64 * 1_000_000)));
    }
}
