//! LIST and LSUB: asks for the mailboxes, lets [`super::list`] decide, writes (RFC 9051 §6.3.9, RFC 5258, RFC 5819,
//! RFC 9590).

use std::collections::{HashMap, HashSet};

use super::answer::{Done, Failure, Outcome};
use super::list::{self, ListLine};
use super::mailboxes::write_status;
use super::metadata;
use super::serve::Context;
use super::session::Account;
use super::wire::command::{List, StatusItem};
use super::wire::write::{self, Code, ListExtended};
use crate::domain::Fault;
use crate::domain::mailbox::{Mailbox, MailboxList, Status};
use crate::domain::metadata::Annotation;
use crate::model::{MailboxId, MailboxName};

/// LIST. Every STATUS comes right behind its LIST, and all of them from one query.
pub(super) async fn list(context: &mut Context<'_>, account: &Account, ask: &List) -> Outcome {
    if !ask.extended && ask.patterns.iter().all(String::is_empty) {
        write::list_separator(&mut context.client.out);
        return Ok(Done::new("LIST completed"));
    }
    check_length(context, &ask.reference, &ask.patterns)?;
    let all = context.gateway.mailboxes(&account.user).await?;
    let lines = list::list(&all, ask);
    let items = ask.return_status.as_deref().unwrap_or_default();
    let statuses = statuses(context, account, &lines, items).await?;
    let annotations = annotations(context, account, &all, &lines, ask).await?;
    let mut longest = None;
    let append_bytes_max = context.gateway.config.imap.append_bytes_max;
    for line in &lines {
        let out = &mut context.client.out;
        let extended = ListExtended { subscribed_below: line.child_subscribed, ..ListExtended::default() };
        write::list(out, account.names, &line.attributes, &line.name, extended);
        if let Some(status) = line.mailbox.and_then(|id| statuses.get(&id)) {
            write_status(out, account.names, &line.name, status, items, append_bytes_max);
        }
        if let (Some(ask), Some(found)) = (&ask.return_metadata, line.mailbox.and_then(|id| annotations.get(&id))) {
            longest = longest.max(metadata::write_found(out, account.names, &line.name, found, ask));
        }
        context.client.drain().await?;
    }
    Ok(metadata::done(longest, "LIST completed"))
}

/// `* LIST` of one mailbox that nobody asked to list; `old_name`: what it was called before, or by the client
/// (RFC 9051 §6.3.9.7).
pub(super) async fn tell_name(
    context: &mut Context<'_>,
    account: &Account,
    name: &MailboxName,
    old_name: Option<&str>,
) -> Result<(), Failure> {
    let all = context.gateway.mailboxes(&account.user).await?;
    if let Some(line) = list::one(&all, name.as_str()) {
        let extended = ListExtended { old_name, ..ListExtended::default() };
        write::list(&mut context.client.out, account.names, &line.attributes, &line.name, extended);
    }
    Ok(())
}

/// The time to match grows with the length of what is matched.
fn check_length(context: &Context<'_>, reference: &str, patterns: &[impl AsRef<str>]) -> Result<(), Failure> {
    let bytes: usize = patterns.iter().map(|pattern| reference.len() + pattern.as_ref().len()).sum();
    match bytes <= context.gateway.config.imap.list_patterns_bytes_max {
        true => Ok(()),
        false => Err(Failure::refused(Code::Limit, "The pattern is too long")),
    }
}

async fn statuses(
    context: &mut Context<'_>,
    account: &Account,
    lines: &[ListLine],
    items: &[StatusItem],
) -> Result<HashMap<MailboxId, Status>, Fault> {
    if items.is_empty() {
        return Ok(HashMap::new());
    }
    let mailboxes: Vec<MailboxId> = lines.iter().filter_map(|line| line.mailbox).collect();
    Ok(context.gateway.status(&account.user, &mailboxes).await?.into_iter().collect())
}

/// The annotations of the mailboxes that are told, where they are asked for (RFC 9590 §3).
async fn annotations(
    context: &mut Context<'_>,
    account: &Account,
    all: &MailboxList,
    lines: &[ListLine],
    ask: &List,
) -> Result<HashMap<MailboxId, Vec<Annotation>>, Fault> {
    let Some(ask) = &ask.return_metadata else { return Ok(HashMap::new()) };
    let told: HashSet<MailboxId> = lines.iter().filter_map(|line| line.mailbox).collect();
    let mailboxes: Vec<&Mailbox> = all.mailboxes.iter().filter(|mailbox| told.contains(&mailbox.id)).collect();
    let found = context.gateway.annotations_of(&account.user, &mailboxes, &ask.names, ask.depth).await?;
    Ok(found.into_iter().collect())
}

/// LSUB (RFC 3501 §6.3.9).
pub(super) async fn lsub(context: &mut Context<'_>, account: &Account, reference: &str, pattern: &str) -> Outcome {
    check_length(context, reference, &[pattern])?;
    let all = context.gateway.mailboxes(&account.user).await?;
    for line in list::lsub(&all, reference, pattern) {
        write::lsub(&mut context.client.out, account.names, &line.attributes, &line.name);
        context.client.drain().await?;
    }
    Ok(Done::new("LSUB completed"))
}
