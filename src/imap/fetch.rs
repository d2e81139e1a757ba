//! FETCH (RFC 9051 §6.4.5, RFC 7162 §3.1.4): streams out what is asked, a few hundred messages at a time.
//!
//! Flags, UIDs, sizes, dates and ModSeqs come from memory. Everything else is read in chunks; large bodies in pieces. A
//! slow client slows the reading down: nothing piles up.

use std::ops::Range;

use bytes::Bytes;

use super::answer::{Done, DoneCode, End, Failure, Outcome};
use super::binary::{self, Decoded};
use super::message_limit;
use super::qresync::tell_vanished;
use super::section::{self, Source};
use super::serve::Context;
use super::session::{Account, SelectedMailbox};
use super::updates::refresh_after_write;
use super::wire::command::{Access, Fetch, FetchItem, Numbers, Partial, Section, SequenceSet};
use super::wire::write::{DataName, FetchItems, MessageNumber};
use crate::domain::messages::{Fetched, FlagChange, Need, StoreFlags};
use crate::domain::snapshot::{Entry, Snapshot};
use crate::domain::spool::Content;
use crate::mime;
use crate::model::{Flags, ModSeq, SystemFlag, Uid};

/// Messages read at once.
const CHUNK_MESSAGES: usize = 200;
/// Octets of bodies read at once.
const CHUNK_BYTES: u64 = 1 << 20;
/// A large section is read and sent in pieces of this size.
pub(super) const PIECE_BYTES: u64 = 128 << 10;
/// Sections of one message that are read before its response begins; a fault is then still a clean NO.
pub(super) const READY_BYTES: usize = 1 << 20;
/// The most of a header block, below the message's own, that fields are looked for in.
const NESTED_HEADER_BYTES: u64 = 1 << 20;

/// What one FETCH has to do for each message.
struct Plan {
    items: Vec<FetchItem>,
    need: Need,
    marks_seen: bool,
    /// MODSEQ with every FLAGS that nobody asked for.
    condstore: bool,
}

/// What was read for one item.
enum Read {
    Octets(Octets),
    /// BINARY
    Decoded(Decoded),
    /// BINARY.SIZE
    Size(u64),
    /// The message has no such section.
    Missing,
    /// It is read when its turn comes: enough is held in memory for this message.
    Later,
}

/// The octets of one section, as far as they are read already.
struct Octets {
    ready: Bytes,
    /// Still to be read, in pieces.
    rest: Range<u64>,
}

impl Read {
    /// Octets that lie in memory.
    fn ready_len(&self) -> usize {
        match self {
            Self::Octets(octets) => octets.ready.len(),
            Self::Decoded(decoded) => decoded.ready_len(),
            Self::Size(_) | Self::Missing | Self::Later => 0,
        }
    }
}

impl Plan {
    fn of(ask: &Fetch, access: Access, account: &Account) -> Self {
        let mut items = each_once(&ask.items);
        // UIDFETCH names the message by its UID already.
        if ask.numbers == Numbers::Uid && !account.modes.uid_only && !items.contains(&FetchItem::Uid) {
            items.insert(0, FetchItem::Uid);
        }
        if ask.changed_since.is_some() && !items.contains(&FetchItem::ModSeq) {
            items.push(FetchItem::ModSeq);
        }
        let marks_seen = access == Access::ReadWrite && items.iter().any(section::sets_seen);
        Self { need: section::need(&items), marks_seen, condstore: account.condstore, items }
    }

    fn is_in_memory(&self) -> bool {
        self.need == Need::default()
    }
}

/// Items asked twice are answered once: nobody gets a message a thousand times by one line.
fn each_once(items: &[FetchItem]) -> Vec<FetchItem> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    kept
}

/// FETCH and UID FETCH.
pub(super) async fn fetch(
    context: &mut Context<'_>,
    account: &mut Account,
    selected: &mut SelectedMailbox,
    ask: Fetch,
) -> Outcome {
    let plan = Plan::of(&ask, selected.access, account);
    if let Some(since) = ask.changed_since.filter(|_| ask.vanished) {
        tell_vanished(context, account, &selected.view, &ask.set, since).await?;
    }
    let mut uids = selected.view.select(&ask.set, ask.numbers)?;
    let named = uids.len();
    uids.retain(|uid| selected.view.snapshot().entry(*uid).is_some());
    let mut gone = uids.len() < named;
    if let Some(range) = ask.partial {
        message_limit::may_ask(&context.gateway.config.imap, range)?;
        uids = uids.get(range.of(uids.len())).unwrap_or_default().to_vec();
    }
    if let Some(since) = ask.changed_since {
        uids.retain(|uid| has_changed(selected.view.snapshot(), *uid, since));
    }
    let cut = message_limit::newest(&context.gateway.config.imap, &mut uids);
    gone |= fetch_all(context, account, selected, &plan, &uids).await?;
    let done = match gone {
        true => Done::with(DoneCode::ExpungeIssued, "Some messages have been expunged"),
        false => Done::new("FETCH completed"),
    };
    Ok(message_limit::tell(context, cut, done))
}

