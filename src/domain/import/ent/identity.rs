//! PURE: who is who. The ENT's templates hold no id: a person is known by school, name and what else tells two people of
//! one name apart. Where nothing does for sure, they are two people: a mailbox given to a namesake cannot be taken back.
//!
//! What identified a person when he first came is kept, hashed, as his external id:
//!
//! | begins with | made of school, name and | whose |
//! | --- | --- | --- |
//! | `csv-b:` | date of birth | every pupil; others where the file says it |
//! | `csv-c:` | a way to be reached | relatives |
//! | `csv-k:` | the children's names | relatives of whom the file says no way to be reached |
//! | `csv-e:` | e-mail | staff and guests who have a namesake in the school |
//! | `csv-n:` | nothing | other staff and guests |

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::person::{Child, Contact, Person, Told, name_key};
use crate::domain::import::problem::{About, Remark};
use crate::model::{Profile, UserId};
use crate::store::people::import::{Directory, PersonRecord};

/// What an external id made here begins with.
const PREFIX: &str = "csv-";
/// What the hashes are for, so that they are like no other.
const IDENTITY: &str = "passerelle 2026 external id from what a file says of a person";

/// Namesakes are looked for among people of one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Sort {
    Student,
    Relative,
    Staff,
    Guest,
}

impl Sort {
    const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Student => Self::Student,
            Profile::Relative => Self::Relative,
            Profile::Teacher | Profile::Personnel => Self::Staff,
            Profile::Guest => Self::Guest,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Relative => "relative",
            Self::Staff => "staff",
            Self::Guest => "guest",
        }
    }
}

/// People of one name in one school.
type Name = (Arc<str>, Sort, String);

/// Makes one person of the lines that are about one person. Lines of the templates only.
pub(super) fn merge(people: Vec<Person>, remarks: &mut Vec<Remark>) -> Vec<Person> {
    let mut merged: Vec<Person> = Vec::with_capacity(people.len());
    let mut by_name: HashMap<Name, Vec<usize>> = HashMap::new();
    for person in people {
        let Told::Template { birth, contact, children } = &person.told else {
            merged.push(person);
            continue;
        };
        let Some(school) = person.school.clone() else { continue };
        let same_name = by_name.entry((school, Sort::of(person.profile), person.name_key())).or_default();
        let found = same_name.iter().copied().find(|at| merged.get(*at).is_some_and(|other| is_same(&person, other)));
        if let Some(other) = found.and_then(|at| merged.get_mut(at)) {
            let (birth, contact, children) = (birth.clone(), contact.clone(), children.clone());
            if absorb(other, &person.classes, birth, contact, children) || person.profile != Profile::Relative {
                let about = About::SamePersonAgain { name: person.display_name(), first: other.place.clone() };
                remarks.push(Remark { place: person.place.clone(), about });
            }
            continue;
        }
        let namesake = same_name.iter().find_map(|at| merged.get(*at));
        if let Some(namesake) = namesake.filter(|other| !are_surely_two(&person, other)) {
            let about = About::Namesakes { name: person.display_name(), other: namesake.place.clone() };
            remarks.push(Remark { place: person.place.clone(), about });
        }
        same_name.push(merged.len());
        merged.push(person);
    }
    merged
}

/// Are two lines of one name about one person?
fn is_same(one: &Person, other: &Person) -> bool {
    let Some((birth, contact, children)) = template(one) else { return false };
    let Some((other_birth, other_contact, other_children)) = template(other) else { return false };
    match Sort::of(one.profile) {
        Sort::Student => birth == other_birth,
        Sort::Relative => {
            let shared = |child: &Child| other_children.iter().any(|other| other.may_be(child));
            contact.meets(other_contact) || children.iter().any(shared) || (one.told_all() == other.told_all())
        }
        Sort::Staff | Sort::Guest => match (birth, other_birth) {
            (Some(birth), Some(other)) => birth == other,
            _ => contact.email.is_empty() || other_contact.email.is_empty() || contact.email == other_contact.email,
        },
    }
}

/// Does something say for sure that two lines of one name are about two people?
fn are_surely_two(one: &Person, other: &Person) -> bool {
    let births = (template(one).and_then(|told| told.0), template(other).and_then(|told| told.0));
    matches!(births, (Some(one), Some(other)) if one != other)
}

fn template(person: &Person) -> Option<(Option<&String>, &Contact, &[Child])> {
    match &person.told {
        Told::Template { birth, contact, children } => Some((birth.as_ref(), contact, children)),
        _ => None,
    }
}

/// Adds what another line says of the same person. Did it say nothing new?
fn absorb(
    person: &mut Person,
    classes: &[String],
    birth: Option<String>,
    contact: Contact,
    children: Vec<Child>,
) -> bool {
    let mut nothing_new = true;
    for class in classes {
        if !person.classes.contains(class) {
            person.classes.push(class.clone());
            nothing_new = false;
        }
    }
    if let Told::Template { birth: own_birth, contact: own, children: own_children } = &mut person.told {
        *own_birth = own_birth.take().or(birth);
        for (own, new) in
            [(&mut own.email, contact.email), (&mut own.phone, contact.phone), (&mut own.street, contact.street)]
        {
            if own.is_empty() {
                *own = new;
            }
        }
        for child in children {
            if !own_children.contains(&child) {
                own_children.push(child);
                nothing_new = false;
            }
        }
    }
    nothing_new
}

