//! PURE: settings of recall: taking back what was sent.

use serde::Deserialize;

use crate::model::Profile;

/// Recall by the sender, out of a mail client. Admins recall without these bounds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecallConfig {
    /// The mailbox that a sent message is moved to so that it is recalled; empty: no recall by clients.
    pub mailbox: String,
    /// How long after it was sent. While somebody waits for it in quiet hours it can be recalled whatever the time.
    pub minutes_max: u32,
    /// Who may recall, and finds the mailbox.
    pub profiles: Vec<Profile>,
}

impl Default for RecallConfig {
    fn default() -> Self {
        Self { mailbox: "Rappeler".to_owned(), minutes_max: 60, profiles: vec![Profile::Teacher, Profile::Personnel] }
    }
}
