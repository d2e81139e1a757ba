//! PURE: the ENT's own files → the lines that `plan` compares with the directory.
//!
//! | file | what |
//! | --- | --- |
//! | `header`, `csv` | CSV: the templates of each profile, and the export that an admin makes |
//! | `json` | JSON: users, groups, communication links |
//! | `school`, `schools` | which school a file is of, and what is held of it |
//! | `identity` | who is who, where a file gives no id |
//! | `login` | logins for those who have none yet |
//! | `family` | whom the names of children and parents mean |
//! | `groups`, `naming` | groups made from profile and class, their names and addresses; those of JSON |
//! | `text` | what people type into cells |

mod csv;
mod family;
mod groups;
mod header;
mod identity;
mod json;
mod login;
mod naming;
mod person;
mod resolve;
mod school;
mod schools;
pub(super) mod text;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::csv::Reading;
pub(super) use self::header::Header;
use self::header::{Kind, profile_of_name};
use self::json::{Communication, JsonGroup, Structure};
pub(crate) use self::login::stem as login_stem;
pub(in crate::domain) use self::naming::shown_name as shown_group_name;
use self::person::Person;
pub(in crate::domain) use self::resolve::Year;
pub(super) use self::resolve::resolve;
use self::school::{PathSchool, of_path};
use super::problem::{About, Place, Problem, Reason, Remark, Source};
use super::table::Rows;
use crate::model::Profile;

/// Everything that the ENT's own files say.
#[derive(Debug, Default)]
pub(super) struct Ent {
    people: Vec<Person>,
    groups: Vec<JsonGroup>,
    communications: Vec<Communication>,
    structures: BTreeSet<Structure>,
    files: Vec<EntFile>,
}

/// A file that was read.
#[derive(Debug)]
struct EntFile {
    source: Source,
    /// As its path tells.
    school: Option<PathSchool>,
}

/// A file that is being read.
pub(super) struct Opened<'o> {
    pub(super) source: &'o Source,
    /// What the given folder is called.
    pub(super) folder: &'o str,
    /// The school that the admin names, for files whose path names none.
    pub(super) school: Option<&'o str>,
    pub(super) problems: &'o mut Vec<Problem>,
    pub(super) remarks: &'o mut Vec<Remark>,
}

impl Ent {
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The first of the files.
    pub(super) fn first_source(&self) -> Option<&Source> {
        self.files.first().map(|file| &file.source)
    }

    /// Reads a CSV file of the ENT's. What it was taken for, and how many lines it had.
    pub(super) fn add_csv(
        &mut self,
        opened: &mut Opened<'_>,
        header: &Header,
        rows: &mut Rows<'_>,
    ) -> (&'static str, u64) {
        let profile = match header.kind() {
            Kind::Export => None,
            Kind::Template(profiles) => match opened.profile(&profiles) {
                Some(profile) => Some(profile),
                None => return ("", 0),
            },
        };
        let school = self.open(opened);
        let mut reading = Reading { source: opened.source, header, profile, school, problems: opened.problems };
        let lines = reading.read(rows, &mut self.people);
        (profile.map_or("an export of the ENT's", template), lines)
    }

    /// Reads a JSON file of the ENT's. How many objects it held.
    pub(super) fn add_json(&mut self, opened: &mut Opened<'_>, text: &str) -> u64 {
        let school = self.open(opened);
        let found = json::read(opened.source, text, school.as_ref(), opened.problems);
        let count = found.people.len() + found.groups.len() + found.communications.len();
        if count == 0 && !opened.problems.iter().any(|problem| problem.place.source == *opened.source) {
            let what = "users, groups or communication links".to_owned();
            opened.problem(Reason::NotJson { column: 1, what: format!("it holds none of: {what}") });
        }
        self.people.extend(found.people);
        self.groups.extend(found.groups);
        self.communications.extend(found.communications);
        self.structures.extend(found.structures);
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    fn open(&mut self, opened: &Opened<'_>) -> Option<Arc<str>> {
        let by_path = of_path(opened.folder, opened.source.name());
        let by_admin = || opened.school.map(|uai| PathSchool { uai: uai.to_owned(), name: None });
        let school = by_path.or_else(by_admin);
        let uai = school.as_ref().map(|school| school.uai.to_lowercase().into());
        self.files.push(EntFile { source: opened.source.clone(), school });
        uai
    }
}

impl Opened<'_> {
    /// The profile of a template: what its columns allow and its name says; without a name that says one, the likeliest.
    fn profile(&mut self, possible: &[Profile]) -> Option<Profile> {
        let named = profile_of_name(self.source.name());
        match (possible.first().copied(), named) {
            (_, Some(named)) if possible.contains(&named) => Some(named),
            (Some(likeliest), named) if possible.len() < Profile::ALL.len() => {
                if let Some(named) = named {
                    let about = About::NameSaysOtherwise { taken: template(likeliest), named: template(named) };
                    self.remarks.push(Remark { place: self.place(), about });
                }
                Some(likeliest)
            }
            _ => {
                let possible = possible.iter().map(|profile| profile.column()).collect::<Vec<_>>().join(", ");
                self.problem(Reason::UnclearProfile(possible));
                None
            }
        }
    }

    fn place(&self) -> Place {
        Place { source: self.source.clone(), line: 0 }
    }

    fn problem(&mut self, reason: Reason) {
        self.problems.push(Problem { place: self.place(), column: None, reason });
    }
}

/// A template, for an admin.
const fn template(profile: Profile) -> &'static str {
    match profile {
        Profile::Student => "the ENT's list of pupils (Élèves)",
        Profile::Relative => "the ENT's list of parents (Parents)",
        Profile::Teacher => "the ENT's list of teachers (Enseignants)",
        Profile::Personnel => "the ENT's list of staff (Personnels)",
        Profile::Guest => "the ENT's list of guests (Invités)",
    }
}
