//! Mailboxes as a whole: SELECT, EXAMINE, CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS, quota
//! (RFC 9051 §6.3.2–§6.3.8, §6.3.11; RFC 7162 §3.1; RFC 2087 §4; RFC 7889 §3).

use bytes::BytesMut;

use super::answer::{Done, DoneCode, Failure, Outcome};
use super::listing::tell_name;
use super::qresync;
use super::serve::Context;
use super::session::{Account, SelectedMailbox, SessionState};
use super::updates::refresh_after_write;
use super::view::MailboxView;
use super::wire::command::{Access, MailboxArgument, Resync, StatusItem};
use super::wire::utf7::NameForm;
use super::wire::write::{self, Code, Condition};
use crate::domain::mailbox::{Mailbox, Status};
use crate::domain::snapshot::{Entry, Snapshot};
use crate::model::{Flags, SeqNum, SpecialUse, SystemFlag, User};

/// Keywords of a mailbox that FLAGS names; others may be used all the same.
const KEYWORDS_SHOWN_MAX: usize = 100;

/// The mailbox that a command names; `None` where there is none, or cannot be.
pub(super) async fn find(
    context: &mut Context<'_>,
    user: &User,
    argument: MailboxArgument,
) -> Result<Option<Mailbox>, Failure> {
    match argument.0 {
        Ok(name) => Ok(context.gateway.mailbox(user, &name).await?),
        Err(_) => Ok(None),
    }
}

/// The mailbox that messages are to go to; where there is none, the client may create it, unless nothing can be called so
/// (RFC 9051 §6.3.12).
pub(super) async fn find_target(
    context: &mut Context<'_>,
    user: &User,
    argument: MailboxArgument,
) -> Result<Mailbox, Failure> {
    context.gateway.mailbox(user, &argument.0?).await?.ok_or_else(Failure::try_create)
}

/// SELECT and EXAMINE. Whatever comes of it, the mailbox selected before is left.
pub(super) async fn select(
    context: &mut Context<'_>,
    state: &mut SessionState,
    argument: MailboxArgument,
    access: Access,
    condstore: bool,
    resync: Option<Resync>,
) -> Outcome {
    if resync.is_some() && !state.logged_in()?.qresync {
        return Err(Failure::bad("QRESYNC is not enabled"));
    }
    if state.unselect().is_some() {
        write::untagged(&mut context.client.out, Condition::Ok, Some(Code::Closed), "Previous mailbox closed");
    }
    let account = state.logged_in()?;
    let given = argument.1.clone();
    let mailbox = find(context, &account.user, argument).await?.ok_or_else(Failure::no_such_mailbox)?;
    let snapshot = context.gateway.snapshot(mailbox.id).await?.ok_or_else(Failure::no_such_mailbox)?;
    account.condstore |= condstore;
    let missed = match &resync {
        Some(resync) => qresync::missed(context, &snapshot, resync).await?,
        None => None,
    };
    write_selected(&mut context.client.out, account, &snapshot, access);
    write::untagged(&mut context.client.out, Condition::Ok, Some(Code::MailboxId(mailbox.id)), "Mailbox");
    if account.modes.imap4rev2 {
        tell_name(context, account, &mailbox.name, given.as_deref()).await?;
    }
    let selected = SelectedMailbox::new(mailbox, access, MailboxView::new(snapshot));
    if let Some(missed) = missed {
        missed.tell(context, account, &selected).await?;
    }
    state.select(selected);
    Ok(match access {
        Access::ReadWrite => Done::with(DoneCode::ReadWrite, "SELECT completed"),
        Access::ReadOnly => Done::with(DoneCode::ReadOnly, "EXAMINE completed"),
    })
}

