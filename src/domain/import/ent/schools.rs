//! PURE: the schools that the ENT's files are of, and what they hold of each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Ent;
use super::json::Structure;
use super::person::{Person, Told};
use super::school::{PathSchool, is_uai};
use super::text::folded;
use crate::domain::import::lines::{Covered, Lines, SchoolLine};
use crate::domain::import::problem::{About, Place, Problem, Reason, Remark, Source};
use crate::store::people::import::Directory;

/// Schools by everything that they are called.
pub(super) struct Schools {
    /// UAI, id, folded name → UAI in lower case; `None` where two schools have one name.
    by_key: HashMap<String, Option<Arc<str>>>,
    /// UAI in lower case → name.
    names: BTreeMap<Arc<str>, String>,
}

impl Schools {
    /// Those of the store, of schools.csv, and of the paths of the files.
    pub(super) fn new(directory: &Directory, lines: &Lines, ent: &Ent) -> Self {
        let mut schools = Self { by_key: HashMap::new(), names: BTreeMap::new() };
        for school in directory.schools.values() {
            schools.add(&school.uai, Some(school.id.as_str()), &school.name);
        }
        for line in lines.schools.iter().flatten() {
            schools.add(&line.uai, line.id.as_ref().map(|id| id.as_str()), &line.name);
        }
        for Structure { uai, id, name } in &ent.structures {
            let known = schools.names.get(uai.to_lowercase().as_str()).cloned();
            schools.add(uai, id.as_deref(), &name.clone().or(known).unwrap_or_else(|| uai.to_uppercase()));
        }
        for PathSchool { uai, name } in ent.files.iter().filter_map(|file| file.school.as_ref()) {
            let known = schools.names.get(uai.to_lowercase().as_str()).cloned();
            schools.add(uai, None, &name.clone().or(known).unwrap_or_else(|| uai.to_uppercase()));
        }
        schools
    }

    fn add(&mut self, uai: &str, id: Option<&str>, name: &str) -> Arc<str> {
        let key: Arc<str> = uai.to_lowercase().into();
        self.names.insert(Arc::clone(&key), name.to_owned());
        for text in [Some(uai), id].into_iter().flatten() {
            self.by_key.insert(text.to_lowercase(), Some(Arc::clone(&key)));
        }
        let by_name = self.by_key.entry(folded(name)).or_insert_with(|| Some(Arc::clone(&key)));
        if by_name.as_ref().is_some_and(|other| *other != key) {
            *by_name = None;
        }
        key
    }

    /// A school by UAI, id or name.
    pub(super) fn find(&self, text: &str) -> Option<Arc<str>> {
        self.by_key.get(&text.to_lowercase()).or_else(|| self.by_key.get(&folded(text))).cloned().flatten()
    }

    /// The name of a school.
    pub(super) fn name(&self, uai: &str) -> &str {
        self.names.get(uai).map_or("", String::as_str)
    }

    /// Is there more than one, in the store and the files?
    pub(super) fn are_several(&self) -> bool {
        self.names.len() > 1
    }

