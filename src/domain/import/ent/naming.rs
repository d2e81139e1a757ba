//! PURE: what groups are called in French, and the ids and addresses of those that are made from profiles and classes.

use super::text::slug;
use crate::model::{GroupId, GroupKind, Profile};

/// What derived ids of groups are for, so that they are like no other.
const DERIVED_GROUP: &str = "passerelle 2026 group id from school, year, class, profile";
/// The longest class in an address.
const CLASS_OCTETS_MAX: usize = 30;

/// « Parents du groupe Terminale A »
pub(super) fn profile_group_name(profile: Profile, of: &str) -> String {
    format!("{} du groupe {of}", plural(profile, true))
}

/// Everybody of a profile, as a word: in names of groups and in their addresses.
const fn plural(profile: Profile, shown: bool) -> &'static str {
    match (profile, shown) {
        (Profile::Student, true) => "Élèves",
        (Profile::Student, false) => "eleves",
        (Profile::Relative, true) => "Parents",
        (Profile::Relative, false) => "parents",
        (Profile::Teacher, true) => "Enseignants",
        (Profile::Teacher, false) => "enseignants",
        (Profile::Personnel, true) => "Personnels",
        (Profile::Personnel, false) => "personnels",
        (Profile::Guest, true) => "Invités",
        (Profile::Guest, false) => "invites",
    }
}

/// What a raw name of the ENT's says: `6A-Relative` is the group of 6A's relatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawName<'n> {
    pub(super) of: &'n str,
    pub(super) kind: GroupKind,
    pub(super) profile: Option<Profile>,
}

/// Reads a raw name by its end; `None` where it is a name like any other.
pub(super) fn raw_name(name: &str) -> Option<RawName<'_>> {
    let (of, end) = name.rsplit_once('-')?;
    let (kind, profile) = match end {
        "HeadTeacher" => (GroupKind::HeadTeachers, None),
        "Direction" => (GroupKind::Direction, None),
        "AdminLocal" => (GroupKind::LocalAdmins, None),
        "Func" => (GroupKind::Function, None),
        "Discipline" => (GroupKind::Discipline, None),
        _ => (GroupKind::Profile, Some(Profile::ALL.into_iter().find(|profile| profile.column() == end)?)),
    };
    Some(RawName { of, kind, profile })
}

/// The name that people see.
pub(in crate::domain) fn shown_name(name: &str) -> String {
    let Some(raw) = raw_name(name) else { return name.to_owned() };
    match (raw.kind, raw.profile) {
        (_, Some(profile)) => profile_group_name(profile, raw.of),
        (GroupKind::HeadTeachers, _) => format!("Professeurs principaux de {}", raw.of),
        (GroupKind::Direction, _) => format!("Directeurs de {}", raw.of),
        (GroupKind::LocalAdmins, _) => format!("Administrateurs locaux de {}", raw.of),
        (GroupKind::Discipline, _) => format!("Professeurs de {}", raw.of),
        _ => raw.of.to_owned(),
    }
}

/// A class in an address: « Terminale A » is `tle-a`. Empty where nothing of the name can stand there.
pub(super) fn class_slug(class: &str) -> String {
    let short = |word: &str| match word {
        "terminale" | "term" => "tle".to_owned(),
        "premiere" | "1ere" => "1re".to_owned(),
        "seconde" | "2nde" => "2de".to_owned(),
        "troisieme" | "3eme" => "3e".to_owned(),
        "quatrieme" | "4eme" => "4e".to_owned(),
        "cinquieme" | "5eme" => "5e".to_owned(),
        "sixieme" | "6eme" => "6e".to_owned(),
        word => word.to_owned(),
    };
    let slug = slug(class).split('-').map(short).collect::<Vec<_>>().join("-");
    let cut = slug.get(..CLASS_OCTETS_MAX).unwrap_or(&slug);
    cut.trim_end_matches('-').to_owned()
}

/// Where a group's address comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Naming<'n> {
    /// In lower case.
    pub(super) uai: &'n str,
    /// The calendar year in which the school year begins.
    pub(super) year: i64,
    /// There are other schools, with classes of the same name.
    pub(super) several_schools: bool,
}

impl Naming<'_> {
    /// `parents.tle-a.2026`; with the UAI before the year where there are several schools.
    pub(super) fn class_address(&self, word: &str, class_slug: &str) -> String {
        match self.several_schools {
            true => format!("{word}.{class_slug}.{}.{}", self.uai, self.year),
            false => format!("{word}.{class_slug}.{}", self.year),
        }
    }

    /// The address of a class's group of a profile.
    pub(super) fn profile_of_class(&self, profile: Profile, class_slug: &str) -> String {
        self.class_address(plural(profile, false), class_slug)
    }

    /// `parents.0750999v`
    pub(super) fn profile_of_school(&self, profile: Profile) -> String {
        format!("{}.{}", plural(profile, false), self.uai)
    }

    /// The id of a group that the files do not name: always the same for the same, and another every year for a class.
    pub(super) fn group_id(&self, class: Option<&str>, profile: Profile) -> GroupId {
        let year = self.year.to_string();
        let (year, class) = class.map_or(("", ""), |class| (year.as_str(), class));
        let key = format!("{}\n{year}\n{class}\n{}", self.uai, profile.column());
        let hash = blake3::derive_key(DERIVED_GROUP, key.as_bytes());
        let mut octets = [0; 16];
        octets.iter_mut().zip(hash).for_each(|(octet, from)| *octet = from);
        GroupId::new(uuid::Builder::from_custom_bytes(octets).into_uuid().to_string())
    }
}

/// Four letters that tell classes apart whose names look the same in an address.
pub(super) fn class_mark(class: &str) -> String {
    let hash = blake3::derive_key(DERIVED_GROUP, class.as_bytes());
    hash.iter().take(2).map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_ent() {
        assert_eq!(profile_group_name(Profile::Relative, "Terminale A"), "Parents du groupe Terminale A");
        assert_eq!(shown_name("Collège Hugo-Teacher"), "Enseignants du groupe Collège Hugo");
        assert_eq!(shown_name("2nde-3-HeadTeacher"), "Professeurs principaux de 2nde-3");
        assert_eq!(shown_name("LATIN 4"), "LATIN 4");
        assert_eq!(shown_name("Conseil-Vie"), "Conseil-Vie");
    }

    #[test]
    fn addresses_carry_the_year_and_the_school_where_there_are_several() {
        let naming = Naming { uai: "0750999v", year: 2026, several_schools: false };
        assert_eq!(naming.profile_of_class(Profile::Relative, &class_slug("Terminale A")), "parents.tle-a.2026");
        let naming = Naming { several_schools: true, ..naming };
        assert_eq!(naming.profile_of_class(Profile::Student, &class_slug("6ème B")), "eleves.6e-b.0750999v.2026");
        assert_eq!(naming.profile_of_school(Profile::Guest), "invites.0750999v");
        assert_ne!(
            naming.group_id(Some("6a"), Profile::Student),
            Naming { year: 2027, ..naming }.group_id(Some("6a"), Profile::Student)
        );
        assert_eq!(
            naming.group_id(None, Profile::Student),
            Naming { year: 2027, ..naming }.group_id(None, Profile::Student)
        );
        let longest = naming.profile_of_class(Profile::Teacher, &class_slug(&"section d'enseignement ".repeat(9)));
        assert!(longest.len() <= 64, "{longest}");
    }
}
