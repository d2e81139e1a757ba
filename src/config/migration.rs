//! PURE: settings of mail that people bring in from elsewhere.

use serde::Deserialize;

/// Bounds on what one archive may hold, so that a hostile one costs little.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MigrationConfig {
    /// Files in a zip, and files of a Maildir or a folder of mail.
    pub entries_max: usize,
    /// Messages.
    pub messages_max: usize,
    /// Octets of everything in a zip, unpacked; and of all messages made from it.
    pub unpacked_bytes_max: u64,
    /// How many times larger than packed a file of a zip may be, where it is larger than a MiB.
    pub ratio_max: u64,
    /// Reasons told why an archive cannot be taken.
    pub problems_max: usize,
}

impl Default for MigrationConfig {
    fn default() -> Self {
        Self {
            entries_max: 200_000,
            messages_max: 500_000,
            unpacked_bytes_max: 50 << 30,
            ratio_max: 200,
            problems_max: 1000,
        }
    }
}
