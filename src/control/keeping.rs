//! The admin's commands about what is kept: collect, retention, restore, undelete.

use super::AdminAnswer;
use super::command::{Choice, CollectSheet, RecoverLine, RetentionLine, TakenFrom};
use super::execute::{Stop, find, written};
use crate::domain::Gateway;
use crate::domain::recover::{Bin, Recoverable};
use crate::domain::retention::Expiring;
use crate::model::SpecialUse;

pub(super) async fn collect(gateway: &Gateway) -> Result<AdminAnswer, Stop> {
    let collected = gateway.collect().await?;
    Ok(AdminAnswer::Collected(CollectSheet {
        messages: collected.messages,
        bodies: collected.bodies,
        tombstones: collected.tombstones,
        undelete_ended: collected.undelete_ended,
        submissions: collected.submissions,
        files: collected.files,
    }))
}

pub(super) async fn retention(gateway: &Gateway, dry_run: bool) -> Result<AdminAnswer, Stop> {
    let rules = if dry_run { gateway.expiring().await? } else { gateway.expunge_old().await? };
    Ok(AdminAnswer::Retention(rules.into_iter().map(retention_line).collect()))
}

fn retention_line(rule: Expiring) -> RetentionLine {
    RetentionLine {
        mailboxes_for: rule.special_use.map_or("others", SpecialUse::column).to_owned(),
        days: rule.days,
        before: written(rule.before),
        mailboxes: rule.mailboxes,
        messages: rule.messages,
    }
}

pub(super) async fn recover_list(
    gateway: &Gateway,
    user: &str,
    from: TakenFrom,
    subjects: bool,
) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    let found = gateway.recoverable(&user.id, bin(from)).await?;
    Ok(AdminAnswer::Recoverable(found.into_iter().map(|one| recover_line(one, subjects)).collect()))
}

pub(super) async fn recover(
    gateway: &Gateway,
    user: &str,
    from: TakenFrom,
    choice: Choice,
) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    let bin = bin(from);
    let ids = match choice {
        Choice::These(ids) => ids,
        Choice::All => gateway.recoverable(&user.id, bin).await?.into_iter().map(|one| one.id).collect(),
    };
    let asked = ids.len();
    let messages = gateway.recover(&user.id, bin, ids).await?;
    if messages == 0 && asked > 0 {
        return Err(Stop::Refused("none of these messages is there".to_owned()));
    }
    Ok(AdminAnswer::Recovered(messages))
}

fn bin(from: TakenFrom) -> Bin {
    match from {
        TakenFrom::Trash => Bin::Trash,
        TakenFrom::Expunged => Bin::Expunged,
    }
}

fn recover_line(one: Recoverable, subjects: bool) -> RecoverLine {
    RecoverLine {
        id: one.id,
        to: one.to.as_str().to_owned(),
        from: one.from,
        subject: subjects.then_some(one.subject),
        size: one.size,
        date: written(one.internal_date),
        gone: written(one.gone_at),
    }
}
