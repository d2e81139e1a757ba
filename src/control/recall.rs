//! The admin's commands about recall: what somebody sent, and taking it back.

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::{Stop, find, written};
use crate::domain::Gateway;
use crate::domain::recall::{Named, RecallRefusal, Sent};

/// What an admin asks about recall.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RecallCommand {
    /// What somebody sent, the newest first; with subjects only where they are asked for.
    List { user: String, subjects: bool },
    /// Takes back what somebody sent: a Message-ID, or a number of the list. `dry_run` only counts.
    Recall { user: String, message: String, dry_run: bool },
}

/// Something that somebody sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentLine {
    pub id: i64,
    pub at: String,
    /// Whom it was delivered to, those who wait included.
    pub people: u64,
    pub waiting: u64,
    pub recalled_at: Option<String>,
    pub message_id: Option<String>,
    /// Only where it was asked for.
    pub subject: Option<String>,
}

/// What a recall came to, or would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallSheet {
    pub dry_run: bool,
    pub people: u64,
    pub copies: u64,
    pub read: u64,
    pub waiting: u64,
}

/// Does what the admin asks.
pub(super) async fn answer(gateway: &Gateway, command: RecallCommand) -> Result<AdminAnswer, Stop> {
    match command {
        RecallCommand::List { user, subjects } => {
            let user = find(gateway, &user).await?;
            let sent = gateway.sent_letters(&user).await?;
            Ok(AdminAnswer::SentLetters(sent.into_iter().map(|sent| line(sent, subjects)).collect()))
        }
        RecallCommand::Recall { user, message, dry_run } => recall(gateway, &user, &message, dry_run).await,
    }
}

async fn recall(gateway: &Gateway, user: &str, message: &str, dry_run: bool) -> Result<AdminAnswer, Stop> {
    let sender = find(gateway, user).await?;
    let named = message.parse().map_or(Named::MessageId(message), Named::Number);
    match gateway.recall_for_admin(&sender, named, dry_run).await? {
        None => Err(Stop::Refused(format!("{user} sent no message {message} that is still known"))),
        Some(Err(RecallRefusal::Already)) => Err(Stop::Refused("it has been recalled already".to_owned())),
        Some(Err(refusal)) => Err(Stop::Refused(format!("it cannot be recalled ({refusal:?})"))),
        Some(Ok(count)) => Ok(AdminAnswer::Recalled(RecallSheet {
            dry_run,
            people: count.people,
            copies: count.copies,
            read: count.read,
            waiting: count.waiting,
        })),
    }
}

fn line(sent: Sent, subjects: bool) -> SentLine {
    SentLine {
        id: sent.id,
        at: written(sent.at),
        people: sent.people,
        waiting: sent.waiting,
        recalled_at: sent.recalled_at.map(written),
        message_id: sent.message_id,
        subject: subjects.then(|| sent.subject.unwrap_or_default()),
    }
}
