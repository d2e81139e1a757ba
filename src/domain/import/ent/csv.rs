//! PURE: the rows of one of the ENT's CSV files → people.

use std::borrow::Cow;
use std::sync::Arc;

use super::header::{Field, Header};
use super::person::{Account, Child, Contact, Person, Told};
use super::text::{clean, folded, is_garbled};
use crate::domain::import::lines::{NAME_CHARS_MAX, is_local_part};
use crate::domain::import::problem::{Place, Problem, Reason, Source};
use crate::domain::import::table::{Row, Rows};
use crate::model::Profile;

/// What a file is read as.
pub(super) struct Reading<'r> {
    pub(super) source: &'r Source,
    pub(super) header: &'r Header,
    /// The profile of everybody in it; `None`: each line says its own.
    pub(super) profile: Option<Profile>,
    /// UAI in lower case of the school whose file it is, where something says so.
    pub(super) school: Option<Arc<str>>,
    pub(super) problems: &'r mut Vec<Problem>,
}

impl Reading<'_> {
    /// Reads all rows, and tells how many.
    pub(super) fn read(&mut self, rows: &mut Rows<'_>, people: &mut Vec<Person>) -> u64 {
        let needed: &[Field] = match self.profile {
            None => &[Field::ExternalId, Field::Login, Field::Type],
            Some(Profile::Student) => &[Field::BirthDate, Field::Class],
            Some(_) => &[],
        };
        for field in needed.iter().filter(|field| !self.header.has(**field)) {
            self.problem(1, Some(self.header.name_of(*field)), Reason::NoColumn);
        }
        let mut lines = 0;
        while let Some(row) = rows.next() {
            match row {
                Ok(row) => people.extend(self.person(&row)),
                Err((line, reason)) => {
                    self.problem(line, None, reason);
                    break;
                }
            }
            lines += 1;
        }
        lines
    }

    fn person(&mut self, row: &Row) -> Option<Person> {
        let overhang = row.cells.get(self.header.width()..).unwrap_or_default();
        if overhang.iter().any(|cell| !clean(cell).is_empty()) {
            let reason = Reason::Cells { found: row.cells.len(), expected: self.header.width() };
            self.problem(row.line, None, reason);
            return None;
        }
        if row.cells.iter().all(|cell| clean(cell).is_empty()) {
            return None;
        }
        let last_name = self.needed(row, Field::LastName);
        let first_name = self.needed(row, Field::FirstName);
        let profile = self.profile.or_else(|| self.profile_of_row(row))?;
        let told = match self.profile {
            Some(_) => self.template(row, profile),
            None => self.export(row),
        };
        let classes = if profile == Profile::Relative { Vec::new() } else { self.list(row, Field::Class) };
        if self.profile == Some(Profile::Student) && classes.is_empty() && self.header.has(Field::Class) {
            self.problem(row.line, Some(self.header.name_of(Field::Class)), Reason::Empty);
        }
        Some(Person {
            place: self.place(row.line),
            school: self.school.clone(),
            school_names: self.list(row, Field::Schools),
            profile,
            first_name,
            last_name,
            classes,
            told,
        })
    }

    fn template(&mut self, row: &Row, profile: Profile) -> Told {
        let first =
            |field| self.header.cells(&row.cells, field).map(|(_, cell)| folded(cell)).find(|cell| !cell.is_empty());
        let street = first(Field::Street).unwrap_or_default();
        let postal_code = first(Field::PostalCode).unwrap_or_default();
        let contact = Contact {
            email: first(Field::Email).unwrap_or_default(),
            phone: first(Field::Phone).unwrap_or_default(),
            street: if street.is_empty() { street } else { format!("{street} {postal_code}") },
        };
        Told::Template { birth: self.birth(row, profile), contact, children: self.children(row) }
    }

    fn birth(&mut self, row: &Row, profile: Profile) -> Option<String> {
        let (at, cell) = self.header.nth(&row.cells, Field::BirthDate, 0)?;
        let cell = clean(cell);
        if cell.is_empty() {
            if profile == Profile::Student {
                self.problem(row.line, Some(self.header.name(at)), Reason::Empty);
            }
            return None;
        }
        let date = date(&cell);
        if date.is_none() {
            self.problem(row.line, Some(self.header.name(at)), Reason::NotADate(cell));
        }
        date
    }

    /// The children of a line, each once: the same child may be named in two of the triples.
    fn children(&mut self, row: &Row) -> Vec<Child> {
        let mut children: Vec<Child> = Vec::new();
        for nth in 0..self.header.count(Field::ChildLastName) {
            let last_name = self.nth_text(row, Field::ChildLastName, nth);
            let first_name = self.nth_text(row, Field::ChildFirstName, nth);
            let class = Some(self.nth_text(row, Field::ChildClass, nth)).filter(|class| !class.is_empty());
            if last_name.is_empty() && first_name.is_empty() && class.is_none() {
                continue;
            }
            for (field, cell) in [(Field::ChildLastName, &last_name), (Field::ChildFirstName, &first_name)] {
                if cell.is_empty() {
                    let column = self.header.nth(&row.cells, field, nth).map(|(at, _)| self.header.name(at));
                    self.problem(row.line, column, Reason::Empty);
                }
            }
            let child = Child { first_name, last_name, class };
            if !children.iter().any(|other| other.name_key() == child.name_key() && other.class == child.class) {
                children.push(child);
            }
        }
        children
    }

    fn export(&mut self, row: &Row) -> Told {
        let external_id = self.needed(row, Field::ExternalId);
        let login = self.local_part(row, Field::Login);
        if login.is_none() {
            self.problem(row.line, Some(self.header.name_of(Field::Login)), Reason::Empty);
        }
        let alias = self.local_part(row, Field::Alias);
        let account = Account { id: None, external_id, login: login.unwrap_or_default(), alias, display_name: None };
        let (children, parents) = (self.list(row, Field::Children), self.list(row, Field::Parents));
        Told::Export { account, children, parents }
    }

    fn profile_of_row(&mut self, row: &Row) -> Option<Profile> {
        let cell = self.needed(row, Field::Type);
        let profile = profile_of_word(&cell);
        if profile.is_none() && !cell.is_empty() {
            let known = "Élève, Parent, Enseignant, Personnel, Invité".to_owned();
            let reason = Reason::NotOneOf { found: cell, known };
            self.problem(row.line, Some(self.header.name_of(Field::Type)), reason);
        }
        profile
    }

    /// A cell, cleaned; what is wrong with it is told.
    fn text(&mut self, line: u64, at: usize, cell: &str) -> String {
        let text = clean(cell);
        let reason = if is_garbled(&text) {
            Reason::Garbled(text.clone())
        } else if text.chars().any(char::is_control) {
            Reason::ControlCharacter(text.escape_debug().to_string())
        } else if text.chars().count() > NAME_CHARS_MAX {
            Reason::TooLong { chars_max: NAME_CHARS_MAX }
        } else {
            return text;
        };
        self.problem(line, Some(self.header.name(at)), reason);
        text
    }

    fn nth_text(&mut self, row: &Row, field: Field, nth: usize) -> String {
        match self.header.nth(&row.cells, field, nth) {
            Some((at, cell)) => self.text(row.line, at, cell),
            None => String::new(),
        }
    }

    fn needed(&mut self, row: &Row, field: Field) -> String {
        let text = self.nth_text(row, field, 0);
        if text.is_empty() && self.header.has(field) {
            self.problem(row.line, Some(self.header.name_of(field)), Reason::Empty);
        }
        text
    }

    fn local_part(&mut self, row: &Row, field: Field) -> Option<String> {
        let text = self.nth_text(row, field, 0).to_lowercase();
        if text.is_empty() {
            return None;
        }
        if !is_local_part(&text) {
            let column = self.header.name_of(field);
            self.problem(row.line, Some(column), Reason::NotALocalPart(text.clone()));
        }
        Some(text)
    }

    /// The values of a field, of all its columns; several in a cell are joined by a comma.
    fn list(&mut self, row: &Row, field: Field) -> Vec<String> {
        let cells: Vec<(usize, &str)> = self.header.cells(&row.cells, field).collect();
        let mut values: Vec<String> = Vec::new();
        for (at, cell) in cells {
            for value in self.text(row.line, at, cell).split([',', '|']) {
                let value = value.trim();
                if !value.is_empty() && !values.iter().any(|other| folded(other) == folded(value)) {
                    values.push(value.to_owned());
                }
            }
        }
        values
    }

    fn place(&self, line: u64) -> Place {
        Place { source: self.source.clone(), line }
    }

    fn problem(&mut self, line: u64, column: Option<String>, reason: Reason) {
        let column = column.filter(|name| !name.is_empty()).map(Cow::Owned);
        self.problems.push(Problem { place: self.place(line), column, reason });
    }
}

