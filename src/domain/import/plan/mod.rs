//! PURE: typed lines and the directory as it stands → what to write, and what to tell of it.
//!
//! `people` (schools, classes, people), `groups`, `leavers`, `relations` (members, rules, links) and `addresses` each take their part
//! of one [`Planner`]; in that order, as each needs what the ones before found.

mod addresses;
mod groups;
mod leavers;
mod people;
mod relations;
mod table;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::File;
use super::lines::{Covered, Lines};
use super::problem::{Place, Problem, Reason};
use super::report::{Change, Report, Writing};
use crate::domain::policy::table::Table;
use crate::model::{GroupId, SchoolId, UserId};
use crate::store::people::import::{AddressOwner, Directory, GroupRecord, Writes};
use crate::store::people::rules::TableMarks;

/// What an import is to do.
#[derive(Debug)]
pub(super) struct Planned {
    /// Without the mailboxes of new people.
    pub(super) writes: Writes,
    pub(super) report: Report,
    pub(super) new_people: Vec<UserId>,
    /// By this import.
    pub(super) suspended: Vec<UserId>,
    /// What the table made, and what the files say themselves.
    pub(super) marks: TableMarks,
    /// Of each school that the files speak for: how many of its people this import suspends.
    pub(super) leaving: BTreeMap<SchoolId, Leaving>,
}

/// How many of a school's people an import suspends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Leaving {
    pub(super) school: String,
    pub(super) suspended: usize,
    /// Not suspended before.
    pub(super) people: usize,
}

/// What the settings have to say.
pub(super) struct Settings<'s> {
    /// Of communication rules.
    pub(super) table: &'s Table,
    /// A local part that is nobody's: what takes no answers bears it.
    pub(super) reserved: &'s str,
}

/// Compares, and tells all problems: those of the lines by themselves, which the caller has, and those found here.
pub(super) fn plan(
    lines: &Lines,
    before: &Directory,
    problems: &[Problem],
    settings: &Settings<'_>,
) -> Result<Planned, Vec<Problem>> {
    let mut planner = Planner::new(lines, before, problems.to_vec(), settings);
    planner.schools();
    planner.classes();
    planner.people();
    planner.groups();
    planner.leavers();
    planner.members();
    planner.rules();
    planner.links();
    planner.addresses();
    planner.finish()
}

struct Planner<'a> {
    lines: &'a Lines,
    before: &'a Directory,
    table: &'a Table,
    reserved: &'a str,
    problems: Vec<Problem>,
    writes: Writes,
    report: Writing,
    new_people: Vec<UserId>,
    leaving: BTreeMap<SchoolId, Leaving>,
    newly_suspended: Vec<UserId>,
    /// Id or UAI in lower case → school: of the files and of the store.
    school_keys: HashMap<String, SchoolId>,
    /// The schools that the files speak for.
    covered: HashSet<SchoolId>,
    /// Those of them that they speak for in part.
    partly_covered: HashMap<SchoolId, &'a Covered>,
    /// Class → its school: of the files and of the store.
    class_schools: HashMap<String, SchoolId>,
    /// External id, id, login → person: of the files and of the store.
    user_keys: HashMap<String, UserId>,
    /// Shown names.
    user_names: HashMap<UserId, &'a str>,
    /// The people of users.csv.
    listed: HashSet<UserId>,
    /// Who is suspended once the import is done.
    suspended_after: HashSet<UserId>,
    /// The groups of groups.csv, as they are to be.
    groups: BTreeMap<GroupId, GroupRecord>,
    /// Groups that the files no longer name.
    closing: Vec<GroupId>,
    /// Addresses that the files give: whose, and whether it is the shown one.
    claimed: HashMap<String, (AddressOwner, bool)>,
    /// Whose change is in the report already.
    noted: HashSet<AddressOwner>,
}

