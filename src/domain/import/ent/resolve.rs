//! PURE: people, families and groups of the ENT's files → lines: who each person is, which address he gets, which groups
//! he is in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::family::{ByName, Candidate, Meant, about_child};
use super::groups::{Bringing, Making};
use super::identity::{Known, Namesakes, merge};
use super::login::Logins;
use super::naming::raw_name;
use super::person::{Account, Person, Told, name_key};
use super::schools::Schools;
use super::text::folded;
use super::{Ent, json::JsonGroup};
use crate::domain::import::lines::{Lines, PairLine, UserLine};
use crate::domain::import::problem::{About, Place, Problem, Reason, Remark};
use crate::model::{GroupKind, Profile, UserId};
use crate::store::people::import::{AddressOwner, Directory, PersonRecord};

/// The school year that the files are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) struct Year {
    /// The calendar year in which it begins.
    pub(in crate::domain) begins: i64,
    pub(in crate::domain) closed: bool,
}

/// Adds what the ENT's files say to the lines.
pub(in crate::domain::import) fn resolve(
    mut ent: Ent,
    directory: &Directory,
    year: Year,
    lines: &mut Lines,
    problems: &mut Vec<Problem>,
) {
    let Some(first) = ent.first_source().cloned() else { return };
    let mut schools = Schools::new(directory, lines, &ent);
    let mut people = std::mem::take(&mut ent.people);
    schools.settle(&mut people, lines, problems);
    people.retain(|person| person.school.is_some());
    let people = merge(people, &mut lines.remarks);
    name_groups_of_users(&mut ent, &people, &schools, year.begins);
    let has_groups = ent.groups.iter().flat_map(|group| &group.schools).filter_map(|key| schools.find(key)).collect();
    schools.write(&people, &has_groups, lines);
    let mut resolving = Resolving::new(directory, &schools, year.begins, lines);
    resolving.people(&people);
    resolving.families(&people);
    resolving.memberships(&people);
    let makes_classes = !resolving.making.classes.is_empty();
    resolving.finish();
    if makes_classes && year.closed {
        let place = Place { source: first, line: 0 };
        problems.push(Problem { place, column: None, reason: Reason::YearClosed(year.begins) });
    }
    Bringing { ent: &ent, schools: &schools, directory, year: year.begins }.write(lines);
}

/// Groups that users name and no list holds: made from their raw names, of the user's school.
fn name_groups_of_users(ent: &mut Ent, people: &[Person], schools: &Schools, year: i64) {
    let mut known: HashSet<Arc<str>> = ent.groups.iter().map(|group| group.id.as_str().into()).collect();
    for person in people {
        let Told::Json { groups, .. } = &person.told else { continue };
        for (id, name) in groups {
            if known.insert(Arc::clone(id)) {
                let school = person.school.as_deref().unwrap_or_default();
                let class = raw_name(name).filter(|raw| {
                    let in_class = matches!(raw.kind, GroupKind::Profile | GroupKind::HeadTeachers);
                    in_class && folded(raw.of) != folded(schools.name(school))
                });
                let class = class.map(|raw| (format!("{school}-{year}-{}", folded(raw.of)), raw.of.to_owned()));
                ent.groups.push(JsonGroup {
                    place: person.place.clone(),
                    id: id.to_string(),
                    name: name.clone(),
                    kind: String::new(),
                    sub_kind: String::new(),
                    profile: None,
                    users: None,
                    classes: class.into_iter().collect(),
                    schools: person.school.iter().map(ToString::to_string).collect(),
                });
            }
        }
    }
}

struct Resolving<'r> {
    directory: &'r Directory,
    schools: &'r Schools,
    lines: &'r mut Lines,
    making: Making<'r>,
    /// School id → UAI in lower case.
    uai_of: HashMap<&'r str, Arc<str>>,
    /// For each person, in their order, once known.
    external_ids: Vec<Option<Arc<str>>>,
    students: ByName,
    relatives: ByName,
    members: Vec<PairLine>,
    links: Vec<PairLine>,
    /// Pupils of the store whom the files do not hold: external id → names of classes.
    store_classes: HashMap<Arc<str>, Vec<String>>,
    /// Schools whose groups are made here, with a place in their files.
    made: BTreeMap<Arc<str>, Place>,
}

