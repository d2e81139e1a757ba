//! PURE: where the files are silent, the table of communication rules speaks. What it made is marked, so that a changed
//! table can be applied to it again (`domain::rules`).

use std::collections::HashSet;

use super::Planner;
use crate::domain::policy::table::Placed;
use crate::model::{GroupId, Role, SchoolId};
use crate::store::people::import::GroupRecord;
use crate::store::people::rules::TableMarks;

impl Planner<'_> {
    /// The UAI of a school of the files or of the store; empty where there is none.
    pub(super) fn uai(&self, school: Option<&SchoolId>) -> &str {
        let Some(school) = school else { return "" };
        let written = self.writes.schools.iter().find(|record| record.id == *school);
        written.or_else(|| self.before.schools.get(school)).map_or("", |record| record.uai.as_str())
    }

    /// What the table makes of the open groups of the files.
    pub(super) fn rules_of_table(&self) -> HashSet<(GroupId, GroupId)> {
        let open = self.groups.values().filter(|group| !group.closed && self.has_default_rules(group));
        let open: Vec<Placed<'_>> = open.filter_map(|group| self.placed(group)).collect();
        self.table.rules(&open)
    }

    fn placed<'g>(&'g self, group: &'g GroupRecord) -> Option<Placed<'g>> {
        let role = Role::of(group.kind, group.profile, group.class.is_some())?;
        let uai = self.uai(Some(group.school.as_ref()?));
        Some(Placed { id: &group.id, uai, class: group.class.as_deref(), role })
    }

    /// Which groups and rules of the files are the table's.
    pub(super) fn marks(&self) -> TableMarks {
        let mut marks = TableMarks::default();
        let mut given: HashSet<(GroupId, &GroupId)> = HashSet::new();
        for line in self.lines.groups.iter().flatten() {
            let list = if line.users.is_some() { &mut marks.users_given } else { &mut marks.users };
            list.push(line.id.clone());
            given.extend(line.written_by.iter().map(|from| (GroupId::new(from.as_str().to_lowercase()), &line.id)));
        }
        let closing = self.closing.iter().filter_map(|group| self.before.groups.get(group));
        for group in self.groups.values().chain(closing) {
            let list = if self.has_default_rules(group) { &mut marks.rules } else { &mut marks.rules_given };
            list.push(group.id.clone());
        }
        let from = self.lines.rules.iter().flatten().map(|line| GroupId::new(line.first.to_lowercase()));
        marks.rules_given.extend(from);
        let made = self.rules_of_table().into_iter();
        marks.made.extend(made.filter(|(from, to)| !given.contains(&(from.clone(), to))));
        marks
    }
}
