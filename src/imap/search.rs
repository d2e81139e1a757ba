//! SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5032, RFC 5182, RFC 7162 §3.1.5).
//!
//! In memory as far as that goes; then the index says of most messages that they cannot have a text; then the texts of those
//! that are still in doubt are read and compared, cheapest first. So the answer never depends on the index.

mod matcher;
mod needle;

use std::collections::HashMap;

use super::answer::{Done, Failure, Outcome};
use super::contexts;
use super::message_limit::{self, Cut};
use super::qresync::UidSet;
use super::serve::Context;
use super::session::{Account, SelectedMailbox};
use super::wire::command::{Numbers, PartialRange, Search, SearchReturn, SequenceSet};
use super::wire::utf7::NameForm;
use super::wire::write::{self, Code, EsearchAnswer};
use crate::domain::messages::{SearchNeed, Searched, Sought, TextColumn};
use crate::domain::snapshot::{Entry, Snapshot};
use crate::model::{ModSeq, Uid};
use matcher::{Facts, Known, Plan, Verdict};

/// Messages whose texts are read at once.
const CHUNK_MESSAGES: usize = 200;
/// The same where whole bodies are read.
const CHUNK_BODIES: usize = 50;
/// The same where the store compares, and tells only which match.
const CHUNK_COMPARED: usize = 500;
/// Messages judged from memory before other sessions have their turn.
const JUDGED_AT_ONCE: usize = 1000;
/// With fewer messages in doubt, reading their texts is cheaper than asking the index.
const INDEX_MESSAGES_MIN: usize = 50;
/// What the index may propose, of everybody's messages, for a small mailbox. For a large one: as many as are in doubt, for
/// reading those costs no more.
const PROPOSED_MIN: usize = 1000;

/// What a search came to.
pub(super) struct Found {
    /// Rising.
    pub uids: Vec<Uid>,
    /// ModSeqs were asked about: the answer tells the highest.
    by_mod_seq: bool,
    /// Not all messages were looked at.
    pub cut: Option<Cut>,
}

impl Found {
    /// The highest ModSeq of what was found, where it is to be told.
    pub(super) fn mod_seq(&self, selected: &SelectedMailbox) -> Option<ModSeq> {
        highest_mod_seq(selected.view.snapshot(), &self.uids).filter(|_| self.by_mod_seq)
    }
}

/// SEARCH and UID SEARCH.
pub(super) async fn search(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    tag: &str,
    ask: Search,
) -> Outcome {
    if ask.charset.is_some() && account.modes.utf8_accept {
        return Err(Failure::bad("Everything is UTF-8 already"));
    }
    contexts::check_tag(selected, tag, &ask)?;
    let found = found(context, selected, &ask).await?;
    match account.search_returns(&ask) {
        None => {
            let numbers = numbers(selected, ask.numbers, &found.uids);
            write::search(&mut context.client.out, numbers, found.mod_seq(selected));
        }
        Some(returns) => {
            write_esearch(context, selected, Correlated::Tag(tag), ask.numbers, &returns, &found.uids, &found);
        }
    }
    let (cut, complete) = (found.cut, found.cut.is_none());
    contexts::keep(context, selected, Correlated::Tag(tag), &ask, &[], complete.then_some(found.uids))?;
    context.client.drain().await?;
    Ok(message_limit::tell(context, cut, Done::new("SEARCH completed")))
}

/// What a search finds.
pub(super) async fn found(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    ask: &Search,
) -> Result<Found, Failure> {
    if ask.charset.as_deref().is_some_and(|charset| charset != "UTF-8" && charset != "US-ASCII") {
        return Err(Failure::refused(Code::BadCharset, "Charsets are US-ASCII and UTF-8"));
    }
    if ask.key.count() > context.gateway.config.imap.search_keys_max {
        return Err(Failure::refused(Code::Limit, "Too many search keys"));
    }
    let now = context.gateway.clock.now();
    let mut plan = Plan::of(&ask.key, now, &|set: &SequenceSet, numbers| selected.view.spans(set, numbers))?;
    let mut told = selected.view.select(&SequenceSet::Ranges(vec![(Some(1), None)]), Numbers::Uid)?;
    told.retain(|uid| selected.view.snapshot().entry(*uid).is_some());
    let cut = message_limit::searched(&context.gateway.config.imap, &selected.view, &ask.key, &mut told)?;
    let mut uids = find(context, selected, &mut plan, &told).await?;
    // Those that left the client's view meanwhile have no number.
    uids.retain(|uid| selected.view.seq_of(*uid).is_some());
    Ok(Found { uids, by_mod_seq: ask.key.names_mod_seq(), cut })
}

