//! `[ldap]`: the directory for completion as one types.

use serde::Deserialize;

use super::check::Finding;

/// LDAP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LdapConfig {
    /// Letters and digits that a piece of a name must have to be looked for.
    pub search_chars_min: usize,
    /// Entries that one search gives.
    pub entries_max: usize,
    /// Searches of one person in a minute, whatever the connections.
    pub searches_per_minute_max: usize,
    /// Octets of one request.
    pub message_bytes_max: usize,
    /// How deep filters may stand in each other.
    pub nesting_max: usize,
    /// Parts of one filter: filters, and the pieces of substrings.
    pub filter_items_max: usize,
    /// Attributes that one search may name.
    pub attributes_max: usize,
    /// Connections that one person may hold when an LDAP session logs in, those to IMAP and SMTP counted.
    pub connections_per_user_max: usize,
    /// From the connection's start to a successful login.
    pub login_seconds_max: u64,
    /// From one whole request to the next.
    pub idle_seconds_max: u64,
}

impl Default for LdapConfig {
    fn default() -> Self {
        Self {
            search_chars_min: 3,
            entries_max: 50,
            searches_per_minute_max: 120,
            message_bytes_max: 16 << 10,
            nesting_max: 20,
            filter_items_max: 100,
            attributes_max: 100,
            connections_per_user_max: 192,
            login_seconds_max: 30,
            idle_seconds_max: 300,
        }
    }
}

/// What cannot work.
pub(super) fn check(config: &LdapConfig, findings: &mut Vec<Finding>) {
    if config.search_chars_min == 0 {
        let message = "`ldap.search_chars_min` must be at least 1: nobody may read the directory out";
        findings.push(("ldap.search_chars_min", message.to_owned()));
    }
    if config.nesting_max > 100 {
        // Each level takes stack.
        findings.push(("ldap.nesting_max", "`ldap.nesting_max` must be at most 100".to_owned()));
    }
    if config.message_bytes_max < 1024 {
        findings.push(("ldap.message_bytes_max", "`ldap.message_bytes_max` must be at least 1024".to_owned()));
    }
}
