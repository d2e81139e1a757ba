//! PURE: groups of an import.

use std::collections::HashMap;

use super::super::File;
use super::super::lines::GroupLine;
use super::super::problem::{About, Place, Reason, Remark};
use super::super::report::Change;
use super::{Planner, change};
use crate::model::{GroupId, GroupKind, Profile, Role, SchoolId};
use crate::store::people::import::{AddressOwner, GroupRecord};

/// The longest chain of groups below groups.
const DEPTH_MAX: usize = 16;

impl Planner<'_> {
    pub(super) fn groups(&mut self) {
        let Some(lines) = &self.lines.groups else { return };
        let mut seen: HashMap<&GroupId, &Place> = HashMap::new();
        for line in lines {
            if let Some(first) = seen.insert(&line.id, &line.place) {
                self.problem(&line.place, "id", Reason::Twice(line.id.to_string(), first.clone()));
                continue;
            }
            if let Some(year) = self.year_closed(line).filter(|_| !line.closed) {
                let about = About::GroupOfClosedYear { group: line.name.clone(), year };
                self.report.remark(Remark { place: line.place.clone(), about });
            }
            let group = self.one_group(line);
            self.groups.insert(line.id.clone(), group);
        }
        self.hang_class_groups_below_school_groups();
        for line in lines {
            self.check_parent(line);
        }
        self.close_missing_groups();
        self.write_groups();
    }

    fn one_group(&mut self, line: &GroupLine) -> GroupRecord {
        let owner = AddressOwner::Group(line.id.clone());
        self.claim(&line.place, "id", line.id.as_str(), &owner, line.address.is_none());
        if let Some(address) = &line.address {
            self.claim(&line.place, "address", address, &owner, true);
        }
        let school = line.school.as_deref().and_then(|text| self.school(&line.place, "school", text));
        let class_school = line.class.as_deref().and_then(|class| self.school_of_class(&line.place, class));
        if let (Some(school), Some(class_school)) = (&school, &class_school)
            && school != class_school
        {
            self.problem(&line.place, "class", Reason::ClassOfAnotherSchool);
        }
        let school = school.or(class_school);
        let role = Role::of(line.kind, line.profile, line.class.is_some());
        let users = line.users.unwrap_or_else(|| self.table.users(self.uai(school.as_ref()), role));
        GroupRecord {
            id: line.id.clone(),
            school,
            class: line.class.clone(),
            parent: line.parent.clone(),
            kind: line.kind,
            profile: line.profile,
            name: line.name.clone(),
            users,
            closed: line.closed || self.year_closed(line).is_some(),
            closed_year: self.year_closed(line),
        }
    }

    /// The school year that was closed with this group in it: it stays closed, whatever the files say.
    fn year_closed(&self, line: &GroupLine) -> Option<i64> {
        self.before.groups.get(&line.id)?.closed_year
    }

    fn school_of_class(&mut self, place: &Place, class: &str) -> Option<SchoolId> {
        let school = self.class_schools.get(class).cloned();
        if school.is_none() {
            self.problem(place, "class", Reason::UnknownClass(class.to_owned()));
        }
        school
    }

    /// A class's group of a profile, and its head teachers, hang below those of the school, unless the file says where.
    fn hang_class_groups_below_school_groups(&mut self) {
        let key = |group: &GroupRecord| (group.school.clone(), group.kind, group.profile);
        let hangs = |group: &GroupRecord| matches!(group.kind, GroupKind::Profile | GroupKind::HeadTeachers);
        let of_schools: HashMap<_, GroupId> = self
            .groups
            .values()
            .filter(|group| hangs(group) && group.class.is_none() && group.school.is_some() && !group.closed)
            .map(|group| (key(group), group.id.clone()))
            .collect();
        for group in self.groups.values_mut() {
            if hangs(group) && group.class.is_some() && group.parent.is_none() {
                group.parent = of_schools.get(&key(group)).cloned();
            }
        }
    }

    fn check_parent(&mut self, line: &GroupLine) {
        let Some(parent) = &line.parent else { return };
        let known = self.group(&line.place, "parent", parent.as_str()).is_some();
        if known && self.depth(&line.id).is_none() {
            self.problem(&line.place, "parent", Reason::BelowItself);
        }
    }

    /// How many groups are above this one; `None` where it never ends.
    fn depth(&self, group: &GroupId) -> Option<usize> {
        let mut at = group;
        for depth in 0..=DEPTH_MAX {
            let record = self.groups.get(at).or_else(|| self.before.groups.get(at));
            match record.and_then(|record| record.parent.as_ref()) {
                Some(parent) => at = parent,
                None => return Some(depth),
            }
        }
        None
    }

    /// Groups of the schools that the files speak for, and in no line: last year's.
    fn close_missing_groups(&mut self) {
        let missing: Vec<&GroupRecord> = self
            .before
            .groups
            .values()
            .filter(|group| !group.closed && !self.groups.contains_key(&group.id))
            .filter(|group| self.closes_when_missing(group))
            .collect();
        for group in missing {
            self.closing.push(group.id.clone());
            self.writes.groups.push(GroupRecord { closed: true, ..group.clone() });
            self.note(File::Groups, Change::Closed, group.name.clone());
        }
    }

    /// Do the files speak for this group? Files without groups of their own speak for those that are made from profiles
    /// and classes, and know a class by its pupils.
    fn closes_when_missing(&self, group: &GroupRecord) -> bool {
        let Some(school) = group.school.as_ref().filter(|school| self.covered.contains(*school)) else { return false };
        match self.partly_covered.get(school) {
            None => true,
            Some(covered) if covered.groups => true,
            Some(covered) => {
                let is_of_class = group.kind == GroupKind::Profile && group.class.is_some();
                is_of_class && covered.profiles.contains(&Profile::Student)
            }
        }
    }

    fn write_groups(&mut self) {
        let mut changed: Vec<(usize, GroupRecord, Change)> = Vec::new();
        for group in self.groups.values() {
            let before = self.before.groups.get(&group.id);
            if let Some(change) = change(before, group) {
                let closes = group.closed && before.is_some_and(|before| !before.closed);
                let change = if closes { Change::Closed } else { change };
                changed.push((self.depth(&group.id).unwrap_or(DEPTH_MAX), group.clone(), change));
            }
        }
        changed.sort_by_key(|(depth, ..)| *depth);
        for (_, group, change) in changed {
            self.noted.insert(AddressOwner::Group(group.id.clone()));
            self.note(File::Groups, change, group.name.clone());
            self.writes.groups.push(group);
        }
    }
}
