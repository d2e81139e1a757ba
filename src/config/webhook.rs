//! PURE: webhooks: who is told that messages have come, how, and of whom.

use std::path::PathBuf;

use serde::Deserialize;

use super::check::Finding;
use crate::model::Profile;

/// What is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookShape {
    /// Our own: one request for many people.
    #[default]
    Passerelle,
    /// The ENT's Zimbra connector's `POST …/notification`: one request for each person.
    Zimbra,
}

/// One who is told (`[[webhook]]`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookConfig {
    /// What it is called in the store, in logs and on the command line. Another name is another webhook.
    pub name: String,
    pub url: String,
    pub shape: WebhookShape,
    /// What requests are signed with.
    pub secret_file: Option<PathBuf>,
    /// A bearer token that goes with each request.
    pub token_file: Option<PathBuf>,
    /// Authorities that the receiver's certificate may come from, besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// May the receiver have a private address, or be on this machine?
    pub private_addresses: bool,
    /// Is the subject told?
    pub subjects: bool,
    /// Whose messages are told of; everybody's where it is empty.
    pub profiles: Vec<Profile>,
    /// The same by school (UAI).
    pub schools: Vec<String>,
    /// People in one request.
    pub people_per_request_max: usize,
    /// Requests at the same time.
    pub requests_at_once_max: usize,
    /// From the request to the end of the answer.
    pub answer_seconds_max: u64,
    /// After a failure: the first pause, and the longest; doubled each time.
    pub retry_seconds_min: u64,
    pub retry_seconds_max: u64,
    /// How long what cannot be told is tried.
    pub give_up_days: u32,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: String::new(),
            shape: WebhookShape::default(),
            secret_file: None,
            token_file: None,
            ca_file: None,
            private_addresses: false,
            subjects: false,
            profiles: Vec::new(),
            schools: Vec::new(),
            people_per_request_max: 500,
            requests_at_once_max: 4,
            answer_seconds_max: 10,
            retry_seconds_min: 5,
            retry_seconds_max: 1800,
            give_up_days: 3,
        }
    }
}

/// What cannot be.
pub(super) fn check(hooks: &[WebhookConfig], submissions_days: u32, findings: &mut Vec<Finding>) {
    let mut bad = |message: String| findings.push(("webhook", message));
    for (at, hook) in hooks.iter().enumerate() {
        let name = &hook.name;
        let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=40).contains(&name.len()) || !name.bytes().all(is_word) {
            bad(format!("`webhook.name`: \"{name}\" must have 1 to 40 of a-z, 0-9, '-'"));
        }
        if hooks.iter().take(at).any(|other| other.name == *name) {
            bad(format!("`webhook.name`: \"{name}\" stands there twice"));
        }
        if !super::oidc::is_private_url(&hook.url) || hook.url.contains(['#', '@', ' ']) {
            bad(format!("`webhook.url` of \"{name}\" must be https://HOST/PATH (http:// on loopback only)"));
        }
        if hook.shape == WebhookShape::Passerelle && hook.secret_file.is_none() {
            bad(format!("`webhook.secret_file` of \"{name}\" is missing: requests are signed with it"));
        }
        let numbers = [hook.people_per_request_max, hook.requests_at_once_max];
        let times = [hook.answer_seconds_max, hook.retry_seconds_min, u64::from(hook.give_up_days)];
        if numbers.contains(&0) || times.contains(&0) || hook.retry_seconds_max < hook.retry_seconds_min {
            bad(format!(
                "`webhook` \"{name}\": numbers must be more than 0, and the longest pause not below the first"
            ));
        }
        if hook.give_up_days > submissions_days {
            bad(format!("`webhook.give_up_days` of \"{name}\" must not exceed `keeping.submissions_days`"));
        }
    }
}
