//! IDLE (RFC 9051 §6.3.13, RFC 2177): silent until something has changed, then told at once.

use std::time::Duration;

use tokio::sync::watch;

use super::answer::{Done, End, Failure, Outcome};
use super::serve::Context;
use super::session::SessionState;
use super::updates::{refresh, tell, write_highest};
use super::view::Expunges;
use super::wire::framer::BadCommand;
use super::wire::write;

/// What ended a wait.
enum Event {
    /// The client has sent a line.
    Line(Result<Vec<u8>, BadCommand>),
    /// The mailbox may have changed.
    Notice,
}

/// IDLE, up to DONE. Subscribed before the first look, so that nothing is missed in between.
pub(super) async fn idle(context: &mut Context<'_>, state: &mut SessionState) -> Outcome {
    if state.account().is_none() {
        return Err(Failure::bad("Command not allowed in this state"));
    }
    let mut notices = state.selected_mut().map(|selected| context.gateway.watch(selected.mailbox.id));
    write::continuation(&mut context.client.out, "idling");
    loop {
        match look(context, state).await {
            Ok(()) => {}
            // A store that cannot be reached changes nothing that was told; the next look will.
            Err(Failure::Fault(fault)) => context.log(&fault),
            Err(failure) => return Err(failure),
        }
        match wait(context, notices.as_mut()).await? {
            Event::Notice => {}
            Event::Line(Ok(line)) if line.trim_ascii().eq_ignore_ascii_case(b"DONE") => {
                return Ok(Done::new("IDLE terminated"));
            }
            Event::Line(Ok(_)) => return Err(Failure::bad("Expected DONE")),
            Event::Line(Err(reason)) => return Err(Failure::Bad(reason.text().into())),
        }
    }
}

/// Asks what has changed and tells it.
async fn look(context: &mut Context<'_>, state: &mut SessionState) -> Result<(), Failure> {
    if let Some(selected) = state.selected_mut() {
        refresh(context, selected).await?;
    }
    if let Some(mod_seq) = tell(context, state, Expunges::Tell).await? {
        write_highest(context, mod_seq);
    }
    Ok(())
}

/// Waits for the client or for a notice; on a shared store, no longer than until the next poll.
async fn wait(context: &mut Context<'_>, notices: Option<&mut watch::Receiver<u64>>) -> Result<Event, End> {
    let poll = context.gateway.poll_after().filter(|_| notices.is_some());
    tokio::select! {
        line = context.client.line() => line.map(Event::Line),
        () = notice(notices) => Ok(Event::Notice),
        () = pause(poll) => Ok(Event::Notice),
    }
}

async fn notice(notices: Option<&mut watch::Receiver<u64>>) {
    let heard = match notices {
        Some(notices) => notices.changed().await.is_ok(),
        None => false,
    };
    if !heard {
        std::future::pending().await
    }
}

async fn pause(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
