//! Address books: whom the asker may write to, each card in one book only, so that a phone that takes all of them shows
//! nobody twice. Together they hold everybody whom the asker may write to, unless those are too many for books: then they
//! are found by name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use super::Whom;
use super::card::{Card, CardId};
use super::members::Unread;
use super::states::SyncToken;
use super::visible::Visible;
use crate::config::DirectoryConfig;
use crate::domain::{Fault, Gateway};
use crate::model::{Profile, User, UserId};
use crate::sentences::Sentence;
use crate::store::people::finding as store;

/// How long books are kept in memory: a client asks for them several times in a row. The live ENT may change its mind.
const KEPT: Duration = Duration::from_secs(60);
/// What a card costs beside its texts.
const CARD_BYTES: usize = 300;

/// Which address book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Book {
    /// Pupils, parents and teachers of the asker's own classes, and those whom a direct link leads to.
    Classes,
    /// Groups that may be written to, and the people in the asker's own groups.
    Groups,
    /// Teachers and personnel, where the asker is one of them.
    Colleagues,
    /// Everybody else, where they are few.
    Others,
}

impl Book {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Classes, Self::Groups, Self::Colleagues, Self::Others];

    /// Its name in paths and in the store.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Classes => "classes",
            Self::Groups => "groups",
            Self::Colleagues => "colleagues",
            Self::Others => "others",
        }
    }

    /// From its name in paths.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|book| book.key() == key)
    }

    /// What people read.
    pub const fn title(self) -> Sentence {
        match self {
            Self::Classes => Sentence::BookOfClasses,
            Self::Groups => Sentence::BookOfGroups,
            Self::Colleagues => Sentence::BookOfColleagues,
            Self::Others => Sentence::BookOfOthers,
        }
    }
}

/// One of a person's address books, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBook {
    pub book: Book,
    /// By id.
    pub cards: Vec<Card>,
    /// Changes whenever a card comes, goes, or says something else.
    pub token: SyncToken,
}

impl AddressBook {
    fn new(book: Book, mut cards: Vec<Card>) -> Self {
        cards.sort_unstable_by_key(|card| card.id);
        Self { book, token: SyncToken::of(&cards), cards }
    }

    /// A card by its id.
    pub fn card(&self, id: CardId) -> Option<&Card> {
        self.cards.binary_search_by_key(&id, |card| card.id).ok().and_then(|place| self.cards.get(place))
    }

    fn bytes(&self) -> usize {
        let texts = |card: &Card| {
            let note = &card.note;
            let notes = [&note.schools, &note.classes, &note.pupils].into_iter().flatten();
            card.display_name.len() * 2 + notes.map(String::len).sum::<usize>()
        };
        self.cards.iter().map(|card| CARD_BYTES + texts(card)).sum::<usize>() + CARD_BYTES
    }
}

type Kept = Arc<Vec<AddressBook>>;

/// Books that were read lately, by person and number of the directory's clock.
pub(super) struct Books(Cache<(UserId, i64), Kept>);

impl Books {
    pub(super) fn new(config: &DirectoryConfig) -> Self {
        let weigher = |_: &(UserId, i64), books: &Kept| {
            u32::try_from(books.iter().map(AddressBook::bytes).sum::<usize>()).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().weigher(weigher).max_capacity(config.books_memory_bytes_max).time_to_live(KEPT);
        Self(cache.build())
    }
}

impl Gateway {
    /// The asker's address books, as they are now.
    pub async fn address_books(&self, asker: &User) -> Result<Arc<Vec<AddressBook>>, Fault> {
        let version = self.store.read((), |tx, ()| Box::pin(store::clock(tx))).await?;
        if let Some(kept) = self.finding.books.0.get(&(asker.id.clone(), version)).await {
            return Ok(kept);
        }
        self.steadily(|| Box::pin(self.books_now(asker))).await
    }

    async fn books_now(&self, asker: &User) -> Result<Arc<Vec<AddressBook>>, Unread> {
        let visible = self.visible(self.asker(asker).await?).await?;
        let books = Arc::new(self.read_books(asker, &visible).await?);
        self.finding.books.0.insert((asker.id.clone(), visible.version), Arc::clone(&books)).await;
        Ok(books)
    }

    async fn read_books(&self, asker: &User, visible: &Visible) -> Result<Vec<AddressBook>, Unread> {
        let companions = self.store.read(asker.id.clone(), |tx, user| Box::pin(store::companions(tx, user)));
        let sorted = sort(asker, visible, companions.await.map_err(Fault::from)?);
        let mut books = Vec::with_capacity(sorted.len());
        for (book, whom) in sorted {
            if whom.len() > self.cards_max(book) {
                tracing::debug!(user = %asker.id, book = book.key(), cards = whom.len(), "too many cards for a book");
                continue;
            }
            let mut cards = self.cards(visible, &whom, self.sees(visible)).await?;
            if self.ent.is_some() {
                let allowed = self.allowed_cards(asker, &cards).await?;
                cards.retain(|card| allowed.contains(&card.id));
            }
            books.push(AddressBook::new(book, cards));
        }
        Ok(books)
    }

    fn cards_max(&self, book: Book) -> usize {
        let config = &self.config.directory;
        let max = if book == Book::Others { config.others_cards_max } else { config.book_cards_max };
        if self.ent.is_some() { max.min(config.ent_asks_max) } else { max }
    }
}

/// Who stands in which book. `companions`: who shares a class (`true`) or a group with the asker.
fn sort(asker: &User, visible: &Visible, companions: Vec<(UserId, bool)>) -> Vec<(Book, Vec<Whom>)> {
    let is_staff = |profile| matches!(profile, Profile::Teacher | Profile::Personnel);
    let works_here = is_staff(asker.profile);
    let mut shared: HashMap<UserId, bool> = HashMap::new();
    for (companion, by_class) in companions {
        *shared.entry(companion).or_default() |= by_class;
    }
    let mut books: Vec<(Book, Vec<Whom>)> = Book::ALL.map(|book| (book, Vec::new())).into();
    if !works_here {
        books.retain(|(book, _)| *book != Book::Colleagues);
    }
    let mut put = |book: Book, whom: Whom| {
        if let Some((_, list)) = books.iter_mut().find(|(known, _)| *known == book) {
            list.push(whom);
        }
    };
    let mut seen = HashSet::new();
    // Those whom a link leads to come first: they stand among the classes.
    for (person, linked) in visible.people_and_links() {
        if !seen.insert(&person.id) {
            continue;
        }
        let book = match shared.get(&person.id) {
            _ if works_here && is_staff(person.profile) => Book::Colleagues,
            _ if linked => Book::Classes,
            Some(true) => Book::Classes,
            Some(false) => Book::Groups,
            None => Book::Others,
        };
        put(book, Whom::User(person.id.clone()));
    }
    (0..visible.groups.len()).for_each(|place| put(Book::Groups, Whom::Group(place)));
    // A book of nobody would only be one more.
    books.retain(|(book, whom)| *book != Book::Others || !whom.is_empty());
    books
}
