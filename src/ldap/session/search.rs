//! PURE: searches and comparisons (RFC 4511 §4.5, §4.10; RFC 2696 page by page).

use std::sync::Arc;

use super::{CONTROLS, EXTENSIONS, Question, Session, State, Step, done};
use crate::ldap::attribute::{self, Selection};
use crate::ldap::dn::{BadName, Branch, Place};
use crate::ldap::entry::{self, Entry};
use crate::ldap::matching::{self, Candidate};
use crate::ldap::needle::{Needle, Wanted};
use crate::ldap::wire::answer::{Answer, FoundEntry, Outcome, ResultCode};
use crate::ldap::wire::filter::Assertion;
use crate::ldap::wire::message::{Control, MessageId, Operation, Scope, Search};
use crate::ldap::wire::paged::{self, Paged};
use crate::model::{Address, User};
use crate::sentences::Sentence;

/// What the gateway is to look for, and what is to be done with it.
#[derive(Debug)]
pub struct Lookup {
    id: MessageId,
    pub person: Arc<User>,
    pub needles: Vec<Needle>,
    /// The base of the search is somebody's entry: whoever has this address.
    is_base: bool,
    branches: Vec<Branch>,
    /// Entries that are there for everybody.
    fixed: Vec<Entry>,
    search: Search,
    page: Option<Paged>,
}

/// What looking came to.
#[derive(Debug)]
pub enum Looked {
    /// Entries, and what found each; `whole`: there is nobody else.
    Found { entries: Vec<(Branch, Entry, Vec<Needle>)>, whole: bool },
    /// The person has looked for too much lately.
    TooOften,
    /// The switch: the person may not read now.
    NotNow(Sentence),
    /// Something of ours failed.
    Fault,
}

/// The rest of a search, and what it was.
#[derive(Debug)]
pub(super) struct Pages {
    cookie: Vec<u8>,
    search: Search,
    rest: std::vec::IntoIter<FoundEntry>,
    outcome: Outcome,
}

/// Where a search looks: fixed entries, and branches that hold people and groups.
struct Reach {
    fixed: Vec<Entry>,
    branches: Vec<Branch>,
}

impl Session {
    pub(super) fn search(&mut self, id: MessageId, search: Search, controls: &[Control]) -> Step {
        let page = match controls.iter().find(|control| control.oid == paged::OID) {
            None => None,
            Some(control) => match control.value.as_deref().map(paged::read) {
                Some(Ok(page)) => Some(page),
                _ => return ended(id, Outcome::new(ResultCode::ProtocolError, "Unreadable control")),
            },
        };
        let place = match self.tree.place(&search.base) {
            Ok(place) => place,
            Err(BadName) => return ended(id, Outcome::new(ResultCode::InvalidDnSyntax, "Unreadable base")),
        };
        if place == Place::Root && search.scope == Scope::Base {
            return self.about_the_server(id, search, &self.root());
        }
        let State::LoggedIn(person) = &self.state else {
            return ended(id, self.told(ResultCode::InsufficientAccessRights, &Sentence::LoginRequired));
        };
        let person = Arc::clone(person);
        if let Some(page) = &page
            && !page.cookie.is_empty()
        {
            return self.next_page(id, &search, page);
        }
        self.pages = None;
        let reach = match (place, search.scope) {
            (Place::Subschema, _) => return self.about_the_server(id, search, &entry::subschema()),
            (Place::Entry(branch, local), scope) => return self.entry(id, person, branch, &local, scope, search, page),
            (Place::Nowhere, _) => return ended(id, Outcome::bare(ResultCode::NoSuchObject)),
            (place, scope) => self.reach(&place, scope),
        };
        if reach.branches.is_empty() {
            return self.fixed(id, &search, &reach.fixed, page.is_some(), Outcome::bare(ResultCode::Success));
        }
        let needles = match self.needles().of(&search.filter) {
            Wanted::Some(needles) => needles,
            Wanted::Nobody => Vec::new(),
            Wanted::Everybody => return self.too_broad(id, &search, &reach, page.is_some()),
        };
        let Reach { fixed, branches } = reach;
        Step::Ask(Question::Look(Box::new(Lookup {
            id,
            person,
            needles,
            is_base: false,
            branches,
            fixed,
            search,
            page,
        })))
    }

    /// The server's own entry.
    fn root(&self) -> Entry {
        entry::root(&self.tree, &EXTENSIONS, &CONTROLS)
    }