/// A profile by any of its words.
pub(super) fn profile_of_word(word: &str) -> Option<Profile> {
    Profile::from_column(word).or_else(|| match folded(word).trim_end_matches('s') {
        "eleve" | "apprenant" => Some(Profile::Student),
        "parent" | "responsable" => Some(Profile::Relative),
        "enseignant" | "professeur" => Some(Profile::Teacher),
        "personnel" => Some(Profile::Personnel),
        "invite" => Some(Profile::Guest),
        _ => None,
    })
}

/// dd/mm/yyyy or yyyy-mm-dd → yyyy-mm-dd; only days that there are.
fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [first, month, last] = parts.as_slice() else { return None };
    let (day, year) = if first.len() == 4 { (*last, *first) } else { (*first, *last) };
    if year.len() != 4 {
        return None;
    }
    let date = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (1900..2100).contains(&date.year()).then(|| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_that_there_are() {
        assert_eq!(date("03/09/2010").as_deref(), Some("2010-09-03"));
        assert_eq!(date("3/9/2010").as_deref(), Some("2010-09-03"));
        assert_eq!(date("2010-09-03").as_deref(), Some("2010-09-03"));
        for wrong in ["31/02/2010", "2010", "03/09/10", "03/09/0010", "09/30/2010", "a/b/c", "03/09/2010/1"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn profiles_have_french_words() {
        assert_eq!(profile_of_word("Élève"), Some(Profile::Student));
        assert_eq!(profile_of_word("PARENTS"), Some(Profile::Relative));
        assert_eq!(profile_of_word("student"), Some(Profile::Student));
        assert_eq!(profile_of_word("chat"), None);
    }
}
