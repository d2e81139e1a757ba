//! PURE: schools, classes and people of an import.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::File;
use super::super::lines::{ClassLine, SchoolLine, UserLine};
use super::super::problem::{Place, Reason};
use super::super::report::Change;
use super::{Leaving, Planner, change};
use crate::model::{Profile, SchoolId, UserId};
use crate::store::people::import::{AddressOwner, ClassRecord, PersonRecord, SchoolRecord};

/// The reason of a suspension that an import made, and that an import takes back.
pub(in crate::domain::import) const MISSING: &str = "import: missing from users.csv";

/// The reason of a suspension because the ENT lets somebody in no more; an import takes it back when it does.
const BLOCKED: &str = "import: blocked in the ENT";

/// What a derived id is for, so that it is like no other.
const DERIVED_ID: &str = "passerelle 2026 user id from external id";

impl<'a> Planner<'a> {
    pub(super) fn schools(&mut self) {
        let mut seen = HashMap::new();
        for school in self.lines.schools.iter().flatten() {
            if let Some(first) = seen.insert(school.uai.to_lowercase(), &school.place) {
                self.problem(&school.place, "uai", Reason::Twice(school.uai.clone(), first.clone()));
                continue;
            }
            self.one_school(school);
        }
    }

    fn one_school(&mut self, line: &SchoolLine) {
        let uai = line.uai.to_lowercase();
        let id = line
            .id
            .clone()
            .or_else(|| self.school_keys.get(&uai).cloned())
            .unwrap_or_else(|| SchoolId::new(uai.as_str()));
        self.school_keys.insert(uai, id.clone());
        self.school_keys.insert(id.as_str().to_lowercase(), id.clone());
        let record = SchoolRecord { id: id.clone(), uai: line.uai.clone(), name: line.name.clone() };
        if let Some(change) = change(self.before.schools.get(&id), &record) {
            self.note(File::Schools, change, line.name.clone());
            self.writes.schools.push(record);
        }
        if let Some(covered) = self.lines.scope.schools.get(&line.uai.to_lowercase()) {
            self.partly_covered.insert(id.clone(), covered);
        }
        if !self.covered.insert(id.clone()) {
            self.problem(&line.place, "id", Reason::Twice(id.to_string(), line.place.clone()));
        }
    }

    pub(super) fn classes(&mut self) {
        let mut seen = HashMap::new();
        for class in self.lines.classes.iter().flatten() {
            if let Some(first) = seen.insert(class.id.as_str(), &class.place) {
                self.problem(&class.place, "id", Reason::Twice(class.id.clone(), first.clone()));
            }
            self.one_class(class);
        }
    }

    fn one_class(&mut self, line: &ClassLine) {
        let Some(school) = self.school(&line.place, "school", &line.school) else { return };
        self.class_schools.insert(line.id.clone(), school.clone());
        let record = ClassRecord { id: line.id.clone(), school, name: line.name.clone() };
        if let Some(change) = change(self.before.classes.get(&line.id), &record) {
            self.note(File::Classes, change, line.name.clone());
            self.writes.classes.push(record);
        }
    }

