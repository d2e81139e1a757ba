//! NOTIFY (RFC 5465): what a client hears without asking, of the mailbox it has selected and of the others, in IDLE and
//! between commands.
//!
//! `listen` wakes the session; it asks the gateway how things are; `events` (pure) compares with what was told. Changes of
//! the selected mailbox are told by `updates`, as ever.

mod events;
mod listen;

use super::answer::{Done, Failure, Outcome};
use super::list::lines_of;
use super::mailboxes::write_status;
use super::serve::Context;
use super::session::{Account, SelectedMailbox, SessionState};
use super::updates::{refresh, tell, write_highest};
use super::view::Expunges;
use super::wire::command::{CommandBody, FetchItem, MailboxArgument, StatusItem};
use super::wire::metadata::Annotated;
use super::wire::notify::{EventGroup, MailboxFilter, MessageEvents, Notify};
use super::wire::write::{self, Code, Condition, ListExtended};
use crate::domain::mailbox::{Overview, Status};
use crate::model::{MailboxId, SystemFlag};
use events::{Counts, Groups, Told, first_items, status_items};
pub(super) use events::{Own, chosen};
pub(super) use listen::{Listening, Waiting};

/// What a client has asked to be told of, from its first NOTIFY on.
#[derive(Debug, Default)]
pub(super) struct Watching {
    selected: WatchedMailbox,
    groups: Groups,
    told: Told,
    own: Own,
}

/// What it wants to hear of the selected mailbox.
#[derive(Debug, Default)]
struct WatchedMailbox {
    messages: MessageEvents,
    /// `None`: EXPUNGEs wait for a command that allows them (RFC 5465 §6.1.2).
    expunges: Option<Expunges>,
    /// What to tell of new messages.
    items: Vec<FetchItem>,
}

impl Account {
    /// What the client wants to hear of the selected mailbox.
    pub(super) fn wanted(&self) -> MessageEvents {
        self.watching.as_ref().map_or(MessageEvents::MessagesAndFlags, |watching| watching.selected.messages)
    }

    /// What it wants to be told of new messages there.
    pub(super) fn wanted_items(&self) -> &[FetchItem] {
        self.watching.as_ref().map_or(&[], |watching| &watching.selected.items)
    }

    /// Something was too much: the client hears of nothing any more (RFC 5465 §5.8).
    pub(super) fn overflow(&mut self, context: &mut Context<'_>) {
        self.watching = Some(Box::default());
        let code = Some(Code::NotificationOverflow);
        write::untagged(&mut context.client.out, Condition::Ok, code, "Too much to tell");
    }
}

impl Watching {
    /// Is there something to be told of mailboxes that are not selected?
    pub(super) fn watches_others(&self) -> bool {
        !self.groups.is_empty()
    }

    /// The mailbox is left: what the client knows of it is what it has been told since.
    pub(super) fn left(&mut self, selected: &SelectedMailbox) {
        if !self.watches_others() || selected.view.has_news() {
            return;
        }
        let (id, snapshot) = (selected.mailbox.id, selected.view.snapshot());
        let Some(counters) = self.told.overview.counters.iter_mut().find(|counters| counters.mailbox == id) else {
            return;
        };
        (counters.uid_next, counters.mod_seq) = (snapshot.uid_next, snapshot.mod_seq);
        let unseen = snapshot.entries.iter().filter(|entry| !entry.flags.has(SystemFlag::Seen)).count();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let counts = Counts { messages: count(snapshot.entries.len()), unseen: count(unseen) };
        self.told.counts.insert(id, counts);
    }

    /// This session has done something that it need not hear of.
    pub(super) fn did(&mut self, own: Own) {
        self.own.extend(own);
    }
}

impl Own {
    /// What a command does, should it succeed, to mailboxes that are not selected.
    pub(super) fn of(body: &CommandBody) -> Self {
        use CommandBody as C;
        let mut own = Self::default();
        let text = |argument: &MailboxArgument| argument.0.as_ref().map(|name| name.as_str().to_owned()).ok();
        match body {
            C::Create { mailbox: name, .. } | C::Delete(name) | C::Subscribe(name) | C::Unsubscribe(name) => {
                text(name).iter().for_each(|name| own.name(name));
            }
            C::Rename { from, to } => [from, to].into_iter().filter_map(text).for_each(|name| own.name(&name)),
            C::Copy { mailbox, .. } | C::Move { mailbox, .. } => text(mailbox).iter().for_each(|name| own.write(name)),
            C::SetMetadata(of, ask) => {
                let mailbox = match of {
                    Annotated::Server => Some(String::new()),
                    Annotated::Mailbox(name) => text(name),
                };
                let entries = ask.values.iter().map(|(entry, _)| entry);
                mailbox.iter().for_each(|mailbox| entries.clone().for_each(|entry| own.annotate(mailbox, entry)));
            }
            C::Append(head) => text(&head.mailbox).iter().for_each(|name| own.write(name)),
            _ => {}
        }
        own
    }
}

