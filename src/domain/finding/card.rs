//! PURE: what is shown of a person or a group to somebody who may write there. Never a private address, never a member.

use std::fmt;

use uuid::Uuid;

use crate::model::{Address, GroupId, GroupKind, Profile, UserId};

/// Names a card for ever, the same for everybody and on every gateway. It is made from the person's or the group's id and
/// does not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardId(Uuid);

impl CardId {
    /// Octets of an id.
    pub const BYTES: usize = 16;

    /// A person's.
    pub fn of_user(id: &UserId) -> Self {
        Self::of("person", id.as_str())
    }

    /// A group's.
    pub fn of_group(id: &GroupId) -> Self {
        Self::of("group", id.as_str())
    }

    fn of(kind: &str, id: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("passerelle 2026 address book card");
        hasher.update(kind.as_bytes()).update(&[0]).update(id.as_bytes());
        let mut octets = [0; Self::BYTES];
        hasher.finalize_xof().fill(&mut octets);
        Self(uuid::Builder::from_custom_bytes(octets).into_uuid())
    }

    /// From the text of [`fmt::Display`] and no other.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(Uuid::try_parse(text).ok()?);
        (id.to_string() == text).then_some(id)
    }

    /// As it is kept.
    pub fn octets(&self) -> [u8; Self::BYTES] {
        self.0.into_bytes()
    }

    /// As it was kept.
    pub fn from_octets(octets: [u8; Self::BYTES]) -> Self {
        Self(Uuid::from_bytes(octets))
    }
}

impl fmt::Display for CardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Somebody, or a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardKind {
    Person,
    Group(GroupKind),
}

/// Somebody whom the asker may write to, or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub id: CardId,
    pub kind: CardKind,
    /// The one that is shown.
    pub address: Address,
    /// « NOM Prénom », or the group's name.
    pub display_name: String,
    /// Of people.
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    /// A person's, or that of a group of one profile.
    pub profile: Option<Profile>,
    pub note: CardNote,
}

/// Where they belong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardNote {
    /// Names of schools.
    pub schools: Vec<String>,
    /// Names of classes: of pupils, and of groups of a class.
    pub classes: Vec<String>,
    /// A relative's pupils, by shown name: those whom the asker may write to as well.
    pub pupils: Vec<String>,
}

impl Card {
    /// Eight octets that change whenever anything does that the card says (RFC 6352 §6.3.2.3).
    pub fn version(&self) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new_derive_key("passerelle 2026 address book card version 1");
        let mut add = |text: &str| {
            hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes()).update(text.as_bytes());
        };
        let kind = match self.kind {
            CardKind::Person => "",
            CardKind::Group(kind) => kind.column(),
        };
        add(kind);
        add(&self.address.to_string());
        add(&self.display_name);
        for name in [&self.given_name, &self.family_name] {
            add(name.as_deref().unwrap_or_default());
        }
        add(self.profile.map_or("", Profile::column));
        for names in [&self.note.schools, &self.note.classes, &self.note.pupils] {
            add(&names.len().to_string());
            names.iter().for_each(|name| add(name));
        }
        let mut version = [0; 8];
        hasher.finalize_xof().fill(&mut version);
        version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_in_no_other_way() {
        let id = CardId::of_user(&UserId::new("u1"));
        let text = id.to_string();
        assert_eq!(CardId::parse(&text), Some(id));
        assert_eq!(CardId::from_octets(id.octets()), id);
        assert_ne!(CardId::of_group(&GroupId::new("u1")), id);
        for other in [text.to_uppercase(), text.replace('-', ""), format!("{{{text}}}"), format!("urn:uuid:{text}")] {
            assert_eq!(CardId::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn whatever_changes_changes_the_version() {
        let card = Card {
            id: CardId::of_user(&UserId::new("u1")),
            kind: CardKind::Person,
            address: Address::parse("a.b@ent.fr").unwrap(),
            display_name: "B A".to_owned(),
            given_name: Some("A".to_owned()),
            family_name: Some("B".to_owned()),
            profile: Some(Profile::Student),
            note: CardNote::default(),
        };
        let note = |schools: &[&str], classes: &[&str]| CardNote {
            schools: schools.iter().map(ToString::to_string).collect(),
            classes: classes.iter().map(ToString::to_string).collect(),
            pupils: Vec::new(),
        };
        let variants = [
            card.clone(),
            Card { display_name: "B  A".to_owned(), ..card.clone() },
            Card { given_name: None, ..card.clone() },
            Card { profile: Some(Profile::Teacher), ..card.clone() },
            Card { kind: CardKind::Group(GroupKind::Manual), ..card.clone() },
            Card { note: note(&["x"], &[]), ..card.clone() },
            Card { note: note(&[], &["x"]), ..card.clone() },
            Card { note: note(&["x", "y"], &[]), ..card.clone() },
            Card { note: note(&["xy"], &[]), ..card.clone() },
        ];
        let versions: std::collections::HashSet<_> = variants.iter().map(Card::version).collect();
        assert_eq!(versions.len(), variants.len());
        assert_eq!(card.clone().version(), card.version());
    }
}