    /// Gives each line without a school the one of its file: the school of schools.csv where it names one only, else the
    /// one that every line names.
    pub(super) fn settle(&mut self, people: &mut [Person], lines: &Lines, problems: &mut Vec<Problem>) {
        let sole = match lines.schools.as_deref() {
            Some([only]) => self.find(&only.uai),
            _ => None,
        };
        let mut common: HashMap<Source, Option<HashSet<String>>> = HashMap::new();
        let named = |person: &&Person| person.school.is_none() || !person.school_names.is_empty();
        let mut by_path: HashMap<Source, Arc<str>> = HashMap::new();
        for person in people.iter().filter(named) {
            if let Some(school) = &person.school {
                by_path.entry(person.place.source.clone()).or_insert_with(|| Arc::clone(school));
            }
            let names: HashSet<String> = person.school_names.iter().cloned().collect();
            let common = common.entry(person.place.source.clone()).or_default();
            *common = Some(match common.take() {
                None => names,
                Some(before) => before.intersection(&names).cloned().collect(),
            });
        }
        let mut of_source: HashMap<Source, Option<Arc<str>>> = HashMap::new();
        for (source, names) in common {
            let named = names.unwrap_or_default();
            let only = named.iter().next().filter(|_| named.len() == 1);
            if let (Some(only), Some(school)) = (only, by_path.get(&source)) {
                // What the school of the path is called in the file.
                self.by_key.entry(only.to_lowercase()).or_insert_with(|| Some(Arc::clone(school)));
                continue;
            }
            let school = sole.clone().or_else(|| self.find(only?).or_else(|| self.add_unknown(only?)));
            of_source.insert(source, school);
        }
        let mut told: HashSet<Source> = HashSet::new();
        for person in people.iter_mut().filter(|person| person.school.is_none()) {
            let by_file = of_source.get(&person.place.source).cloned().flatten();
            let first_named = person.school_names.first().cloned();
            person.school = by_file.or_else(|| {
                // A list of several schools: each line by itself, where it names its schools by code.
                let named = first_named?;
                matches!(person.told, Told::Json { .. })
                    .then(|| self.find(&named).or_else(|| self.add_unknown(&named)))?
            });
            if person.school.is_none() && told.insert(person.place.source.clone()) {
                let place = Place { line: 0, ..person.place.clone() };
                problems.push(Problem { place, column: None, reason: Reason::NoSchool });
            }
        }
    }

    /// A school that nothing but a line names: by its code. A name alone is too little.
    fn add_unknown(&mut self, text: &str) -> Option<Arc<str>> {
        is_uai(text).then(|| self.add(text, None, &text.to_uppercase()))
    }

    /// All schools of a person; the unknown ones are told.
    pub(super) fn of_person(&self, person: &Person, remarks: &mut Vec<Remark>) -> Vec<String> {
        let mut schools: Vec<String> = person.school.iter().map(ToString::to_string).collect();
        for name in &person.school_names {
            match self.find(name) {
                Some(school) if schools.iter().any(|known| **known == *school) => {}
                Some(school) => schools.push(school.to_string()),
                None => {
                    let place = Place { line: 0, ..person.place.clone() };
                    remarks.push(Remark { place, about: About::SchoolLeftOut(name.clone()) });
                }
            }
        }
        schools
    }

    /// Adds the schools to the lines, and what the files hold of each. A school of schools.csv of which there is no
    /// file is not spoken for.
    pub(super) fn write(&self, people: &[Person], has_groups: &HashSet<Arc<str>>, lines: &mut Lines) {
        let mut of: BTreeMap<Arc<str>, (Place, Covered)> = BTreeMap::new();
        for person in people {
            let Some(school) = &person.school else { continue };
            let (_, covered) =
                of.entry(Arc::clone(school)).or_insert_with(|| (person.place.clone(), Covered::default()));
            covered.profiles.insert(person.profile);
        }
        for (school, (place, covered)) in &mut of {
            covered.groups = has_groups.contains(school);
            let known = lines.schools.iter().flatten().any(|line| line.uai.to_lowercase() == **school);
            if !known {
                let place = Place { line: 0, ..place.clone() };
                let line =
                    SchoolLine { place, id: None, uai: school.to_uppercase(), name: self.name(school).to_owned() };
                lines.schools.get_or_insert_default().push(line);
            }
        }
        let unspoken = lines.schools.iter().flatten().map(|line| line.uai.to_lowercase());
        if lines.users.is_none() {
            let unspoken = unspoken.filter(|uai| !of.contains_key(uai.as_str()));
            lines.scope.schools.extend(unspoken.map(|uai| (uai, Covered::default())));
        }
        let covered = of.into_iter().map(|(school, (_, covered))| (school.to_string(), covered));
        lines.scope.schools.extend(covered);
    }
}
