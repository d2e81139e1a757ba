//! SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5032, RFC 5182, RFC 7162 §3.1.5): in memory as far as that goes, then reads the texts of those
//! messages that are still in doubt, cheapest first.

mod matcher;

use std::collections::HashMap;

use super::answer::{Done, Failure, Outcome};
use super::contexts;
use super::qresync::UidSet;
use super::serve::Context;
use super::session::{Account, SelectedMailbox};
use super::wire::command::{Numbers, PartialRange, Search, SearchReturn, SequenceSet};
use super::wire::utf7::NameForm;
use super::wire::write::{self, Code, EsearchAnswer};
use crate::domain::messages::{Need, SearchNeed, Searched};
use crate::domain::snapshot::Snapshot;
use crate::mime;
use crate::model::{ModSeq, Uid};
use matcher::{Facts, Field, Known, Plan, Verdict};

/// Messages whose texts are read at once.
const CHUNK_MESSAGES: usize = 200;
/// The same where whole bodies are read.
const CHUNK_BODIES: usize = 50;
/// Messages judged from memory before other sessions have their turn.
const JUDGED_AT_ONCE: usize = 1000;

/// What a search came to.
pub(super) struct Found {
    /// Rising.
    pub uids: Vec<Uid>,
    /// ModSeqs were asked about: the answer tells the highest.
    by_mod_seq: bool,
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
    if ask.charset.is_some() && account.names == NameForm::Utf8 {
        return Err(Failure::bad("Everything is UTF-8 already"));
    }
    contexts::check_tag(selected, tag, &ask)?;
    let found = found(context, selected, &ask).await?;
    match &ask.returns {
        None => {
            let numbers = numbers(selected, ask.numbers, &found.uids);
            write::search(&mut context.client.out, numbers, found.mod_seq(selected));
        }
        Some(returns) => {
            write_esearch(context, selected, Correlated::Tag(tag), ask.numbers, returns, &found.uids, &found);
        }
    }
    contexts::keep(context, selected, Correlated::Tag(tag), &ask, &[], found.uids)?;
    context.client.drain().await?;
    Ok(Done::new("SEARCH completed"))
}

/// What SEARCH, SORT and THREAD find.
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
    let plan = Plan::of(&ask.key, now, &|set: &SequenceSet, numbers| selected.view.spans(set, numbers))?;
    let mut uids = find(context, selected, &plan).await?;
    // Those that left the client's view meanwhile have no number.
    uids.retain(|uid| selected.view.seq_of(*uid).is_some());
    Ok(Found { uids, by_mod_seq: ask.key.names_mod_seq() })
}

/// The messages that match, rising.
async fn find(context: &mut Context<'_>, selected: &SelectedMailbox, plan: &Plan) -> Result<Vec<Uid>, Failure> {
    let told = selected.view.select(&SequenceSet::Ranges(vec![(Some(1), None)]), Numbers::Uid)?;
    find_among(context, selected, plan, &told).await
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

/// Which of these match, rising.
pub(super) async fn matching(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    wanted: &Lasting,
    uids: &[Uid],
) -> Result<Vec<Uid>, Failure> {
    find_among(context, selected, &wanted.0, uids).await
}

async fn find_among(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    plan: &Plan,
    told: &[Uid],
) -> Result<Vec<Uid>, Failure> {
    let snapshot = selected.view.snapshot();
    let (mut found, mut doubtful) = (Vec::new(), Vec::new());
    for (index, entry) in told.iter().filter_map(|uid| snapshot.entry(*uid)).enumerate() {
        if index % JUDGED_AT_ONCE == JUDGED_AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        match plan.judge(&Facts { entry, known: Known::default() }) {
            Verdict::Yes => found.push(entry.uid),
            Verdict::Doubt => doubtful.push(entry.uid),
            Verdict::No => {}
        }
    }
    for step in plan.steps() {
        let mut still_doubtful = Vec::new();
        let chunk_len = if step.body { CHUNK_BODIES } else { CHUNK_MESSAGES };
        for chunk in doubtful.chunks(chunk_len) {
            let texts = read_texts(context, selected, plan, chunk, step).await?;
            judge_chunk(plan, snapshot, chunk, &texts, &mut found, &mut still_doubtful).await;
        }
        doubtful = still_doubtful;
    }
    found.sort_unstable();
    Ok(found)
}

/// What was read of some messages, by UID.
#[derive(Default)]
struct Texts {
    searched: HashMap<Uid, Searched>,
    fields: HashMap<Uid, Vec<Field>>,
    step: Step,
}

/// Which texts one round reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Step {
    /// Date.
    sent_at: bool,
    /// From, To, Cc, Bcc, Subject.
    heads: bool,
    /// Header fields.
    fields: bool,
    body: bool,
}

impl Step {
    /// Does it read what was stored for SEARCH?
    fn reads_texts(self) -> bool {
        self.sent_at || self.heads || self.body
    }
}

async fn read_texts(
    context: &mut Context<'_>,
    selected: &SelectedMailbox,
    plan: &Plan,
    uids: &[Uid],
    step: Step,
) -> Result<Texts, Failure> {
    let mut texts = Texts { step, ..Texts::default() };
    let id = selected.mailbox.id;
    if step.reads_texts() {
        let having = plan.having(step).map(|(column, text)| (column, text.to_owned()));
        let need = SearchNeed { heads: step.heads, body: step.body, having };
        let searched = context.gateway.search_texts(id, uids, need).await?;
        texts.searched = searched.into_iter().map(|searched| (searched.uid, searched)).collect();
    }
    if step.fields {
        let need = Need { header: true, ..Need::default() };
        let fetched = context.gateway.fetch(id, uids, need).await?;
        let folded = fetched.into_iter().map(|fetched| (fetched.uid, folded_fields(&fetched.content.header, plan)));
        texts.fields = folded.collect();
    }
    Ok(texts)
}

/// The header fields that the plan looks at: names in lower case, values decoded and folded.
fn folded_fields(header: &[u8], plan: &Plan) -> Vec<Field> {
    let field = |field: mime::Field<'_>| Field {
        name: String::from_utf8_lossy(field.name).to_ascii_lowercase(),
        value: mime::fold(&mime::decode_text(field.value)),
    };
    mime::fields(header).filter(|field| plan.looks_at(field)).map(field).collect()
}

/// Messages that are gone meanwhile, or lack what a match needs, match nothing. Others have their turn between two texts:
/// many keys take a while.
async fn judge_chunk(
    plan: &Plan,
    snapshot: &Snapshot,
    uids: &[Uid],
    texts: &Texts,
    found: &mut Vec<Uid>,
    doubtful: &mut Vec<Uid>,
) {
    for entry in uids.iter().filter_map(|uid| snapshot.entry(*uid)) {
        let searched = texts.searched.get(&entry.uid);
        let fields = texts.fields.get(&entry.uid).map(Vec::as_slice);
        let missing = (searched.is_none() && texts.step.reads_texts()) || (fields.is_none() && texts.step.fields);
        if missing {
            continue;
        }
        tokio::task::yield_now().await;
        let known = Known {
            sent_at: searched.filter(|_| texts.step.sent_at).map(|searched| searched.sent_at),
            heads: searched.filter(|_| texts.step.heads),
            fields,
            body: searched.filter(|_| texts.step.body).map(|searched| searched.text.body.as_str()),
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
