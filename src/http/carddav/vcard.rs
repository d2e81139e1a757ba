//! PURE: a card as a vCard: 4.0 (RFC 6350) and 3.0 (RFC 2426). A group is `KIND:group` with its own address; who is in it
//! is told nowhere. 3.0 knows no kinds: there a group is shown as an organization is.

use crate::domain::finding::{Card, CardKind};
use crate::sentences::{Language, Sentence};

/// Octets of a line, without its end (RFC 6350 §3.2).
const LINE_BYTES_MAX: usize = 75;

/// Which vCard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V3,
    V4,
}

impl Version {
    pub(super) const ALL: [Self; 2] = [Self::V3, Self::V4];

    pub(super) const fn number(self) -> &'static str {
        match self {
            Self::V3 => "3.0",
            Self::V4 => "4.0",
        }
    }

    pub(super) fn of_number(number: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.number() == number)
    }
}

/// How a card is to be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) version: Version,
    pub(super) language: Language,
    /// For clients that make an empty list of a group: they are told that it is an organization.
    pub(super) groups_as_organizations: bool,
}

/// A line of a vCard before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: &'static str,
    /// Name and value, as in `TYPE=work`.
    pub(super) parameter: Option<(&'static str, &'static str)>,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// One text.
    Text(String),
    /// Texts with commas between.
    List(Vec<String>),
    /// Components with semicolons between.
    Parts(Vec<String>),
    /// Written as it is.
    Plain(String),
}

impl Value {
    /// The texts in it, as people read them: what filters compare.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Plain(text) => text.clone(),
            Self::List(texts) => texts.join(","),
            Self::Parts(texts) => texts.join(";"),
        }
    }

    fn written(&self) -> String {
        let all =
            |texts: &[String], between: &str| texts.iter().map(|text| escaped(text)).collect::<Vec<_>>().join(between);
        match self {
            Self::Text(text) => escaped(text),
            Self::List(texts) => all(texts, ","),
            Self::Parts(texts) => all(texts, ";"),
            Self::Plain(text) => text.clone(),
        }
    }
}

/// What the card says, in order, VERSION first.
pub(super) fn properties(card: &Card, style: Style) -> Vec<Property> {
    let plain = |name, value: &str| Property { name, parameter: None, value: Value::Plain(value.to_owned()) };
    let text = |name, value: &str| Property { name, parameter: None, value: Value::Text(value.to_owned()) };
    let is_group = card.kind != CardKind::Person;
    let mut properties = vec![
        plain("VERSION", style.version.number()),
        text("PRODID", "-//Passerelle//Passerelle//FR"),
        plain("UID", &format!("urn:uuid:{}", card.id)),
        text("FN", &card.display_name),
        Property { name: "N", parameter: None, value: Value::Parts(name_parts(card)) },
    ];
    let (mail, organization) = match style.version {
        Version::V3 => ("INTERNET", is_group.then_some(&card.display_name)),
        Version::V4 => ("work", None),
    };
    let address = Value::Text(card.address.to_string());
    properties.push(Property { name: "EMAIL", parameter: Some(("TYPE", mail)), value: address });
    match (style.version, is_group) {
        (Version::V4, true) if style.groups_as_organizations => properties.push(plain("KIND", "org")),
        (Version::V4, true) => properties.push(plain("KIND", "group")),
        (Version::V4, false) => properties.push(plain("KIND", "individual")),
        (Version::V3, true) => properties.push(plain("X-ABShowAs", "COMPANY")),
        (Version::V3, false) => {}
    }
    if let Some(organization) = organization.or_else(|| card.note.schools.first()) {
        let value = Value::Parts(vec![organization.clone()]);
        properties.push(Property { name: "ORG", parameter: None, value });
    }
    let categories = categories(card, style.language);
    if !categories.is_empty() {
        properties.push(Property { name: "CATEGORIES", parameter: None, value: Value::List(categories) });
    }
    if let Some(note) = note(card, style.language) {
        properties.push(text("NOTE", &note));
    }
    properties
}

/// Family name, given name, and three that nobody has here (RFC 6350 §6.2.2).
fn name_parts(card: &Card) -> Vec<String> {
    let family = card.family_name.clone().unwrap_or_default();
    let given = card.given_name.clone().unwrap_or_default();
    let unnamed = family.is_empty() && given.is_empty();
    let family = if unnamed { card.display_name.clone() } else { family };
    vec![family, given, String::new(), String::new(), String::new()]
}

/// What they are, and their classes.
fn categories(card: &Card, language: Language) -> Vec<String> {
    let profile = card.profile.map(|profile| Sentence::ProfileName { profile }.text(language));
    profile.into_iter().chain(card.note.classes.iter().cloned()).collect()
}

/// « Élève, Terminale A », « Parent de … »: by it people of one name are told apart.
fn note(card: &Card, language: Language) -> Option<String> {
    if card.kind != CardKind::Person {
        return None;
    }
    let note = if card.note.pupils.is_empty() {
        categories(card, language).join(", ")
    } else {
        Sentence::ParentOf { pupils: card.note.pupils.join(", ") }.text(language)
    };
    let note = card.note.schools.iter().fold(note, |note, school| format!("{note}\n{school}"));
    (!note.trim().is_empty()).then_some(note)
}

/// The vCard. `only`: nothing but these properties, in any case of letters, and those without which it would be none.
pub(super) fn written(properties: &[Property], only: Option<&[String]>) -> String {
    let mut card = String::from("BEGIN:VCARD\r\n");
    let is_wanted = |name: &str| {
        let needed = ["VERSION", "FN", "N", "UID"].contains(&name);
        only.is_none_or(|only| needed || only.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)))
    };
    for Property { name, parameter, value } in properties.iter().filter(|property| is_wanted(property.name)) {
        let parameter = parameter.map(|(name, value)| format!(";{name}={value}")).unwrap_or_default();
        fold_into(&mut card, &format!("{name}{parameter}:{}", value.written()));
    }
    card.push_str("END:VCARD\r\n");
    card
}

/// Text as a value (RFC 6350 §3.4); control characters have no place in one.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ',' | ';' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Adds a line, cut into lines that are not too long, between characters (RFC 6350 §3.2).
fn fold_into(card: &mut String, line: &str) {
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > LINE_BYTES_MAX {
            card.push_str("\r\n ");
            length = 1;
        }
        card.push(letter);
        length += letter.len_utf8();
    }
    card.push_str("\r\n");
}
