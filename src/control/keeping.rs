//! The admin's commands about what is kept: collect, retention, restore, undelete.

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::{Stop, find, written};
use crate::domain::Gateway;
use crate::domain::recover::{Bin, Recoverable};
use crate::domain::retention::Expiring;
use crate::model::{SpecialUse, TrailEvent};

/// What an admin asks about what is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeepingCommand {
    /// Makes room: what nobody needs any more goes.
    Collect,
    /// Expunges what is too old; `dry_run` only tells what would go.
    Retention { dry_run: bool },
    /// What can come back; with subjects only where they are asked for.
    RecoverList { user: String, from: TakenFrom, subjects: bool },
    /// Brings messages back.
    Recover { user: String, from: TakenFrom, choice: Choice },
}

/// Where messages come back from: Trash, or beyond it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TakenFrom {
    Trash,
    Expunged,
}

/// Which of them, by the ids of the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    All,
    These(Vec<i64>),
}

/// What collection deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectSheet {
    pub messages: u64,
    pub bodies: u64,
    pub tombstones: u64,
    pub undelete_ended: u64,
    pub submissions: u64,
    pub files: u64,
}

/// What one rule of retention takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionLine {
    /// `inbox`, `trash` …, `others`.
    pub mailboxes_for: String,
    pub days: u32,
    /// What came before this (RFC 3339).
    pub before: String,
    pub mailboxes: u64,
    pub messages: u64,
}

/// One message that can come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoverLine {
    pub id: i64,
    /// The mailbox where it would go.
    pub to: String,
    pub from: String,
    /// Only where it was asked for.
    pub subject: Option<String>,
    /// Octets.
    pub size: u64,
    pub date: String,
    /// When it went.
    pub gone: String,
}

/// Does what the admin asks.
pub(super) async fn answer(gateway: &Gateway, command: KeepingCommand) -> Result<AdminAnswer, Stop> {
    match command {
        KeepingCommand::Collect => collect(gateway).await,
        KeepingCommand::Retention { dry_run } => retention(gateway, dry_run).await,
        KeepingCommand::RecoverList { user, from, subjects } => recover_list(gateway, &user, from, subjects).await,
        KeepingCommand::Recover { user, from, choice } => recover(gateway, &user, from, choice).await,
    }
}

async fn collect(gateway: &Gateway) -> Result<AdminAnswer, Stop> {
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

async fn retention(gateway: &Gateway, dry_run: bool) -> Result<AdminAnswer, Stop> {
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

async fn recover_list(gateway: &Gateway, user: &str, from: TakenFrom, subjects: bool) -> Result<AdminAnswer, Stop> {
    let user = find(gateway, user).await?;
    let found = gateway.recoverable(&user.id, bin(from)).await?;
    Ok(AdminAnswer::Recoverable(found.into_iter().map(|one| recover_line(one, subjects)).collect()))
}

async fn recover(gateway: &Gateway, user: &str, from: TakenFrom, choice: Choice) -> Result<AdminAnswer, Stop> {
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
    let act = if bin == Bin::Trash { "restore" } else { "undelete" };
    gateway.trail(Some(&user.id), &TrailEvent::Admin { act, detail: format!("{messages} messages") }).await?;
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