impl<'a> Planner<'a> {
    fn new(lines: &'a Lines, before: &'a Directory, problems: Vec<Problem>, settings: &Settings<'a>) -> Self {
        let mut school_keys = HashMap::new();
        for school in before.schools.values() {
            school_keys.insert(school.id.as_str().to_lowercase(), school.id.clone());
            school_keys.insert(school.uai.to_lowercase(), school.id.clone());
        }
        let suspended = before.people.values().filter(|person| person.suspended.is_some());
        Self {
            lines,
            before,
            table: settings.table,
            reserved: settings.reserved,
            problems,
            writes: Writes::default(),
            report: Writing::default(),
            leaving: BTreeMap::new(),
            new_people: Vec::new(),
            newly_suspended: Vec::new(),
            school_keys,
            covered: HashSet::new(),
            partly_covered: HashMap::new(),
            class_schools: before.classes.values().map(|class| (class.id.clone(), class.school.clone())).collect(),
            user_keys: HashMap::new(),
            user_names: before
                .people
                .values()
                .map(|person| (person.id.clone(), person.display_name.as_str()))
                .collect(),
            listed: HashSet::new(),
            suspended_after: suspended.map(|person| person.id.clone()).collect(),
            groups: BTreeMap::new(),
            closing: Vec::new(),
            claimed: HashMap::new(),
            noted: HashSet::new(),
        }
    }

    fn finish(mut self) -> Result<Planned, Vec<Problem>> {
        if !self.problems.is_empty() {
            self.problems.sort();
            self.problems.dedup();
            return Err(self.problems);
        }
        for remark in &self.lines.remarks {
            self.report.remark(remark.clone());
        }
        Ok(Planned {
            marks: self.marks(),
            writes: self.writes,
            report: self.report.finish(),
            leaving: self.leaving,
            new_people: self.new_people,
            suspended: self.newly_suspended,
        })
    }

    fn problem(&mut self, place: &Place, column: &'static str, reason: Reason) {
        self.problems.push(Problem { place: place.clone(), column: Some(Cow::Borrowed(column)), reason });
    }

    /// The school that a cell names, by id or UAI.
    fn school(&mut self, place: &Place, column: &'static str, text: &str) -> Option<SchoolId> {
        let school = self.school_keys.get(&text.to_lowercase()).cloned();
        if school.is_none() && !text.is_empty() {
            self.problem(place, column, Reason::UnknownSchool(text.to_owned()));
        }
        school
    }

    /// The person that a cell names, by external id, id or login.
    fn user(&mut self, place: &Place, column: &'static str, text: &str) -> Option<UserId> {
        let user = self.user_keys.get(text).or_else(|| self.user_keys.get(&text.to_lowercase())).cloned();
        if user.is_none() && !text.is_empty() {
            self.problem(place, column, Reason::UnknownUser(text.to_owned()));
        }
        user
    }

    /// The group that a cell names, by id.
    fn group(&mut self, place: &Place, column: &'static str, text: &str) -> Option<GroupId> {
        let group = GroupId::new(text.to_lowercase());
        if self.groups.contains_key(&group) || self.before.groups.contains_key(&group) {
            return Some(group);
        }
        if !text.is_empty() {
            self.problem(place, column, Reason::UnknownGroup(text.to_owned()));
        }
        None
    }

    fn user_name(&self, user: &UserId) -> &'a str {
        self.user_names.get(user).copied().unwrap_or("?")
    }

    fn group_name(&self, group: &GroupId) -> &str {
        let record = self.groups.get(group).or_else(|| self.before.groups.get(group));
        record.map_or("?", |record| record.name.as_str())
    }

    fn note(&mut self, file: File, change: Change, name: String) {
        self.report.note(file, change, name);
    }
}

/// `Added` where there was nothing, `Changed` where there was something else, `None` where nothing changes.
fn change<R: PartialEq>(before: Option<&R>, after: &R) -> Option<Change> {
    match before {
        None => Some(Change::Added),
        Some(before) if before != after => Some(Change::Changed),
        Some(_) => None,
    }
}
