//! PURE: what NOTIFY must tell, given how things were when the client was last told, and how they are (RFC 5465 §5, §6).

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::list::names_above;
use super::super::wire::command::{MailboxArgument, StatusItem};
use super::super::wire::notify::{EventGroup, Events, MailboxFilter, MessageEvents};
use crate::domain::mailbox::{Counters, Mailbox, Overview, Status};
use crate::domain::metadata::AnnotationMark;
use crate::model::{AnnotationName, HIERARCHY_SEPARATOR, MailboxId, ModSeq, Uid};

#[cfg(test)]
mod tests;

/// How far a mailbox has come that nothing has happened in yet.
const UNTOUCHED: ModSeq = ModSeq(1);

/// What is to be told of mailboxes that are not selected.
#[derive(Debug, Default)]
pub(in crate::imap) struct Groups(Vec<EventGroup>);

/// What a client has been told of mailboxes that are not selected.
#[derive(Debug, Default)]
pub(in crate::imap) struct Told {
    pub overview: Overview,
    /// Of those whose messages it wants to hear of.
    pub counts: HashMap<MailboxId, Counts>,
    /// Empty where it does not want to hear of them.
    pub annotations: Vec<AnnotationMark>,
}

/// What STATUS counts, as last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::imap) struct Counts {
    pub messages: u32,
    pub unseen: u32,
}

/// What this session has done itself since it was last told, of which it need not hear (RFC 5465 §5).
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::imap) struct Own {
    /// Names that it created, deleted, renamed or (un)subscribed, and those above them.
    names: HashSet<String>,
    /// Mailboxes that it put messages into, and how often: each time takes one ModSeq.
    writes: HashMap<String, i64>,
    /// Annotations that it set: of which mailbox (`""`: of the server), and by which key.
    annotations: HashSet<(String, String)>,
}

/// A name of which LIST is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::imap) struct NameChange {
    pub name: String,
    /// What the mailbox was called before.
    pub old_name: Option<String>,
}

/// A mailbox in which something has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) struct Moved {
    pub mailbox: MailboxId,
    pub wanted: MessageEvents,
    /// Messages have come, or all of it is new to the client.
    has_new: bool,
    /// It was this session's doing.
    is_own: bool,
}

impl Groups {
    /// Those of a command, without that of the selected mailbox.
    pub(in crate::imap) fn new(groups: Vec<EventGroup>) -> Self {
        Self(groups.into_iter().filter(|group| !group.filter.is_selected()).collect())
    }

    /// Is there nothing to be told?
    pub(in crate::imap) fn is_empty(&self) -> bool {
        self.0.iter().all(|group| group.events == Events::default())
    }

    /// What is to be told of a mailbox: all that the groups together say, and nothing where one says NONE.
    fn of(&self, name: &str, subscribed: bool) -> Events {
        let mut all = Events::default();
        for group in self.0.iter().filter(|group| holds(&group.filter, name, subscribed)) {
            let events = &group.events;
            if *events == Events::default() {
                return Events::default();
            }
            all.messages = all.messages.max(events.messages);
            all.mailbox_name |= events.mailbox_name;
            all.subscription_change |= events.subscription_change;
            all.mailbox_metadata |= events.mailbox_metadata;
        }
        all
    }

    /// Are annotations to be told of?
    pub(in crate::imap) fn watch_annotations(&self) -> bool {
        self.0.iter().any(|group| group.events.mailbox_metadata) || self.watch_server()
    }

    fn watch_server(&self) -> bool {
        self.0.iter().any(|group| group.events.server_metadata)
    }

