//! PURE: members, rules and links of an import.

use std::collections::{HashMap, HashSet};

use super::super::File;
use super::super::problem::Reason;
use super::super::report::Change;
use super::Planner;
use crate::model::{GroupId, Profile, UserId};
use crate::store::people::import::GroupRecord;

impl Planner<'_> {
    /// The members of each group of groups.csv, and of each that members.csv names, are those of the file; who is
    /// suspended stays where he was.
    pub(super) fn members(&mut self) {
        let Some(lines) = &self.lines.members else { return };
        let mut wanted: HashMap<GroupId, HashSet<UserId>> = self
            .groups
            .values()
            .filter(|group| !group.closed)
            .map(|group| (group.id.clone(), HashSet::new()))
            .collect();
        for line in lines {
            let group = self.group(&line.place, "group", &line.first);
            let user = self.user(&line.place, "user", &line.second);
            if let (Some(group), Some(user)) = (group, user) {
                wanted.entry(group).or_default().insert(user);
            }
        }
        let nobody = HashSet::new();
        for (group, wanted) in &wanted {
            let before = self.before.members.get(group).unwrap_or(&nobody);
            for user in wanted.difference(before) {
                self.note(File::Members, Change::Added, self.membership_name(group, user));
                self.writes.members_added.push((group.clone(), user.clone()));
            }
            let gone: Vec<&UserId> = before.difference(wanted).filter(|user| !self.stays_member(group, user)).collect();
            for user in gone {
                self.note(File::Members, Change::Removed, self.membership_name(group, user));
                self.writes.members_removed.push((group.clone(), user.clone()));
            }
        }
    }

    /// Who is suspended stays where he was, and so does everybody of whom the files do not speak.
    fn stays_member(&self, group: &GroupId, user: &UserId) -> bool {
        let record = self.groups.get(group).or_else(|| self.before.groups.get(group));
        let school = record.and_then(|record| record.school.as_ref());
        let profile = self.before.people.get(user).map(|person| person.profile);
        let unspoken = match (school, profile) {
            (Some(school), Some(profile)) if self.partly_covered.contains_key(school) => {
                !self.speaks_for(school, profile)
            }
            _ => false,
        };
        unspoken || self.keeps_memberships().contains(user)
    }

    /// Files without rules of their own say nothing of rules that lead to a group which they do not know.
    fn leaves_rule(&self, (_, to): &(GroupId, GroupId)) -> bool {
        let school = self.before.groups.get(to).and_then(|group| group.school.as_ref());
        let covered = school.and_then(|school| self.partly_covered.get(school));
        covered.is_some_and(|covered| !covered.groups) && !self.groups.contains_key(to) && !self.closing.contains(to)
    }

    fn membership_name(&self, group: &GroupId, user: &UserId) -> String {
        format!("{}: {}", self.group_name(group), self.user_name(user))
    }

    /// The rules of each group of groups.csv, and of each that rules.csv names first, are those of the file; without
    /// the file, those of the table. `written_by` adds to either.
    pub(super) fn rules(&mut self) {
        if self.lines.groups.is_none() && self.lines.rules.is_none() {
            return;
        }
        let mut scope: HashSet<GroupId> = self.groups.keys().chain(&self.closing).cloned().collect();
        let mut wanted = self.explicit_rules(&mut scope);
        wanted.extend(self.rules_of_table());
        for line in self.lines.groups.iter().flatten() {
            for from in &line.written_by {
                if let Some(from) = self.group(&line.place, "written_by", from.as_str()) {
                    wanted.insert((from, line.id.clone()));
                }
            }
        }
        for rule in wanted.difference(&self.before.rules) {
            self.note(File::Rules, Change::Added, self.rule_name(rule));
            self.writes.rules_added.push(rule.clone());
        }
        let before = self.before;
        for rule in before.rules.difference(&wanted).filter(|(from, _)| scope.contains(from)) {
            if !self.leaves_rule(rule) {
                self.note(File::Rules, Change::Removed, self.rule_name(rule));
                self.writes.rules_removed.push(rule.clone());
            }
        }
    }

    fn explicit_rules(&mut self, scope: &mut HashSet<GroupId>) -> HashSet<(GroupId, GroupId)> {
        let mut wanted = HashSet::new();
        for line in self.lines.rules.iter().flatten() {
            let from = self.group(&line.place, "from", &line.first);
            let to = self.group(&line.place, "to", &line.second);
            if let (Some(from), Some(to)) = (from, to) {
                scope.insert(from.clone());
                wanted.insert((from, to));
            }
        }
        wanted
    }

    /// Do the files bring no rules for this group?
    pub(super) fn has_default_rules(&self, group: &GroupRecord) -> bool {
        let covered = group.school.as_ref().and_then(|school| self.partly_covered.get(school));
        self.lines.rules.is_none() || covered.is_some_and(|covered| !covered.groups)
    }

    fn rule_name(&self, (from, to): &(GroupId, GroupId)) -> String {
        format!("{} → {}", self.group_name(from), self.group_name(to))
    }

    /// Links between two people of users.csv are those of the file; others are only added.
    pub(super) fn links(&mut self) {
        let Some(lines) = &self.lines.links else { return };
        let mut wanted: HashSet<(UserId, UserId)> = HashSet::new();
        for line in lines {
            let from = self.user(&line.place, "from", &line.first);
            let to = self.user(&line.place, "to", &line.second);
            let (Some(from), Some(to)) = (from, to) else { continue };
            if from == to {
                self.problem(&line.place, "to", Reason::LinkToSelf);
                continue;
            }
            if line.both_ways {
                wanted.insert((to.clone(), from.clone()));
            }
            wanted.insert((from, to));
        }
        for link in wanted.difference(&self.before.links) {
            self.note(File::Links, Change::Added, self.link_name(link));
            self.writes.links_added.push(link.clone());
        }
        for link in self.before.links.difference(&wanted) {
            if self.is_listed(&link.0) && self.is_listed(&link.1) && self.speaks_for_link(link) {
                self.note(File::Links, Change::Removed, self.link_name(link));
                self.writes.links_removed.push(link.clone());
            }
        }
    }

    /// Files without links of their own speak for those between relatives and pupils.
    fn speaks_for_link(&self, (from, to): &(UserId, UserId)) -> bool {
        let profile = |user| self.before.people.get(user).map(|person| person.profile);
        self.partly_covered.is_empty()
            || matches!(
                (profile(from), profile(to)),
                (Some(Profile::Relative), Some(Profile::Student)) | (Some(Profile::Student), Some(Profile::Relative))
            )
    }

    fn link_name(&self, (from, to): &(UserId, UserId)) -> String {
        format!("{} → {}", self.user_name(from), self.user_name(to))
    }
}