/// The same for SORT and THREAD, which cannot be done in parts (RFC 9738 §3).
pub(super) async fn found_whole(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    ask: &Search,
) -> Result<Found, Failure> {
    let found = found(context, selected, ask).await?;
    match found.cut {
        Some(cut) => Err(cut.refusal()),
        None => Ok(found),
    }
}

/// Those of the messages `told` that match, rising.
async fn find(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    plan: &mut Plan,
    told: &[Uid],
) -> Result<Vec<Uid>, Failure> {
    let snapshot = selected.view.snapshot();
    let entries = told.iter().filter_map(|uid| snapshot.entry(*uid));
    let mut found = Vec::new();
    let mut doubtful = judge_from_memory(plan, entries, &mut found).await;
    if context.gateway.config.imap.search_by_index && ask_index(context, plan, &doubtful).await? {
        doubtful = judge_from_memory(plan, doubtful.into_iter(), &mut found).await;
    }
    read_doubtful(context, selected, plan, told.len(), &doubtful, &mut found).await?;
    found.sort_unstable();
    Ok(found)
}

/// What a search that is kept up to date looks for (RFC 5267 §4.3): sequence numbers and times mean what they meant at
/// its start; UIDs also mean messages that are still to come.
#[derive(Debug)]
pub(super) struct Lasting(Plan);

impl Lasting {
    /// What this search looks for.
    pub(super) fn of(context: &Context<'_>, selected: &SelectedMailbox, ask: &Search) -> Result<Self, Failure> {
        let spans = |set: &SequenceSet, numbers| match (set, numbers) {
            (SequenceSet::Ranges(_), Numbers::Uid) => Ok(UidSet::of(set).spans()),
            _ => selected.view.spans(set, numbers),
        };
        Ok(Self(Plan::of(&ask.key, context.gateway.clock.now(), &spans)?))
    }
}

/// Which of these match, rising. Without the index: few have changed, and what it says of them is not for later ones.
pub(super) async fn matching(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    Lasting(plan): &Lasting,
    uids: &[Uid],
) -> Result<Vec<Uid>, Failure> {
    let snapshot = selected.view.snapshot();
    let mut found = Vec::new();
    let entries = uids.iter().filter_map(|uid| snapshot.entry(*uid));
    let doubtful = judge_from_memory(plan, entries, &mut found).await;
    read_doubtful(context, selected, plan, uids.len(), &doubtful, &mut found).await?;
    found.sort_unstable();
    Ok(found)
}

/// Reads the texts of messages in doubt, `doubtful` of `all`, and adds those that match to `found`.
async fn read_doubtful(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    plan: &Plan,
    all: usize,
    doubtful: &[&Entry],
    found: &mut Vec<Uid>,
) -> Result<(), Failure> {
    let mut doubtful: Vec<Uid> = doubtful.iter().map(|entry| entry.uid).collect();
    match plan.one_text() {
        Some((column, text)) => {
            let mut left = doubtful.len();
            for chunk in doubtful.chunks(CHUNK_COMPARED) {
                found.extend(compare_in_store(context, selected, (column, text), chunk).await?);
                left -= chunk.len();
                context.progress.count(all.saturating_sub(left), Some(all));
                context.still_working().await?;
            }
        }
        None => {
            for step in plan.steps() {
                doubtful = read_round(context, selected, plan, (step, &doubtful, all), found).await?;
            }
        }
    }
    Ok(())
}

/// Adds those that match to `found`; gives those in doubt.
async fn judge_from_memory<'s>(
    plan: &Plan,
    entries: impl Iterator<Item = &'s Entry>,
    found: &mut Vec<Uid>,
) -> Vec<&'s Entry> {
    let mut doubtful = Vec::new();
    for (index, entry) in entries.enumerate() {
        if index % JUDGED_AT_ONCE == JUDGED_AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        match plan.judge(&Facts { entry, known: Known::default() }) {
            Verdict::Yes => found.push(entry.uid),
            Verdict::Doubt => doubtful.push(entry),
            Verdict::No => {}
        }
    }
    doubtful
}