/// NOTIFY.
pub(super) async fn notify(context: &mut Context<'_>, state: &mut SessionState, ask: Notify) -> Outcome {
    let (status, groups) = match ask {
        Notify::None => {
            state.logged_in()?.watching = Some(Box::default());
            return Ok(Done::new("NOTIFY completed"));
        }
        Notify::Set { status, groups } => (status, groups),
    };
    check(context, &groups)?;
    // As NOOP would: told all that there is, before less may be wanted.
    state.logged_in()?.watching = None;
    look_at_selected(context, state, Expunges::Tell).await?;
    let mut watching = Watching { selected: WatchedMailbox::of(&groups), ..Watching::default() };
    watching.groups = Groups::new(groups);
    let selected = state.selected_mut().map(|selected| selected.mailbox.id);
    let account = state.logged_in()?;
    if watching.watches_others() {
        begin(context, account, &mut watching, selected, status).await?;
    }
    account.watching = Some(Box::new(watching));
    Ok(Done::new("NOTIFY completed"))
}

/// Is it something that can be done?
fn check(context: &Context<'_>, groups: &[EventGroup]) -> Result<(), Failure> {
    if groups.iter().any(|group| group.events.unknown) {
        return Err(Failure::refused(Code::BadEvent, "Such events are not told"));
    }
    let names: usize = groups.iter().map(|group| group.filter.names().len().max(1)).sum();
    match names <= context.gateway.config.imap.notify_names_max {
        true => Ok(()),
        false => Err(Failure::refused(Code::NotificationOverflow, "Too many mailboxes are named")),
    }
}

impl WatchedMailbox {
    fn of(groups: &[EventGroup]) -> Self {
        let Some(group) = groups.iter().find(|group| group.filter.is_selected()) else { return Self::default() };
        Self {
            messages: group.events.messages,
            expunges: (group.filter == MailboxFilter::Selected).then_some(Expunges::Tell),
            items: group.events.fetch.clone(),
        }
    }
}

/// Takes note of how the others stand, and tells it where that was asked for. Whoever waits listens first and then looks
/// again, so that nothing is missed in between.
async fn begin(
    context: &mut Context<'_>,
    account: &Account,
    watching: &mut Watching,
    selected: Option<MailboxId>,
    tells: bool,
) -> Result<(), Failure> {
    let overview = context.gateway.overview(&account.user).await?;
    let asked = watching.groups.messages_of(&overview, selected);
    let ids: Vec<MailboxId> = asked.iter().map(|(_, counters, _)| counters.mailbox).collect();
    let statuses = context.gateway.status(&account.user, &ids).await?;
    watching.told.counts = statuses.iter().map(|(id, status)| (*id, Counts::from(status))).collect();
    for (name, counters, wanted) in asked.iter().filter(|_| tells) {
        if let Some((_, status)) = statuses.iter().find(|(id, _)| *id == counters.mailbox) {
            tell_status(context, account, name, status, first_items(*wanted)).await?;
        }
    }
    drop(asked);
    if watching.groups.watch_annotations() {
        watching.told.annotations = context.gateway.annotation_marks(&account.user).await?;
    }
    watching.told.overview = overview;
    Ok(())
}

async fn tell_status(
    context: &mut Context<'_>,
    account: &Account,
    name: &str,
    status: &Status,
    items: &[StatusItem],
) -> Result<(), Failure> {
    let append_bytes_max = context.gateway.config.imap.append_bytes_max;
    write_status(&mut context.client.out, account.names, name, status, items, append_bytes_max);
    Ok(context.client.drain().await?)
}

/// Asks what has changed and tells what of it the client wants to hear. A store that cannot be reached changes nothing
/// that was told: the next look will.
pub(super) async fn look(context: &mut Context<'_>, state: &mut SessionState, waiting: Waiting) -> Result<(), Failure> {
    context.end_progress();
    match look_at_all(context, state, waiting).await {
        Err(Failure::Fault(fault)) => {
            context.log(&fault);
            Ok(())
        }
        looked => looked,
    }
}

async fn look_at_all(context: &mut Context<'_>, state: &mut SessionState, waiting: Waiting) -> Result<(), Failure> {
    let watching = state.account().and_then(|account| account.watching.as_ref());
    let expunges = match waiting {
        Waiting::Idle => Some(Expunges::Tell),
        Waiting::ForCommand => watching.and_then(|watching| watching.selected.expunges),
    };
    look_at_selected(context, state, expunges.unwrap_or(Expunges::Hold)).await?;
    let selected = state.selected_mut().map(|selected| selected.mailbox.id);
    match state.account_mut() {
        Some(account) => Box::pin(look_at_others(context, account, selected)).await,
        None => Ok(()),
    }
}

