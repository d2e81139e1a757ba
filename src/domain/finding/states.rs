//! What clients were told of an address book, and what has changed since (RFC 6578 §3). A token is the digest of a state,
//! so every gateway makes the same one; the state itself is kept in the store when a client is given its token.

use std::collections::HashMap;
use std::fmt;

use super::books::{AddressBook, Book};
use super::card::{Card, CardId};
use crate::domain::{Fault, Gateway};
use crate::model::{Timestamp, User};
use crate::store::Durability;
use crate::store::people::card_states::{self, CardState, Keeping};

const DAY: i64 = 24 * 3600 * 1_000_000;
/// A card in a state: its id, and what it said.
const ENTRY_BYTES: usize = CardId::BYTES + 8;

/// Names a state of an address book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SyncToken([u8; 16]);

impl SyncToken {
    /// Of these cards, by id.
    pub(super) fn of(cards: &[Card]) -> Self {
        Self::of_state(&state_of(cards.iter().map(|card| (card.id, card.version()))))
    }

    fn of_state(state: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("passerelle 2026 address book state");
        hasher.update(state);
        let mut digest = [0; 16];
        hasher.finalize_xof().fill(&mut digest);
        Self(digest)
    }

    /// From the text of [`fmt::Display`].
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 32 && text.bytes().all(is_digit)).then_some(())?;
        u128::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for SyncToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// What has changed in a book since a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookChanges {
    /// Cards that came, or say something else.
    pub changed: Vec<CardId>,
    /// Cards that the asker may no longer see.
    pub gone: Vec<CardId>,
    /// To be given back next time.
    pub token: SyncToken,
    /// Were there more than were asked for? The token then stands between.
    pub cut: bool,
}

impl Gateway {
    /// Remembers the state that the client is about to be given the token of.
    pub async fn remember_book(&self, asker: &User, book: &AddressBook) -> Result<(), Fault> {
        let state = state_of(book.cards.iter().map(|card| (card.id, card.version())));
        self.keep_state(asker, book.book, state).await
    }

    /// What has changed since `token`, or all where there is none; `max` cards at most. `None`: that state is no longer
    /// remembered, or never was one of this book.
    pub async fn book_changes(
        &self,
        asker: &User,
        book: &AddressBook,
        token: Option<SyncToken>,
        max: usize,
    ) -> Result<Option<BookChanges>, Fault> {
        let before = match token {
            None => Vec::new(),
            Some(token) => {
                let since = self.used_since();
                let wanted = (asker.id.clone(), book.book.key(), token.0, since);
                let read = self.store.read(wanted, |tx, wanted| Box::pin(card_states::cards(tx, wanted)));
                match read.await? {
                    Some(state) => state,
                    None => return Ok(None),
                }
            }
        };
        let (changes, state) = changes(&before, book, max);
        self.keep_state(asker, book.book, state).await?;
        Ok(Some(changes))
    }

    async fn keep_state(&self, asker: &User, book: Book, cards: Vec<u8>) -> Result<(), Fault> {
        let token = SyncToken::of_state(&cards);
        let now = self.clock.now();
        let kept = self.finding.kept_states.get(&(asker.id.clone(), token)).await;
        if kept.is_some_and(|then| now.0.saturating_sub(then.0) < DAY) {
            return Ok(());
        }
        let state = CardState { user: asker.id.clone(), book: book.key(), digest: token.0, cards };
        let keeping = Keeping { now, used_since: self.used_since(), states_max: self.config.directory.sync_states_max };
        let write = (state, keeping);
        self.store.write(Durability::Relaxed, write, |tx, write| Box::pin(card_states::keep(tx, write))).await?;
        self.finding.kept_states.insert((asker.id.clone(), token), now).await;
        Ok(())
    }

    /// States that were last used before this are forgotten.
    fn used_since(&self) -> Timestamp {
        let days = i64::from(self.config.directory.sync_days);
        Timestamp(self.clock.now().0.saturating_sub(days.saturating_mul(DAY)))
    }
}

type Version = [u8; 8];

fn state_of(cards: impl Iterator<Item = (CardId, Version)>) -> Vec<u8> {
    let mut state = Vec::new();
    for (id, version) in cards {
        state.extend(id.octets());
        state.extend(version);
    }
    state
}

fn read_state(state: &[u8]) -> HashMap<CardId, Version> {
    let entry = |entry: &[u8]| {
        let (id, version) = entry.split_at_checked(CardId::BYTES)?;
        Some((CardId::from_octets(id.try_into().ok()?), version.try_into().ok()?))
    };
    state.chunks_exact(ENTRY_BYTES).filter_map(entry).collect()
}

/// The first `max` changes, and the state that the client has then. Who is gone comes first: that must not wait.
fn changes(before: &[u8], book: &AddressBook, max: usize) -> (BookChanges, Vec<u8>) {
    let before = read_state(before);
    let mut gone: Vec<CardId> = before.keys().filter(|id| book.card(**id).is_none()).copied().collect();
    gone.sort_unstable();
    let is_new = |card: &&Card| before.get(&card.id) != Some(&card.version());
    let mut changed: Vec<CardId> = book.cards.iter().filter(is_new).map(|card| card.id).collect();
    let cut = gone.len() + changed.len() > max;
    gone.truncate(max);
    changed.truncate(max - gone.len());
    let mut after = before;
    after.retain(|id, _| !gone.contains(id));
    for card in changed.iter().filter_map(|id| book.card(*id)) {
        after.insert(card.id, card.version());
    }
    let mut entries: Vec<(CardId, Version)> = after.into_iter().collect();
    entries.sort_unstable();
    let state = state_of(entries.into_iter());
    (BookChanges { changed, gone, token: SyncToken::of_state(&state), cut }, state)
}