    /// The annotations of which METADATA is to be told, by mailbox; `""`: of the server (RFC 5465 §5.6, §5.7).
    pub(in crate::imap) fn annotations(
        &self,
        before: &[AnnotationMark],
        now: &[AnnotationMark],
        overview: &Overview,
        own: &Own,
    ) -> BTreeMap<String, Vec<String>> {
        let (was, is) = (hashes(before), hashes(now));
        let mailboxes: HashMap<MailboxId, &Mailbox> =
            overview.list.mailboxes.iter().map(|mailbox| (mailbox.id, mailbox)).collect();
        let gone = before.iter().filter(|mark| !is.contains_key(&key(mark)));
        let set = now.iter().filter(|mark| was.get(&key(mark)) != Some(&mark.hash));
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for mark in set.chain(gone) {
            let (name, wanted) = match mark.mailbox.map(|id| mailboxes.get(&id)) {
                None => ("", self.watch_server()),
                Some(Some(mailbox)) => {
                    let name = mailbox.name.as_str();
                    (name, self.of(name, mailbox.subscribed).mailbox_metadata)
                }
                // Gone with their mailbox.
                Some(None) => continue,
            };
            if wanted && !own.annotations.contains(&(name.to_owned(), mark.name.key())) {
                told.entry(name.to_owned()).or_default().push(mark.name.as_str().to_owned());
            }
        }
        told
    }

    /// The mailboxes whose messages are to be told of, by name, and how much of them; never the selected one
    /// (RFC 5465 §3.1).
    pub(in crate::imap) fn messages_of<'a>(
        &self,
        overview: &'a Overview,
        selected: Option<MailboxId>,
    ) -> Vec<(&'a str, Counters, MessageEvents)> {
        let all = overview.list.mailboxes.iter().zip(&overview.counters);
        let others = all.filter(|(mailbox, _)| Some(mailbox.id) != selected);
        let asked = others.map(|(mailbox, counters)| {
            let name = mailbox.name.as_str();
            (name, *counters, self.of(name, mailbox.subscribed).messages)
        });
        asked.filter(|(_, _, wanted)| *wanted != MessageEvents::Nothing).collect()
    }

    /// The mailboxes whose messages have changed.
    pub(in crate::imap) fn moved(
        &self,
        told: &Told,
        now: &Overview,
        selected: Option<MailboxId>,
        own: &Own,
    ) -> Vec<Moved> {
        let before: HashMap<MailboxId, Counters> =
            told.overview.counters.iter().map(|counters| (counters.mailbox, *counters)).collect();
        let names = Names::of(&told.overview);
        let moved = |(name, counters, wanted): (&str, Counters, MessageEvents)| {
            let mailbox = counters.mailbox;
            let untouched = Counters { mailbox, uid_next: Uid(1), mod_seq: UNTOUCHED };
            let was = before.get(&mailbox).copied().unwrap_or(untouched);
            // Another mailbox has taken the place of the one that the client knows by this name, or may have: who hears
            // of flags hears of each new UIDVALIDITY (RFC 5465 §5.1).
            let is_other = names.ids.get(name).is_some_and(|id| *id != mailbox)
                || (wanted == MessageEvents::MessagesAndFlags && !before.contains_key(&mailbox));
            let is_new = is_other || !(told.counts.contains_key(&mailbox) || was.mod_seq == UNTOUCHED);
            let writes = own.writes.get(name).copied().unwrap_or(0);
            let is_own = !is_new || own.names.contains(name);
            (is_new || counters.mod_seq > was.mod_seq).then(|| Moved {
                mailbox,
                wanted,
                has_new: is_new || counters.uid_next > was.uid_next,
                is_own: is_own && counters.mod_seq.0.saturating_sub(was.mod_seq.0) <= writes,
            })
        };
        self.messages_of(now, selected).into_iter().filter_map(moved).collect()
    }

    /// The names of which LIST is to be told, each once.
    pub(in crate::imap) fn names(&self, before: &Overview, now: &Overview, own: &Own) -> Vec<NameChange> {
        let (before, now) = (Names::of(before), Names::of(now));
        let subscribed = |name: &str| before.subscribed.contains(name) || now.subscribed.contains(name);
        let is_wanted = |name: &str| self.of(name, subscribed(name)).mailbox_name;
        let renamed = renamed(&before, &now);
        let mut told: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for (old, new) in renamed.iter().filter(|(old, new)| !is_implied(&before, &now, old, new)) {
            if is_wanted(old) || is_wanted(new) {
                told.insert(new, Some(old));
            }
        }
        let made = now.ids.iter().filter(|(_, id)| !before.names.contains_key(id));
        let gone = before.ids.iter().filter(|(_, id)| !now.names.contains_key(id));
        for (name, _) in made.chain(gone) {
            // The mailbox and its parent are affected (RFC 5465 §5.4).
            let affected = names_above(name).last().into_iter().chain([*name]);
            for name in affected.filter(|name| is_wanted(name)) {
                told.entry(name).or_insert(None);
            }
        }
        for name in before.subscribed.symmetric_difference(&now.subscribed) {
            if self.of(name, true).subscription_change && !renamed.iter().any(|(old, new)| old == name || new == name) {
                told.entry(name).or_insert(None);
            }
        }
        let others = told.into_iter().filter(|(name, _)| !own.names.contains(*name));
        let change =
            |(name, old): (&str, Option<&str>)| NameChange { name: name.to_owned(), old_name: old.map(str::to_owned) };
        others.map(change).collect()
    }
}

