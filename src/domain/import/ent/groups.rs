//! PURE: groups. Where only CSV is at hand they are made from profile and class, as the ENT makes them; JSON brings its own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Ent;
use super::json::{Communication, JsonGroup};
use super::naming::{Naming, class_mark, class_slug, profile_group_name, raw_name, shown_name};
use super::schools::Schools;
use super::text::{folded, slug};
use crate::domain::import::lines::{ClassLine, GroupLine, Lines, PairLine, is_local_part};
use crate::domain::import::problem::{About, Place, Remark};
use crate::model::{GroupId, GroupKind, Profile};
use crate::store::people::import::{AddressOwner, Directory};

/// A class of a school in this year: UAI in lower case, folded name.
pub(super) type ClassKey = (Arc<str>, String);

/// A class that is to be.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) place: Place,
}

/// Makes the groups of schools and classes that the files do not name.
pub(super) struct Making<'m> {
    pub(super) schools: &'m Schools,
    pub(super) year: i64,
    pub(super) classes: BTreeMap<ClassKey, Class>,
    /// Ids that were made, by school, class and profile.
    ids: HashMap<(Arc<str>, Option<String>, Profile), Arc<str>>,
}

impl<'m> Making<'m> {
    pub(super) fn new(schools: &'m Schools, year: i64) -> Self {
        Self { schools, year, classes: BTreeMap::new(), ids: HashMap::new() }
    }

    pub(super) fn naming<'n>(&'n self, uai: &'n str) -> Naming<'n> {
        Naming { uai, year: self.year, several_schools: self.schools.are_several() }
    }

    /// A class is named.
    pub(super) fn class(&mut self, school: &Arc<str>, name: &str, place: &Place) -> String {
        let key = folded(name);
        let class = || Class { name: name.to_owned(), place: place.clone() };
        self.classes.entry((Arc::clone(school), key.clone())).or_insert_with(class);
        key
    }

    /// The classes of this year that the store has already: pupils say which there are, and the files may hold none.
    pub(super) fn add_store(&mut self, directory: &Directory, school: &Arc<str>, place: &Place) {
        let prefix = class_id(school, self.year, "");
        for class in directory.classes.values() {
            if let Some(key) = class.id.strip_prefix(&prefix) {
                let made = || Class { name: class.name.clone(), place: place.clone() };
                self.classes.entry((Arc::clone(school), key.to_owned())).or_insert_with(made);
            }
        }
    }

    /// The id of the group of a profile in a school, or in a class of it.
    pub(super) fn id(&mut self, school: &Arc<str>, class: Option<&str>, profile: Profile) -> Arc<str> {
        let key = (Arc::clone(school), class.map(str::to_owned), profile);
        if let Some(id) = self.ids.get(&key) {
            return Arc::clone(id);
        }
        let id: Arc<str> = self.naming(school).group_id(class, profile).as_str().into();
        self.ids.insert(key, Arc::clone(&id));
        id
    }

    /// Writes the groups of these schools and of their classes.
    pub(super) fn write(mut self, schools: &BTreeMap<Arc<str>, Place>, lines: &mut Lines) {
        let mut groups = Vec::new();
        for (school, place) in schools {
            for profile in Profile::ALL {
                let id = GroupId::new(self.id(school, None, profile));
                let name = profile_group_name(profile, self.schools.name(school));
                let address = self.naming(school).profile_of_school(profile);
                groups.push(group_line(place.clone(), id, profile, school, (None, name, address)));
            }
        }
        let classes = std::mem::take(&mut self.classes);
        let slugs = slugs(&classes);
        for ((key, class), slug) in classes.iter().zip(&slugs) {
            let (school, class_key) = key;
            let id = class_id(school, self.year, class_key);
            let school_name = school.to_string();
            lines.classes.get_or_insert_default().push(ClassLine {
                place: class.place.clone(),
                id: id.clone(),
                school: school_name,
                name: class.name.clone(),
            });
            for profile in Profile::ALL {
                let group = GroupId::new(self.id(school, Some(class_key), profile));
                let address = self.naming(school).profile_of_class(profile, slug);
                let name = profile_group_name(profile, &class.name);
                groups.push(group_line(class.place.clone(), group, profile, school, (Some(id.clone()), name, address)));
            }
        }
        lines.groups.get_or_insert_default().extend(groups);
    }
}

