//! Searches whose results are kept up to date (RFC 5267 §4.3): RETURN (UPDATE), ADDTO, REMOVEFROM, CANCELUPDATE.
//!
//! A context keeps its results and how far it has judged the mailbox; at each change only what has changed is judged
//! again. It lives as long as its mailbox is selected. `results` (pure) keeps the order and says what to tell.

mod results;

use std::collections::{HashMap, HashSet};

use super::answer::{Done, End, Failure, Outcome};
use super::search::{self, Correlated, Lasting};
use super::serve::Context;
use super::session::SelectedMailbox;
use super::sort;
use super::wire::command::{FetchItem, Numbers, Search};
use super::wire::sort::SortCriterion;
use super::wire::utf7::NameForm;
use super::wire::write::{self, Code, Condition, EsearchUpdate};
use crate::domain::messages::Sortable;
use crate::model::{ModSeq, Uid};
use results::{Order, Results, Run};

/// A search whose results are kept up to date.
#[derive(Debug)]
pub(super) struct Updating {
    tag: String,
    /// Begun by ESEARCH: each of its answers names the mailbox (RFC 7377 §2.1).
    names: Option<NameForm>,
    by: Numbers,
    wanted: Lasting,
    /// None: in the order of the mailbox.
    criteria: Vec<SortCriterion>,
    /// What to tell of new messages that match (RFC 5465 §7).
    items: Vec<FetchItem>,
    results: Results,
    judged: Judged,
}

/// What has been judged: every message up to `uid`, as it was at `mod_seq`.
#[derive(Clone, Copy, Debug)]
struct Judged {
    uid: Uid,
    mod_seq: ModSeq,
}

impl Judged {
    /// All that the client has been told of.
    fn told(selected: &SelectedMailbox) -> Self {
        Self { uid: selected.view.last_told(), mod_seq: selected.view.snapshot().mod_seq }
    }
}

/// Is a tag in use, where results are to be kept up to date under it (RFC 5267 §4.3)? Asked before the search.
pub(super) fn check_tag(selected: &SelectedMailbox, tag: &str, ask: &Search) -> Result<(), Failure> {
    match ask.update().is_some() && selected.contexts.iter().any(|context| context.tag == tag) {
        true => Err(Failure::bad("Tag reuse")),
        false => Ok(()),
    }
}

/// Keeps what a search found up to date from now on, where it asked for that. `sorted`: in the order of the answer; `None`
/// where not all could be searched.
pub(super) fn keep(
    context: &mut Context<'_>,
    selected: &mut SelectedMailbox,
    correlated: Correlated<'_>,
    ask: &Search,
    criteria: &[SortCriterion],
    sorted: Option<Vec<Uid>>,
) -> Result<(), Failure> {
    let (tag, names) = match correlated {
        Correlated::Tag(tag) => (tag, None),
        Correlated::Mailbox { tag, names } => (tag, Some(names)),
    };
    let Some(items) = ask.update() else { return Ok(()) };
    let has_room = selected.contexts.len() < context.gateway.config.imap.search_contexts_max;
    let Some(sorted) = sorted.filter(|_| has_room) else {
        let text = if has_room { "Too many messages" } else { "Too many contexts" };
        write::untagged(&mut context.client.out, Condition::No, Some(Code::NoUpdate(tag)), text);
        return Ok(());
    };
    let order = if criteria.is_empty() { Order::Mailbox } else { Order::Sorted };
    selected.contexts.push(Updating {
        tag: tag.to_owned(),
        names,
        by: ask.numbers,
        wanted: Lasting::of(context, selected, ask)?,
        criteria: criteria.to_vec(),
        items: items.to_vec(),
        results: Results::new(sorted, order),
        judged: Judged::told(selected),
    });
    Ok(())
}