    /// Where a search looks that begins above people and groups. Many clients leave the base empty, and mean everything.
    fn reach(&self, place: &Place, scope: Scope) -> Reach {
        let domain = || entry::domain(&self.tree);
        let units = || Branch::ALL.map(|branch| entry::branch(&self.tree, branch)).to_vec();
        let (fixed, branches) = match (place, scope) {
            (Place::Top, Scope::Base) | (Place::Root, Scope::One) => (vec![domain()], Vec::new()),
            (Place::Top, Scope::One) => (units(), Vec::new()),
            (Place::Top | Place::Root, _) => {
                let mut fixed = units();
                fixed.insert(0, domain());
                (fixed, Branch::ALL.to_vec())
            }
            (Place::Branch(branch), Scope::Base) => (vec![entry::branch(&self.tree, *branch)], Vec::new()),
            (Place::Branch(branch), Scope::One) => (Vec::new(), vec![*branch]),
            (Place::Branch(branch), Scope::Subtree) => (vec![entry::branch(&self.tree, *branch)], vec![*branch]),
            _ => (Vec::new(), Vec::new()),
        };
        Reach { fixed, branches }
    }

    /// A search from somebody's entry: finds that entry, or nothing.
    #[expect(clippy::too_many_arguments, reason = "all that the request said")]
    fn entry(
        &self,
        id: MessageId,
        person: Arc<User>,
        branch: Branch,
        local: &str,
        scope: Scope,
        search: Search,
        page: Option<Paged>,
    ) -> Step {
        let address = Address::parse(&format!("{local}@{}", self.config.domain));
        let Some(address) = address else { return ended(id, Outcome::bare(ResultCode::NoSuchObject)) };
        if scope == Scope::One {
            return ended(id, Outcome::bare(ResultCode::Success));
        }
        let (needles, fixed) = (vec![Needle::Address(address)], Vec::new());
        let branches = vec![branch];
        Step::Ask(Question::Look(Box::new(Lookup {
            id,
            person,
            needles,
            is_base: true,
            branches,
            fixed,
            search,
            page,
        })))
    }

    /// The server's own attributes are operational: clients that do not say what they want mean them too.
    fn about_the_server(&self, id: MessageId, mut search: Search, entry: &Entry) -> Step {
        if search.attributes.is_empty() {
            search.attributes.extend(["*".to_owned(), "+".to_owned()]);
        }
        self.fixed(id, &search, std::slice::from_ref(entry), false, Outcome::bare(ResultCode::Success))
    }

    /// What needs nobody to be looked for.
    fn fixed(&self, id: MessageId, search: &Search, entries: &[Entry], is_paged: bool, outcome: Outcome) -> Step {
        let (selection, needles) = (Selection::new(&search.attributes), self.needles());
        let matches = |entry: &&Entry| Candidate { entry, found_by: &[] }.matches(&search.filter, &needles);
        let told = |entry: &Entry| Answer::Entry(entry.told(&selection, search.names_only));
        let mut answers: Vec<Answer> = entries.iter().filter(matches).map(told).collect();
        answers.push(if is_paged {
            Answer::PageDone { outcome, cookie: Vec::new() }
        } else {
            Answer::Done { operation: Operation::SearchDone, outcome }
        });
        Step::Answer(id, answers)
    }

    /// A search without a piece of a name. Not an error: whoever types has typed too little so far.
    fn too_broad(&self, id: MessageId, search: &Search, reach: &Reach, is_paged: bool) -> Step {
        let chars_min = self.config.ldap.search_chars_min;
        let outcome = self.told(ResultCode::SizeLimitExceeded, &Sentence::SearchTooBroad { chars_min });
        self.fixed(id, search, &reach.fixed, is_paged, outcome)
    }