fn group_line(
    place: Place,
    id: GroupId,
    profile: Profile,
    school: &Arc<str>,
    (class, name, address): (Option<String>, String, String),
) -> GroupLine {
    GroupLine {
        place,
        id,
        school: Some(school.to_string()),
        class,
        parent: None,
        kind: GroupKind::Profile,
        profile: Some(profile),
        name,
        address: Some(address),
        users: None,
        closed: false,
        written_by: Vec::new(),
    }
}

fn class_id(school: &str, year: i64, key: &str) -> String {
    format!("{school}-{year}-{key}")
}

/// The classes in addresses: marked where two of a school would look the same, or where nothing of the name is left.
fn slugs(classes: &BTreeMap<ClassKey, Class>) -> Vec<String> {
    let plain: Vec<(&Arc<str>, String)> =
        classes.iter().map(|((school, _), class)| (school, class_slug(&class.name))).collect();
    let mut seen: HashMap<&(&Arc<str>, String), usize> = HashMap::new();
    for slug in &plain {
        *seen.entry(slug).or_default() += 1;
    }
    let marked = |slug: &(&Arc<str>, String), key: &str| match (slug.1.is_empty(), seen.get(slug)) {
        (true, _) => class_mark(key),
        (false, Some(2..)) => format!("{}-{}", slug.1, class_mark(key)),
        _ => slug.1.clone(),
    };
    plain.iter().zip(classes.keys()).map(|(slug, (_, key))| marked(slug, key)).collect()
}

/// Writes the groups of JSON, and the links between them.
pub(super) struct Bringing<'b> {
    pub(super) ent: &'b Ent,
    pub(super) schools: &'b Schools,
    pub(super) directory: &'b Directory,
    pub(super) year: i64,
}

