//! PURE: the table of communication rules: the built-in lines, those that the settings put in their place, in every school
//! or in one, and what the table makes of a school's groups (`docs/architecture.md`, communication rules).
//!
//! `import` and `rules` apply it: the stored graph is what RCPT asks. What has no line gives nothing
//! ([`UsersRule::None`]) and reaches nobody; it may still be reached.

use std::collections::{HashMap, HashSet};

use crate::config::RuleConfig;
use crate::model::{GroupId, Profile, Role, UsersRule};

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    pub users: UsersRule,
    /// Groups of the same school; roles of a class: groups of the same class.
    pub writes_to: &'t [Role],
}

/// The table in force.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// For every school.
    general: HashMap<Role, RuleConfig>,
    /// By UAI in lower case.
    of_schools: HashMap<String, HashMap<Role, RuleConfig>>,
}

/// A group as the table sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed<'g> {
    pub id: &'g GroupId,
    pub uai: &'g str,
    pub class: Option<&'g str>,
    pub role: Role,
}

const OF_PERSONNEL: &[Role] = &[
    Role::School(Profile::Teacher),
    Role::School(Profile::Relative),
    Role::School(Profile::Student),
    Role::Functions,
    Role::Disciplines,
    Role::SchoolHeadTeachers,
    Role::Direction,
];
const OF_TEACHERS: &[Role] = &[
    Role::School(Profile::Personnel),
    Role::School(Profile::Relative),
    Role::School(Profile::Student),
    Role::Functions,
    Role::Disciplines,
    Role::SchoolHeadTeachers,
    Role::Direction,
];
const OF_CLASS_STUDENTS: &[Role] =
    &[Role::Class(Profile::Personnel), Role::Class(Profile::Teacher), Role::ClassHeadTeachers];
const OF_CLASS_RELATIVES: &[Role] = &[
    Role::Class(Profile::Personnel),
    Role::Class(Profile::Student),
    Role::Class(Profile::Teacher),
    Role::ClassHeadTeachers,
];

/// The built-in lines. A relative and his own pupil are direct links, not a rule.
pub const BUILT_IN: [(Role, Line<'static>); 10] = [
    (Role::School(Profile::Personnel), line(UsersRule::Both, OF_PERSONNEL)),
    (Role::School(Profile::Teacher), line(UsersRule::Both, OF_TEACHERS)),
    (Role::School(Profile::Student), line(UsersRule::Outgoing, &[])),
    // Takes effect where a school makes this group INCOMING or BOTH.
    (Role::School(Profile::Relative), line(UsersRule::Outgoing, &[Role::Direction])),
    (Role::Class(Profile::Personnel), line(UsersRule::Outgoing, &[])),
    (Role::Class(Profile::Teacher), line(UsersRule::Outgoing, &[])),
    (Role::Class(Profile::Student), line(UsersRule::Both, OF_CLASS_STUDENTS)),
    (Role::Class(Profile::Relative), line(UsersRule::Both, OF_CLASS_RELATIVES)),
    (Role::LocalAdmins, line(UsersRule::Both, &[])),
    (Role::Functional, line(UsersRule::Both, &[])),
];

const fn line(users: UsersRule, writes_to: &'static [Role]) -> Line<'static> {
    Line { users, writes_to }
}

impl Table {
    /// The built-in lines with those of the settings in their place.
    pub fn new(rules: &[RuleConfig]) -> Self {
        let mut table = Self::default();
        for rule in rules {
            let lines = match &rule.school {
                Some(uai) => table.of_schools.entry(uai.to_lowercase()).or_default(),
                None => &mut table.general,
            };
            lines.insert(rule.group, rule.clone());
        }
        table
    }

    /// The line of a role in a school: the school's own, else that of every school, else the built-in one.
    pub fn line(&self, uai: &str, role: Role) -> Option<Line<'_>> {
        let own = self.of_schools.get(&uai.to_lowercase()).and_then(|lines| lines.get(&role));
        let set = own.or_else(|| self.general.get(&role));
        let set = set.map(|rule| Line { users: rule.members, writes_to: &rule.writes_to });
        set.or_else(|| BUILT_IN.iter().find(|(of, _)| *of == role).map(|(_, line)| *line))
    }

    /// What belonging to a group of this role gives.
    pub fn users(&self, uai: &str, role: Option<Role>) -> UsersRule {
        role.and_then(|role| self.line(uai, role)).map_or(UsersRule::None, |line| line.users)
    }

    /// The rules between these groups: all that are open.
    pub fn rules(&self, groups: &[Placed<'_>]) -> HashSet<(GroupId, GroupId)> {
        type Place<'p> = (&'p str, Option<&'p str>, Role);
        let mut by_place: HashMap<Place<'_>, Vec<&GroupId>> = HashMap::new();
        for group in groups {
            let class = group.class.filter(|_| group.role.is_of_class());
            by_place.entry((group.uai, class, group.role)).or_default().push(group.id);
        }
        let mut rules = HashSet::new();
        for ((uai, class, role), from) in &by_place {
            for target in self.line(uai, *role).map_or(&[][..], |line| line.writes_to) {
                let place = (*uai, class.filter(|_| target.is_of_class()), *target);
                for to in by_place.get(&place).into_iter().flatten() {
                    rules.extend(from.iter().map(|from| ((*from).clone(), (*to).clone())));
                }
            }
        }
        rules
    }
}