/// CANCELUPDATE (RFC 5267 §4.3.5): of all these, or of none.
pub(super) fn cancel(selected: &mut SelectedMailbox, tags: &[String]) -> Outcome {
    let is_known = |tag: &String| selected.contexts.iter().any(|context| context.tag == *tag);
    if !tags.iter().all(is_known) {
        return Err(Failure::bad("No such context"));
    }
    selected.contexts.retain(|context| !tags.contains(&context.tag));
    Ok(Done::new("CANCELUPDATE completed"))
}

/// Tells which results are expunged: before that is told, while they have their numbers (RFC 5267 §4.3.4).
pub(super) async fn tell_gone(context: &mut Context<'_>, selected: &mut SelectedMailbox) -> Result<(), End> {
    if selected.contexts.is_empty() || selected.view.zombies().is_empty() {
        return Ok(());
    }
    let gone: HashSet<Uid> = selected.view.zombies().iter().copied().collect();
    let mut contexts = std::mem::take(&mut selected.contexts);
    for updating in &mut contexts {
        let removed = updating.results.remove(&gone);
        updating.tell(context, selected, &removed, &[]).await?;
    }
    selected.contexts = contexts;
    Ok(())
}

/// What has come of a change to the results of one context.
pub(super) struct Change {
    removed: Vec<Run>,
    added: Vec<Run>,
}

/// Judges what has changed since it was last judged: a change for each context. Where the store cannot be reached, it is
/// judged the next time.
pub(super) async fn judge(context: &mut Context<'_>, selected: &mut SelectedMailbox) -> Result<Vec<Change>, End> {
    let mut contexts = std::mem::take(&mut selected.contexts);
    let mut changes = Vec::with_capacity(contexts.len());
    for updating in &mut contexts {
        let change = match updating.judge(context, selected).await {
            Ok(change) => change,
            Err(Failure::Ended(end)) => return Err(end),
            Err(Failure::Fault(fault)) => {
                context.log(&fault);
                Change { removed: Vec::new(), added: Vec::new() }
            }
            Err(_) => Change { removed: Vec::new(), added: Vec::new() },
        };
        changes.push(change);
    }
    selected.contexts = contexts;
    Ok(changes)
}

/// What a new message is to be told with: what the contexts ask for that it has come into.
pub(super) fn items_of(selected: &SelectedMailbox, changes: &[Change], uid: Uid, items: &mut Vec<FetchItem>) {
    for (updating, change) in selected.contexts.iter().zip(changes) {
        if change.added.iter().any(|run| run.uids.contains(&uid)) {
            for item in &updating.items {
                if !items.contains(item) {
                    items.push(item.clone());
                }
            }
        }
    }
}

/// Tells the changes.
pub(super) async fn tell(context: &mut Context<'_>, selected: &SelectedMailbox, changes: &[Change]) -> Result<(), End> {
    for (updating, change) in selected.contexts.iter().zip(changes) {
        updating.tell(context, selected, &change.removed, &change.added).await?;
    }
    Ok(())
}

impl Updating {
    async fn judge(&mut self, context: &mut Context<'_>, selected: &SelectedMailbox) -> Result<Change, Failure> {
        let changed = self.unjudged(selected);
        let judged = Judged::told(selected);
        if changed.is_empty() {
            self.judged = judged;
            return Ok(Change { removed: Vec::new(), added: Vec::new() });
        }
        let matching = search::matching(context, selected, &self.wanted, &changed).await?;
        let matches: HashSet<Uid> = matching.iter().copied().collect();
        let there: HashSet<Uid> = self.results.uids().iter().copied().collect();
        let lost = changed.iter().copied().filter(|uid| !matches.contains(uid) && there.contains(uid)).collect();
        let new: Vec<Uid> = matching.into_iter().filter(|uid| !there.contains(uid)).collect();
        let places = match self.criteria.is_empty() {
            true => Vec::new(),
            false => self.places(context, selected, &lost, &new).await?,
        };
        // From here on nothing can fail: what is kept is what is told.
        let removed = self.results.remove(&lost);
        match self.criteria.is_empty() {
            true => self.results.merge(&new),
            false => self.results.insert(places),
        }
        self.judged = judged;
        Ok(Change { removed, added: self.results.runs(&new.into_iter().collect()) })
    }