/// Reads and writes messages, a few hundred at a time; tells whether one of them has gone meanwhile.
async fn fetch_all(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    plan: &Plan,
    uids: &[Uid],
) -> Result<bool, Failure> {
    if plan.is_in_memory() {
        for uid in uids {
            write_message(context, account, selected, plan, *uid, None, false).await?;
        }
        return Ok(false);
    }
    let (mut left, mut gone) = (uids, false);
    while !left.is_empty() {
        let (chunk, rest) = left.split_at(chunk_len(selected.view.snapshot(), left, plan.need));
        gone |= fetch_chunk(context, account, selected, plan, chunk).await?;
        left = rest;
    }
    Ok(gone)
}

/// FETCH of new messages that nobody asked for: what NOTIFY or a search that is kept up to date wants of them (RFC 5465
/// §5.2, §7). A message that nobody has read does not become `\Seen` by it.
pub(super) async fn fetch_new(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    uids: &[Uid],
    items: Vec<FetchItem>,
) -> Result<(), Failure> {
    let set = SequenceSet::Ranges(Vec::new());
    let ask = Fetch { set, numbers: Numbers::Uid, items, changed_since: None, vanished: false, partial: None };
    let plan = Plan::of(&ask, Access::ReadOnly, account);
    fetch_all(context, account, selected, &plan, uids).await.map(drop)
}

fn has_changed(snapshot: &Snapshot, uid: Uid, since: ModSeq) -> bool {
    snapshot.entry(uid).is_some_and(|entry| entry.mod_seq > since)
}

/// How many messages to read next: one at least.
fn chunk_len(snapshot: &Snapshot, uids: &[Uid], need: Need) -> usize {
    let mut bytes = 0_u64;
    let fits = |uid: &&Uid| {
        let size = snapshot.entry(**uid).map_or(0, |entry| entry.size);
        bytes = bytes.saturating_add(if need.body { size } else { 0 });
        bytes <= CHUNK_BYTES
    };
    uids.iter().take(CHUNK_MESSAGES).take_while(fits).count().max(1)
}

/// Reads and writes some messages; tells whether one of them has gone meanwhile.
async fn fetch_chunk(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    plan: &Plan,
    uids: &[Uid],
) -> Result<bool, Failure> {
    let messages = context.gateway.fetch(selected.mailbox.id, uids, plan.need).await?;
    let seen = if plan.marks_seen { mark_seen(context, selected, uids).await? } else { Vec::new() };
    for message in &messages {
        let newly_seen = seen.binary_search(&message.uid).is_ok();
        write_message(context, account, selected, plan, message.uid, Some(message), newly_seen).await?;
    }
    Ok(messages.len() < uids.len())
}

/// Sets `\Seen` where it is not; gives those it was set on.
async fn mark_seen(
    context: &mut Context<'_>,
    selected: &mut SelectedMailbox,
    uids: &[Uid],
) -> Result<Vec<Uid>, Failure> {
    let is_unseen = |entry: &Entry| !entry.flags.has(SystemFlag::Seen);
    let snapshot = selected.view.snapshot();
    let unseen = uids.iter().copied().filter(|uid| snapshot.entry(*uid).is_some_and(is_unseen));
    let unseen: Vec<Uid> = unseen.collect();
    if !unseen.is_empty() {
        let mut flags = Flags::default();
        flags.set(SystemFlag::Seen);
        let change = StoreFlags { change: FlagChange::Add, flags, unchanged_since: None };
        context.gateway.store_flags(selected.mailbox.id, &unseen, change).await?;
        refresh_after_write(context, selected).await?;
    }
    Ok(unseen)
}

/// One FETCH response, items in the order asked.
async fn write_message(
    context: &mut Context<'_>,
    account: &Account,
    selected: &mut SelectedMailbox,
    plan: &Plan,
    uid: Uid,
    message: Option<&Fetched>,
    newly_seen: bool,
) -> Result<(), Failure> {
    let (Some(seq), Some(entry)) = (selected.view.seq_of(uid), selected.view.snapshot().entry(uid).cloned()) else {
        return Ok(());
    };
    let sections = match message {
        Some(message) => read_sections(context, plan, message).await?,
        None => Vec::new(),
    };
    let shows_flags = plan.items.contains(&FetchItem::Flags);
    let response = Response { plan, entry: &entry, message, adds_flags: newly_seen && !shows_flags };
    response.write(context, account.number(seq, uid), sections).await?;
    if shows_flags || newly_seen {
        selected.view.told_flags(uid);
    }
    context.client.drain().await?;
    Ok(())
}

