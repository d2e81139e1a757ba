//! PURE: what a gateway tells the others on its store, as text: `{"from":7,"mailboxes":[3,4],"people":["u-anne"]}`. Whatever
//! else is heard is nobody's notice.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{MailboxId, UserId};

/// Which process: a number that it drew when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct GatewayId(pub u64);

/// What may have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    pub mailboxes: BTreeSet<MailboxId>,
    /// Whose names or subscriptions.
    pub people: BTreeSet<UserId>,
    /// What is turned off, or who is suspended.
    pub switch: bool,
    /// Too much to say.
    pub everything: bool,
}

/// As it is sent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    from: GatewayId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mailboxes: Vec<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    people: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    switch: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    everything: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Octets of a notice beside its lists: names, brackets, the number of the gateway.
const FRAME_BYTES: usize = 120;

impl Changed {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what another says; where that makes too much, everything.
    pub(super) fn add(&mut self, other: Self, items_max: usize) {
        self.mailboxes.extend(other.mailboxes);
        self.people.extend(other.people);
        self.switch |= other.switch;
        self.everything |= other.everything;
        self.bound(items_max);
    }

    /// Keeps no more than `items_max`.
    pub(super) fn bound(&mut self, items_max: usize) {
        if self.everything || self.mailboxes.len() + self.people.len() > items_max {
            *self = Self { everything: true, ..Self::default() };
        }
    }

    /// As notices of `bytes_max` octets at most each; one that says "everything" where more than `notices_max` were needed.
    pub(super) fn notices(&self, from: GatewayId, bytes_max: usize, notices_max: usize) -> Vec<String> {
        let everything = || vec![text(&Notice { everything: true, ..empty(from) })];
        if self.everything {
            return everything();
        }
        let (mut notices, mut notice, mut bytes) = (Vec::new(), Notice { switch: self.switch, ..empty(from) }, 0);
        let items = self.mailboxes.iter().map(Item::Mailbox).chain(self.people.iter().map(Item::Person));
        for item in items {
            let more = item.bytes();
            if more + FRAME_BYTES > bytes_max {
                return everything();
            }
            if bytes + more + FRAME_BYTES > bytes_max {
                notices.push(text(&std::mem::replace(&mut notice, empty(from))));
                bytes = 0;
            }
            bytes += more;
            match item {
                Item::Mailbox(mailbox) => notice.mailboxes.push(mailbox.0),
                Item::Person(user) => notice.people.push(user.as_str().to_owned()),
            }
        }
        notices.push(text(&notice));
        if notices.len() > notices_max { everything() } else { notices }
    }
}

enum Item<'a> {
    Mailbox(&'a MailboxId),
    Person(&'a UserId),
}

impl Item<'_> {
    /// Octets in JSON, with the comma. A character of a name takes six at most (`\u0000`).
    fn bytes(&self) -> usize {
        match self {
            Self::Mailbox(mailbox) => mailbox.0.to_string().len() + 1,
            Self::Person(user) => user.as_str().len() * 6 + 3,
        }
    }
}

const fn empty(from: GatewayId) -> Notice {
    Notice { from, mailboxes: Vec::new(), people: Vec::new(), switch: false, everything: false }
}

fn text(notice: &Notice) -> String {
    serde_json::to_string(notice).unwrap_or_default()
}

/// Who says that what has changed; `None` where it is no notice.
pub(super) fn read(text: &str) -> Option<(GatewayId, Changed)> {
    let notice: Notice = serde_json::from_str(text).ok()?;
    let changed = Changed {
        mailboxes: notice.mailboxes.into_iter().map(MailboxId).collect(),
        people: notice.people.into_iter().map(UserId::new).collect(),
        switch: notice.switch,
        everything: notice.everything,
    };
    Some((notice.from, changed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const US: GatewayId = GatewayId(u64::MAX);

    fn changed(mailboxes: impl IntoIterator<Item = i64>, people: &[&str]) -> Changed {
        Changed {
            mailboxes: mailboxes.into_iter().map(MailboxId).collect(),
            people: people.iter().map(|user| UserId::new(*user)).collect(),
            ..Changed::default()
        }
    }

    #[test]
    fn what_is_told_is_what_is_heard() {
        let told = Changed { switch: true, ..changed([1, i64::MAX, i64::MIN], &["u-anne", "\"\\\0é"]) };
        let notices = told.notices(US, 7900, 16);
        assert_eq!(notices.len(), 1);
        assert_eq!(read(&notices[0]), Some((US, told)));
    }

    #[test]
    fn a_letter_to_5_000_is_a_few_notices_and_one_to_50_000_is_one() {
        let told = changed((0..5_001).map(|n| i64::MAX - n), &[]);
        let notices = told.notices(US, 7900, 16);
        assert!((10..=16).contains(&notices.len()), "{}", notices.len());
        assert!(notices.iter().all(|notice| notice.len() <= 7900));
        let mut heard = Changed::default();
        notices.iter().for_each(|notice| heard.add(read(notice).unwrap().1, usize::MAX));
        assert_eq!(heard, told);
        let notices = changed(0..50_000, &[]).notices(US, 7900, 16);
        assert_eq!(notices.len(), 1);
        assert!(read(&notices[0]).unwrap().1.everything);
    }

    #[test]
    fn too_much_to_keep_is_everything() {
        let mut kept = changed(0..3, &["a"]);
        kept.add(changed(2..4, &[]), 5);
        assert_eq!(kept, changed(0..4, &["a"]));
        kept.add(changed([9], &[]), 5);
        assert!(kept.everything && kept.mailboxes.is_empty() && kept.people.is_empty());
        let long = "x".repeat(5000);
        assert!(read(&changed([], &[&long]).notices(US, 7900, 16)[0]).unwrap().1.everything);
    }

    #[test]
    fn what_is_no_notice_is_nobodys() {
        let deep = "[".repeat(7900);
        for text in
            ["", "{}", "null", "{\"from\":1,\"more\":2}", "{\"from\":-1}", "{\"from\":1,\"mailboxes\":[1.5]}", &deep]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_names_fit(people in prop::collection::btree_set("\\PC{0,40}|[\\x00-\\x1f\"\\\\]{0,40}", 0..60), bytes in 400..2000_usize) {
            let told = Changed { people: people.iter().map(|name| UserId::new(name.as_str())).collect(), ..Changed::default() };
            let mut heard = Changed::default();
            for notice in told.notices(US, bytes, usize::MAX) {
                prop_assert!(notice.len() <= bytes);
                heard.add(read(&notice).unwrap().1, usize::MAX);
            }
            prop_assert!(heard == told || heard.everything);
        }
    }
}
