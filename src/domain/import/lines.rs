//! PURE: cells → typed lines. What one line shows to be wrong is found here; what needs others, in `plan`.

use std::collections::HashSet;

use super::table::{self, Column, Row};
use super::{File, ImportFiles, Problem, Reason};
use crate::model::{GroupId, GroupKind, Profile, SchoolId, UserId, UsersRule};

/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 250;

/// All files, read.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) schools: Option<Vec<SchoolLine>>,
    pub(super) classes: Option<Vec<ClassLine>>,
    pub(super) users: Option<Vec<UserLine>>,
    pub(super) groups: Option<Vec<GroupLine>>,
    pub(super) members: Option<Vec<PairLine>>,
    pub(super) rules: Option<Vec<PairLine>>,
    pub(super) links: Option<Vec<PairLine>>,
}

#[derive(Debug)]
pub(super) struct SchoolLine {
    pub(super) line: u64,
    pub(super) id: Option<SchoolId>,
    pub(super) uai: String,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) struct ClassLine {
    pub(super) line: u64,
    pub(super) id: String,
    pub(super) school: String,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) struct UserLine {
    pub(super) line: u64,
    pub(super) id: Option<UserId>,
    pub(super) external_id: String,
    pub(super) login: String,
    pub(super) alias: Option<String>,
    pub(super) display_name: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) profile: Profile,
    pub(super) schools: Vec<String>,
}

#[derive(Debug)]
pub(super) struct GroupLine {
    pub(super) line: u64,
    pub(super) id: GroupId,
    pub(super) school: Option<String>,
    pub(super) class: Option<String>,
    pub(super) parent: Option<GroupId>,
    pub(super) kind: GroupKind,
    pub(super) profile: Option<Profile>,
    pub(super) name: String,
    pub(super) address: Option<String>,
    pub(super) users: Option<UsersRule>,
    pub(super) closed: bool,
    pub(super) written_by: Vec<GroupId>,
}

/// A member (group, user), a rule (from, to) or a link (from, to, both ways).
#[derive(Debug)]
pub(super) struct PairLine {
    pub(super) line: u64,
    pub(super) first: String,
    pub(super) second: String,
    pub(super) both_ways: bool,
}

const fn needed(name: &'static str) -> Column {
    Column { name, needed: true }
}

const fn optional(name: &'static str) -> Column {
    Column { name, needed: false }
}

const SCHOOLS: [Column; 3] = [optional("id"), needed("uai"), needed("name")];
const CLASSES: [Column; 3] = [needed("id"), needed("school"), needed("name")];
const USERS: [Column; 9] = [
    optional("id"),
    needed("external_id"),
    needed("login"),
    optional("alias"),
    optional("display_name"),
    needed("first_name"),
    needed("last_name"),
    needed("profile"),
    needed("schools"),
];
const GROUPS: [Column; 11] = [
    needed("id"),
    needed("school"),
    optional("class"),
    optional("parent"),
    needed("kind"),
    optional("profile"),
    needed("name"),
    optional("address"),
    optional("users"),
    optional("closed"),
    optional("written_by"),
];
const MEMBERS: [Column; 2] = [needed("group"), needed("user")];
const RULES: [Column; 2] = [needed("from"), needed("to")];
const LINKS: [Column; 3] = [needed("from"), needed("to"), optional("both_ways")];

impl Lines {
    /// Reads all files, and tells everything that is wrong in any of them. A line that can be understood in part is
    /// kept, so that `plan` can tell what else is wrong; nothing is written then.
    pub(super) fn read(files: &ImportFiles) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let lines = Self {
            schools: read(files, File::Schools, &SCHOOLS, &mut problems, school),
            classes: read(files, File::Classes, &CLASSES, &mut problems, class),
            users: read(files, File::Users, &USERS, &mut problems, user),
            groups: read(files, File::Groups, &GROUPS, &mut problems, group),
            members: read(files, File::Members, &MEMBERS, &mut problems, pair),
            rules: read(files, File::Rules, &RULES, &mut problems, pair),
            links: read(files, File::Links, &LINKS, &mut problems, pair),
        };
        (lines, problems)
    }
}

/// Reads a file line by line; `None` where it is not there.
fn read<L>(
    files: &ImportFiles,
    file: File,
    columns: &'static [Column],
    problems: &mut Vec<Problem>,
    line: fn(&mut Cells<'_>) -> L,
) -> Option<Vec<L>> {
    let rows = table::read(file, columns, files.get(file)?, problems);
    Some(rows.iter().map(|row| line(&mut Cells { file, columns, row, problems })).collect())
}

/// The cells of one line, each read once. A bad one is told, and something stands in for it: nothing is used then.
struct Cells<'a> {
    file: File,
    columns: &'static [Column],
    row: &'a Row,
    problems: &'a mut Vec<Problem>,
}

