//! PURE: one line of the trail, and the hash that chains it to the line before. Above it: `store::trail` keeps lines,
//! `domain::trail` writes and checks them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Timestamp, UserId};

/// What the first line is chained to.
pub const TRAIL_START: [u8; 32] = [0; 32];

/// What a line tells. Never a subject, a body or a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TrailEvent {
    /// Somebody's letter was accepted: `people` have it now, `waiting` get it at the end of quiet hours.
    Submission { people: u64, waiting: u64, bytes: u64, urgent: bool },
    /// Letters that waited reached `people`.
    Release { letters: usize, people: u64 },
    /// Somebody's letter was taken back, `by` its sender or an admin: `people` had it, `withdrawn` would have had it at the end
    /// of quiet hours. `copies` went, `read` of them had been read.
    Recall { by: RecalledBy, sent: Timestamp, people: u64, copies: u64, read: u64, withdrawn: u64 },
    /// How often somebody was refused, by reason, since the last such line.
    Refusals { since: Timestamp, reasons: BTreeMap<&'static str, u32> },
    /// What an admin did, and to what.
    Admin { act: &'static str, detail: String },
    /// An app whose maker's servers hold the password came: it was let in (`warned`), sent away (`refused`), or the app
    /// password that it had was `revoked`. How it was known, and whether its password was right (`proven`) or not looked at.
    App {
        act: &'static str,
        app: String,
        known_by: &'static str,
        protocol: &'static str,
        proven: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<String>,
    },
    /// What somebody did with a device of their own: `created`, `revoked`; its app password's id.
    Device { act: &'static str, device: String },
    /// An admin has asked for something on the admin page, or tried to come in: written before it is done. `about`: to whom or
    /// to what.
    Operator { admin: String, act: &'static str, about: String, reason: String },
    /// Sending or reading was suspended, or allowed again.
    Switch { act: &'static str, sending: bool, reading: bool, scope: String, reason: String },
}

/// Who recalls a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecalledBy {
    Sender,
    Admin,
}

impl TrailEvent {
    /// The column `trail.kind`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Submission { .. } => "submission",
            Self::Release { .. } => "release",
            Self::Recall { .. } => "recall",
            Self::Refusals { .. } => "refusals",
            Self::Admin { .. } => "admin",
            Self::App { .. } => "app",
            Self::Device { .. } => "device",
            Self::Operator { .. } => "operator",
            Self::Switch { .. } => "switch",
        }
    }
}

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailLine {
    pub id: i64,
    pub at: Timestamp,
    pub kind: String,
    /// Whom it concerns, where it is one person.
    pub user: Option<UserId>,
    /// A JSON object.
    pub detail: String,
}

impl TrailLine {
    /// A line about `event`.
    pub fn new(id: i64, at: Timestamp, user: Option<&UserId>, event: &TrailEvent) -> Self {
        // Maps with text keys and numbers: nothing that JSON cannot hold.
        let detail = serde_json::to_string(event).unwrap_or_default();
        Self { id, at, kind: event.kind().to_owned(), user: user.cloned(), detail }
    }

    /// The line's hash in its place: BLAKE3 over the hash before it, `seq`, and each column behind its length.
    pub fn hash(&self, previous: &[u8], seq: i64) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let user = self.user.as_ref().map_or("", UserId::as_str);
        let (seq, id, at) = (seq.to_be_bytes(), self.id.to_be_bytes(), self.at.0.to_be_bytes());
        let columns: [&[u8]; 8] = [
            previous,
            &seq,
            &id,
            &at,
            self.kind.as_bytes(),
            &[u8::from(self.user.is_some())],
            user.as_bytes(),
            self.detail.as_bytes(),
        ];
        for column in columns {
            hasher.update(&u64::try_from(column.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(column);
        }
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_and_its_bounds_count() {
        let event = TrailEvent::Admin { act: "reload", detail: String::new() };
        let line = TrailLine::new(7, Timestamp(9), Some(&UserId::new("ab")), &event);
        let hash = line.hash(&TRAIL_START, 1);
        let changed = [
            TrailLine { id: 8, ..line.clone() },
            TrailLine { at: Timestamp(10), ..line.clone() },
            TrailLine { kind: "admins".to_owned(), ..line.clone() },
            TrailLine { user: None, ..line.clone() },
            TrailLine { detail: "{}".to_owned(), ..line.clone() },
            TrailLine { kind: "admina".to_owned(), user: Some(UserId::new("b")), ..line.clone() },
        ];
        assert!(changed.iter().all(|changed| changed.hash(&TRAIL_START, 1) != hash));
        assert_ne!(line.hash(&TRAIL_START, 2), hash);
        assert_ne!(line.hash(&[1; 32], 1), hash);
        let nobody = TrailLine { user: None, ..line.clone() };
        let empty = TrailLine { user: Some(UserId::new("")), ..line };
        assert_ne!(nobody.hash(&TRAIL_START, 1), empty.hash(&TRAIL_START, 1));
    }
}
