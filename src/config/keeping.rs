//! How long messages are kept, and how long what has been deleted can be brought back.

use serde::Deserialize;

/// How long what has been deleted is remembered, and when it makes room.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeepingConfig {
    /// Days in which a client that was away learns exactly what was expunged (QRESYNC); later it is told more than that.
    pub expunges_days: u32,
    /// Days in which a message that was expunged for good can be brought back; 0: not at all.
    pub undelete_days: u32,
    /// Of one person, the newest so many messages and octets.
    pub undelete_messages_per_user_max: usize,
    pub undelete_bytes_per_user_max: u64,
    /// Days in which a repeated submission is known as such.
    pub submissions_days: u32,
    /// A file that no row names goes after this long: what a crash left behind.
    pub orphans_hours: u32,
    /// Between two rounds of collection. One that finds much to do goes on at once.
    pub collect_seconds: u64,
    /// Of the days of `retention`: where the school is (IANA).
    pub time_zone: String,
    pub retention: Retention,
}

/// Days after which messages are expunged, by what their mailbox is for; `None`: never. A message stays on the day that it
/// came into the mailbox and for so many whole days after that.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    pub inbox_days: Option<u32>,
    pub drafts_days: Option<u32>,
    pub sent_days: Option<u32>,
    pub trash_days: Option<u32>,
    pub archive_days: Option<u32>,
    pub junk_days: Option<u32>,
    /// Mailboxes of people's own.
    pub others_days: Option<u32>,
}

impl Default for KeepingConfig {
    fn default() -> Self {
        Self {
            expunges_days: 30,
            undelete_days: 14,
            undelete_messages_per_user_max: 2000,
            undelete_bytes_per_user_max: 256 << 20,
            submissions_days: 30,
            orphans_hours: 24,
            collect_seconds: 60,
            time_zone: "Europe/Paris".to_owned(),
            retention: Retention::default(),
        }
    }
}