impl Bringing<'_> {
    pub(super) fn write(&self, lines: &mut Lines) {
        if self.ent.groups.is_empty() {
            return;
        }
        let users: HashMap<&str, &Communication> =
            self.ent.communications.iter().map(|communication| (communication.id.as_str(), communication)).collect();
        let mut claimed = HashSet::new();
        let mut classes = HashSet::new();
        for group in &self.ent.groups {
            let rule = users.get(group.id.as_str()).and_then(|communication| communication.users);
            let mut line = self.group(group, lines, &mut classes);
            line.users = rule.or(group.users);
            line.address = self.free_address(group, line.address.take(), &mut claimed, lines);
            lines.groups.get_or_insert_default().push(line);
        }
        self.rules(lines);
    }

    fn group(&self, group: &JsonGroup, lines: &mut Lines, classes: &mut HashSet<String>) -> GroupLine {
        let raw = raw_name(&group.name).filter(|_| group.kind != "ManualGroup" && group.kind != "FunctionalGroup");
        let (kind, profile) = kind_of(group);
        let school = group.schools.iter().find_map(|school| self.schools.find(school));
        let class = group.classes.first().filter(|_| group.sub_kind != "StructureGroup");
        if let (Some((id, name)), Some(school)) = (class, &school)
            && classes.insert(id.clone())
        {
            let line = ClassLine {
                place: group.place.clone(),
                id: id.clone(),
                school: school.to_string(),
                name: name.clone(),
            };
            lines.classes.get_or_insert_default().push(line);
        }
        let address = school.as_ref().map(|school| self.address(group, (kind, profile), school, class));
        GroupLine {
            place: group.place.clone(),
            id: GroupId::new(group.id.as_str()),
            school: school.map(|school| school.to_string()),
            class: class.map(|(id, _)| id.clone()),
            parent: None,
            kind,
            profile,
            name: raw.map_or_else(|| group.name.clone(), |_| shown_name(&group.name)),
            address,
            users: None,
            closed: false,
            written_by: Vec::new(),
        }
    }

    /// A readable address. What lasts a year carries the year.
    fn address(
        &self,
        group: &JsonGroup,
        (kind, profile): (GroupKind, Option<Profile>),
        uai: &Arc<str>,
        class: Option<&(String, String)>,
    ) -> String {
        let naming = Naming { uai, year: self.year, several_schools: self.schools.are_several() };
        let plain = slug(raw_name(&group.name).map_or(group.name.as_str(), |raw| raw.of));
        let plain = plain.get(..30).unwrap_or(&plain).trim_end_matches('-');
        match (kind, profile, class) {
            (GroupKind::Profile, Some(profile), Some((_, class))) => {
                naming.profile_of_class(profile, &class_slug(class))
            }
            (GroupKind::Profile, Some(profile), None) => naming.profile_of_school(profile),
            (GroupKind::HeadTeachers, _, Some((_, class))) => naming.class_address("pp", &class_slug(class)),
            (GroupKind::HeadTeachers, ..) => format!("pp.{uai}"),
            (GroupKind::Direction, ..) => format!("direction.{uai}"),
            (GroupKind::LocalAdmins, ..) => format!("admins.{uai}"),
            (GroupKind::Functional, ..) => naming.class_address("groupe", plain),
            _ => format!("{plain}.{uai}"),
        }
    }

    /// The address, where it can be one and nobody else has it; the id is one in any case.
    fn free_address(
        &self,
        group: &JsonGroup,
        address: Option<String>,
        claimed: &mut HashSet<String>,
        lines: &mut Lines,
    ) -> Option<String> {
        let address = address.filter(|address| is_local_part(address))?;
        let owner = self.directory.addresses.get(&address).map(|(owner, _)| owner);
        let is_own = matches!(owner, Some(AddressOwner::Group(owner)) if owner.as_str() == group.id);
        if (owner.is_none() || is_own) && claimed.insert(address.clone()) {
            return Some(address);
        }
        let about = About::AddressOfAnother { group: shown_name(&group.name), address };
        lines.remarks.push(Remark { place: group.place.clone(), about });
        None
    }

    fn rules(&self, lines: &mut Lines) {
        if self.ent.communications.is_empty() {
            return;
        }
        let known: HashSet<&str> = self.ent.groups.iter().map(|group| group.id.as_str()).collect();
        let is_known = |id: &str| known.contains(id) || self.directory.groups.contains_key(&GroupId::new(id));
        let rules = lines.rules.get_or_insert_default();
        for communication in &self.ent.communications {
            for target in &communication.writes_to {
                let place = communication.place.clone();
                if let Some(unknown) = [&communication.id, target].into_iter().find(|id| !is_known(id)) {
                    lines.remarks.push(Remark { place, about: About::GroupLeftOut(unknown.clone()) });
                    continue;
                }
                let (first, second) = (communication.id.as_str().into(), target.as_str().into());
                rules.push(PairLine { place, first, second, both_ways: false });
            }
        }
    }
}

/// What a group of the ENT's is, by its labels and by the end of its raw name.
fn kind_of(group: &JsonGroup) -> (GroupKind, Option<Profile>) {
    let raw = raw_name(&group.name);
    let profile = group.profile.or_else(|| raw.as_ref().and_then(|raw| raw.profile));
    let by_name = raw.map(|raw| raw.kind);
    match (group.kind.as_str(), group.sub_kind.as_str()) {
        (_, "BroadcastGroup") | ("BroadcastGroup", _) => (GroupKind::Broadcast, None),
        ("ManualGroup" | "CommunityGroup", _) => (GroupKind::Manual, None),
        ("FunctionalGroup", _) => (GroupKind::Functional, None),
        ("HTGroup", _) => (GroupKind::HeadTeachers, None),
        ("DirectionGroup", _) => (GroupKind::Direction, None),
        ("DisciplineGroup", _) => (GroupKind::Discipline, None),
        ("FuncGroup" | "FunctionGroup", _) => (by_name.unwrap_or(GroupKind::Function), None),
        ("ProfileGroup", _) if profile.is_some() => (GroupKind::Profile, profile),
        _ => match by_name {
            Some(GroupKind::Profile) => (GroupKind::Profile, profile),
            Some(kind) => (kind, None),
            None => (GroupKind::Manual, None),
        },
    }
}
