//! ESEARCH (RFC 7377): one search of several mailboxes of the person, one after the other, an answer for each that has
//! something. Sequence numbers in the keys mean places in each mailbox; none is out of range.

use std::sync::Arc;

use super::answer::{Done, DoneCode, Failure, Outcome};
use super::contexts;
use super::notify::chosen;
use super::search::{self, Correlated};
use super::serve::Context;
use super::session::{Account, SelectedMailbox, SessionState};
use super::updates::refresh;
use super::view::MailboxView;
use super::wire::command::{Access, Numbers, Search, SearchKey, SearchReturn, SequenceSet};
use super::wire::notify::{MailboxFilter, Multisearch};
use super::wire::utf7::NameForm;
use super::wire::write::Code;
use crate::domain::mailbox::Mailbox;
use crate::model::{MailboxId, User};

/// ESEARCH.
pub(super) async fn search(
    context: &mut Context<'_>,
    state: &mut SessionState,
    tag: &str,
    ask: Multisearch,
) -> Outcome {
    let account = state.logged_in()?;
    let (user, names) = (account.user.clone(), account.names);
    check(&ask, account)?;
    let has_selected = ask.sources.contains(&MailboxFilter::Selected);
    if has_selected {
        let selected = state.selected_mut().ok_or_else(|| Failure::bad("No mailbox is selected"))?;
        refresh(context, selected).await?;
    }
    let mailboxes = mailboxes(context, &user, &ask.sources).await?;
    let selected_id = state.selected_mut().filter(|_| has_selected).map(|selected| selected.mailbox.id);
    let others: Vec<Mailbox> = mailboxes.into_iter().filter(|mailbox| Some(mailbox.id) != selected_id).collect();
    if others.len() + usize::from(has_selected) > context.gateway.config.imap.multisearch_mailboxes_max {
        return Err(Failure::refused(Code::Limit, "Too many mailboxes"));
    }
    let mut searching = Searching { tag, names, search: &ask.search, messages: 0 };
    if let Some(selected) = state.selected_mut().filter(|_| has_selected) {
        contexts::check_tag(selected, tag, &ask.search)?;
        if !searching.search_one(context, selected).await? {
            return Ok(limit());
        }
    }
    for mailbox in others {
        // One that has gone meanwhile has nothing.
        let Some(mut opened) = open(context, mailbox).await? else { continue };
        if !searching.search_one(context, &mut opened).await? {
            return Ok(limit());
        }
        tokio::task::yield_now().await;
    }
    Ok(Done::new("ESEARCH completed"))
}

/// Some has been searched, and all that was found there told (RFC 7377 §2.4).
fn limit() -> Done {
    Done::with(DoneCode::Limit, "Too many messages: not all of them have been searched")
}

/// What goes with the selected mailbox alone (RFC 7377 §2.2).
fn check(ask: &Multisearch, account: &Account) -> Result<(), Failure> {
    if ask.search.charset.is_some() && account.modes.utf8_accept {
        return Err(Failure::bad("Everything is UTF-8 already"));
    }
    if ask.sources == [MailboxFilter::Selected] {
        return Ok(());
    }
    let saves = ask.search.returns.iter().flatten().any(|wanted| *wanted == SearchReturn::Save);
    let names_saved = ask.search.key.any(&|key| matches!(key, SearchKey::Set(_, SequenceSet::Saved)));
    match saves || names_saved || ask.search.update().is_some() {
        true => Err(Failure::bad("SAVE, UPDATE and $ are for the selected mailbox alone")),
        false => Ok(()),
    }
}

/// The mailboxes that are meant, each once: never any but the person's own.
async fn mailboxes(context: &mut Context<'_>, user: &User, sources: &[MailboxFilter]) -> Result<Vec<Mailbox>, Failure> {
    if sources.iter().all(MailboxFilter::is_selected) {
        return Ok(Vec::new());
    }
    let names: usize = sources.iter().map(|source| source.names().len()).sum();
    if names > context.gateway.config.imap.multisearch_mailboxes_max {
        return Err(Failure::refused(Code::Limit, "Too many mailboxes"));
    }
    let all = context.gateway.mailboxes(user).await?;
    Ok(chosen(sources, &all.mailboxes).cloned().collect())
}

/// A mailbox as if it had just been selected.
async fn open(context: &mut Context<'_>, mailbox: Mailbox) -> Result<Option<SelectedMailbox>, Failure> {
    let id: MailboxId = mailbox.id;
    let snapshot = context.gateway.snapshot(id).await?;
    let view = snapshot.map(|snapshot| MailboxView::new(Arc::clone(&snapshot)));
    Ok(view.map(|view| SelectedMailbox::new(mailbox, Access::ReadOnly, view)))
}

/// One search on its way through mailboxes.
struct Searching<'a> {
    tag: &'a str,
    names: NameForm,
    search: &'a Search,
    /// Messages searched so far.
    messages: usize,
}

impl Searching<'_> {
    /// Searches one mailbox and tells what it finds; `false`: some or all of its messages were too many.
    async fn search_one(&mut self, context: &mut Context<'_>, mailbox: &mut SelectedMailbox) -> Result<bool, Failure> {
        self.messages += mailbox.view.snapshot().entries.len();
        if self.messages > context.gateway.config.imap.multisearch_messages_max {
            return Ok(false);
        }
        let mut ask = self.search.clone();
        clamp(&mut ask.key, mailbox.view.exists());
        let found = search::found(context, mailbox, &ask).await?;
        let returns = ask.returns.as_deref().unwrap_or_default();
        let correlated = Correlated::Mailbox { tag: self.tag, names: self.names };
        search::write_esearch(context, mailbox, correlated, ask.numbers, returns, &found.uids, &found);
        context.client.drain().await?;
        let complete = found.cut.is_none();
        contexts::keep(context, mailbox, correlated, &ask, &[], complete.then_some(found.uids))?;
        Ok(complete)
    }
}

/// Sequence numbers beyond the mailbox mean nothing, and are no error (RFC 7377 §2).
fn clamp(key: &mut SearchKey, exists: u32) {
    match key {
        SearchKey::And(keys) => keys.iter_mut().for_each(|key| clamp(key, exists)),
        SearchKey::Or(one, other) => {
            clamp(one, exists);
            clamp(other, exists);
        }
        SearchKey::Not(key) => clamp(key, exists),
        SearchKey::Set(Numbers::Sequence, SequenceSet::Ranges(ranges)) => {
            ranges.retain_mut(|(from, to)| {
                let (low, high) = (from.unwrap_or(exists), to.unwrap_or(exists));
                let (low, high) = (low.min(high), low.max(high).min(exists));
                (*from, *to) = (Some(low), Some(high));
                low <= high && low > 0
            });
        }
        _ => {}
    }
}
