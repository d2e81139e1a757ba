//! LIST and LSUB: asks for the mailboxes, lets [`super::list`] decide, writes (RFC 9051 §6.3.9, RFC 5258, RFC 5819).

use std::collections::HashMap;

use super::answer::{Done, Failure, Outcome};
use super::list::{self, ListLine};
use super::mailboxes::write_status;
use super::serve::Context;
use super::session::Account;
use super::wire::command::{List, StatusItem};
use super::wire::write::{self, Code, ListExtended};
use crate::domain::mailbox::Status;
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
    let append_bytes_max = context.gateway.config.imap.append_bytes_max;
    for line in &lines {
        let out = &mut context.client.out;
        let extended = ListExtended { subscribed_below: line.child_subscribed, ..ListExtended::default() };
        write::list(out, account.names, &line.attributes, &line.name, extended);
        if let Some(status) = line.mailbox.and_then(|id| statuses.get(&id)) {
            write_status(out, account.names, &line.name, status, items, append_bytes_max);
        }
        context.client.drain().await?;
    }
    Ok(Done::new("LIST completed"))
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
) -> Result<HashMap<MailboxId, Status>, crate::domain::Fault> {
    if items.is_empty() {
        return Ok(HashMap::new());
    }
    let mailboxes: Vec<MailboxId> = lines.iter().filter_map(|line| line.mailbox).collect();
    Ok(context.gateway.status(&account.user, &mailboxes).await?.into_iter().collect())
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