impl<'r> Resolving<'r> {
    fn new(directory: &'r Directory, schools: &'r Schools, year: i64, lines: &'r mut Lines) -> Self {
        let uai_of: HashMap<&str, Arc<str>> = directory
            .schools
            .values()
            .map(|school| (school.id.as_str(), Arc::from(school.uai.to_lowercase())))
            .collect();
        Self {
            directory,
            schools,
            lines,
            making: Making::new(schools, year),
            uai_of,
            external_ids: Vec::new(),
            students: ByName::default(),
            relatives: ByName::default(),
            members: Vec::new(),
            links: Vec::new(),
            store_classes: HashMap::new(),
            made: BTreeMap::new(),
        }
    }

    /// Who everybody is. Pupils first: relatives are known by them.
    fn people(&mut self, people: &[Person]) {
        self.external_ids = vec![None; people.len()];
        let directory = self.directory;
        let is_taken = |login: &str| directory.addresses.contains_key(login);
        let mut logins = Logins::new(&is_taken);
        let accounts = people.iter().filter_map(|person| account(&person.told));
        accounts.for_each(|account| logins.reserve(&account.login));
        let known = Known::new(directory, &self.uai_of);
        let mut naming = Naming { known, namesakes: Namesakes::count(people), logins };
        self.add_store_students();
        let mut order: Vec<usize> = (0..people.len()).collect();
        order.sort_by_key(|at| people.get(*at).is_none_or(|person| person.profile != Profile::Student));
        for at in order {
            let Some(person) = people.get(at) else { continue };
            let line = self.person(person, &mut naming);
            let external_id: Arc<str> = line.external_id.as_str().into();
            self.add_candidate(person, &external_id, line.id.clone());
            if let Some(slot) = self.external_ids.get_mut(at) {
                *slot = Some(external_id);
            }
            self.lines.users.get_or_insert_default().push(line);
        }
    }

    /// Pupils of whom the files do not speak, with their classes of this year.
    fn add_store_students(&mut self) {
        let scope = &self.lines.scope.schools;
        let of = |uai: &str| scope.get(uai).is_some_and(|covered| !covered.profiles.contains(&Profile::Student));
        if !self.uai_of.values().any(|uai| of(uai)) {
            return;
        }
        let mut classes: HashMap<&UserId, Vec<String>> = HashMap::new();
        for group in self.directory.groups.values().filter(|group| !group.closed) {
            let class = group.class.as_ref().filter(|_| group.profile == Some(Profile::Student));
            let Some(class) = class.and_then(|class| self.directory.classes.get(class)) else { continue };
            for user in self.directory.members.get(&group.id).into_iter().flatten() {
                classes.entry(user).or_default().push(class.name.clone());
            }
        }
        self.store_classes = self.students.add_store(self.directory, &self.uai_of, of, &classes);
    }

    fn add_candidate(&mut self, person: &Person, external_id: &Arc<str>, id: Option<UserId>) {
        let by_name = match person.profile {
            Profile::Student => &mut self.students,
            Profile::Relative => &mut self.relatives,
            _ => return,
        };
        let Some(school) = &person.school else { return };
        let family: HashSet<String> = match &person.told {
            Told::Export { children, parents, .. } => children.iter().chain(parents).map(|name| folded(name)).collect(),
            _ => HashSet::new(),
        };
        let candidate = Candidate {
            external_id: Arc::clone(external_id),
            id,
            classes: Some(person.classes.iter().map(|class| folded(class)).collect()),
            family,
        };
        by_name.add(school, &person.last_name, &person.first_name, candidate);
    }

    fn person(&mut self, person: &Person, naming: &mut Naming<'r, '_>) -> UserLine {
        let schools = self.schools.of_person(person, &mut self.lines.remarks);
        match account(&person.told) {
            Some(account) => self.account_line(person, account, schools),
            None => self.template_line(person, naming, schools),
        }
    }

    /// A person whom the ENT names by id. Who came by a template before stays the same person.
    fn account_line(&self, person: &Person, account: &Account, schools: Vec<String>) -> UserLine {
        let adopted = self.adopted(person, account);
        let given = account.id.as_deref().map(UserId::new);
        let (id, other_addresses) = match adopted {
            Some(before) => {
                let others = account.id.iter().filter(|id| id.as_str() != before.id.as_str());
                (Some(before.id.clone()), others.cloned().collect())
            }
            None => (given, Vec::new()),
        };
        UserLine {
            place: person.place.clone(),
            id,
            external_id: account.external_id.clone(),
            login: account.login.clone(),
            alias: account.alias.clone(),
            display_name: account.display_name.clone().unwrap_or_else(|| person.display_name()),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            profile: person.profile,
            schools,
            other_addresses,
            blocked: matches!(person.told, Told::Json { blocked: true, .. }),
        }
    }