fn key(mark: &AnnotationMark) -> (Option<MailboxId>, String) {
    (mark.mailbox, mark.name.key())
}

fn hashes(marks: &[AnnotationMark]) -> HashMap<(Option<MailboxId>, String), [u8; 32]> {
    marks.iter().map(|mark| (key(mark), mark.hash)).collect()
}

/// Is a mailbox of this name among those meant?
fn holds(filter: &MailboxFilter, name: &str, subscribed: bool) -> bool {
    let is = |argument: &MailboxArgument| argument.0.as_ref().is_ok_and(|asked| asked.as_str() == name);
    let is_above =
        |argument: &MailboxArgument| argument.0.as_ref().is_ok_and(|asked| below(asked.as_str(), name).is_some());
    match filter {
        // These two are for others to look at.
        MailboxFilter::Selected | MailboxFilter::SelectedDelayed => false,
        // Deliveries go to INBOX and nowhere else.
        MailboxFilter::Inboxes => name == "INBOX",
        MailboxFilter::Personal => true,
        MailboxFilter::Subscribed => subscribed,
        MailboxFilter::Mailboxes(names) => names.iter().any(is),
        MailboxFilter::Subtree(names) => names.iter().any(|asked| is(asked) || is_above(asked)),
        MailboxFilter::SubtreeOne(names) => {
            let parent = names_above(name).last();
            let is_parent =
                |argument: &MailboxArgument| argument.0.as_ref().is_ok_and(|asked| Some(asked.as_str()) == parent);
            names.iter().any(|asked| is(asked) || is_parent(asked))
        }
    }
}

/// The mailboxes that the filters mean, each once; the selected one is for others to add (RFC 7377 §2.2).
pub(in crate::imap) fn chosen<'a>(
    filters: &[MailboxFilter],
    mailboxes: &'a [Mailbox],
) -> impl Iterator<Item = &'a Mailbox> {
    let is_meant =
        move |mailbox: &&Mailbox| filters.iter().any(|filter| holds(filter, mailbox.name.as_str(), mailbox.subscribed));
    mailboxes.iter().filter(is_meant)
}

/// What of a name lies below another one, from its separator on.
fn below<'a>(above: &str, name: &'a str) -> Option<&'a str> {
    name.strip_prefix(above).filter(|rest| rest.starts_with(HIERARCHY_SEPARATOR))
}

/// An overview, looked up by name and by mailbox.
struct Names<'a> {
    ids: HashMap<&'a str, MailboxId>,
    names: HashMap<MailboxId, &'a str>,
    subscribed: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(overview: &'a Overview) -> Self {
        let mailboxes = &overview.list.mailboxes;
        let subscribed = mailboxes.iter().filter(|mailbox| mailbox.subscribed).map(|mailbox| &mailbox.name);
        Self {
            ids: mailboxes.iter().map(|mailbox| (mailbox.name.as_str(), mailbox.id)).collect(),
            names: mailboxes.iter().map(|mailbox| (mailbox.id, mailbox.name.as_str())).collect(),
            subscribed: subscribed.chain(&overview.list.subscribed_only).map(|name| name.as_str()).collect(),
        }
    }
}