/// What SELECT tells of the mailbox (RFC 9051 §6.3.2; RECENT and UNSEEN: RFC 3501 §6.3.1).
fn write_selected(out: &mut BytesMut, account: &Account, snapshot: &Snapshot, access: Access) {
    let flags = flags_in_use(snapshot);
    write::flags_response(out, &flags);
    let kept = match access {
        Access::ReadWrite => Code::PermanentFlags { flags: &flags, new_keywords: true },
        Access::ReadOnly => Code::PermanentFlags { flags: &Flags::default(), new_keywords: false },
    };
    write::untagged(out, Condition::Ok, Some(kept), "Flags that are kept");
    write::exists(out, u32::try_from(snapshot.entries.len()).unwrap_or(u32::MAX));
    if account.hears_recent() {
        write::recent(out, 0);
    }
    let unseen = |entry: &Entry| !entry.flags.has(SystemFlag::Seen);
    let first_unseen = snapshot.entries.iter().position(unseen).filter(|_| account.hears_unseen());
    if let Some(seq) = first_unseen.and_then(|index| u32::try_from(index + 1).ok()) {
        write::untagged(out, Condition::Ok, Some(Code::Unseen(SeqNum(seq))), "First unseen");
    }
    write::untagged(out, Condition::Ok, Some(Code::UidValidity(snapshot.uid_validity)), "UIDs valid");
    write::untagged(out, Condition::Ok, Some(Code::UidNext(snapshot.uid_next)), "Next UID");
    write::untagged(out, Condition::Ok, Some(Code::HighestModSeq(snapshot.mod_seq)), "Highest ModSeq");
}

/// The system flags, and keywords that some message has.
fn flags_in_use(snapshot: &Snapshot) -> Flags {
    let mut flags = Flags::default();
    SystemFlag::ALL.into_iter().for_each(|flag| flags.set(flag));
    let mut last = "";
    for entry in snapshot.entries.iter() {
        let keywords = entry.flags.keywords_text();
        if !keywords.is_empty() && keywords != last {
            last = keywords;
            entry.flags.keywords().for_each(|keyword| flags.set_keyword(keyword));
            if flags.keywords().count() >= KEYWORDS_SHOWN_MAX {
                break;
            }
        }
    }
    flags
}

/// CREATE (RFC 9051 §6.3.4), with a use (RFC 6154 §3).
pub(super) async fn create(
    context: &mut Context<'_>,
    account: &Account,
    argument: MailboxArgument,
    uses: &[String],
) -> Outcome {
    let special_use = special_use(uses)?;
    let mailbox = context.gateway.create_mailbox(&account.user, &argument.0?, special_use).await??;
    if let Some(given) = argument.1.filter(|_| account.modes.imap4rev2) {
        tell_name(context, account, &mailbox.name, Some(&given)).await?;
    }
    Ok(Done::with(DoneCode::MailboxId(mailbox.id), "CREATE completed"))
}

/// One use of those that can be chosen. Drafts, Sent and Trash are there already, and a mailbox cannot be two things.
fn special_use(uses: &[String]) -> Result<Option<SpecialUse>, Failure> {
    let chosen = |attribute: &str| {
        let is = |special: &SpecialUse| special.attribute().is_some_and(|name| name.eq_ignore_ascii_case(attribute));
        SpecialUse::CHOSEN.into_iter().find(is)
    };
    match uses {
        [] => Ok(None),
        [attribute] => match chosen(attribute) {
            Some(special_use) => Ok(Some(special_use)),
            None => Err(Failure::refused(Code::UseAttr, "No mailbox can be given this use")),
        },
        _ => Err(Failure::refused(Code::UseAttr, "One use for one mailbox")),
    }
}

/// DELETE (RFC 9051 §6.3.5). Of the selected mailbox: it is left.
pub(super) async fn delete(context: &mut Context<'_>, state: &mut SessionState, argument: MailboxArgument) -> Outcome {
    let Some(account) = state.account() else { return Err(Failure::bad("Not logged in")) };
    let name = argument.0.map_err(|_| Failure::no_such_mailbox())?;
    context.gateway.delete_mailbox(&account.user, &name).await??;
    if state.selected_mut().is_some_and(|selected| selected.mailbox.name == name) {
        state.unselect();
        write::untagged(&mut context.client.out, Condition::Ok, Some(Code::Closed), "Selected mailbox deleted");
    }
    Ok(Done::new("DELETE completed"))
}

/// RENAME (RFC 9051 §6.3.6). The selected mailbox stays selected; INBOX loses its messages by it.
pub(super) async fn rename(
    context: &mut Context<'_>,
    state: &mut SessionState,
    from: MailboxArgument,
    to: MailboxArgument,
) -> Outcome {
    let Some(account) = state.account() else { return Err(Failure::bad("Not logged in")) };
    let from = from.0.map_err(|_| Failure::no_such_mailbox())?;
    let to = to.0?;
    context.gateway.rename_mailbox(&account.user, &from, &to).await??;
    if account.modes.imap4rev2 {
        tell_name(context, account, &to, Some(from.as_str())).await?;
    }
    if let Some(selected) = state.selected_mut() {
        refresh_after_write(context, selected).await?;
    }
    Ok(Done::new("RENAME completed"))
}

