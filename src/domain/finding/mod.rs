//! Finding people and groups: by the first letters of their names, by address, and as address books. Whoever asks finds
//! exactly those whom he may write to: the verdict of RCPT (`directory`), turned around.
//!
//! | file | what |
//! | --- | --- |
//! | here | by name, by address |
//! | `words` | pure: does what somebody types find a name |
//! | `visible` | whom somebody may write to by the stored rules |
//! | `members` | the names of a group's members, in memory |
//! | `card` | pure: what is shown of somebody |
//! | `cards` | ids → cards |
//! | `by_ent` | where the live ENT is asked: candidates by name, then its answer |
//! | `books` | address books: who stands in which |
//! | `states` | what clients were told of a book: sync tokens |
//!
//! Names are read from the store when somebody asks who may see them, and kept in memory for as long as the directory's
//! clock (`directory_clock`) shows the same number: every change of a name, a membership, a rule or a suspension moves it on,
//! in its own transaction, whichever gateway makes it.

mod books;
mod by_ent;
mod card;
mod cards;
mod members;
mod states;
mod visible;
mod words;

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::BoxFuture;
use moka::future::Cache;

pub use self::books::{AddressBook, Book};
pub use self::card::{Card, CardId, CardKind, CardNote};
use self::cards::Sees;
use self::members::{Names, Unread};
pub use self::states::{BookChanges, SyncToken};
use self::visible::Visible;
use self::words::{Fit, NameWords, Query};
use super::directory::Case;
use super::policy::{Path, Ruling, Why};
use super::{Fault, Gateway};
use crate::config::DirectoryConfig;
use crate::model::{Address, Timestamp, User, UserId};
use crate::store::people::finding as store;

/// How often a question is asked again where the directory changes meanwhile.
const TRIES_MAX: u32 = 5;
/// States known to be in the store: about 150 octets each.
const KEPT_STATES_MAX: u64 = 20_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What this node keeps in memory.
pub(in crate::domain) struct Finding {
    names: Names,
    books: books::Books,
    /// States of address books that are in the store, and since when this node knows.
    kept_states: Cache<(UserId, SyncToken), Timestamp>,
}

impl Finding {
    pub(super) fn new(config: &DirectoryConfig) -> Self {
        Self {
            names: Names::new(config.names_memory_bytes_max),
            books: books::Books::new(config),
            kept_states: Cache::builder().max_capacity(KEPT_STATES_MAX).time_to_live(DAY).build(),
        }
    }
}

/// Somebody or some group whose name fits.
struct Found {
    fit: Fit,
    name: NameWords,
    what: Whom,
}

impl Found {
    /// The better a name fits, the earlier.
    fn order(&self) -> (Fit, String, Whom) {
        (self.fit, self.name.as_str().to_owned(), self.what.clone())
    }
}

/// A person or a group, to be made a card of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Whom {
    User(UserId),
    /// A place in [`Visible::groups`].
    Group(usize),
}

impl Whom {
    fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Group(_) => None,
        }
    }
}

impl Gateway {
    /// Those whom the asker may write to and whose name these words find: `max` at most, and no more than
    /// `directory.found_max`. Where nothing is typed, nobody.
    pub async fn find(&self, asker: &User, words: &str, max: usize) -> Result<Vec<Card>, Fault> {
        let limits = &self.config.directory;
        let Some(query) = Query::read(words, limits.query_chars_max) else { return Ok(Vec::new()) };
        let max = max.min(limits.found_max);
        let query = &query;
        self.steadily(|| Box::pin(self.find_now(asker, query, max))).await
    }

    async fn find_now(&self, asker: &User, query: &Query, max: usize) -> Result<Vec<Card>, Unread> {
        if self.ent.is_some() {
            return self.find_by_ent(asker, query, max).await;
        }
        let visible = self.visible(self.asker(asker).await?).await?;
        let found = self.found(&visible, query).await?;
        let whom: Vec<Whom> = best(found, max).into_iter().map(|found| found.what).collect();
        self.cards(&visible, &whom, Sees::All(&visible)).await
    }