async fn look_at_selected(
    context: &mut Context<'_>,
    state: &mut SessionState,
    expunges: Expunges,
) -> Result<(), Failure> {
    if let Some(selected) = state.selected_mut() {
        refresh(context, selected).await?;
    }
    if let Some(mod_seq) = tell(context, state, expunges).await? {
        write_highest(context, mod_seq);
    }
    Ok(())
}

/// Tells what has changed in mailboxes that are not selected, and in their names.
async fn look_at_others(
    context: &mut Context<'_>,
    account: &mut Account,
    selected: Option<MailboxId>,
) -> Result<(), Failure> {
    let Some(mut watching) = account.watching.take_if(|watching| watching.watches_others()) else { return Ok(()) };
    let looked = compare(context, account, &mut watching, selected).await;
    account.watching = Some(watching);
    looked
}

async fn compare(
    context: &mut Context<'_>,
    account: &Account,
    watching: &mut Watching,
    selected: Option<MailboxId>,
) -> Result<(), Failure> {
    let now = context.gateway.overview(&account.user).await?;
    let moved = watching.groups.moved(&watching.told, &now, selected, &watching.own);
    let ids: Vec<MailboxId> = moved.iter().map(|moved| moved.mailbox).collect();
    let statuses = match ids.is_empty() {
        true => Vec::new(),
        false => context.gateway.status(&account.user, &ids).await?,
    };
    tell_names(context, account, watching, &now).await?;
    if watching.groups.watch_annotations() {
        tell_annotations(context, account, watching, &now).await?;
    }
    for moved in &moved {
        let Some((id, status)) = statuses.iter().find(|(id, _)| *id == moved.mailbox) else { continue };
        let items = status_items(moved, watching.told.counts.get(id), status, account.condstore);
        watching.told.counts.insert(*id, Counts::from(status));
        let mailbox = now.list.mailboxes.iter().find(|mailbox| mailbox.id == *id);
        if let Some(mailbox) = mailbox.filter(|_| !items.is_empty()) {
            tell_status(context, account, mailbox.name.as_str(), status, &items).await?;
        }
    }
    watching.remember(now, &statuses, selected);
    Ok(())
}

async fn tell_annotations(
    context: &mut Context<'_>,
    account: &Account,
    watching: &mut Watching,
    now: &Overview,
) -> Result<(), Failure> {
    let marks = context.gateway.annotation_marks(&account.user).await?;
    let changed = watching.groups.annotations(&watching.told.annotations, &marks, now, &watching.own);
    watching.told.annotations = marks;
    for (mailbox, entries) in &changed {
        write::metadata_changed(&mut context.client.out, account.names, mailbox, entries);
        context.client.drain().await?;
    }
    Ok(())
}

async fn tell_names(
    context: &mut Context<'_>,
    account: &Account,
    watching: &Watching,
    now: &Overview,
) -> Result<(), Failure> {
    let changes = watching.groups.names(&watching.told.overview, now, &watching.own);
    let lines = lines_of(&now.list, changes.iter().map(|change| change.name.as_str()));
    for (line, change) in lines.iter().zip(&changes) {
        let extended = ListExtended { old_name: change.old_name.as_deref(), ..ListExtended::default() };
        write::list(&mut context.client.out, account.names, &line.attributes, &line.name, extended);
        context.client.drain().await?;
    }
    Ok(())
}

impl Watching {
    /// All this has been told. What came between the overview and a STATUS is in both.
    fn remember(&mut self, now: Overview, statuses: &[(MailboxId, Status)], selected: Option<MailboxId>) {
        let before = std::mem::replace(&mut self.told.overview, now);
        for counters in &mut self.told.overview.counters {
            if let Some((_, status)) = statuses.iter().find(|(id, _)| *id == counters.mailbox) {
                (counters.uid_next, counters.mod_seq) = (status.uid_next, status.highest_mod_seq);
            } else if Some(counters.mailbox) == selected
                && let Some(then) = before.counters.iter().find(|then| then.mailbox == counters.mailbox)
            {
                // Told by `updates`: it counts from when it was selected until it is left.
                *counters = *then;
            }
        }
        let there: std::collections::HashSet<MailboxId> =
            self.told.overview.counters.iter().map(|counters| counters.mailbox).collect();
        self.told.counts.retain(|mailbox, _| there.contains(mailbox));
        self.own = Own::default();
    }
}