/// SUBSCRIBE (RFC 9051 §6.3.7).
pub(super) async fn subscribe(context: &mut Context<'_>, account: &Account, argument: MailboxArgument) -> Outcome {
    context.gateway.set_subscribed(&account.user, &argument.0?, true).await??;
    Ok(Done::new("SUBSCRIBE completed"))
}

/// UNSUBSCRIBE (RFC 9051 §6.3.8).
pub(super) async fn unsubscribe(context: &mut Context<'_>, account: &Account, argument: MailboxArgument) -> Outcome {
    context.gateway.set_subscribed(&account.user, &argument.0?, false).await??;
    Ok(Done::new("UNSUBSCRIBE completed"))
}

/// STATUS (RFC 9051 §6.3.11).
pub(super) async fn status(
    context: &mut Context<'_>,
    account: &Account,
    argument: MailboxArgument,
    items: &[StatusItem],
) -> Outcome {
    let mailbox = find(context, &account.user, argument).await?.ok_or_else(Failure::no_such_mailbox)?;
    let found = context.gateway.status(&account.user, &[mailbox.id]).await?;
    let (_, status) = found.first().ok_or_else(Failure::no_such_mailbox)?;
    let append_bytes_max = context.gateway.config.imap.append_bytes_max;
    write_status(&mut context.client.out, account.names, mailbox.name.as_str(), status, items, append_bytes_max);
    Ok(Done::new("STATUS completed"))
}

/// `* STATUS`, for STATUS and for LIST (RFC 5819 §2).
pub(super) fn write_status(
    out: &mut BytesMut,
    form: NameForm,
    name: &str,
    status: &Status,
    items: &[StatusItem],
    append_bytes_max: u64,
) {
    let value = |item: &StatusItem| match item {
        StatusItem::Messages => u64::from(status.messages),
        StatusItem::Recent => 0,
        StatusItem::UidNext => u64::from(status.uid_next.0),
        StatusItem::UidValidity => u64::from(status.uid_validity.0),
        StatusItem::Unseen => u64::from(status.unseen),
        StatusItem::Deleted => u64::from(status.deleted),
        StatusItem::DeletedStorage => status.deleted_size,
        StatusItem::Size => status.size,
        StatusItem::HighestModSeq => u64::try_from(status.highest_mod_seq.0).unwrap_or(0),
        StatusItem::AppendLimit => append_bytes_max,
        StatusItem::MailboxId => status.mailbox.0.unsigned_abs(),
    };
    let values: Vec<(StatusItem, u64)> = items.iter().map(|item| (*item, value(item))).collect();
    write::status(out, form, name, &values);
}

/// GETQUOTA (RFC 2087 §4.2): there is one root, `""`.
pub(super) async fn get_quota(context: &mut Context<'_>, account: &Account, root: &str) -> Outcome {
    if !root.is_empty() {
        return Err(Failure::refused(Code::NonExistent, "No such quota root"));
    }
    write_quota(context, &account.user).await?;
    Ok(Done::new("GETQUOTA completed"))
}

/// GETQUOTAROOT (RFC 2087 §4.3).
pub(super) async fn get_quota_root(context: &mut Context<'_>, account: &Account, argument: MailboxArgument) -> Outcome {
    let mailbox = find(context, &account.user, argument).await?.ok_or_else(Failure::no_such_mailbox)?;
    write::quota_root(&mut context.client.out, account.names, mailbox.name.as_str(), &[""]);
    write_quota(context, &account.user).await?;
    Ok(Done::new("GETQUOTAROOT completed"))
}

/// STORAGE counts in units of 1024 octets, the last one begun counted whole.
async fn write_quota(context: &mut Context<'_>, user: &User) -> Result<(), Failure> {
    let quota = context.gateway.quota(user).await?;
    let storage = ("STORAGE", quota.used_bytes.div_ceil(1024), quota.limit_bytes / 1024);
    write::quota(&mut context.client.out, "", &[storage]);
    Ok(())
}