impl Cells<'_> {
    fn problem(&mut self, column: &'static str, reason: Reason) {
        self.problems.push(Problem { file: self.file, line: self.row.line, column: Some(column), reason });
    }

    /// A text of one line; empty is allowed.
    fn text(&mut self, column: &'static str) -> String {
        let place = self.columns.iter().position(|known| known.name == column);
        let text = place.map_or("", |place| self.row.cell(place)).to_owned();
        if text.chars().any(char::is_control) {
            self.problem(column, Reason::ControlCharacter(text.escape_debug().to_string()));
        } else if text.chars().count() > NAME_CHARS_MAX {
            self.problem(column, Reason::TooLong { chars_max: NAME_CHARS_MAX });
        }
        text
    }

    fn needed(&mut self, column: &'static str) -> String {
        let text = self.text(column);
        if text.is_empty() {
            self.problem(column, Reason::Empty);
        }
        text
    }

    /// A login, an alias, an id, a group's address: in lower case, and fit to stand before the `@`.
    fn local_part(&mut self, column: &'static str) -> Option<String> {
        let text = self.text(column).to_lowercase();
        if text.is_empty() {
            return None;
        }
        if !is_local_part(&text) {
            self.problem(column, Reason::NotALocalPart(text.clone()));
        }
        Some(text)
    }

    fn needed_local_part(&mut self, column: &'static str) -> String {
        self.local_part(column).unwrap_or_else(|| {
            self.problem(column, Reason::Empty);
            String::new()
        })
    }

    /// A word out of a list; `None` where the cell is empty.
    fn word<T: Copy>(&mut self, column: &'static str, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        let found = all.iter().copied().find(|word| name(*word).eq_ignore_ascii_case(&text));
        if found.is_none() {
            let known = all.iter().map(|word| name(*word)).collect::<Vec<_>>().join(", ");
            self.problem(column, Reason::NotOneOf { found: text, known });
        }
        found
    }

    fn needed_word<T: Copy>(&mut self, column: &'static str, all: &[T], name: fn(T) -> &'static str, other: T) -> T {
        let before = self.problems.len();
        self.word(column, all, name).unwrap_or_else(|| {
            if self.problems.len() == before {
                self.problem(column, Reason::Empty);
            }
            other
        })
    }

    fn yes(&mut self, column: &'static str) -> bool {
        self.word(column, &[true, false], |yes| if yes { "yes" } else { "no" }).unwrap_or(false)
    }

    /// Several values, separated by `|` or `,`.
    fn list(&mut self, column: &'static str) -> Vec<String> {
        let mut seen = HashSet::new();
        let text = self.text(column);
        text.split(['|', ','])
            .map(str::trim)
            .filter(|value| !value.is_empty() && seen.insert(*value))
            .map(str::to_owned)
            .collect()
    }
}

fn school(cells: &mut Cells<'_>) -> SchoolLine {
    SchoolLine {
        line: cells.row.line,
        id: Some(cells.text("id")).filter(|text| !text.is_empty()).map(SchoolId::new),
        uai: cells.needed("uai"),
        name: cells.needed("name"),
    }
}

fn class(cells: &mut Cells<'_>) -> ClassLine {
    ClassLine {
        line: cells.row.line,
        id: cells.needed("id"),
        school: cells.needed("school"),
        name: cells.needed("name"),
    }
}

fn user(cells: &mut Cells<'_>) -> UserLine {
    let (first_name, last_name) = (cells.needed("first_name"), cells.needed("last_name"));
    let display_name = cells.text("display_name");
    let display_name =
        if display_name.is_empty() { format!("{} {first_name}", last_name.to_uppercase()) } else { display_name };
    UserLine {
        line: cells.row.line,
        id: cells.local_part("id").map(UserId::new),
        external_id: cells.needed("external_id"),
        login: cells.needed_local_part("login"),
        alias: cells.local_part("alias"),
        display_name,
        first_name,
        last_name,
        profile: cells.needed_word("profile", &Profile::ALL, Profile::column, Profile::Guest),
        schools: cells.list("schools"),
    }
}

fn group(cells: &mut Cells<'_>) -> GroupLine {
    let kind = cells.needed_word("kind", &GroupKind::ALL, GroupKind::column, GroupKind::Manual);
    let profile = cells.word("profile", &Profile::ALL, Profile::column);
    if kind == GroupKind::Profile && profile.is_none() {
        cells.problem("profile", Reason::NeedsProfile);
    }
    GroupLine {
        line: cells.row.line,
        id: GroupId::new(cells.needed_local_part("id")),
        school: Some(cells.text("school")).filter(|text| !text.is_empty()),
        class: Some(cells.text("class")).filter(|text| !text.is_empty()),
        parent: Some(cells.text("parent").to_lowercase()).filter(|text| !text.is_empty()).map(GroupId::new),
        kind,
        profile,
        name: cells.needed("name"),
        address: cells.local_part("address"),
        users: cells.word("users", &UsersRule::ALL, UsersRule::column),
        closed: cells.yes("closed"),
        written_by: cells.list("written_by").into_iter().map(|id| GroupId::new(id.to_lowercase())).collect(),
    }
}

fn pair(cells: &mut Cells<'_>) -> PairLine {
    let [first, second] = match cells.file {
        File::Members => ["group", "user"],
        _ => ["from", "to"],
    };
    PairLine {
        line: cells.row.line,
        first: cells.needed(first),
        second: cells.needed(second),
        both_ways: cells.file == File::Links && cells.yes("both_ways"),
    }
}

/// Can it stand before the `@`? Narrower than RFC 5321 §4.1.2: what every mail client takes.
fn is_local_part(text: &str) -> bool {
    text.len() <= 64
        && text.split('.').all(|atom| !atom.is_empty())
        && text.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}