    /// The gateway has looked.
    pub fn looked(&mut self, lookup: Lookup, looked: Looked) -> Step {
        let id = lookup.id;
        let (found, whole) = match looked {
            Looked::Found { entries, whole } => (entries, whole),
            Looked::TooOften => return ended(id, self.told(ResultCode::Busy, &Sentence::TooManySearches)),
            Looked::NotNow(sentence) => return ended(id, self.told(ResultCode::UnwillingToPerform, &sentence)),
            Looked::Fault => return self.fault(id, Operation::SearchDone),
        };
        let Lookup { search, fixed, branches, page, is_base, .. } = lookup;
        let in_reach: Vec<_> = found.iter().filter(|(branch, ..)| branches.contains(branch)).collect();
        if is_base && in_reach.is_empty() {
            return ended(id, Outcome::bare(ResultCode::NoSuchObject));
        }
        let (selection, needles) = (Selection::new(&search.attributes), self.needles());
        let fixed = fixed.iter().map(|entry| Candidate { entry, found_by: &[] });
        let found = in_reach.iter().map(|(_, entry, found_by)| Candidate { entry, found_by });
        let mut entries: Vec<FoundEntry> = fixed
            .chain(found)
            .filter(|candidate| candidate.matches(&search.filter, &needles))
            .map(|candidate| candidate.entry.told(&selection, search.names_only))
            .collect();
        let max = search.size_max.unwrap_or(usize::MAX).min(self.config.ldap.entries_max);
        let is_all = whole && entries.len() <= max;
        entries.truncate(max);
        let outcome = if is_all {
            Outcome::bare(ResultCode::Success)
        } else {
            self.told(ResultCode::SizeLimitExceeded, &Sentence::MoreFound)
        };
        match page {
            None => {
                let mut answers: Vec<Answer> = entries.into_iter().map(Answer::Entry).collect();
                answers.push(Answer::Done { operation: Operation::SearchDone, outcome });
                Step::Answer(id, answers)
            }
            Some(page) => {
                self.page(id, page.size, Pages { cookie: Vec::new(), search, rest: entries.into_iter(), outcome })
            }
        }
    }

    /// The next page of the search that the cookie belongs to (RFC 2696 §3).
    fn next_page(&mut self, id: MessageId, search: &Search, page: &Paged) -> Step {
        match self.pages.take() {
            Some(pages) if pages.cookie == page.cookie && pages.search == *search => self.page(id, page.size, pages),
            _ => ended(id, Outcome::new(ResultCode::UnwillingToPerform, "This search is not known any more")),
        }
    }

    /// A page, and the cookie of the next where there is one. A page of 0 entries: no more is wanted.
    fn page(&mut self, id: MessageId, size: usize, mut pages: Pages) -> Step {
        let mut answers: Vec<Answer> = pages.rest.by_ref().take(size).map(Answer::Entry).collect();
        if size == 0 || pages.rest.len() == 0 {
            answers.push(Answer::PageDone { outcome: pages.outcome, cookie: Vec::new() });
            return Step::Answer(id, answers);
        }
        self.cookies += 1;
        pages.cookie = self.cookies.to_be_bytes().to_vec();
        answers.push(Answer::PageDone { outcome: Outcome::bare(ResultCode::Success), cookie: pages.cookie.clone() });
        self.pages = Some(pages);
        Step::Answer(id, answers)
    }

    /// Does somebody's entry have this value (RFC 4511 §4.10)?
    pub(super) fn compare(&self, id: MessageId, name: &str, assertion: Assertion) -> Step {
        let refusal = |outcome| done(id, Operation::Compare, outcome);
        let State::LoggedIn(person) = &self.state else {
            return refusal(self.told(ResultCode::InsufficientAccessRights, &Sentence::LoginRequired));
        };
        let Assertion { attribute, value } = assertion;
        let address = match self.tree.place(name) {
            Ok(Place::Entry(_, local)) => Address::parse(&format!("{local}@{}", self.config.domain)),
            Ok(_) => None,
            Err(BadName) => return refusal(Outcome::new(ResultCode::InvalidDnSyntax, "Unreadable name")),
        };
        match address {
            Some(address) => Step::Ask(Question::Compare { id, person: Arc::clone(person), address, attribute, value }),
            None => refusal(Outcome::bare(ResultCode::NoSuchObject)),
        }
    }

    /// The gateway has looked for the entry.
    pub fn compare_answered(&self, id: MessageId, attribute: &str, value: &str, looked: Looked) -> Step {
        let outcome = match looked {
            Looked::Found { entries, .. } => match entries.first() {
                Some((_, entry, _)) => Outcome::bare(compared(entry, attribute, value)),
                None => Outcome::bare(ResultCode::NoSuchObject),
            },
            Looked::TooOften => self.told(ResultCode::Busy, &Sentence::TooManySearches),
            Looked::NotNow(sentence) => self.told(ResultCode::UnwillingToPerform, &sentence),
            Looked::Fault => return self.fault(id, Operation::Compare),
        };
        done(id, Operation::Compare, outcome)
    }
}

fn compared(entry: &Entry, attribute: &str, value: &str) -> ResultCode {
    match attribute::named(attribute) {
        None => ResultCode::UndefinedAttributeType,
        Some(attribute) if entry.values(attribute).is_empty() => ResultCode::NoSuchAttribute,
        Some(attribute) if matching::equals(entry, attribute, value) => ResultCode::CompareTrue,
        Some(_) => ResultCode::CompareFalse,
    }
}

/// The end of a search that finds nobody.
fn ended(id: MessageId, outcome: Outcome) -> Step {
    done(id, Operation::SearchDone, outcome)
}