/// Old and new names of mailboxes that have another one now.
fn renamed<'a>(before: &Names<'a>, now: &Names<'a>) -> Vec<(&'a str, &'a str)> {
    let pairs = before.names.iter().filter_map(|(id, old)| Some((*old, *now.names.get(id)?)));
    pairs.filter(|(old, new)| old != new).collect()
}

/// Does the rename of the mailbox above say it already (RFC 5465 §5.4)?
fn is_implied(before: &Names<'_>, now: &Names<'_>, old: &str, new: &str) -> bool {
    let parent = names_above(old).last();
    let parent_now = parent.and_then(|parent| now.names.get(before.ids.get(parent)?));
    match (parent, parent_now) {
        (Some(parent), Some(parent_now)) => parent != *parent_now && below(parent, old) == below(parent_now, new),
        _ => false,
    }
}

impl Own {
    /// It has done something to this name, by which those above it may have come to be.
    pub(in crate::imap) fn name(&mut self, name: &str) {
        self.names.extend(names_above(name).chain([name]).map(str::to_owned));
    }

    /// It has put messages into this mailbox.
    pub(in crate::imap) fn write(&mut self, name: &str) {
        *self.writes.entry(name.to_owned()).or_default() += 1;
    }

    /// It has set this annotation of a mailbox, or (`""`) of the server.
    pub(in crate::imap) fn annotate(&mut self, mailbox: &str, name: &AnnotationName) {
        self.annotations.insert((mailbox.to_owned(), name.key()));
    }

    /// What another one has noted, too.
    pub(in crate::imap) fn extend(&mut self, other: Self) {
        self.names.extend(other.names);
        self.annotations.extend(other.annotations);
        for (name, count) in other.writes {
            *self.writes.entry(name).or_default() += count;
        }
    }
}

impl From<&Status> for Counts {
    fn from(status: &Status) -> Self {
        Self { messages: status.messages, unseen: status.unseen }
    }
}

/// What STATUS is to say of a mailbox that has changed; nothing where that is not to be told (RFC 5465 §5.1–§5.3).
/// `counts`: as last told.
pub(in crate::imap) fn status_items(
    moved: &Moved,
    counts: Option<&Counts>,
    status: &Status,
    condstore: bool,
) -> Vec<StatusItem> {
    let counts = counts.copied().unwrap_or_default();
    let messages = moved.has_new || counts.messages != status.messages;
    let unseen = counts.unseen != status.unseen;
    let flags = moved.wanted == MessageEvents::MessagesAndFlags && (unseen || condstore);
    if moved.is_own || !(messages || flags) {
        return Vec::new();
    }
    let mut items = Vec::with_capacity(5);
    if messages {
        items.extend([StatusItem::Messages, StatusItem::UidNext]);
    }
    items.push(StatusItem::UidValidity);
    if unseen {
        items.push(StatusItem::Unseen);
    }
    if condstore {
        items.push(StatusItem::HighestModSeq);
    }
    items
}

/// What NOTIFY SET STATUS says of each mailbox (RFC 5465 §3.1).
pub(in crate::imap) fn first_items(wanted: MessageEvents) -> &'static [StatusItem] {
    const MESSAGES: &[StatusItem] = &[StatusItem::Messages, StatusItem::UidNext, StatusItem::UidValidity];
    const FLAGS: &[StatusItem] = &[
        StatusItem::Messages,
        StatusItem::UidNext,
        StatusItem::UidValidity,
        StatusItem::Unseen,
        StatusItem::HighestModSeq,
    ];
    match wanted {
        MessageEvents::Nothing => &[],
        MessageEvents::Messages => MESSAGES,
        MessageEvents::MessagesAndFlags => FLAGS,
    }
}
