//! PURE: people as the ENT's files tell of them, before anybody knows who is who.

use std::sync::Arc;

use super::text::folded;
use crate::domain::import::problem::Place;
use crate::model::Profile;

/// A line of a file about one person.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) place: Place,
    /// UAI in lower case: the school whose file it is, where something says so.
    pub(super) school: Option<Arc<str>>,
    /// The person's schools as the line names them, by name, UAI or id: the template says none.
    pub(super) school_names: Vec<String>,
    pub(super) profile: Profile,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) classes: Vec<String>,
    pub(super) told: Told,
}

/// What the file says of who it is, and of the family.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// A template: nothing but what a school's office knows.
    Template {
        /// `yyyy-mm-dd`
        birth: Option<String>,
        contact: Contact,
        children: Vec<Child>,
    },
    /// The admin's export: who it is, and names of the family.
    Export { account: Account, children: Vec<String>, parents: Vec<String> },
    /// JSON: everything by id.
    Json { account: Account, groups: Vec<(Arc<str>, String)>, children: Vec<String>, blocked: bool },
}

/// An account as the ENT has it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// UUID; the export has none.
    pub(super) id: Option<String>,
    pub(super) external_id: String,
    pub(super) login: String,
    pub(super) alias: Option<String>,
    pub(super) display_name: Option<String>,
}

/// How to reach a person outside of the ENT: only to tell two people of one name apart; never kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) street: String,
}

/// A child as a parent's line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Child {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) class: Option<String>,
}

impl Person {
    /// « NOM Prénom », as the ENT shows people.
    pub(super) fn display_name(&self) -> String {
        format!("{} {}", self.last_name.to_uppercase(), self.first_name)
    }

    /// The name, however it is spelt.
    pub(super) fn name_key(&self) -> String {
        name_key(&self.last_name, &self.first_name)
    }
}

/// A name, however it is spelt.
pub(super) fn name_key(last_name: &str, first_name: &str) -> String {
    format!("{} {}", folded(last_name), folded(first_name))
}

impl Child {
    pub(super) fn name_key(&self) -> String {
        name_key(&self.last_name, &self.first_name)
    }

    /// The same name, and no other class.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        let classes = self.class.as_deref().zip(other.class.as_deref());
        self.name_key() == other.name_key() && classes.is_none_or(|(one, other)| folded(one) == folded(other))
    }

    /// As it is shown to an admin.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.last_name.to_uppercase(), self.first_name)
    }
}

impl Contact {
    /// Do two people share a way to be reached? The surest that both have decides.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let ways = [(&self.email, &other.email), (&self.phone, &other.phone), (&self.street, &other.street)];
        ways.into_iter()
            .find(|(one, other)| !one.is_empty() && !other.is_empty())
            .is_some_and(|(one, other)| one == other)
    }

    /// The surest way, for a key; `None` where there is none.
    pub(super) fn key(&self) -> Option<&str> {
        [&self.email, &self.phone, &self.street].into_iter().map(String::as_str).find(|text| !text.is_empty())
    }
}
