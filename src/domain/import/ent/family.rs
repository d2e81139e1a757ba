//! PURE: children and parents that files name: which people they are. Where it is not sure, it is told and not guessed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::person::{Child, Person, name_key};
use super::text::folded;
use crate::domain::import::problem::About;
use crate::model::{Profile, UserId};
use crate::store::people::import::{Directory, PersonRecord};

/// Somebody who may be meant.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) external_id: Arc<str>,
    /// Where the person is in the store.
    pub(super) id: Option<UserId>,
    /// Folded; `None` where nothing is known of them.
    pub(super) classes: Option<HashSet<String>>,
    /// The names under which the person's own line names the family, folded.
    pub(super) family: HashSet<String>,
}

/// The people of one profile, by school and name.
#[derive(Default)]
pub(super) struct ByName {
    candidates: Vec<Candidate>,
    /// School and name, family name first.
    by_name: HashMap<(Arc<str>, String), Vec<usize>>,
    /// School and folded name, written either way round.
    by_shown_name: HashMap<(Arc<str>, String), Vec<usize>>,
}

/// Whom a name means.
pub(super) enum Meant<'c> {
    Nobody,
    One(&'c Candidate),
    Several,
    /// One person bears the name, in another class.
    ElsewhereThan(&'c str),
}

impl ByName {
    pub(super) fn add(&mut self, school: &Arc<str>, last_name: &str, first_name: &str, candidate: Candidate) {
        let at = self.candidates.len();
        self.candidates.push(candidate);
        self.by_name.entry((Arc::clone(school), name_key(last_name, first_name))).or_default().push(at);
        let (last, first) = (folded(last_name), folded(first_name));
        let mut shown = vec![format!("{last}{first}"), format!("{first}{last}")];
        shown.dedup();
        for name in shown {
            self.by_shown_name.entry((Arc::clone(school), name)).or_default().push(at);
        }
    }

    /// The pupils of the store in the schools that `of` chooses. Their external ids, with the names of their classes.
    pub(super) fn add_store(
        &mut self,
        directory: &Directory,
        uai_of: &HashMap<&str, Arc<str>>,
        of: impl Fn(&str) -> bool,
        classes: &HashMap<&UserId, Vec<String>>,
    ) -> HashMap<Arc<str>, Vec<String>> {
        let mut found = HashMap::new();
        let is_pupil = |person: &&PersonRecord| person.profile == Profile::Student && person.suspended.is_none();
        for person in directory.people.values().filter(is_pupil) {
            let external_id: Arc<str> = person.external_id.as_str().into();
            let classes = classes.get(&person.id).cloned();
            for school in directory.schools_of.get(&person.id).into_iter().flatten() {
                let Some(uai) = uai_of.get(school.as_str()).filter(|uai| of(uai)) else { continue };
                let candidate = Candidate {
                    external_id: Arc::clone(&external_id),
                    id: Some(person.id.clone()),
                    classes: classes.as_ref().map(|classes| classes.iter().map(|class| folded(class)).collect()),
                    family: HashSet::new(),
                };
                self.add(uai, &person.last_name, &person.first_name, candidate);
                found.insert(Arc::clone(&external_id), classes.clone().unwrap_or_default());
            }
        }
        found
    }

    /// The child of a parent's line.
    pub(super) fn child<'c>(&'c self, school: &Arc<str>, child: &'c Child) -> Meant<'c> {
        let found = self.by_name.get(&(Arc::clone(school), child.name_key()));
        let found: Vec<&Candidate> = found.into_iter().flatten().filter_map(|at| self.candidates.get(*at)).collect();
        let Some(class) = &child.class else { return only(&found) };
        let in_class = |candidate: &&&Candidate| {
            let classes = candidate.classes.as_ref();
            classes.is_none_or(|classes| class.split([',', '|']).any(|class| classes.contains(&folded(class))))
        };
        let in_class: Vec<&Candidate> = found.iter().filter(in_class).copied().collect();
        if in_class.is_empty() && found.len() == 1 { Meant::ElsewhereThan(class) } else { only(&in_class) }
    }

    /// Somebody of the export, by a name as it is shown. Where several bear it, the one whose own line names `namer`.
    pub(super) fn shown(&self, school: &Arc<str>, name: &str, namer: &Person) -> Meant<'_> {
        let found = self.by_shown_name.get(&(Arc::clone(school), folded(name)));
        let found: Vec<&Candidate> = found.into_iter().flatten().filter_map(|at| self.candidates.get(*at)).collect();
        if found.len() < 2 {
            return only(&found);
        }
        let names = shown_names(namer);
        let naming: Vec<&Candidate> =
            found.iter().filter(|found| names.iter().any(|name| found.family.contains(name))).copied().collect();
        if naming.len() == 1 { only(&naming) } else { Meant::Several }
    }
}

fn only<'c>(found: &[&'c Candidate]) -> Meant<'c> {
    match found {
        [] => Meant::Nobody,
        [one] => Meant::One(one),
        _ => Meant::Several,
    }
}

/// A person's name, folded, written either way round.
fn shown_names(person: &Person) -> [String; 2] {
    let (last, first) = (folded(&person.last_name), folded(&person.first_name));
    [format!("{last}{first}"), format!("{first}{last}")]
}

/// What is told of a child who is not found for sure.
pub(super) fn about_child(meant: &Meant<'_>, parent: &str, child: &str) -> Option<About> {
    let (name, child) = (parent.to_owned(), child.to_owned());
    match meant {
        Meant::One(_) => None,
        Meant::Nobody => Some(About::UnknownChild { name, child }),
        Meant::Several => Some(About::AmbiguousChild { name, child }),
        Meant::ElsewhereThan(class) => Some(About::ChildOfAnotherClass { name, child, class: (*class).to_owned() }),
    }
}
