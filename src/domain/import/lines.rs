//! PURE: cells → typed lines. What one line shows to be wrong is found here; what needs others, in `plan`.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::File;
use super::problem::{Place, Problem, Reason, Remark, Source};
use super::table::{Row, Rows};
use crate::model::{GroupId, GroupKind, Profile, SchoolId, UserId, UsersRule};

/// The longest name, in characters.
pub(super) const NAME_CHARS_MAX: usize = 250;

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
    pub(super) leavers: Option<Vec<LeaverLine>>,
    /// Where the files do not speak for whole schools: what they speak for.
    pub(super) scope: Scope,
    pub(super) remarks: Vec<Remark>,
}

/// What the ENT's own files speak for: UAI in lower case → what they hold. Every other school of schools.csv is held
/// whole, by the canonical files.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) schools: HashMap<String, Covered>,
}

/// What files hold of a school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Covered {
    /// Those of which they hold everybody.
    pub(super) profiles: BTreeSet<Profile>,
    /// All groups; else those are made that follow from profiles and classes.
    pub(super) groups: bool,
}

#[derive(Debug)]
pub(super) struct SchoolLine {
    pub(super) place: Place,
    pub(super) id: Option<SchoolId>,
    pub(super) uai: String,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) struct ClassLine {
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) school: String,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) struct UserLine {
    pub(super) place: Place,
    pub(super) id: Option<UserId>,
    pub(super) external_id: String,
    pub(super) login: String,
    pub(super) alias: Option<String>,
    pub(super) display_name: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) profile: Profile,
    pub(super) schools: Vec<String>,
    /// Addresses beside login, alias and id.
    pub(super) other_addresses: Vec<String>,
    /// Not let in by the ENT.
    pub(super) blocked: bool,
}

#[derive(Debug)]
pub(super) struct GroupLine {
    pub(super) place: Place,
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
    pub(super) place: Place,
    pub(super) first: Arc<str>,
    pub(super) second: Arc<str>,
    pub(super) both_ways: bool,
}

/// Somebody who leaves, or a group that closes.
#[derive(Debug)]
pub(super) struct LeaverLine {
    pub(super) place: Place,
    pub(super) user: Option<String>,
    pub(super) group: Option<String>,
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
const LEAVERS: [Column; 2] = [optional("user"), optional("group")];

/// A column that a file may have.
struct Column {
    name: &'static str,
    needed: bool,
}

/// The columns of a canonical file.
fn columns(file: File) -> &'static [Column] {
    match file {
        File::Schools => &SCHOOLS,
        File::Classes => &CLASSES,
        File::Users => &USERS,
        File::Groups => &GROUPS,
        File::Members => &MEMBERS,
        File::Rules => &RULES,
        File::Links => &LINKS,
        File::Leavers => &LEAVERS,
    }
}

/// The canonical files that a header fits: it has what they need and nothing that they do not know.
pub(super) fn files_of_header(header: &[String]) -> Vec<File> {
    let is = |column: &Column, cell: &String| column.name.eq_ignore_ascii_case(cell);
    let fits = |file: &File| {
        let columns = columns(*file);
        let needed = columns.iter().filter(|column| column.needed);
        needed.clone().all(|column| header.iter().any(|cell| is(column, cell)))
            && header.iter().all(|cell| columns.iter().any(|column| is(column, cell)))
    };
    // Leavers are known by the file's name alone: members have the same columns.
    File::ALL.into_iter().filter(|file| *file != File::Leavers).filter(fits).collect()
}

impl Lines {
    /// Adds a canonical file's lines, and tells everything that is wrong in it. A line that can be understood in part
    /// is kept, so that `plan` can tell what else is wrong; nothing is written then.
    pub(super) fn add_file(
        &mut self,
        file: File,
        source: &Source,
        header: &Row,
        rows: &mut Rows<'_>,
        problems: &mut Vec<Problem>,
    ) -> u64 {
        let mut reader = Reader { file, source, rows, problems, places: Vec::new(), width: header.cells.len() };
        reader.places = reader.places(header);
        match file {
            File::Schools => reader.add_to(&mut self.schools, school),
            File::Classes => reader.add_to(&mut self.classes, class),
            File::Users => reader.add_to(&mut self.users, user),
            File::Groups => reader.add_to(&mut self.groups, group),
            File::Members => reader.add_to(&mut self.members, pair),
            File::Rules => reader.add_to(&mut self.rules, pair),
            File::Links => reader.add_to(&mut self.links, pair),
            File::Leavers => reader.add_to(&mut self.leavers, leaver),
        }
    }
}

/// A canonical file on its way to lines.
struct Reader<'r, 't> {
    file: File,
    source: &'r Source,
    rows: &'r mut Rows<'t>,
    problems: &'r mut Vec<Problem>,
    /// For each column of the kind of file, where it stands in this one.
    places: Vec<Option<usize>>,
    width: usize,
}