    pub(super) fn people(&mut self) {
        let ids_before: HashMap<&str, &UserId> =
            self.before.people.values().map(|person| (person.external_id.as_str(), &person.id)).collect();
        let mut seen_external: HashMap<&str, &Place> = HashMap::new();
        let mut seen_ids: HashMap<UserId, &Place> = HashMap::new();
        let mut listed: Vec<(UserId, &'a UserLine)> = Vec::new();
        for line in self.lines.users.iter().flatten() {
            if let Some(first) = seen_external.insert(&line.external_id, &line.place) {
                let reason = Reason::Twice(line.external_id.clone(), first.clone());
                self.problem(&line.place, "external_id", reason);
                continue;
            }
            let known = ids_before.get(line.external_id.as_str()).copied();
            if let (Some(given), Some(known)) = (&line.id, known)
                && given != known
            {
                let reason = Reason::ExternalIdTaken(line.external_id.clone(), known.to_string());
                self.problem(&line.place, "external_id", reason);
            }
            let id = line.id.clone().or_else(|| known.cloned()).unwrap_or_else(|| self.new_id(&line.external_id));
            if self.before.deleted.contains(&id) {
                self.problem(&line.place, "id", Reason::IdOfDeleted(id.to_string()));
                continue;
            }
            if let Some(first) = seen_ids.insert(id.clone(), &line.place) {
                self.problem(&line.place, "id", Reason::Twice(id.to_string(), first.clone()));
                continue;
            }
            listed.push((id, line));
        }
        self.name_people(&listed);
        for (id, line) in &listed {
            self.one_person(id, line);
        }
        if self.lines.users.is_some() {
            self.missing_people();
        }
    }

    /// An id for somebody whose line gives none. Who comes back after the account was deleted is somebody new.
    fn new_id(&self, external_id: &str) -> UserId {
        let mut id = derived_id(external_id);
        while self.before.deleted.contains(&id) {
            id = derived_id(&format!("{external_id}\n{id}"));
        }
        id
    }

    /// The keys by which other files name people; external ids go before ids, and these before logins.
    fn name_people(&mut self, listed: &[(UserId, &'a UserLine)]) {
        self.listed = listed.iter().map(|(id, _)| id.clone()).collect();
        let others: Vec<&PersonRecord> =
            self.before.people.values().filter(|person| !self.listed.contains(&person.id)).collect();
        let external_ids = listed.iter().map(|(id, line)| (line.external_id.as_str(), id));
        let external_ids = external_ids.chain(others.iter().map(|person| (person.external_id.as_str(), &person.id)));
        let ids = listed.iter().map(|(id, _)| (id.as_str(), id));
        let ids = ids.chain(others.iter().map(|person| (person.id.as_str(), &person.id)));
        let logins = listed.iter().map(|(id, line)| (line.login.as_str(), id));
        let logins = logins.chain(others.iter().map(|person| (person.login.as_str(), &person.id)));
        for (key, id) in external_ids.chain(ids).chain(logins) {
            self.user_keys.entry(key.to_owned()).or_insert_with(|| id.clone());
        }
        self.user_names.extend(listed.iter().map(|(id, line)| (id.clone(), line.display_name.as_str())));
    }

    fn one_person(&mut self, id: &UserId, line: &UserLine) {
        let owner = AddressOwner::User(id.clone());
        self.claim(&line.place, "login", &line.login, &owner, true);
        self.claim(&line.place, "id", id.as_str(), &owner, false);
        if let Some(alias) = &line.alias {
            self.claim(&line.place, "alias", alias, &owner, false);
        }
        for address in &line.other_addresses {
            self.claim(&line.place, "id", address, &owner, false);
        }
        let before = self.before.people.get(id);
        let suspended = before.and_then(|person| person.suspended.clone());
        let resumed = match suspended.as_deref() {
            Some(MISSING) => !line.blocked,
            Some(BLOCKED) => !line.blocked,
            _ => false,
        };
        let blocked = line.blocked && suspended.is_none();
        let reason = if blocked { Some(BLOCKED.to_owned()) } else { suspended };
        let record = PersonRecord {
            id: id.clone(),
            external_id: line.external_id.clone(),
            login: line.login.clone(),
            alias: line.alias.clone(),
            display_name: line.display_name.clone(),
            first_name: line.first_name.clone(),
            last_name: line.last_name.clone(),
            profile: line.profile,
            left: !resumed && before.is_some_and(|person| person.left),
            suspended: if resumed { None } else { reason },
        };
        let mut changed = change(before, &record);
        if changed.is_some() {
            self.writes.people.push(record);
        }
        if self.schools_of_person(id, line) && changed.is_none() {
            changed = Some(Change::Changed);
        }
        if changed == Some(Change::Added) {
            self.new_people.push(id.clone());
        }
        if resumed {
            self.suspended_after.remove(id);
            changed = Some(Change::Resumed);
        }
        if blocked {
            self.suspended_after.insert(id.clone());
            self.newly_suspended.push(id.clone());
            changed = Some(changed.filter(|change| *change == Change::Added).unwrap_or(Change::Suspended));
        }
        if let Some(change) = changed {
            self.noted.insert(owner);
            self.note(File::Users, change, name(&line.display_name, &line.login));
        }
    }

    /// The schools of a line, and those that the files do not speak for. Did anything change?
    fn schools_of_person(&mut self, id: &UserId, line: &UserLine) -> bool {
        let mut after = BTreeSet::new();
        for text in &line.schools {
            after.extend(self.school(&line.place, "schools", text));
        }
        let none = BTreeSet::new();
        let before = self.before.schools_of.get(id).unwrap_or(&none);
        after.extend(before.difference(&self.covered_among(before)).cloned());
        let added = after.difference(before).map(|school| (id.clone(), school.clone()));
        let removed = before.difference(&after).map(|school| (id.clone(), school.clone()));
        self.writes.schools_of_added.extend(added);
        self.writes.schools_of_removed.extend(removed);
        after != *before
    }

    fn covered_among(&self, schools: &BTreeSet<SchoolId>) -> BTreeSet<SchoolId> {
        schools.iter().filter(|school| self.covered.contains(*school)).cloned().collect()
    }

    /// Who is of a school that the files speak for, and in no line: leaves it; suspended where it was the last one.
    /// A suspended person keeps schools and groups, so that those who could write to him are told why they cannot.
    fn missing_people(&mut self) {
        for (id, person) in self.before.people.iter().filter(|(_, person)| person.suspended.is_none()) {
            let schools = self.before.schools_of.get(id).cloned().unwrap_or_default();
            let left = self.covered_among(&schools);
            self.count_people(&left, |leaving| leaving.people += 1);
            let left: BTreeSet<SchoolId> =
                left.into_iter().filter(|school| self.speaks_for(school, person.profile)).collect();
            if left.is_empty() || self.listed.contains(id) {
                continue;
            }
            let shown = name(&person.display_name, &person.login);
            if left.len() < schools.len() {
                self.writes.schools_of_removed.extend(left.into_iter().map(|school| (id.clone(), school)));
                self.note(File::Users, Change::Changed, shown);
                continue;
            }
            self.count_people(&left, |leaving| leaving.suspended += 1);
            self.suspended_after.insert(id.clone());
            self.newly_suspended.push(id.clone());
            self.writes.people.push(PersonRecord { suspended: Some(MISSING.to_owned()), left: true, ..person.clone() });
            self.note(File::Users, Change::Suspended, shown);
        }
    }

    fn count_people(&mut self, schools: &BTreeSet<SchoolId>, count: fn(&mut Leaving)) {
        for school in schools {
            let name = || self.before.schools.get(school).map_or_else(String::new, |record| record.name.clone());
            let new = || Leaving { school: name(), ..Leaving::default() };
            count(self.leaving.entry(school.clone()).or_insert_with(new));
        }
    }

    /// Do the files hold everybody of this profile in this school?
    pub(super) fn speaks_for(&self, school: &SchoolId, profile: Profile) -> bool {
        let covered = self.partly_covered.get(school);
        self.covered.contains(school) && covered.is_none_or(|covered| covered.profiles.contains(&profile))
    }

    /// The people of the store and of the files whom an import may speak of.
    pub(super) fn is_listed(&self, user: &UserId) -> bool {
        self.listed.contains(user)
    }

    /// For `relations`: who keeps memberships that no line names.
    pub(super) fn keeps_memberships(&self) -> &HashSet<UserId> {
        &self.suspended_after
    }
}

/// « DURAND Paul (paul.durand) »
fn name(display_name: &str, login: &str) -> String {
    format!("{display_name} ({login})")
}

/// An id for somebody whose line gives none: the same for the same external id, for ever. A UUID of version 8.
fn derived_id(external_id: &str) -> UserId {
    let hash = blake3::derive_key(DERIVED_ID, external_id.as_bytes());
    let mut octets = [0; 16];
    octets.iter_mut().zip(hash).for_each(|(octet, from)| *octet = from);
    UserId::new(uuid::Builder::from_custom_bytes(octets).into_uuid().to_string())
}