    /// Whoever has this login by a template (the same name, profile and login), or had before the ENT's id came to be one
    /// of his addresses.
    fn adopted(&self, person: &Person, account: &Account) -> Option<&PersonRecord> {
        let by_id = account.id.as_deref().and_then(|id| self.owner(id));
        let by_id = by_id.filter(|before| before.external_id == account.external_id);
        let by_login = || {
            self.owner(&account.login).filter(|before| {
                before.external_id.starts_with("csv-")
                    && before.profile == person.profile
                    && before.login == account.login
                    && name_key(&before.last_name, &before.first_name) == person.name_key()
            })
        };
        by_id.or_else(by_login)
    }

    /// The person whose address it is.
    fn owner(&self, local_part: &str) -> Option<&PersonRecord> {
        match self.directory.addresses.get(local_part)? {
            (AddressOwner::User(owner), _) => self.directory.people.get(owner),
            (AddressOwner::Group(_), _) => None,
        }
    }

    fn template_line(&self, person: &Person, naming: &mut Naming<'r, '_>, schools: Vec<String>) -> UserLine {
        let children = self.children_in_store(person);
        let alone = naming.namesakes.is_alone(person);
        let (id, external_id, login, alias) = match naming.known.identify(person, alone, &children) {
            Ok(known) => (Some(known.id.clone()), known.external_id.clone(), known.login.clone(), known.alias.clone()),
            Err(new) => (None, new, naming.logins.give(&person.first_name, &person.last_name), None),
        };
        UserLine {
            place: person.place.clone(),
            id,
            external_id,
            login,
            alias,
            display_name: person.display_name(),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            profile: person.profile,
            schools,
            other_addresses: Vec::new(),
            blocked: false,
        }
    }

    /// The children of a relative's line who are in the store already.
    fn children_in_store(&self, person: &Person) -> Vec<UserId> {
        let (Told::Template { children, .. }, Some(school)) = (&person.told, &person.school) else {
            return Vec::new();
        };
        let ids = children.iter().filter_map(|child| match self.students.child(school, child) {
            Meant::One(child) => child.id.clone(),
            _ => None,
        });
        ids.collect()
    }

    /// Links between relatives and their children, each way.
    fn families(&mut self, people: &[Person]) {
        let known = self.known_keys(people);
        for (at, person) in people.iter().enumerate() {
            let (Some(school), Some(Some(own))) = (&person.school, self.external_ids.get(at)) else { continue };
            let mut found: Vec<Arc<str>> = Vec::new();
            let mut told = Vec::new();
            let name = person.display_name();
            match &person.told {
                Told::Template { children, .. } if person.profile == Profile::Relative => {
                    for child in children {
                        let meant = self.students.child(school, child);
                        told.extend(about_child(&meant, &name, &child.shown()));
                        found.extend(one(&meant));
                    }
                }
                Told::Export { children, .. } if person.profile == Profile::Relative => {
                    for child in children {
                        let meant = self.students.shown(school, child, person);
                        told.extend(about_child(&meant, &name, child));
                        found.extend(one(&meant));
                    }
                }
                Told::Export { parents, .. } if person.profile == Profile::Student => {
                    for parent in parents {
                        let meant = self.relatives.shown(school, parent, person);
                        told.extend(about_parent(&meant, &name, parent));
                        found.extend(one(&meant));
                    }
                }
                Told::Json { children, .. } => {
                    let (here, away): (Vec<&String>, Vec<&String>) =
                        children.iter().partition(|child| known.contains(child.as_str()));
                    let unknown = |child: &String| About::UnknownChild { name: name.clone(), child: child.clone() };
                    told.extend(away.into_iter().map(unknown));
                    found.extend(here.into_iter().map(|child| Arc::from(child.as_str())));
                }
                _ => {}
            }
            let place = &person.place;
            let about = told.into_iter().map(|about| Remark { place: place.clone(), about });
            self.lines.remarks.extend(about);
            found.sort();
            found.dedup();
            let pair = |other: Arc<str>| PairLine {
                place: place.clone(),
                first: Arc::clone(own),
                second: other,
                both_ways: true,
            };
            self.links.extend(found.into_iter().map(pair));
        }
    }

