//! NOTIFY (RFC 5465 §8), CANCELUPDATE (RFC 5267 §5), ESEARCH (RFC 7377 §4).

use super::super::command::{CommandBody, FetchItem, MailboxArgument, Numbers, SearchReturn};
use super::super::framer::BadCommand;
use super::super::notify::{EventGroup, Events, MailboxFilter, MessageEvents, Multisearch, Notify};
use super::cursor::{Cursor, Parsed, utf8};
use super::{fetch, search};

const EVENT: &str = "an event";
const FILTER: &str = "which mailboxes";

/// The arguments of NOTIFY.
pub(super) fn notify(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    const WHAT: &str = "SET or NONE";
    match cursor.word(WHAT)?.as_str() {
        "NONE" => return Ok(CommandBody::Notify(Notify::None)),
        "SET" => cursor.space()?,
        _ => return Err(BadCommand::Syntax(WHAT)),
    }
    let status = cursor.keyword("STATUS");
    if status {
        cursor.space()?;
    }
    let mut groups = vec![group(cursor)?];
    loop {
        cursor.spaces();
        if cursor.is_at_end() {
            break;
        }
        groups.push(group(cursor)?);
    }
    if groups.iter().filter(|group| group.filter.is_selected()).count() > 1 {
        return Err(BadCommand::Syntax("one group for the selected mailbox"));
    }
    Ok(CommandBody::Notify(Notify::Set { status, groups }))
}

fn group(cursor: &mut Cursor<'_>) -> Parsed<EventGroup> {
    cursor.expect(b'(', "mailboxes and events in parentheses")?;
    cursor.spaces();
    let filter = filter(cursor)?;
    if matches!(filter, MailboxFilter::SubtreeOne(_)) {
        return Err(BadCommand::Syntax(FILTER));
    }
    cursor.space()?;
    let events = events(cursor)?;
    cursor.spaces();
    cursor.expect(b')', "the end of a group")?;
    let events = events.read(&filter)?;
    Ok(EventGroup { filter, events })
}

/// `filter-mailboxes`
fn filter(cursor: &mut Cursor<'_>) -> Parsed<MailboxFilter> {
    Ok(match cursor.word(FILTER)?.as_str() {
        "SELECTED" => MailboxFilter::Selected,
        "SELECTED-DELAYED" => MailboxFilter::SelectedDelayed,
        "INBOXES" => MailboxFilter::Inboxes,
        "PERSONAL" => MailboxFilter::Personal,
        "SUBSCRIBED" => MailboxFilter::Subscribed,
        "SUBTREE" => MailboxFilter::Subtree(mailboxes(cursor)?),
        "SUBTREE-ONE" => MailboxFilter::SubtreeOne(mailboxes(cursor)?),
        "MAILBOXES" => MailboxFilter::Mailboxes(mailboxes(cursor)?),
        _ => return Err(BadCommand::Syntax(FILTER)),
    })
}

/// `one-or-more-mailbox`
fn mailboxes(cursor: &mut Cursor<'_>) -> Parsed<Vec<MailboxArgument>> {
    cursor.space()?;
    match cursor.peek() {
        Some(b'(') => cursor.list_of_some("a mailbox", Cursor::mailbox),
        _ => Ok(vec![cursor.mailbox()?]),
    }
}

/// Events as they were written.
#[derive(Default)]
struct Given {
    new: bool,
    expunge: bool,
    flags: bool,
    events: Events,
}

/// `events`; without their parentheses too, as the examples of RFC 5465 have them.
fn events(cursor: &mut Cursor<'_>) -> Parsed<Given> {
    let mut given = Given::default();
    if cursor.keyword("NONE") {
        return Ok(given);
    }
    if cursor.peek() == Some(b'(') {
        cursor.list_of_some(EVENT, |cursor| given.event(cursor))?;
        return Ok(given);
    }
    loop {
        given.event(cursor)?;
        cursor.spaces();
        if cursor.peek() == Some(b')') {
            return Ok(given);
        }
    }
}

impl Given {
    fn event(&mut self, cursor: &mut Cursor<'_>) -> Parsed<()> {
        match cursor.word(EVENT)?.as_str() {
            "MESSAGENEW" => {
                self.new = true;
                self.events.fetch.extend(fetch_items(cursor)?);
            }
            "MESSAGEEXPUNGE" => self.expunge = true,
            "FLAGCHANGE" => self.flags = true,
            "MAILBOXNAME" => self.events.mailbox_name = true,
            "SUBSCRIPTIONCHANGE" => self.events.subscription_change = true,
            "MAILBOXMETADATACHANGE" => self.events.mailbox_metadata = true,
            "SERVERMETADATACHANGE" => self.events.server_metadata = true,
            _ => self.events.unknown = true,
        }
        Ok(())
    }

    /// What they come to, where they go together and fit the mailboxes (RFC 5465 §5, §6.1). An unknown event is for the
    /// session to refuse.
    fn read(self, filter: &MailboxFilter) -> Parsed<Events> {
        let mut events = self.events;
        if events.unknown {
            return Ok(events);
        }
        events.messages = match (self.new, self.expunge, self.flags) {
            (false, false, false) => MessageEvents::Nothing,
            (true, true, false) => MessageEvents::Messages,
            (true, true, true) => MessageEvents::MessagesAndFlags,
            _ => return Err(BadCommand::Syntax("MessageNew and MessageExpunge together")),
        };
        let of_messages = Events { messages: events.messages, fetch: events.fetch.clone(), ..Events::default() };
        match filter.is_selected() {
            true if events != of_messages => Err(BadCommand::Syntax("events of messages for the selected mailbox")),
            false if !events.fetch.is_empty() => Err(BadCommand::Syntax("FETCH items for the selected mailbox only")),
            _ => Ok(events),
        }
    }
}

/// ` (UID FLAGS)`, where it is there.
pub(super) fn fetch_items(cursor: &mut Cursor<'_>) -> Parsed<Vec<FetchItem>> {
    let mut ahead = *cursor;
    ahead.spaces();
    if ahead.peek() != Some(b'(') {
        return Ok(Vec::new());
    }
    let mut items = Vec::new();
    ahead.list_of_some("a FETCH item", |cursor| fetch::item(cursor, &mut items))?;
    *cursor = ahead;
    Ok(items)
}

/// The tags behind CANCELUPDATE.
pub(super) fn cancel_update(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mut tags = vec![utf8(&cursor.string()?)?];
    loop {
        cursor.spaces();
        if cursor.is_at_end() {
            return Ok(CommandBody::CancelUpdate(tags));
        }
        tags.push(utf8(&cursor.string()?)?);
    }
}

/// The arguments of ESEARCH. Without RETURN it gives ALL (RFC 7377 §2.1).
pub(super) fn esearch(cursor: &mut Cursor<'_>) -> Parsed<CommandBody> {
    let mut sources = vec![MailboxFilter::Selected];
    if cursor.keyword("IN") {
        cursor.space()?;
        sources = cursor.list_of_some(FILTER, |cursor| match filter(cursor)? {
            MailboxFilter::SelectedDelayed => Err(BadCommand::Syntax(FILTER)),
            filter => Ok(filter),
        })?;
        cursor.space()?;
    }
    let mut search = search::search(cursor, Numbers::Uid)?;
    search.returns.get_or_insert_with(|| vec![SearchReturn::All]);
    Ok(CommandBody::Esearch(Multisearch { sources, search }))
}