    /// The card of whoever has this address, if the asker may write there; a right to answer is none.
    pub async fn card(&self, asker: &User, address: &Address) -> Result<Option<Card>, Fault> {
        if !self.is_our_domain(address.domain()) || address.local() == self.config.policy.no_reply_address {
            return Ok(None);
        }
        let Some(case) = self.case(asker, address.local()).await? else { return Ok(None) };
        let (case, ruling) = self.judge(asker, case).await?;
        match ruling {
            Ruling::Refuse(Why::EntAway) => return Err(ent_away()),
            Ruling::Refuse(_) | Ruling::Allow(Path::Answer) => return Ok(None),
            Ruling::Allow(_) => {}
        }
        match case {
            Case::ToUser { user, .. } => {
                let user = &user;
                self.steadily(|| Box::pin(self.person_card(asker, user))).await
            }
            Case::ToGroup { group, .. } => self.group_card(&group.id).await,
        }
    }

    /// The card of somebody whom the asker may write to.
    async fn person_card(&self, asker: &User, user: &User) -> Result<Option<Card>, Unread> {
        let visible = self.visible(self.asker(asker).await?).await?;
        let sees = self.sees(&visible);
        Ok(self.cards(&visible, &[Whom::User(user.id.clone())], sees).await?.pop())
    }

    /// Asks again where the directory has changed between two looks at it.
    async fn steadily<'a, T>(&self, ask: impl Fn() -> BoxFuture<'a, Result<T, Unread>>) -> Result<T, Fault> {
        for _ in 0..TRIES_MAX {
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(Unread::Moved) => {}
                Err(Unread::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::Worker("the directory does not stand still".to_owned()))
    }

    /// Without a question to the ENT for each of them, nobody knows which pupils it would show.
    fn sees<'v>(&self, visible: &'v Visible) -> Sees<'v> {
        if self.ent.is_some() { Sees::Nobody } else { Sees::All(visible) }
    }

    /// Whose name fits, and the relatives of pupils whose name fits.
    async fn found(&self, visible: &Visible, query: &Query) -> Result<Vec<Found>, Fault> {
        let mut found = fitting(visible, query);
        let known: HashSet<UserId> = found.iter().filter_map(|found| found.what.user().cloned()).collect();
        let relatives = self.relatives(visible.pupils(&known.iter().collect())).await?;
        let new = relatives.into_iter().filter(|relative| !known.contains(relative));
        found.extend(new.filter_map(|relative| visible.found(&relative, Fit::ByPupil)));
        Ok(found)
    }

    /// The relatives of these pupils; of nobody where they are many: what finds so many is not yet a name.
    async fn relatives(&self, pupils: Vec<UserId>) -> Result<Vec<UserId>, Fault> {
        if pupils.is_empty() || pupils.len() > self.config.directory.found_max {
            return Ok(Vec::new());
        }
        let read = self.store.read(pupils, |tx, pupils| {
            Box::pin(async move { store::relatives_of(tx, &pupils.iter().collect::<Vec<_>>()).await })
        });
        Ok(read.await?)
    }
}

/// Whose name fits: people and groups, nobody twice.
fn fitting(visible: &Visible, query: &Query) -> Vec<Found> {
    let mut seen: HashSet<&UserId> = HashSet::new();
    let mut found = Vec::new();
    for person in visible.people() {
        if let Some(fit) = query.fit(&person.words)
            && seen.insert(&person.id)
        {
            found.push(Found { fit, name: person.words.clone(), what: Whom::User(person.id.clone()) });
        }
    }
    for (place, row) in visible.groups.iter().enumerate() {
        let name = NameWords::of([row.group.name.as_str()]);
        if let Some(fit) = query.fit(&name) {
            found.push(Found { fit, name, what: Whom::Group(place) });
        }
    }
    found
}

/// The best, in their order.
fn best(mut found: Vec<Found>, max: usize) -> Vec<Found> {
    found.sort_by_cached_key(Found::order);
    found.truncate(max);
    found
}

fn ent_away() -> Fault {
    Fault::Ent("it does not say who may write to whom".to_owned())
}
