//! PURE: whose an address is. Once given it is never given to another, whatever became of the first.

use std::collections::HashSet;

use super::super::File;
use super::super::problem::{Place, Reason};
use super::super::report::Change;
use super::Planner;
use crate::store::people::import::{AddressOwner, AddressRecord};

impl Planner<'_> {
    /// A line gives this address to somebody or to a group.
    pub(super) fn claim(
        &mut self,
        place: &Place,
        column: &'static str,
        local_part: &str,
        owner: &AddressOwner,
        is_primary: bool,
    ) {
        if local_part.is_empty() {
            return;
        }
        if local_part == self.reserved && !self.before.addresses.contains_key(local_part) {
            self.problem(place, column, Reason::Reserved(local_part.to_owned()));
            return;
        }
        let known = self.claimed.get(local_part).or_else(|| self.before.addresses.get(local_part));
        if let Some((other, _)) = known.filter(|(known, _)| known != owner) {
            let reason = Reason::AddressTaken(local_part.to_owned(), self.owner_name(other));
            self.problem(place, column, reason);
            return;
        }
        let claim = self.claimed.entry(local_part.to_owned()).or_insert_with(|| (owner.clone(), false));
        claim.1 |= is_primary;
    }

    fn owner_name(&self, owner: &AddressOwner) -> String {
        match owner {
            AddressOwner::User(user) => self.user_name(user).to_owned(),
            AddressOwner::Group(group) => format!("the group {}", self.group_name(group)),
        }
    }

    /// New addresses, and which one is shown.
    pub(super) fn addresses(&mut self) {
        let shown: HashSet<&AddressOwner> =
            self.claimed.values().filter(|(_, is_primary)| *is_primary).map(|(owner, _)| owner).collect();
        let no_longer_shown = self.before.addresses.iter().filter(|(local_part, (owner, is_primary))| {
            *is_primary && shown.contains(owner) && !self.claimed.contains_key(*local_part)
        });
        let mut changed: Vec<AddressRecord> =
            no_longer_shown.map(|(local_part, (owner, _))| record(local_part, owner, false)).collect();
        for (local_part, (owner, is_primary)) in &self.claimed {
            let before = self.before.addresses.get(local_part).map(|(_, is_primary)| *is_primary);
            if before != Some(*is_primary) {
                changed.push(record(local_part, owner, *is_primary));
            }
        }
        changed.sort_by(|one, other| one.local_part.cmp(&other.local_part));
        for address in &changed {
            if self.noted.insert(address.owner.clone()) {
                let file = match &address.owner {
                    AddressOwner::User(_) => File::Users,
                    AddressOwner::Group(_) => File::Groups,
                };
                self.note(file, Change::Changed, self.owner_name(&address.owner));
            }
        }
        self.writes.addresses = changed;
    }
}

fn record(local_part: &str, owner: &AddressOwner, is_primary: bool) -> AddressRecord {
    AddressRecord { local_part: local_part.to_owned(), owner: owner.clone(), is_primary }
}