/// The section that an item asks for, with its partial.
fn section_of(item: &FetchItem) -> Option<(std::borrow::Cow<'_, Section>, Option<Partial>)> {
    match item {
        FetchItem::Section { section, partial, .. } => Some((std::borrow::Cow::Borrowed(section), *partial)),
        FetchItem::Rfc822(name) => Some((std::borrow::Cow::Owned(section::of_rfc822(*name)), None)),
        _ => None,
    }
}

/// Reads the beginnings of the sections asked for, in order, as far as memory is given to one message. Encodings that
/// nobody knows are found before the response begins.
async fn read_sections(context: &mut Context<'_>, plan: &Plan, message: &Fetched) -> Result<Vec<Read>, Failure> {
    let mut sections = Vec::new();
    let mut ready_bytes = 0;
    for item in &plan.items {
        let has_room = ready_bytes < READY_BYTES;
        let read = match item {
            FetchItem::Binary { path, partial, .. } => {
                let decoded = binary::measure(context, message, path, *partial, has_room).await?;
                decoded.map_or(Read::Missing, Read::Decoded)
            }
            FetchItem::BinarySize(path) => {
                let decoded = binary::measure(context, message, path, None, false).await?;
                Read::Size(decoded.map_or(0, |decoded| decoded.size))
            }
            item => match section_of(item) {
                Some((section, partial)) if has_room => {
                    let octets = read_section(context, message, &section, partial).await?;
                    octets.map_or(Read::Missing, Read::Octets)
                }
                Some(_) => Read::Later,
                None => continue,
            },
        };
        ready_bytes += read.ready_len();
        sections.push(read);
    }
    Ok(sections)
}

async fn read_section(
    context: &mut Context<'_>,
    message: &Fetched,
    section: &Section,
    partial: Option<Partial>,
) -> Result<Option<Octets>, Failure> {
    let content = &message.content;
    let header_size = u64::try_from(content.header.len()).unwrap_or(u64::MAX);
    match section::find(section, &message.parts, header_size, content.size) {
        Source::Missing => Ok(None),
        Source::Octets(range) => {
            let range = section::cut(range, partial);
            let ahead = range.start..range.end.min(range.start + PIECE_BYTES);
            let ready = read(context, content, ahead.clone()).await?;
            Ok(Some(Octets { ready, rest: ahead.end..range.end }))
        }
        Source::Fields { header, names, wanted } => {
            let header = match header.start {
                0 => content.header.clone(),
                start => read(context, content, start..header.end.min(start + NESTED_HEADER_BYTES)).await?,
            };
            let fields = Bytes::from(mime::header_fields(&header, names, wanted));
            let size = u64::try_from(fields.len()).unwrap_or(u64::MAX);
            let kept = section::cut(0..size, partial);
            let slice = usize::try_from(kept.start).unwrap_or(0)..usize::try_from(kept.end).unwrap_or(0);
            Ok(Some(Octets { ready: fields.slice(slice), rest: 0..0 }))
        }
    }
}

/// Exactly these octets: a message that has lost some is a fault, never a short answer.
pub(super) async fn read(context: &mut Context<'_>, content: &Content, range: Range<u64>) -> Result<Bytes, Failure> {
    if range.is_empty() {
        return Ok(Bytes::new());
    }
    let wanted = range.end - range.start;
    let octets = context.gateway.read_content(content, range).await?;
    match u64::try_from(octets.len()) == Ok(wanted) {
        true => Ok(octets),
        false => Err(crate::domain::Fault::Blob("a message is shorter than its size".to_owned()).into()),
    }
}

/// One response on its way.
struct Response<'a> {
    plan: &'a Plan,
    entry: &'a Entry,
    message: Option<&'a Fetched>,
    /// FLAGS too, which nobody asked for: `\Seen` has just been set.
    adds_flags: bool,
}

