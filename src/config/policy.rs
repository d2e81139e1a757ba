//! PURE: settings of who may write to whom: rights by profile (`[policy]`), and the live ENT, where it is asked (`[ent]`).

use std::path::PathBuf;

use serde::Deserialize;

use crate::model::Profile;

/// Rights that do not come from the communication rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// Who may write to broadcast lists, where a rule reaches the list.
    pub broadcast_profiles: Vec<Profile>,
    /// Who may send messages that nobody may answer.
    pub no_reply_profiles: Vec<Profile>,
    /// The local part that stands in Reply-To of such a message.
    pub no_reply_address: String,
    /// Groups (any of their addresses before the `@`): what goes to them nobody may answer.
    pub no_reply_groups: Vec<String>,
}

/// The live ENT: asked whether one may write to another, instead of the stored rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EntConfig {
    /// `https://…/communication`; asked with `?from=…&to=…`. Not asked where it is missing.
    pub communication_url: Option<String>,
    /// A file that holds the bearer token; read anew for each question.
    pub token_file: Option<PathBuf>,
    /// PEM: authorities that the ENT's certificate may come from, besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// From the question to the end of the answer.
    pub answer_milliseconds_max: u64,
    /// How long an answer holds.
    pub remember_seconds: u64,
    /// Answers remembered.
    pub remembered_max: u64,
    /// Questions under way; those beyond wait, and their waiting counts.
    pub questions_at_once_max: usize,
    /// Failures one after the other before the ENT is left alone for `pause_seconds`.
    pub failures_max: u32,
    pub pause_seconds: u64,
    pub when_away: WhenAway,
}

/// What happens to a recipient while the ENT gives no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenAway {
    /// Refused for now: 451.
    #[default]
    Refuse,
    /// Judged by the stored rules, those of the last import.
    Rules,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        let staff = vec![Profile::Teacher, Profile::Personnel];
        Self {
            broadcast_profiles: staff.clone(),
            no_reply_profiles: staff,
            no_reply_address: "noreply".to_owned(),
            no_reply_groups: Vec::new(),
        }
    }
}

impl Default for EntConfig {
    fn default() -> Self {
        Self {
            communication_url: None,
            token_file: None,
            ca_file: None,
            answer_milliseconds_max: 2000,
            remember_seconds: 60,
            remembered_max: 100_000,
            questions_at_once_max: 32,
            failures_max: 5,
            pause_seconds: 30,
            when_away: WhenAway::Refuse,
        }
    }
}
