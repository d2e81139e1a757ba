//! PURE: members, rules and links of an import.

use std::collections::{HashMap, HashSet};

use super::super::{Change, File};
use super::Planner;
use crate::model::{GroupId, UserId};

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
            let group = self.group(File::Members, line.line, "group", &line.first);
            let user = self.user(File::Members, line.line, "user", &line.second);
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
            let gone: Vec<&UserId> =
                before.difference(wanted).filter(|user| !self.keeps_memberships().contains(*user)).collect();
            for user in gone {
                self.note(File::Members, Change::Removed, self.membership_name(group, user));
                self.writes.members_removed.push((group.clone(), user.clone()));
            }
        }
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
        let mut wanted: HashSet<(GroupId, GroupId)> = match &self.lines.rules {
            None => self.rules_of_table(),
            Some(_) => self.explicit_rules(&mut scope),
        };
        for line in self.lines.groups.iter().flatten() {
            for from in &line.written_by {
                if let Some(from) = self.group(File::Groups, line.line, "written_by", from.as_str()) {
                    wanted.insert((from, line.id.clone()));
                }
            }
        }
        for rule in wanted.difference(&self.before.rules) {
            self.report.note(File::Rules, Change::Added, self.rule_name(rule));
            self.writes.rules_added.push(rule.clone());
        }
        for rule in self.before.rules.difference(&wanted).filter(|(from, _)| scope.contains(from)) {
            self.report.note(File::Rules, Change::Removed, self.rule_name(rule));
            self.writes.rules_removed.push(rule.clone());
        }
    }

    fn explicit_rules(&mut self, scope: &mut HashSet<GroupId>) -> HashSet<(GroupId, GroupId)> {
        let mut wanted = HashSet::new();
        for line in self.lines.rules.iter().flatten() {
            let from = self.group(File::Rules, line.line, "from", &line.first);
            let to = self.group(File::Rules, line.line, "to", &line.second);
            if let (Some(from), Some(to)) = (from, to) {
                scope.insert(from.clone());
                wanted.insert((from, to));
            }
        }
        wanted
    }

    fn rule_name(&self, (from, to): &(GroupId, GroupId)) -> String {
        format!("{} → {}", self.group_name(from), self.group_name(to))
    }

    /// Links between two people of users.csv are those of the file; others are only added.
    pub(super) fn links(&mut self) {
        let Some(lines) = &self.lines.links else { return };
        let mut wanted: HashSet<(UserId, UserId)> = HashSet::new();
        for line in lines {
            let from = self.user(File::Links, line.line, "from", &line.first);
            let to = self.user(File::Links, line.line, "to", &line.second);
            let (Some(from), Some(to)) = (from, to) else { continue };
            if from == to {
                self.problem(File::Links, line.line, "to", super::Reason::LinkToSelf);
                continue;
            }
            if line.both_ways {
                wanted.insert((to.clone(), from.clone()));
            }
            wanted.insert((from, to));
        }
        for link in wanted.difference(&self.before.links) {
            self.report.note(File::Links, Change::Added, self.link_name(link));
            self.writes.links_added.push(link.clone());
        }
        for link in self.before.links.difference(&wanted) {
            if self.is_listed(&link.0) && self.is_listed(&link.1) {
                self.report.note(File::Links, Change::Removed, self.link_name(link));
                self.writes.links_removed.push(link.clone());
            }
        }
    }

    fn link_name(&self, (from, to): &(UserId, UserId)) -> String {
        format!("{} → {}", self.user_name(from), self.user_name(to))
    }
}