impl Person {
    /// For two lines that say nothing but a name: are they the same line?
    fn told_all(&self) -> Option<(&Contact, &[Child])> {
        template(self).map(|(_, contact, children)| (contact, children))
    }
}

/// The people of the store who first came by a template.
pub(super) struct Known<'d> {
    by_external_id: HashMap<&'d str, &'d PersonRecord>,
    by_name: HashMap<Name, Vec<&'d PersonRecord>>,
    links: &'d HashSet<(UserId, UserId)>,
    used: HashSet<&'d str>,
}

impl<'d> Known<'d> {
    /// `uai_of`: a school's id → its UAI in lower case.
    pub(super) fn new(directory: &'d Directory, uai_of: &HashMap<&str, Arc<str>>) -> Self {
        let mut by_name: HashMap<Name, Vec<&PersonRecord>> = HashMap::new();
        let people = directory.people.values().filter(|person| person.external_id.starts_with(PREFIX));
        for person in people {
            for school in directory.schools_of.get(&person.id).into_iter().flatten() {
                if let Some(uai) = uai_of.get(school.as_str()) {
                    let name = name_key(&person.last_name, &person.first_name);
                    by_name.entry((Arc::clone(uai), Sort::of(person.profile), name)).or_default().push(person);
                }
            }
        }
        let by_external_id = directory.people.values().map(|person| (person.external_id.as_str(), person)).collect();
        Self { by_external_id, by_name, links: &directory.links, used: HashSet::new() }
    }

    /// The person of the store that a line is about, or the external id of somebody new. `alone`: the files have no
    /// namesake in the school. `children`: whom the line's children are in the store.
    pub(super) fn identify(
        &mut self,
        person: &Person,
        alone: bool,
        children: &[UserId],
    ) -> Result<&'d PersonRecord, String> {
        let candidates = candidates(person, alone);
        let exact = candidates.iter().find_map(|id| self.by_external_id.get(id.as_str()).copied());
        let found = exact.filter(|found| !self.used.contains(found.external_id.as_str()));
        if let Some(found) = found.or_else(|| self.by_other_signs(person, alone, children)) {
            self.used.insert(&found.external_id);
            return Ok(found);
        }
        // Where there is none, the line was told to be wrong, and nothing is written.
        Err(candidates.into_iter().next().unwrap_or_else(|| format!("{PREFIX}?:{}", person.place)))
    }

    /// A relative by a child; somebody of the staff by a name that nobody else bears.
    fn by_other_signs(&self, person: &Person, alone: bool, children: &[UserId]) -> Option<&'d PersonRecord> {
        let name = (person.school.clone()?, Sort::of(person.profile), person.name_key());
        let unused = |found: &&&PersonRecord| !self.used.contains(found.external_id.as_str());
        let mut namesakes = self.by_name.get(&name)?.iter().filter(unused).copied();
        match Sort::of(person.profile) {
            Sort::Student => None,
            Sort::Relative => namesakes
                .find(|found| children.iter().any(|child| self.links.contains(&(found.id.clone(), child.clone())))),
            Sort::Staff | Sort::Guest => {
                let found = namesakes.next().filter(|_| alone && namesakes.next().is_none())?;
                let birth_known = template(person).is_some_and(|(birth, ..)| birth.is_some());
                (!(birth_known && found.external_id.starts_with("csv-b:"))).then_some(found)
            }
        }
    }
}

/// The external ids that a line's person may have, the surest first; the first is the one of somebody new.
fn candidates(person: &Person, alone: bool) -> Vec<String> {
    let Some((birth, contact, children)) = template(person) else { return Vec::new() };
    let sort = Sort::of(person.profile);
    let school = person.school.as_deref().unwrap_or_default();
    let id = |kind: &str, sign: &str| {
        let key = [school, sort.word(), &person.name_key(), sign].join("\n");
        let hash = blake3::derive_key(IDENTITY, key.as_bytes());
        let hex: String = hash.iter().take(16).map(|octet| format!("{octet:02x}")).collect();
        format!("{PREFIX}{kind}:{hex}")
    };
    let mut ids: Vec<String> = birth.iter().map(|birth| id("b", birth)).collect();
    match sort {
        Sort::Student => {}
        Sort::Relative => {
            ids.extend(contact.key().map(|contact| id("c", contact)));
            let mut names: Vec<String> = children.iter().map(Child::name_key).collect();
            names.sort();
            ids.push(id("k", &names.join("\n")));
        }
        Sort::Staff | Sort::Guest => {
            let by_email = Some(&contact.email).filter(|email| !email.is_empty()).map(|email| id("e", email));
            let by_name = id("n", "");
            match by_email {
                Some(by_email) if !alone => ids.push(by_email),
                Some(by_email) => ids.extend([by_name, by_email]),
                None => ids.push(by_name),
            }
        }
    }
    ids
}

/// How many people of each name the files have in a school.
#[derive(Default)]
pub(super) struct Namesakes(HashMap<Name, usize>);

impl Namesakes {
    pub(super) fn count(people: &[Person]) -> Self {
        let mut names = Self::default();
        for name in people.iter().filter_map(name_of) {
            *names.0.entry(name).or_default() += 1;
        }
        names
    }

    pub(super) fn is_alone(&self, person: &Person) -> bool {
        name_of(person).is_none_or(|name| self.0.get(&name).is_none_or(|count| *count < 2))
    }
}

fn name_of(person: &Person) -> Option<Name> {
    Some((person.school.clone()?, Sort::of(person.profile), person.name_key()))
}
