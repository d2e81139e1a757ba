//! The admin's commands about webhooks.

use serde::{Deserialize, Serialize};

use super::AdminAnswer;
use super::execute::{Stop, written};
use crate::domain::Gateway;

/// What an admin asks of webhooks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum WebhookCommand {
    Status,
    /// Tries all again at once, what was given up too.
    Retry {
        hook: String,
    },
    /// Forgets what was given up; `all`: whatever has not been told.
    Drop {
        hook: String,
        all: bool,
    },
}

/// How one webhook stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookLine {
    pub name: String,
    /// Is it in the settings?
    pub set: bool,
    pub waiting: u64,
    pub oldest: Option<String>,
    pub dead: u64,
    pub last_error: Option<String>,
}

/// Does what the admin asks.
pub(super) async fn answer(gateway: &Gateway, command: WebhookCommand) -> Result<AdminAnswer, Stop> {
    match command {
        WebhookCommand::Status => status(gateway).await,
        WebhookCommand::Retry { hook } => {
            known(gateway, &hook).await?;
            Ok(AdminAnswer::WebhookRows(gateway.retry_webhook(&hook).await?))
        }
        WebhookCommand::Drop { hook, all } => {
            known(gateway, &hook).await?;
            Ok(AdminAnswer::WebhookRows(gateway.drop_webhook(&hook, all).await?))
        }
    }
}

async fn status(gateway: &Gateway) -> Result<AdminAnswer, Stop> {
    let states = gateway.webhook_states().await?;
    let set = |name: &str| gateway.webhooks().iter().any(|hook| hook.config.name == name);
    let mut lines: Vec<WebhookLine> = states
        .into_iter()
        .map(|state| WebhookLine {
            set: set(&state.hook),
            name: state.hook,
            waiting: state.waiting,
            oldest: state.oldest.map(written),
            dead: state.dead,
            last_error: state.last_error,
        })
        .collect();
    for hook in gateway.webhooks() {
        let name = &hook.config.name;
        if !lines.iter().any(|line| line.name == *name) {
            let (oldest, last_error) = (None, None);
            lines.push(WebhookLine { name: name.clone(), set: true, waiting: 0, oldest, dead: 0, last_error });
        }
    }
    Ok(AdminAnswer::Webhooks(lines))
}

async fn known(gateway: &Gateway, name: &str) -> Result<(), Stop> {
    let is_set = gateway.webhooks().iter().any(|hook| hook.config.name == name);
    if is_set || gateway.webhook_states().await?.iter().any(|state| state.hook == name) {
        return Ok(());
    }
    Err(Stop::Refused(format!("no webhook is called {name}")))
}
