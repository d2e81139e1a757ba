//! PURE: settings of imports, and of what becomes of people who leave.

use serde::Deserialize;

/// Imports of the directory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportConfig {
    /// The largest file: one is in memory at a time.
    pub file_bytes_max: u64,
    /// The share of a school's people that an import suspends without being asked to.
    pub suspended_percent_max: usize,
}

/// People who leave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PeopleConfig {
    /// After leaving: from then on an account is in no group and its passwords are gone.
    pub archive_after_days: u32,
    /// After that: its mailboxes and its name are deleted. Its addresses stay, and are nobody's.
    pub delete_after_days: u32,
    /// How often the server looks for accounts whose time has come; 0: never, `passerelle people collect` does.
    pub collect_every_hours: u32,
}

impl Default for ImportConfig {
    fn default() -> Self {
        Self { file_bytes_max: 512 << 20, suspended_percent_max: 10 }
    }
}

impl Default for PeopleConfig {
    fn default() -> Self {
        Self { archive_after_days: 90, delete_after_days: 90, collect_every_hours: 24 }
    }
}