    /// Every id, external id and login, where JSON names children by one.
    fn known_keys<'p>(&self, people: &'p [Person]) -> HashSet<&'p str>
    where
        'r: 'p,
    {
        let names_children =
            |person: &Person| matches!(&person.told, Told::Json { children, .. } if !children.is_empty());
        if !people.iter().any(names_children) {
            return HashSet::new();
        }
        let of_files = people.iter().filter_map(|person| account(&person.told));
        let of_files = of_files.flat_map(|account| {
            [Some(&account.external_id), account.id.as_ref(), Some(&account.login)].into_iter().flatten()
        });
        let of_store = self.directory.people.values();
        let of_store = of_store.flat_map(|person| [person.external_id.as_str(), person.id.as_str(), &person.login]);
        of_files.map(String::as_str).chain(of_store).collect()
    }

    /// Profile groups of schools and classes, and the groups that JSON names.
    fn memberships(&mut self, people: &[Person]) {
        let class_of_child = self.classes_of_children(people);
        for (at, person) in people.iter().enumerate() {
            let (Some(school), Some(Some(own))) = (&person.school, self.external_ids.get(at).cloned()) else {
                continue;
            };
            let member = |group: Arc<str>| PairLine {
                place: person.place.clone(),
                first: group,
                second: Arc::clone(&own),
                both_ways: false,
            };
            if let Told::Json { groups, .. } = &person.told {
                self.members.extend(groups.iter().map(|(id, _)| member(Arc::clone(id))));
                continue;
            }
            self.made.entry(Arc::clone(school)).or_insert_with(|| person.place.clone());
            let mut groups = vec![self.making.id(school, None, person.profile)];
            let of_children = class_of_child.get(&own).into_iter().flatten();
            let classes: Vec<&String> = person.classes.iter().chain(of_children).collect();
            for class in classes {
                let class = self.making.class(school, class, &person.place);
                groups.push(self.making.id(school, Some(&class), person.profile));
            }
            groups.sort();
            groups.dedup();
            self.members.extend(groups.into_iter().map(member));
        }
    }

    /// Relative → the classes of the children that the files hold.
    fn classes_of_children(&self, people: &[Person]) -> HashMap<Arc<str>, Vec<String>> {
        let mut classes: HashMap<&Arc<str>, &[String]> =
            self.store_classes.iter().map(|(student, classes)| (student, classes.as_slice())).collect();
        for (person, external_id) in people.iter().zip(&self.external_ids) {
            if let (Profile::Student, Some(external_id)) = (person.profile, external_id) {
                classes.insert(external_id, &person.classes);
            }
        }
        let mut of_relatives: HashMap<Arc<str>, Vec<String>> = HashMap::new();
        for link in &self.links {
            for (relative, student) in [(&link.first, &link.second), (&link.second, &link.first)] {
                if let Some(classes) = classes.get(student) {
                    of_relatives.entry(Arc::clone(relative)).or_default().extend_from_slice(classes);
                }
            }
        }
        of_relatives
    }

    fn finish(mut self) {
        for (school, place) in &self.made {
            let covered = self.lines.scope.schools.get(&**school);
            if covered.is_some_and(|covered| !covered.profiles.contains(&Profile::Student)) {
                self.making.add_store(self.directory, school, place);
            }
        }
        if !self.made.is_empty() {
            self.making.write(&self.made, self.lines);
        }
        self.lines.members.get_or_insert_default().extend(self.members);
        let relatives = self.lines.users.iter().flatten().any(|user| user.profile == Profile::Relative);
        if !self.links.is_empty() || (relatives && !self.made.is_empty()) {
            self.lines.links.get_or_insert_default().extend(self.links);
        }
    }
}

/// What naming people needs.
struct Naming<'d, 'l> {
    known: Known<'d>,
    namesakes: Namesakes,
    logins: Logins<'l>,
}

fn account(told: &Told) -> Option<&Account> {
    match told {
        Told::Template { .. } => None,
        Told::Export { account, .. } | Told::Json { account, .. } => Some(account),
    }
}

fn one(meant: &Meant<'_>) -> Option<Arc<str>> {
    match meant {
        Meant::One(found) => Some(Arc::clone(&found.external_id)),
        _ => None,
    }
}

fn about_parent(meant: &Meant<'_>, child: &str, parent: &str) -> Option<About> {
    let (name, parent) = (child.to_owned(), parent.to_owned());
    match meant {
        Meant::One(_) => None,
        Meant::Nobody => Some(About::UnknownParent { name, parent }),
        Meant::Several | Meant::ElsewhereThan(_) => Some(About::AmbiguousParent { name, parent }),
    }
}