/// Asks the index for the texts of the plan; `true` where that told something of the messages in doubt.
async fn ask_index(context: &mut Context<'_>, plan: &mut Plan, doubtful: &[&Entry]) -> Result<bool, Failure> {
    let messages = || doubtful.iter().map(|entry| entry.message);
    let (Some(first), Some(last)) = (messages().min(), messages().max()) else { return Ok(false) };
    let mut learnt = false;
    for sought in plan.sought() {
        // A key is looked up whatever the size of the mailbox.
        if doubtful.len() < INDEX_MESSAGES_MIN && !matches!(sought, Sought::MessageId(_)) {
            continue;
        }
        let messages_max = doubtful.len().max(PROPOSED_MIN);
        let work = context.gateway.propose(sought.clone(), (first, last), messages_max);
        if let Some(proposed) = context.working(work).await?? {
            plan.learn(&sought, &proposed.into());
            learnt = true;
        }
    }
    Ok(learnt)
}

/// One text decides: the store says who of some messages has it.
async fn compare_in_store(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    (column, text): (TextColumn, &str),
    uids: &[Uid],
) -> Result<Vec<Uid>, Failure> {
    let need = SearchNeed { having: Some((column, text.to_owned())), ..SearchNeed::default() };
    let work = context.gateway.search_texts(selected.mailbox.id, uids, need);
    let having = context.working(work).await??;
    Ok(having.into_iter().map(|searched| searched.uid).collect())
}

/// Reads more of the messages in doubt, of so many in all: adds those that match to `found`, gives those still in doubt.
async fn read_round(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    plan: &Plan,
    (step, doubtful, all): (Step, &[Uid], usize),
    found: &mut Vec<Uid>,
) -> Result<Vec<Uid>, Failure> {
    let mut still_doubtful = Vec::new();
    let chunk_len = if step.body { CHUNK_BODIES } else { CHUNK_MESSAGES };
    let mut left = doubtful.len();
    for chunk in doubtful.chunks(chunk_len) {
        let texts = read_texts(context, selected, plan, chunk, step).await?;
        judge_chunk(plan, selected.view.snapshot(), chunk, (&texts, step), found, &mut still_doubtful).await;
        left -= chunk.len();
        context.progress.count(all.saturating_sub(left + still_doubtful.len()), Some(all));
        context.still_working().await?;
    }
    Ok(still_doubtful)
}

/// Which texts one round reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Step {
    /// From, To, Cc, Bcc, Subject.
    heads: bool,
    /// All header fields.
    header: bool,
    body: bool,
}

/// The texts of some messages, by UID; without those that cannot match.
async fn read_texts(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    plan: &Plan,
    uids: &[Uid],
    step: Step,
) -> Result<HashMap<Uid, Searched>, Failure> {
    let having = plan.having(step).map(|(column, text)| (column, text.to_owned()));
    let need = SearchNeed { heads: step.heads, header: step.header, body: step.body, having };
    let work = context.gateway.search_texts(selected.mailbox.id, uids, need);
    let searched = context.working(work).await??;
    Ok(searched.into_iter().map(|searched| (searched.uid, searched)).collect())
}

/// Messages that are gone meanwhile, or lack what a match needs, match nothing. Others have their turn between two texts:
/// many keys take a while.
async fn judge_chunk(
    plan: &Plan,
    snapshot: &Snapshot,
    uids: &[Uid],
    (texts, step): (&HashMap<Uid, Searched>, Step),
    found: &mut Vec<Uid>,
    doubtful: &mut Vec<Uid>,
) {
    for entry in uids.iter().filter_map(|uid| snapshot.entry(*uid)) {
        let Some(searched) = texts.get(&entry.uid) else { continue };
        tokio::task::yield_now().await;
        let known = Known {
            heads: step.heads.then_some(searched),
            header: step.header.then_some(&searched.text.header),
            body: step.body.then_some(searched.text.body.as_str()),
        };
        match plan.judge(&Facts { entry, known }) {
            Verdict::Yes => found.push(entry.uid),
            Verdict::Doubt => doubtful.push(entry.uid),
            Verdict::No => {}
        }
    }
}

/// Messages by the numbers that the client asked for, in the same order.
pub(super) fn numbers(selected: &SelectedMailbox, numbers: Numbers, uids: &[Uid]) -> Vec<u32> {
    match numbers {
        Numbers::Uid => uids.iter().map(|uid| uid.0).collect(),
        Numbers::Sequence => uids.iter().filter_map(|uid| Some(selected.view.seq_of(*uid)?.0)).collect(),
    }
}

