//! PURE: a card of the directory → an entry: inetOrgPerson for people (RFC 2798), groupOfNames for groups (RFC 4519 §3.5).
//!
//! The members of a group are nobody's to know: the group has an address, and no `member`. Clients take that as they take an
//! attribute that they may not read.

use super::attribute;
use super::dn::{Branch, Tree};
use super::entry::Entry;
use crate::domain::finding::{Card, CardKind};
use crate::sentences::{Language, Sentence};

/// The entry, and where it stands.
pub(super) fn entry(tree: &Tree, card: &Card, language: Language) -> (Branch, Entry) {
    match card.kind {
        CardKind::Person => (Branch::People, person(tree, card, language)),
        CardKind::Group(_) => (Branch::Groups, group(tree, card)),
    }
}

fn person(tree: &Tree, card: &Card, language: Language) -> Entry {
    let local = card.address.local();
    let classes = ["top", "person", "organizationalPerson", "inetOrgPerson"];
    let mut entry = Entry::new(tree.entry(Branch::People, local), &classes);
    let title = card.profile.map(|profile| Sentence::ProfileName { profile }.text(language));
    entry.add(&attribute::CN, [card.display_name.as_str()]);
    // A person has one (RFC 4519 §3.12), if it is only the shown name.
    entry.add(&attribute::SN, [card.family_name.as_deref().unwrap_or(&card.display_name)]);
    entry.add(&attribute::GIVEN_NAME, card.given_name.as_deref());
    entry.add(&attribute::DISPLAY_NAME, [card.display_name.as_str()]);
    entry.add(&attribute::MAIL, [card.address.to_string()]);
    entry.add(&attribute::UID, [local]);
    entry.add(&attribute::TITLE, title);
    belonging(&mut entry, card);
    entry
}

fn group(tree: &Tree, card: &Card) -> Entry {
    let local = card.address.local();
    let mut entry = Entry::new(tree.entry(Branch::Groups, local), &["top", "groupOfNames"]);
    // The shown name first: many clients take one. The other is in the entry's name.
    entry.add(&attribute::CN, [card.display_name.as_str(), local]);
    entry.add(&attribute::DISPLAY_NAME, [card.display_name.as_str()]);
    entry.add(&attribute::MAIL, [card.address.to_string()]);
    belonging(&mut entry, card);
    entry
}

fn belonging(entry: &mut Entry, card: &Card) {
    entry.add(&attribute::O, card.note.schools.iter().map(String::as_str));
    entry.add(&attribute::OU, card.note.classes.iter().map(String::as_str));
}