impl Response<'_> {
    async fn write(
        &self,
        context: &mut Context<'_>,
        message: MessageNumber,
        sections: Vec<Read>,
    ) -> Result<(), Failure> {
        let shows_message = self.message.is_some();
        if shows_message {
            context.client.out.keep_apart();
        }
        let mut sections = sections.into_iter();
        let mut items = FetchItems::open(&mut context.client.out, message);
        for item in &self.plan.items {
            context.client.drain().await?;
            match data_name(item) {
                Some(name) => {
                    let read = match sections.next().unwrap_or(Read::Missing) {
                        Read::Later => self.read_late(context, item).await?.map_or(Read::Missing, Read::Octets),
                        read => read,
                    };
                    self.write_section(context, &mut items, name, read).await?;
                }
                None => self.write_item(context, &mut items, item),
            }
        }
        let out = &mut context.client.out;
        if self.adds_flags {
            items.flags(out, &self.entry.flags);
            if self.plan.condstore && !self.plan.items.contains(&FetchItem::ModSeq) {
                items.mod_seq(out, self.entry.mod_seq);
            }
        }
        items.close(out);
        if shows_message {
            out.keep_apart();
        }
        Ok(())
    }

    fn write_item(&self, context: &mut Context<'_>, items: &mut FetchItems, item: &FetchItem) {
        let out = &mut context.client.out;
        match item {
            FetchItem::Uid => items.uid(out, self.entry.uid),
            FetchItem::Flags => items.flags(out, &self.entry.flags),
            FetchItem::ModSeq => items.mod_seq(out, self.entry.mod_seq),
            FetchItem::EmailId => items.email_id(out, self.entry.message),
            FetchItem::ThreadId => items.thread_id(out),
            FetchItem::SaveDate => items.save_date(out, self.entry.save_date),
            FetchItem::Preview => items.preview(out, self.message.map_or("", |message| &message.preview)),
            FetchItem::Size => items.size(out, self.entry.size),
            FetchItem::InternalDate => items.internal_date(out, self.entry.internal_date),
            FetchItem::Envelope => items.envelope(out, self.message.map_or(&[], |message| &message.envelope)),
            FetchItem::BodyStructure => {
                items.body_structure(out, self.message.map_or(&[], |message| &message.body_structure));
            }
            FetchItem::Body => {
                let structure = self.message.map_or(&[][..], |message| &message.body_structure);
                items.body(out, &mime::body_without_extensions(structure));
            }
            FetchItem::Rfc822(_) | FetchItem::Section { .. } | FetchItem::Binary { .. } | FetchItem::BinarySize(_) => {}
        }
    }

    /// A literal.
    async fn write_section(
        &self,
        context: &mut Context<'_>,
        items: &mut FetchItems,
        name: DataName<'_>,
        read_before: Read,
    ) -> Result<(), Failure> {
        let out = &mut context.client.out;
        let Octets { ready, rest } = match read_before {
            Read::Octets(octets) => octets,
            Read::Decoded(decoded) => {
                items.data_head(out, name, decoded.size, decoded.has_nul);
                return match self.message {
                    Some(message) => decoded.send(context, &message.content).await,
                    None => Ok(()),
                };
            }
            Read::Size(size) => {
                items.data_size(out, name, size);
                return Ok(());
            }
            Read::Missing | Read::Later => {
                items.data_nil(out, name);
                return Ok(());
            }
        };
        let size = u64::try_from(ready.len()).unwrap_or(u64::MAX).saturating_add(rest.end.saturating_sub(rest.start));
        items.data_head(out, name, size, false);
        out.extend_from_slice(&ready);
        let Some(message) = self.message else { return Ok(()) };
        let mut at = rest.start;
        while at < rest.end {
            context.client.drain().await?;
            let piece = at..rest.end.min(at + PIECE_BYTES);
            at = piece.end;
            let octets = read(context, &message.content, piece).await;
            let octets = no_way_back(context, octets)?;
            context.client.out.extend_from_slice(&octets);
        }
        Ok(())
    }

    /// The beginning of a section that was left until its turn.
    async fn read_late(&self, context: &mut Context<'_>, item: &FetchItem) -> Result<Option<Octets>, Failure> {
        let (Some(message), Some((section, partial))) = (self.message, section_of(item)) else { return Ok(None) };
        let octets = read_section(context, message, &section, partial).await;
        no_way_back(context, octets)
    }
}

/// Inside a response a fault ends the connection: what was begun cannot be taken back.
fn no_way_back<T>(context: &Context<'_>, read: Result<T, Failure>) -> Result<T, Failure> {
    read.map_err(|failure| match failure {
        Failure::Fault(fault) => {
            context.log(&fault);
            End::Lost.into()
        }
        other => other,
    })
}

/// The name under which a section is answered.
fn data_name(item: &FetchItem) -> Option<DataName<'_>> {
    match item {
        FetchItem::Section { section, partial, .. } => {
            Some(DataName::Section { section, origin: partial.map(|partial| partial.offset) })
        }
        FetchItem::Rfc822(name) => Some(DataName::Rfc822(*name)),
        FetchItem::Binary { path, partial, .. } => {
            Some(DataName::Binary { path, origin: partial.map(|partial| partial.offset) })
        }
        FetchItem::BinarySize(path) => Some(DataName::BinarySize(path)),
        _ => None,
    }
}
