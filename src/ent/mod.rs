//! ENT: the live ENT, asked "may A write to B?" (setting `ent.communication_url`). Between `domain::directory` and the
//! network: remembers answers, waits no longer than the setting says, and leaves an ENT that fails alone for a while.
//!
//! `GET URL?from=ADDRESS&to=ADDRESS` with a bearer token is answered by `{"can_communicate": true}`. Anything else (another
//! status, a redirect, another JSON, too many octets) is no answer: never a yes, and never a no.
//!
//! | file | what |
//! | --- | --- |
//! | `http` | one question over HTTP |
//! | `post` | telling something over HTTP: webhooks |
//! | `issuer` | the ENT as the one that gives tokens out (setting `oidc`): its keys, and whose a token is |
//! | `sign_in` | the ENT as the one through which people sign in: its endpoints, a code for a token |
//! | `jwt` | pure: a token and a key → what the token claims |

mod http;
mod issuer;
mod jwt;
mod post;
mod sign_in;

use std::time::Duration;

use moka::future::Cache;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::config::EntConfig;
use crate::model::Timestamp;
use http::Client;
pub use issuer::{Issuer, Unknown};
pub use jwt::BadToken;
pub use post::Courier;
pub use sign_in::{Question, SignIn};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Away {
    #[error("left alone after failures")]
    Paused,
    #[error("no answer within {0} ms")]
    Late(u64),
    #[error("token: {0}")]
    Token(String),
    #[error("connection: {0}")]
    Connection(String),
    #[error("HTTP status {0}")]
    Status(u16),
    #[error("not the answer that was asked for: {0}")]
    Answer(String),
    /// RFC 6749 §5.2: what was handed in is not taken.
    #[error("refused: {0}")]
    Refused(String),
}

/// The ENT, as far as it is asked.
pub struct Ent {
    config: EntConfig,
    client: Client,
    /// (from, to) → the answer, and when it came.
    answers: Cache<(String, String), (bool, Timestamp)>,
    places: Semaphore,
    breaker: Mutex<Breaker>,
}

impl Ent {
    /// The ENT of the settings; `None` where it is not to be asked.
    ///
    /// # Errors
    /// The URL or the file of authorities cannot be used.
    pub fn new(config: &EntConfig) -> Result<Option<Self>, String> {
        let Some(url) = &config.communication_url else { return Ok(None) };
        Ok(Some(Self {
            client: Client::new(url, config.token_file.clone(), config.ca_file.as_deref())?,
            answers: Cache::new(config.remembered_max),
            places: Semaphore::new(config.questions_at_once_max.min(Semaphore::MAX_PERMITS)),
            breaker: Mutex::new(Breaker::default()),
            config: config.clone(),
        }))
    }

    /// May `from` write to `to` (addresses), as the ENT says or said not long before `now`?
    ///
    /// # Errors
    /// There is no answer.
    pub async fn can_communicate(&self, from: &str, to: &str, now: Timestamp) -> Result<bool, Away> {
        let pair = (from.to_owned(), to.to_owned());
        if let Some((answer, at)) = self.answers.get(&pair).await
            && now.seconds().saturating_sub(at.seconds()) < seconds(self.config.remember_seconds)
        {
            return Ok(answer);
        }
        if !self.breaker.lock().lets_through(now, &self.config) {
            return Err(Away::Paused);
        }
        let within = self.config.answer_milliseconds_max;
        let asked = tokio::time::timeout(Duration::from_millis(within), self.ask(from, to)).await;
        let answer = asked.unwrap_or(Err(Away::Late(within)));
        self.breaker.lock().heard(answer.is_ok(), now, &self.config);
        if let Ok(answer) = &answer {
            self.answers.insert(pair, (*answer, now)).await;
        }
        answer
    }

    async fn ask(&self, from: &str, to: &str) -> Result<bool, Away> {
        let _place = self.places.acquire().await.map_err(|error| Away::Connection(error.to_string()))?;
        self.client.ask(from, to).await
    }
}

/// Counts failures one after the other. After `failures_max` nobody asks for `pause_seconds`; then one question tries, and
/// the others wait for its outcome or for the next pause.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    paused_until: Option<Timestamp>,
}

impl Breaker {
    fn lets_through(&mut self, now: Timestamp, config: &EntConfig) -> bool {
        match self.paused_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.paused_until = Some(after_pause(now, config));
                true
            }
        }
    }

    fn heard(&mut self, well: bool, now: Timestamp, config: &EntConfig) {
        if well {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= config.failures_max {
            self.paused_until = Some(after_pause(now, config));
        }
    }
}

fn after_pause(now: Timestamp, config: &EntConfig) -> Timestamp {
    Timestamp::from_seconds(now.seconds().saturating_add(seconds(config.pause_seconds)))
}

fn seconds(setting: u64) -> i64 {
    i64::try_from(setting).unwrap_or(i64::MAX)
}
