//! PURE: settings of the JSON API for the ENT, and of its badge.

use serde::Deserialize;

/// The JSON API, on the HTTP ports. Each limit is of one token, on one gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiConfig {
    /// Requests in a minute; so many may come at once after a pause.
    pub requests_per_minute_max: u32,
    /// Requests that are worked on at the same time.
    pub requests_at_once_max: usize,
    /// Octets of a request's body, but for changes of the directory.
    pub request_bytes_max: usize,
    /// Octets of a request that changes the directory.
    pub directory_bytes_max: usize,
    /// People whom one request may ask about.
    pub people_per_request_max: usize,
    /// Messages in one answer.
    pub items_max: usize,
    /// How long a request with an Idempotency-Key is known.
    pub idempotency_hours: u32,
    /// How long a token of a badge is good for.
    pub badge_seconds_max: u64,
    /// Origins (`https://ent.example.fr`) whose pages may show a badge.
    pub badge_origins: Vec<String>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            requests_per_minute_max: 1200,
            requests_at_once_max: 32,
            request_bytes_max: 256 << 10,
            directory_bytes_max: 16 << 20,
            people_per_request_max: 1000,
            items_max: 100,
            idempotency_hours: 24,
            badge_seconds_max: 900,
            badge_origins: Vec::new(),
        }
    }
}

impl ApiConfig {
    /// Those that are no origin as browsers send it: `https://HOST[:PORT]` in lower case; `http://` for trials.
    pub(super) fn bad_origin(&self) -> Option<&String> {
        let is_good = |origin: &String| {
            let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            rest.is_some_and(|rest| {
                !rest.is_empty()
                    && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b))
            })
        };
        self.badge_origins.iter().find(|origin| !is_good(origin))
    }
}
