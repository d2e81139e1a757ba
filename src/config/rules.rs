//! PURE: lines of the table of communication rules (`[[rules]]`), and what cannot stand in one.

use serde::Deserialize;

use crate::model::{Role, UsersRule};

/// One line: it takes the place of the built-in line of the same group, in one school or in all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// The school's UAI; every school where it is missing.
    pub school: Option<String>,
    pub group: Role,
    pub members: UsersRule,
    /// Groups of the same school; roles of a class: groups of the same class.
    #[serde(default)]
    pub writes_to: Vec<Role>,
}

/// What cannot be, with the number of its line and the key in it.
pub(super) fn check(rules: &[RuleConfig]) -> Vec<(usize, &'static str, String)> {
    let mut findings = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        let is_same = |other: &RuleConfig| other.group == rule.group && uai(other) == uai(rule);
        if rules.iter().take(number).any(is_same) {
            let whose = rule.school.as_ref().map_or_else(|| "every school".to_owned(), |uai| format!("school {uai}"));
            findings.push((
                number,
                "group",
                format!("`rules.group`: an earlier line is for the same group, in {whose}"),
            ));
        }
        if !rule.group.is_of_class() && rule.writes_to.iter().any(|target| target.is_of_class()) {
            let message = "`rules.writes_to`: a group of the school cannot name groups of a class; who writes to the \
                           school's group writes to those of its classes too";
            findings.push((number, "writes_to", message.to_owned()));
        }
    }
    findings
}

fn uai(rule: &RuleConfig) -> Option<String> {
    rule.school.as_ref().map(|uai| uai.to_lowercase())
}