impl Reader<'_, '_> {
    fn add_to<L>(&mut self, lines: &mut Option<Vec<L>>, line: fn(&mut Cells<'_>) -> L) -> u64 {
        let lines = lines.get_or_insert_default();
        let before = lines.len();
        while let Some(row) = self.rows.next() {
            let row = match row {
                Ok(row) => row,
                Err((line, reason)) => {
                    self.problem(line, None, reason);
                    break;
                }
            };
            if row.cells.len() == self.width {
                let place = Place { source: self.source.clone(), line: row.line };
                let Self { file, places, problems, .. } = self;
                lines.push(line(&mut Cells { file: *file, place, places, row: &row, problems }));
            } else {
                let reason = Reason::Cells { found: row.cells.len(), expected: self.width };
                self.problem(row.line, None, reason);
            }
        }
        u64::try_from(lines.len() - before).unwrap_or(u64::MAX)
    }

    /// Where each column stands; what is wrong with the header is told.
    fn places(&mut self, header: &Row) -> Vec<Option<usize>> {
        let columns = columns(self.file);
        for (at, cell) in header.cells.iter().enumerate() {
            let is_cell = |other: &String| other.eq_ignore_ascii_case(cell);
            match columns.iter().find(|column| is_cell(&column.name.to_owned())) {
                None => {
                    let known = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
                    self.problem(header.line, None, Reason::UnknownColumn(cell.clone(), known));
                }
                Some(column) if header.cells.iter().take(at).any(is_cell) => {
                    self.problem(header.line, Some(column.name), Reason::TwiceTheColumn);
                }
                Some(_) => {}
            }
        }
        let place = |column: &Column| header.cells.iter().position(|cell| cell.eq_ignore_ascii_case(column.name));
        for column in columns.iter().filter(|column| column.needed && place(column).is_none()) {
            self.problem(header.line, Some(column.name), Reason::NoColumn);
        }
        columns.iter().map(place).collect()
    }

    fn problem(&mut self, line: u64, column: Option<&'static str>, reason: Reason) {
        let place = Place { source: self.source.clone(), line };
        self.problems.push(Problem { place, column: column.map(Cow::Borrowed), reason });
    }
}

/// The cells of one line, each read once. A bad one is told, and something stands in for it: nothing is used then.
struct Cells<'a> {
    file: File,
    place: Place,
    places: &'a [Option<usize>],
    row: &'a Row,
    problems: &'a mut Vec<Problem>,
}

impl Cells<'_> {
    fn problem(&mut self, column: &'static str, reason: Reason) {
        self.problems.push(Problem { place: self.place.clone(), column: Some(Cow::Borrowed(column)), reason });
    }

    /// A text of one line; empty is allowed.
    fn text(&mut self, column: &'static str) -> String {
        let place = columns(self.file).iter().position(|known| known.name == column);
        let cell = place.and_then(|place| self.places.get(place).copied().flatten());
        let text = cell.and_then(|cell| self.row.cells.get(cell)).cloned().unwrap_or_default();
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
        place: cells.place.clone(),
        id: Some(cells.text("id")).filter(|text| !text.is_empty()).map(SchoolId::new),
        uai: cells.needed("uai"),
        name: cells.needed("name"),
    }
}

fn class(cells: &mut Cells<'_>) -> ClassLine {
    ClassLine {
        place: cells.place.clone(),
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
        place: cells.place.clone(),
        id: cells.local_part("id").map(UserId::new),
        external_id: cells.needed("external_id"),
        login: cells.needed_local_part("login"),
        alias: cells.local_part("alias"),
        display_name,
        first_name,
        last_name,
        profile: cells.needed_word("profile", &Profile::ALL, Profile::column, Profile::Guest),
        schools: cells.list("schools"),
        other_addresses: Vec::new(),
        blocked: false,
    }
}

fn group(cells: &mut Cells<'_>) -> GroupLine {
    let kind = cells.needed_word("kind", &GroupKind::ALL, GroupKind::column, GroupKind::Manual);
    let profile = cells.word("profile", &Profile::ALL, Profile::column);
    if kind == GroupKind::Profile && profile.is_none() {
        cells.problem("profile", Reason::NeedsProfile);
    }
    GroupLine {
        place: cells.place.clone(),
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
        place: cells.place.clone(),
        first: cells.needed(first).into(),
        second: cells.needed(second).into(),
        both_ways: cells.file == File::Links && cells.yes("both_ways"),
    }
}

fn leaver(cells: &mut Cells<'_>) -> LeaverLine {
    let mut named = |column| Some(cells.text(column)).filter(|text| !text.is_empty());
    let (user, group) = (named("user"), named("group"));
    LeaverLine { place: cells.place.clone(), user, group }
}

/// Can it stand before the `@`? Narrower than RFC 5321 §4.1.2: what every mail client takes.
pub(super) fn is_local_part(text: &str) -> bool {
    text.len() <= 64
        && text.split('.').all(|atom| !atom.is_empty())
        && text.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}
