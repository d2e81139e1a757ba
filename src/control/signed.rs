//! A command of an admin whose name is known (the admin page), with the reason: the trail says who asked for what, before it
//! is done. What the command itself writes comes after it.

use super::{AdminAnswer, AdminCommand, execute};
use crate::domain::{Fault, Gateway};
use crate::model::TrailEvent;

/// Who asks, for what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub admin: String,
    /// The word of the trail.
    pub act: &'static str,
    /// To whom or to what, as it was asked for. A person's login, alias, address or id where the person is concerned.
    pub about: String,
    pub reason: String,
}

/// Writes who asks for what, then does it; nothing is done that could not be written.
pub async fn execute_signed(gateway: &Gateway, signed: Signed, command: AdminCommand) -> AdminAnswer {
    match note(gateway, signed).await {
        Ok(()) => execute(gateway, command).await,
        Err(fault) => {
            tracing::error!(%fault, "the trail could not be written: nothing was done");
            AdminAnswer::Failed(fault.to_string())
        }
    }
}

async fn note(gateway: &Gateway, signed: Signed) -> Result<(), Fault> {
    let Signed { admin, act, about, reason } = signed;
    tracing::info!(admin, act, about, "admin page");
    let user = match about.is_empty() {
        true => None,
        false => gateway.find_user(&about).await?.map(|user| user.id),
    };
    gateway.trail(user.as_ref(), &TrailEvent::Operator { admin, act, about, reason }).await
}
