//! PURE: which mailboxes LIST and LSUB show, and with which attributes (RFC 9051 §6.3.9, RFC 5258, RFC 6154, RFC 3501 §6.3.9).
//!
//! Special uses and children are shown in every form of LIST: clients that do not ask for them obey them all the same.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use super::wire::command::List;
use crate::domain::mailbox::{Mailbox, MailboxList};
use crate::model::{HIERARCHY_SEPARATOR, MailboxId, SpecialUse};

#[cfg(test)]
mod tests;

/// One `* LIST` or `* LSUB` response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListLine {
    pub attributes: Vec<&'static str>,
    pub name: String,
    /// Some mailbox below is subscribed: extended item CHILDINFO (RFC 5258 §3.5).
    pub child_subscribed: bool,
    /// Where it can be selected: for RETURN (STATUS …).
    pub mailbox: Option<MailboxId>,
}

/// What LIST answers. The question about the separator (`LIST "" ""`) is not for here.
pub(super) fn list(all: &MailboxList, ask: &List) -> Vec<ListLine> {
    let names = Names::of(all);
    let patterns: Vec<Pattern> = ask.patterns.iter().map(|pattern| Pattern::new(&ask.reference, pattern)).collect();
    let matching = names.all.iter().filter(|name| patterns.iter().any(|pattern| pattern.matches(name.text)));
    matching.filter_map(|name| names.line(name, ask)).collect()
}

/// One name, without options; `None` where there is no such mailbox.
pub(super) fn one(all: &MailboxList, name: &str) -> Option<ListLine> {
    let names = Names::of(all);
    names.all.iter().find(|there| there.text == name).map(|there| names.plain_line(there))
}

/// What LSUB answers: subscribed names; with `%`, also names above them that the pattern stops at (RFC 3501 §6.3.9).
pub(super) fn lsub(all: &MailboxList, reference: &str, pattern: &str) -> Vec<ListLine> {
    let names = Names::of(all);
    let stops = pattern.ends_with('%');
    let pattern = Pattern::new(reference, pattern);
    let matching = names.all.iter().filter(|name| pattern.matches(name.text));
    matching
        .filter_map(|name| match name.subscribed {
            true => Some(names.plain_line(name)),
            false if stops && names.above_subscribed.contains(name.text) => Some(ListLine {
                attributes: vec!["\\Noselect"],
                name: name.text.to_owned(),
                child_subscribed: false,
                mailbox: None,
            }),
            false => None,
        })
        .collect()
}

/// What NOTIFY tells of these names: as they are now, whether or not there is such a mailbox (RFC 5465 §5.4, §5.5).
pub(super) fn lines_of<'a>(all: &MailboxList, wanted: impl IntoIterator<Item = &'a str>) -> Vec<ListLine> {
    let names = Names::of(all);
    let by_text: HashMap<&str, &Name<'_>> = names.all.iter().map(|name| (name.text, name)).collect();
    let line = |text: &'a str| {
        let gone = Name { text, mailbox: None, subscribed: false };
        let name = by_text.get(text).copied().unwrap_or(&gone);
        let mut line = names.plain_line(name);
        if name.subscribed {
            line.attributes.insert(0, "\\Subscribed");
        }
        line
    };
    wanted.into_iter().map(line).collect()
}

/// A name that LIST may show: a mailbox, a name that is only subscribed, or one that only lies above others.
struct Name<'a> {
    text: &'a str,
    mailbox: Option<&'a Mailbox>,
    subscribed: bool,
}

