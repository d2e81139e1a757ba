//! PURE: settings of the person's page (`[page]`).

use std::path::PathBuf;

use serde::Deserialize;

use super::check::Finding;
use super::{Config, OidcConfig};
use crate::model::Profile;

/// Where people see what is new, connect their devices, and sign in to do so.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageConfig {
    /// Is there a page?
    pub enabled: bool,
    /// As what the page is known to the issuer of `[oidc]`: people sign in through it. Missing: by their own password.
    pub client_id: Option<String>,
    /// A file that holds the client's secret; read anew for each sign-in.
    pub client_secret_file: Option<PathBuf>,
    /// What the issuer is asked for; `openid` must be in it.
    pub scope: String,
    /// May people sign in by their own password? Where it is missing: where they cannot sign in through the ENT.
    pub passwords: Option<bool>,
    /// Who may make app passwords for their devices.
    pub device_profiles: Vec<Profile>,
    /// App passwords in use that one person may have, to make one more.
    pub devices_per_person_max: usize,
    /// How long somebody may be away before signing in again.
    pub session_idle_minutes: u32,
    /// How long a session lasts at most.
    pub session_hours_max: u32,
    /// Sessions of one person; a new one takes the place of the one longest unused.
    pub sessions_per_person_max: usize,
    /// How long signing in through the ENT may take.
    pub sign_in_minutes_max: u32,
    /// Messages in the list of what is new.
    pub latest_max: usize,
}

impl Default for PageConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            client_id: None,
            client_secret_file: None,
            scope: "openid".to_owned(),
            passwords: None,
            device_profiles: Profile::ALL.to_vec(),
            devices_per_person_max: 30,
            session_idle_minutes: 60,
            session_hours_max: 12,
            sessions_per_person_max: 10,
            sign_in_minutes_max: 15,
            latest_max: 15,
        }
    }
}

impl PageConfig {
    /// Is there a form for the person's own password?
    pub fn takes_passwords(&self) -> bool {
        self.passwords.unwrap_or_else(|| self.client_id.is_none())
    }

    /// As tokens that say who signs in are judged: for the page, and nobody else.
    pub fn id_tokens(&self, oidc: &OidcConfig) -> Option<OidcConfig> {
        let client_id = self.client_id.clone()?;
        Some(OidcConfig { audiences: vec![client_id], scope: None, ..oidc.clone() })
    }
}

/// What cannot be.
pub(super) fn check(config: &Config, findings: &mut Vec<Finding>) {
    let page = &config.page;
    if page.client_id.is_some() && config.oidc.issuer.is_none() {
        findings
            .push(("page.client_id", "`page.client_id` needs `oidc.issuer`: who people sign in through".to_owned()));
    }
    if page.client_id.is_some() != page.client_secret_file.is_some() {
        let message = "`page.client_id` and `page.client_secret_file` go together";
        findings.push(("page.client_secret_file", message.to_owned()));
    }
    if !page.scope.split(' ').any(|word| word == "openid") {
        findings.push(("page.scope", "`page.scope` must hold the word openid".to_owned()));
    }
    if page.client_id.is_none() && page.passwords == Some(false) {
        let message = "`page.passwords` = false leaves no way to sign in without `page.client_id`";
        findings.push(("page.passwords", message.to_owned()));
    }
    let numbers = [
        ("page.session_idle_minutes", page.session_idle_minutes == 0),
        ("page.session_hours_max", page.session_hours_max == 0),
        ("page.sessions_per_person_max", page.sessions_per_person_max == 0),
        ("page.sign_in_minutes_max", page.sign_in_minutes_max == 0),
    ];
    for (key, _) in numbers.into_iter().filter(|(_, none)| *none) {
        findings.push((key, format!("`{key}` must be at least 1")));
    }
}
