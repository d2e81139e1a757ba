//! SORT (RFC 5256 §3, RFC 5957, RFC 5267 §3): of what a search finds, by keys that were worked out at arrival.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::answer::{Done, Failure, Outcome};
use super::contexts;
use super::search::{self, Correlated};
use super::serve::Context;
use super::session::SelectedMailbox;
use super::wire::sort::{Sort, SortCriterion, SortKey};
use super::wire::write;
use crate::domain::messages::Sortable;
use crate::domain::snapshot::{Entry, Snapshot};
use crate::model::{Timestamp, Uid};

/// Messages whose keys are read at once.
const CHUNK_MESSAGES: usize = 2000;

/// SORT and UID SORT.
pub(super) async fn sort(context: &mut Context<'_>, selected: &mut SelectedMailbox, tag: &str, ask: Sort) -> Outcome {
    contexts::check_tag(selected, tag, &ask.search)?;
    let found = search::found_whole(context, selected, &ask.search).await?;
    let stored = match reads_keys(&ask.criteria) {
        true => keys(context, selected, &found.uids).await?,
        false => HashMap::new(),
    };
    let sorted = sorted(selected.view.snapshot(), &stored, &found.uids, &ask.criteria);
    match &ask.search.returns {
        None => {
            let numbers = search::numbers(selected, ask.search.numbers, &sorted);
            write::sort(&mut context.client.out, numbers, found.mod_seq(selected));
        }
        Some(returns) => {
            let tag = Correlated::Tag(tag);
            search::write_esearch(context, selected, tag, ask.search.numbers, returns, &sorted, &found);
        }
    }
    contexts::keep(context, selected, Correlated::Tag(tag), &ask.search, &ask.criteria, Some(sorted))?;
    context.client.drain().await?;
    Ok(Done::new("SORT completed"))
}

/// The keys of messages, by UID.
pub(super) async fn keys(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    uids: &[Uid],
) -> Result<HashMap<Uid, Sortable>, Failure> {
    let mut keys = HashMap::with_capacity(uids.len());
    for chunk in uids.chunks(CHUNK_MESSAGES) {
        let work = context.gateway.sort_keys(selected.mailbox.id, chunk);
        let read = context.working(work).await??;
        context.still_working().await?;
        keys.extend(read.into_iter().map(|sortable| (sortable.uid, sortable)));
    }
    Ok(keys)
}

/// When a message was sent: by its Date header, else by its arrival (RFC 5256 §2.2).
pub(super) fn sent(entry: &Entry, stored: Option<&Sortable>) -> Timestamp {
    stored.and_then(|stored| stored.sent_at).unwrap_or(entry.internal_date)
}

/// Do these criteria need keys that are stored?
pub(super) fn reads_keys(criteria: &[SortCriterion]) -> bool {
    criteria.iter().any(|criterion| !is_in_memory(criterion.key))
}

/// Answered from memory?
fn is_in_memory(key: SortKey) -> bool {
    matches!(key, SortKey::Arrival | SortKey::Size)
}

/// One message while it is sorted.
struct Compared<'a> {
    entry: &'a Entry,
    stored: Option<&'a Sortable>,
}

/// The messages in the order asked for; where nothing tells two apart, in that of their numbers.
pub(super) fn sorted(
    snapshot: &Snapshot,
    stored: &HashMap<Uid, Sortable>,
    uids: &[Uid],
    criteria: &[SortCriterion],
) -> Vec<Uid> {
    // A key that stands there twice decides nothing the second time.
    let is_first = |(at, criterion): &(usize, &SortCriterion)| {
        !criteria.iter().take(*at).any(|before| before.key == criterion.key)
    };
    let criteria: Vec<&SortCriterion> =
        criteria.iter().enumerate().filter(is_first).map(|(_, criterion)| criterion).collect();
    let compared = |uid: &Uid| Some(Compared { entry: snapshot.entry(*uid)?, stored: stored.get(uid) });
    let mut messages: Vec<Compared<'_>> = uids.iter().filter_map(compared).collect();
    messages.sort_by(|one, other| {
        let by = |criterion: &&SortCriterion| match criterion.reverse {
            true => by_key(criterion.key, other, one),
            false => by_key(criterion.key, one, other),
        };
        let decided = criteria.iter().map(by).find(|order| order.is_ne());
        decided.unwrap_or_else(|| one.entry.uid.cmp(&other.entry.uid))
    });
    messages.into_iter().map(|message| message.entry.uid).collect()
}

fn by_key(key: SortKey, one: &Compared<'_>, other: &Compared<'_>) -> Ordering {
    let text = |of: fn(&Sortable) -> &String| one.stored.map(of).cmp(&other.stored.map(of));
    match key {
        SortKey::Arrival => one.entry.internal_date.cmp(&other.entry.internal_date),
        SortKey::Date => sent(one.entry, one.stored).cmp(&sent(other.entry, other.stored)),
        SortKey::Size => one.entry.size.cmp(&other.entry.size),
        SortKey::Subject => text(|stored| &stored.keys.base_subject),
        SortKey::From => text(|stored| &stored.keys.from),
        SortKey::To => text(|stored| &stored.keys.to),
        SortKey::Cc => text(|stored| &stored.keys.cc),
        SortKey::DisplayFrom => text(|stored| &stored.keys.display_from),
        SortKey::DisplayTo => text(|stored| &stored.keys.display_to),
    }
}
