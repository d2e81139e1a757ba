//! Who may write to whom, in words: a pair explained, a school as a matrix, what a changed table changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::people::rights::{Explained, Known, Matrix, MatrixLine};
use crate::domain::policy::{Path, Ruling, Why};
use crate::domain::rules::RuleChange;
use crate::model::{GroupId, User};

/// May one write to the other, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainSheet {
    pub from: String,
    pub to: String,
    pub allowed: bool,
    /// What allows it, step by step; or why it is refused.
    pub because: Vec<String>,
    /// The groups that the sender's own groups let him write to.
    pub sender_reaches: Vec<String>,
    /// The groups by which others reach the recipient.
    pub recipient_reached_by: Vec<String>,
}

/// Who in a school may write to which of its groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixSheet {
    pub uai: String,
    pub school: String,
    pub groups: Vec<MatrixRow>,
}

/// One group, and how many people of each profile may write to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixRow {
    pub id: String,
    pub name: String,
    pub kind: String,
    /// Profile → how many may, of how many. Profiles of which nobody is in the school are left out.
    pub profiles: BTreeMap<String, MatrixCell>,
}

/// How many people may write, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixCell {
    pub may: usize,
    pub of: usize,
}

/// What a changed table of communication rules did to the stored graph, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadSheet {
    /// Nothing was written.
    pub dry_run: bool,
    /// By the running server.
    pub certificate_read: bool,
    /// Ready to print, one change a line.
    pub changes: Vec<String>,
    /// Settings that are written otherwise now, and that the running server takes up when it is started again.
    #[serde(default)]
    pub restart: Vec<String>,
}

pub(super) fn explain_sheet(sender: &User, explained: &Explained) -> ExplainSheet {
    let names = |groups: &[GroupId]| groups.iter().map(|group| name(explained, group)).collect();
    ExplainSheet {
        from: person(sender),
        to: match &explained.recipient {
            Known::User(user) => person(user),
            Known::Group(group) => format!("{} ({}, {})", group.name, group.id, group.kind.column()),
        },
        allowed: matches!(explained.ruling, Ruling::Allow(_)),
        because: match &explained.ruling {
            Ruling::Allow(path) => because(explained, path),
            Ruling::Refuse(why) => vec![refused(*why).to_owned()],
        },
        sender_reaches: names(&explained.reached),
        recipient_reached_by: names(&explained.shown_by),
    }
}

fn person(user: &User) -> String {
    format!("{} ({}, {})", user.display_name, user.login, user.profile.column())
}

fn name(explained: &Explained, group: &GroupId) -> String {
    explained.names.get(group).map_or_else(|| group.to_string(), |name| format!("{name} ({group})"))
}

/// The path, step by step.
fn because(explained: &Explained, path: &Path) -> Vec<String> {
    let (through, target) = match path {
        Path::Oneself => return vec!["everybody may write to himself".to_owned()],
        Path::Link => return vec!["a direct link leads from the one to the other".to_owned()],
        Path::Ent => return vec!["the ENT says so".to_owned()],
        Path::Answer => {
            return vec![
                "no rule or link; but a message that the sender got or sent lets him answer".to_owned(),
                "only in answer to it: In-Reply-To or References must name it".to_owned(),
            ];
        }
        Path::Group { through, target } => (through, target),
    };
    let mut steps = vec![format!("the sender is in {}", name(explained, through))];
    steps.push(match through == target {
        true => "its members see each other and the group (BOTH)".to_owned(),
        false => format!("it may write to {}", name(explained, target)),
    });
    match &explained.recipient {
        Known::User(_) => steps.push("the recipient is in that group, which shows its members".to_owned()),
        Known::Group(group) if group.id != *target => {
            steps.push(format!("{} hangs directly below that group", group.name));
        }
        Known::Group(_) => {}
    }
    steps
}

const fn refused(why: Why) -> &'static str {
    match why {
        Why::SenderSuspended => "the sender is suspended",
        Why::RecipientSuspended => "the rules would allow it, but the recipient is suspended",
        Why::NotAllowed => "no group, link, rule or message leads from the one to the other",
        Why::ListNotAllowed => "a broadcast list: the sender's profile is not in policy.broadcast_profiles",
        Why::EntAway => "the ENT, which decides (ent.communication_url), gives no answer",
        Why::GroupClosed => "the group is closed: it is one of a past year",
        Why::GroupEmpty => "the rules would allow it, but nobody in the group could receive",
    }
}

pub(super) fn matrix_sheet(matrix: &Matrix) -> MatrixSheet {
    MatrixSheet {
        uai: matrix.school.uai.clone(),
        school: matrix.school.name.clone(),
        groups: matrix.lines.iter().map(matrix_row).collect(),
    }
}

fn matrix_row(line: &MatrixLine) -> MatrixRow {
    let cells = line.by_profile.iter();
    MatrixRow {
        id: line.group.id.to_string(),
        name: line.group.name.clone(),
        kind: line.group.kind.column().to_owned(),
        profiles: cells
            .map(|(profile, share)| (profile.column().to_owned(), MatrixCell { may: share.may, of: share.of }))
            .collect(),
    }
}

/// One change a line: `0750999V + Élèves du groupe 3e B → Parents du groupe 3e B`.
pub(super) fn change_line(change: &RuleChange) -> String {
    match change {
        RuleChange::Members { uai, group, before, after } => format!("{uai} ~ {group}: {before} → {after}"),
        RuleChange::Added { uai, from, to } => format!("{uai} + {from} → {to}"),
        RuleChange::Removed { uai, from, to } => format!("{uai} - {from} → {to}"),
    }
}
