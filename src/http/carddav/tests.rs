//! What is written is a vCard whatever people are called, and is read back as it was.

use super::vcard::{self, Property, Style, Value, Version};
use crate::domain::finding::{Card, CardId, CardKind, CardNote};
use crate::model::{Address, GroupId, GroupKind, Profile, UserId};
use crate::sentences::Language;

fn style(version: Version) -> Style {
    Style { version, language: Language::Fr, groups_as_organizations: false }
}

fn person(name: &str, school: &str) -> Card {
    Card {
        id: CardId::of_user(&UserId::new("u")),
        kind: CardKind::Person,
        address: Address::parse("marie.un@ent.fr").unwrap(),
        display_name: name.to_owned(),
        given_name: Some(name.to_owned()),
        family_name: None,
        profile: Some(Profile::Student),
        note: CardNote { schools: vec![school.to_owned()], classes: vec![name.to_owned()], pupils: Vec::new() },
    }
}

/// The lines of a vCard, unfolded (RFC 6350 §3.2).
fn lines(card: &str) -> Vec<String> {
    assert!(card.split_terminator("\r\n").all(|line| line.len() <= 75), "{card}");
    assert!(!card.replace("\r\n", "").contains(['\r', '\n']), "{card:?}");
    card.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

/// A text value as it was before it was escaped (RFC 6350 §3.4).
fn unescaped(value: &str) -> String {
    let (mut text, mut signs) = (String::new(), value.chars());
    while let Some(sign) = signs.next() {
        text.push(match (sign, sign == '\\') {
            (_, true) => match signs.next().unwrap() {
                'n' => '\n',
                sign => sign,
            },
            (sign, false) => sign,
        });
    }
    text
}

proptest::proptest! {
    #[test]
    fn whatever_somebody_is_called_it_is_one_vcard(name in "\\PC{0,60}|[a-z,;:\\\\\r\n\"é😀]{0,120}", school in "\\PC{0,200}") {
        for version in Version::ALL {
            let card = person(&name, &school);
            let text = vcard::written(&vcard::properties(&card, style(version)), None);
            let lines = lines(&text);
            let expected: String = name.chars().filter(|sign| *sign == '\n' || !sign.is_control()).collect();
            let shown = lines.iter().find_map(|line| line.strip_prefix("FN:")).unwrap();
            proptest::prop_assert_eq!(unescaped(shown), expected);
            let names: Vec<&str> = lines.iter().map(|line| line.split([':', ';']).next().unwrap()).collect();
            proptest::prop_assert_eq!(names[..2].to_vec(), vec!["BEGIN", "VERSION"]);
            proptest::prop_assert_eq!(names.iter().filter(|name| **name == "END").count(), 1);
            proptest::prop_assert_eq!(names.iter().filter(|name| **name == "UID").count(), 1);
        }
    }
}

#[test]
fn a_group_is_told_by_its_address_and_never_by_its_members() {
    let group = Card {
        id: CardId::of_group(&GroupId::new("g")),
        kind: CardKind::Group(GroupKind::Profile),
        address: Address::parse("parents.3e-b.2026@ent.fr").unwrap(),
        display_name: "Parents du groupe 3e B".to_owned(),
        given_name: None,
        family_name: None,
        profile: Some(Profile::Relative),
        note: CardNote {
            schools: vec!["Collège Hugo".to_owned()],
            classes: vec!["3e B".to_owned()],
            pupils: Vec::new(),
        },
    };
    let told = |style| lines(&vcard::written(&vcard::properties(&group, style), None));
    let id = format!("UID:urn:uuid:{}", group.id);
    let fourth = [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "PRODID:-//Passerelle//Passerelle//FR",
        &id,
        "FN:Parents du groupe 3e B",
        "N:Parents du groupe 3e B;;;;",
        "EMAIL;TYPE=work:parents.3e-b.2026@ent.fr",
        "KIND:group",
        "ORG:Collège Hugo",
        "CATEGORIES:Parent,3e B",
        "END:VCARD",
    ];
    assert_eq!(told(style(Version::V4)), fourth);
    let third = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "PRODID:-//Passerelle//Passerelle//FR",
        &id,
        "FN:Parents du groupe 3e B",
        "N:Parents du groupe 3e B;;;;",
        "EMAIL;TYPE=INTERNET:parents.3e-b.2026@ent.fr",
        "X-ABShowAs:COMPANY",
        "ORG:Parents du groupe 3e B",
        "CATEGORIES:Parent,3e B",
        "END:VCARD",
    ];
    assert_eq!(told(style(Version::V3)), third);
    assert!(told(Style { groups_as_organizations: true, ..style(Version::V4) }).contains(&"KIND:org".to_owned()));
}

#[test]
fn a_part_of_a_card_is_still_a_card() {
    let wanted = ["email".to_owned(), "PHOTO".to_owned()];
    let card = vcard::properties(&person("Marie", "Hugo"), style(Version::V4));
    let told = lines(&vcard::written(&card, Some(&wanted)));
    let names: Vec<&str> = told.iter().map(|line| line.split([':', ';']).next().unwrap()).collect();
    assert_eq!(names, ["BEGIN", "VERSION", "UID", "FN", "N", "EMAIL", "END"]);
    assert_eq!(
        Property { name: "N", parameter: None, value: Value::Parts(vec!["a".to_owned(), "b".to_owned()]) }.value.text(),
        "a;b"
    );
}
