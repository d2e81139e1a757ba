//! PURE: who leaves and which groups close by name, where nothing speaks for their schools.

use super::super::File;
use super::super::lines::LeaverLine;
use super::super::problem::Reason;
use super::super::report::Change;
use super::people::MISSING;
use super::{Planner, change};
use crate::model::GroupId;
use crate::store::people::import::{GroupRecord, PersonRecord};

impl<'a> Planner<'a> {
    pub(super) fn leavers(&mut self) {
        let lines: &'a [LeaverLine] = self.lines.leavers.as_deref().unwrap_or_default();
        for line in lines {
            if let Some(user) = &line.user {
                self.person_leaves(line, user);
            }
            if let Some(group) = &line.group {
                self.group_closes(line, group);
            }
        }
    }

    /// As who is in no line any more: suspended, the groups kept. Who had been suspended otherwise stays so for that reason.
    fn person_leaves(&mut self, line: &LeaverLine, name: &str) {
        let Some(id) = self.user(&line.place, "user", name) else { return };
        if self.is_listed(&id) {
            return self.problem(&line.place, "user", Reason::LeavesAndStays(name.to_owned()));
        }
        let Some(person) = self.before.people.get(&id) else { return };
        let reason = person.suspended.clone().unwrap_or_else(|| MISSING.to_owned());
        let record = PersonRecord { suspended: Some(reason), left: true, ..person.clone() };
        let is_new = self.suspended_after.insert(id.clone());
        if change(Some(person), &record).is_none() || self.writes.people.iter().any(|written| written.id == id) {
            return;
        }
        self.writes.people.push(record);
        if is_new {
            self.newly_suspended.push(id);
        }
        self.note(File::Users, Change::Suspended, format!("{} ({})", person.display_name, person.login));
    }

    fn group_closes(&mut self, line: &LeaverLine, name: &str) {
        let id = GroupId::new(name.to_lowercase());
        if self.group(&line.place, "group", id.as_str()).is_none() {
            return;
        }
        if self.groups.contains_key(&id) {
            return self.problem(&line.place, "group", Reason::LeavesAndStays(name.to_owned()));
        }
        let Some(group) = self.before.groups.get(&id).filter(|group| !group.closed) else { return };
        if self.closing.contains(&id) {
            return;
        }
        self.closing.push(id);
        self.writes.groups.push(GroupRecord { closed: true, ..group.clone() });
        self.note(File::Groups, Change::Closed, group.name.clone());
    }
}