/// What an ESEARCH response says it answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Correlated<'a> {
    /// The command with this tag.
    Tag(&'a str),
    /// And the mailbox that was searched (RFC 7377 §2.1).
    Mailbox { tag: &'a str, names: NameForm },
}

/// `* ESEARCH`: of `uids`, those found in the order of the answer (RFC 5267 §3.1), some of which SAVE keeps.
pub(super) fn write_esearch(
    context: &mut Context<'_>,
    selected: &mut SelectedMailbox,
    correlated: Correlated<'_>,
    by: Numbers,
    returns: &[SearchReturn],
    uids: &[Uid],
    found: &Found,
) {
    if returns.contains(&SearchReturn::Save) {
        selected.view.save(described(returns, uids));
    }
    // SAVE alone answers nothing (RFC 5182 §2.1).
    if returns.iter().all(|wanted| *wanted == SearchReturn::Save) {
        return;
    }
    let mod_seq = highest_mod_seq(selected.view.snapshot(), &described(returns, uids)).filter(|_| found.by_mod_seq);
    let numbers = numbers(selected, by, uids);
    let answer = answer(returns, &numbers, mod_seq);
    let out = &mut context.client.out;
    match correlated {
        Correlated::Tag(tag) => write::esearch(out, tag, by, answer),
        // Nothing is told of mailboxes where nothing is found (RFC 7377 §2.1).
        Correlated::Mailbox { .. } if uids.is_empty() => {}
        Correlated::Mailbox { tag, names } => {
            let (name, uid_validity) = (selected.mailbox.name.as_str(), selected.view.snapshot().uid_validity);
            write::esearch_in(out, tag, (names, name, uid_validity), by, answer);
        }
    }
}

/// What RETURN asks for; `RETURN ()` is ALL (RFC 9051 §6.4.4).
fn answer<'a>(returns: &[SearchReturn], numbers: &'a [u32], mod_seq: Option<ModSeq>) -> EsearchAnswer<'a> {
    let wants = |wanted| returns.contains(&wanted);
    EsearchAnswer {
        min: numbers.first().copied().filter(|_| wants(SearchReturn::Min)),
        max: numbers.last().copied().filter(|_| wants(SearchReturn::Max)),
        all: (returns.is_empty() || wants(SearchReturn::All)).then_some(numbers),
        partial: partial(returns).map(|range| (range, in_range(range, numbers))),
        count: wants(SearchReturn::Count).then(|| u32::try_from(numbers.len()).unwrap_or(u32::MAX)),
        mod_seq,
    }
}

/// The range of PARTIAL, where it is asked for.
fn partial(returns: &[SearchReturn]) -> Option<PartialRange> {
    returns.iter().find_map(|wanted| match wanted {
        SearchReturn::Partial(range) => Some(*range),
        _ => None,
    })
}

fn in_range<T>(range: PartialRange, found: &[T]) -> &[T] {
    found.get(range.of(found.len())).unwrap_or_default()
}

/// The messages whose ModSeq the answer tells, and those that SAVE keeps: all found; or only the ends and the range,
/// where nothing else is asked (RFC 7162 §3.1.5, RFC 5182 §2.4, RFC 9394 §3.2). Rising.
fn described(returns: &[SearchReturn], found: &[Uid]) -> Vec<Uid> {
    let asked = |wanted| returns.contains(&wanted);
    let range = partial(returns);
    let some = range.is_some() || asked(SearchReturn::Min) || asked(SearchReturn::Max);
    if !some || asked(SearchReturn::All) || asked(SearchReturn::Count) {
        return found.to_vec();
    }
    let min = found.first().filter(|_| asked(SearchReturn::Min));
    let max = found.last().filter(|_| asked(SearchReturn::Max));
    let within = range.map_or(&[][..], |range| in_range(range, found));
    let mut some: Vec<Uid> = min.into_iter().chain(within).chain(max).copied().collect();
    some.sort_unstable();
    some.dedup();
    some
}

fn highest_mod_seq(snapshot: &Snapshot, found: &[Uid]) -> Option<ModSeq> {
    found.iter().filter_map(|uid| snapshot.entry(*uid)).map(|entry| entry.mod_seq).max()
}