/// All names of a person, and what lies above what.
struct Names<'a> {
    all: Vec<Name<'a>>,
    /// Names with a mailbox somewhere below.
    above_mailboxes: HashSet<&'a str>,
    /// Names with a subscribed name somewhere below.
    above_subscribed: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(list: &'a MailboxList) -> Self {
        let mailboxes = list.mailboxes.iter().map(|mailbox| Name {
            text: mailbox.name.as_str(),
            mailbox: Some(mailbox),
            subscribed: mailbox.subscribed,
        });
        let only =
            list.subscribed_only.iter().map(|name| Name { text: name.as_str(), mailbox: None, subscribed: true });
        let mut all: Vec<Name<'a>> = mailboxes.chain(only).collect();
        let mut known: HashSet<&str> = all.iter().map(|name| name.text).collect();
        let (mut above_mailboxes, mut above_subscribed) = (HashSet::new(), HashSet::new());
        for name in &all {
            if name.mailbox.is_some() {
                above_mailboxes.extend(names_above(name.text));
            }
            if name.subscribed {
                above_subscribed.extend(names_above(name.text));
            }
        }
        let missing = above_mailboxes.union(&above_subscribed).copied().filter(|text| known.insert(*text));
        let mut missing: Vec<&str> = missing.collect();
        missing.sort_unstable();
        all.extend(missing.into_iter().map(|text| Name { text, mailbox: None, subscribed: false }));
        Self { all, above_mailboxes, above_subscribed }
    }

    /// The response for a name that a pattern matches, where the selection options want it.
    fn line(&self, name: &Name<'_>, ask: &List) -> Option<ListLine> {
        let special = name.mailbox.and_then(|mailbox| mailbox.special_use).and_then(SpecialUse::attribute);
        let is_special = !ask.select_special_use || special.is_some();
        let child_subscribed =
            ask.select_subscribed && ask.select_recursive_match && self.above_subscribed.contains(name.text);
        let wanted = match ask.select_subscribed {
            true => (name.subscribed && is_special) || child_subscribed,
            false => is_special && (name.mailbox.is_some() || self.above_mailboxes.contains(name.text)),
        };
        if !wanted {
            return None;
        }
        let mut line = self.plain_line(name);
        if name.subscribed && (ask.select_subscribed || ask.return_subscribed) {
            line.attributes.insert(0, "\\Subscribed");
        }
        line.child_subscribed = child_subscribed;
        Some(line)
    }

    /// The response without options.
    fn plain_line(&self, name: &Name<'_>) -> ListLine {
        let mut attributes = Vec::with_capacity(3);
        if name.mailbox.is_none() {
            // Clients without LIST-EXTENDED know the second only (RFC 5258 §3).
            attributes.extend(["\\NonExistent", "\\Noselect"]);
        }
        attributes.push(match self.above_mailboxes.contains(name.text) {
            true => "\\HasChildren",
            false => "\\HasNoChildren",
        });
        attributes.extend(name.mailbox.and_then(|mailbox| mailbox.special_use).and_then(SpecialUse::attribute));
        ListLine {
            attributes,
            name: name.text.to_owned(),
            child_subscribed: false,
            mailbox: name.mailbox.map(|mailbox| mailbox.id),
        }
    }
}

/// `a/b/c` → `a`, `a/b`.
pub(super) fn names_above(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices(HIERARCHY_SEPARATOR).filter_map(|(place, _)| name.get(..place))
}

/// A mailbox pattern: `*` is anything, `%` anything within one level (RFC 9051 §6.3.9).
struct Pattern(String);

impl Pattern {
    /// A reference is put before its pattern as it is.
    fn new(reference: &str, pattern: &str) -> Self {
        let joined = format!("{reference}{pattern}");
        Self(without_idle_wildcards(&joined.nfc().collect::<String>()))
    }

    /// Does the whole name match? Time grows with the product of both lengths and no worse.
    fn matches(&self, name: &str) -> bool {
        let pattern = self.0.as_bytes();
        let letters = pattern.iter().filter(|byte| !matches!(byte, b'*' | b'%')).count();
        if letters > name.len() {
            return false;
        }
        // reached[i]: the name so far is matched by the first i octets of the pattern.
        let mut reached: Vec<bool> = vec![false; pattern.len() + 1];
        let mut next = reached.clone();
        if let Some(start) = reached.first_mut() {
            *start = true;
        }
        pass_wildcards(pattern, &mut reached);
        let inbox_ends = inbox_ends(name);
        for (place, byte) in name.bytes().enumerate() {
            next.fill(false);
            for (index, (wanted, _)) in pattern.iter().zip(&reached).enumerate().filter(|(_, (_, reached))| **reached) {
                let stays = *wanted == b'*' || (*wanted == b'%' && byte != HIERARCHY_SEPARATOR as u8);
                let same = *wanted == byte || (place < inbox_ends && wanted.eq_ignore_ascii_case(&byte));
                let goes_on = !matches!(wanted, b'*' | b'%') && same;
                if let Some(place) = next.get_mut(if goes_on { index + 1 } else { index }) {
                    *place |= stays || goes_on;
                }
            }
            pass_wildcards(pattern, &mut next);
            std::mem::swap(&mut reached, &mut next);
        }
        reached.last().copied().unwrap_or(false)
    }
}

/// How much of a name is INBOX, which is known in any case (RFC 9051 §5.1).
fn inbox_ends(name: &str) -> usize {
    const INBOX: &str = "INBOX";
    match name.strip_prefix(INBOX) {
        Some(rest) if rest.is_empty() || rest.starts_with(HIERARCHY_SEPARATOR) => INBOX.len(),
        _ => 0,
    }
}

/// Of wildcards in a row one is left: the widest, which means as much as all of them.
fn without_idle_wildcards(pattern: &str) -> String {
    let mut kept = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        match (kept.chars().next_back(), letter) {
            (Some('*'), '*' | '%') | (Some('%'), '%') => {}
            (Some('%'), '*') => {
                kept.pop();
                kept.push('*');
            }
            _ => kept.push(letter),
        }
    }
    kept
}

/// A wildcard may stand for nothing.
fn pass_wildcards(pattern: &[u8], reached: &mut [bool]) {
    for (index, byte) in pattern.iter().enumerate() {
        if matches!(byte, b'*' | b'%')
            && reached.get(index).copied().unwrap_or(false)
            && let Some(next) = reached.get_mut(index + 1)
        {
            *next = true;
        }
    }
}
