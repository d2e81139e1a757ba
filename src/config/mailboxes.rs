//! PURE: settings of everybody's mailboxes.

use serde::Deserialize;

/// Everybody's mailboxes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailboxesConfig {
    pub drafts_name: String,
    pub sent_name: String,
    pub trash_name: String,
    /// Also how many names that are no mailbox one person may subscribe to.
    pub per_user_max: usize,
    pub name_bytes_max: usize,
    pub depth_max: usize,
    pub quota_bytes: u64,
    /// Messages that one person may keep, counted as the quota counts: what is delivered always arrives.
    pub messages_per_user_max: u64,
    /// Distinct keywords on one message.
    pub keywords_per_message_max: usize,
    /// What a client expunges outside of Trash and Drafts goes to Trash.
    pub expunge_to_trash: bool,
    /// Octets of one annotation (METADATA).
    pub annotation_bytes_max: usize,
    /// Annotations of one mailbox, and those of the server.
    pub annotations_per_mailbox_max: usize,
    pub annotations_per_user_max: usize,
}

impl Default for MailboxesConfig {
    fn default() -> Self {
        Self {
            drafts_name: "Drafts".to_owned(),
            sent_name: "Sent".to_owned(),
            trash_name: "Trash".to_owned(),
            per_user_max: 500,
            name_bytes_max: 400,
            depth_max: 10,
            quota_bytes: 2 << 30,
            messages_per_user_max: 200_000,
            keywords_per_message_max: 64,
            expunge_to_trash: true,
            annotation_bytes_max: 4 << 10,
            annotations_per_mailbox_max: 50,
            annotations_per_user_max: 1000,
        }
    }
}