    /// Messages that the client knows of and that have not been judged as they are now, rising.
    fn unjudged(&self, selected: &SelectedMailbox) -> Vec<Uid> {
        let (view, entries) = (&selected.view, &selected.view.snapshot().entries);
        let changed = entries.changed_since(self.judged.mod_seq).take_while(|entry| entry.uid <= self.judged.uid);
        let first_new = entries.find(Uid(self.judged.uid.0.saturating_add(1))).unwrap_or_else(|place| place);
        let new = entries.range(first_new..entries.len()).filter(|entry| entry.uid > self.judged.uid);
        changed.chain(new).map(|entry| entry.uid).filter(|uid| view.seq_of(*uid).is_some()).collect()
    }

    /// Where new results go, once the lost ones are out: found by halves, reading the keys of those compared with.
    async fn places(
        &self,
        context: &mut Context<'_>,
        selected: &SelectedMailbox,
        lost: &HashSet<Uid>,
        new: &[Uid],
    ) -> Result<Vec<(usize, Uid)>, Failure> {
        let mut order: Vec<Uid> = self.results.uids().iter().copied().filter(|uid| !lost.contains(uid)).collect();
        let mut keys = Keys { stored: HashMap::new(), reads: sort::reads_keys(&self.criteria) };
        // Many at once: all keys in a few reads, instead of some for each.
        match new.len().saturating_mul(READS_EACH) > order.len() {
            true => keys.read(context, selected, &[order.as_slice(), new].concat()).await?,
            false => keys.read(context, selected, new).await?,
        }
        let snapshot = selected.view.snapshot();
        let mut places = Vec::with_capacity(new.len());
        for uid in sort::sorted(snapshot, &keys.stored, new, &self.criteria) {
            let (mut low, mut high) = (0, order.len());
            while low < high {
                let middle = usize::midpoint(low, high);
                let Some(other) = order.get(middle).copied() else { break };
                keys.read(context, selected, &[other]).await?;
                match sort::sorted(snapshot, &keys.stored, &[other, uid], &self.criteria).first() {
                    // One that has gone meanwhile stands for nothing.
                    Some(first) if *first == uid && snapshot.entry(other).is_some() => high = middle,
                    _ => low = middle + 1,
                }
            }
            order.insert(low.min(order.len()), uid);
            places.push((low, uid));
        }
        Ok(places)
    }

    async fn tell(
        &self,
        context: &mut Context<'_>,
        selected: &SelectedMailbox,
        removed: &[Run],
        added: &[Run],
    ) -> Result<(), End> {
        let numbered = |runs: &[Run]| -> Vec<(u32, Vec<u32>)> {
            runs.iter().map(|run| (run.position, search::numbers(selected, self.by, &run.uids))).collect()
        };
        let (removed, added) = (numbered(removed), numbered(added));
        if removed.is_empty() && added.is_empty() {
            return Ok(());
        }
        let update = EsearchUpdate { removed: &removed, added: &added };
        let mailbox = selected.mailbox.name.as_str();
        let of = self.names.map(|names| (names, mailbox, selected.view.snapshot().uid_validity));
        write::esearch_update(&mut context.client.out, &self.tag, of, self.by, update);
        context.client.drain().await
    }
}

/// About how many keys are read to find the place of one message.
const READS_EACH: usize = 16;

/// Sort keys that have been read.
struct Keys {
    stored: HashMap<Uid, Sortable>,
    /// Does the order need any?
    reads: bool,
}

impl Keys {
    async fn read(
        &mut self,
        context: &mut Context<'_>,
        selected: &SelectedMailbox,
        uids: &[Uid],
    ) -> Result<(), Failure> {
        let missing: Vec<Uid> = uids.iter().copied().filter(|uid| !self.stored.contains_key(uid)).collect();
        if self.reads && !missing.is_empty() {
            self.stored.extend(sort::keys(context, selected, &missing).await?);
        }
        Ok(())
    }
}
