//! IDLE (RFC 9051 §6.3.13, RFC 2177): silent until something has changed, then told at once: of the selected mailbox, or
//! what NOTIFY has asked for (RFC 5465 §4).

use super::answer::{Done, End, Failure, Outcome};
use super::notify::{Listening, Waiting, look};
use super::serve::Context;
use super::session::SessionState;
use super::wire::framer::BadCommand;
use super::wire::write;

/// What ended a wait.
enum Event {
    /// The client has sent a line.
    Line(Result<Vec<u8>, BadCommand>),
    /// Something may have changed.
    Notice,
}

/// IDLE, up to DONE. Listens before the first look, so that nothing is missed in between.
pub(super) async fn idle(context: &mut Context<'_>, state: &mut SessionState, listening: &mut Listening) -> Outcome {
    if state.account().is_none() {
        return Err(Failure::bad("Command not allowed in this state"));
    }
    listening.follow(context.gateway, state, Waiting::Idle);
    // What woke it before is not told here.
    listening.woken_at();
    write::continuation(&mut context.client.out, "idling");
    loop {
        let told_of = listening.woken_at();
        look(context, state, Waiting::Idle).await?;
        if let Some(woken_at) = told_of
            && !context.client.out.is_empty()
        {
            context.client.flush().await?;
            context.gateway.pushed(woken_at);
        }
        match wait(context, listening).await? {
            Event::Notice => {}
            Event::Line(Ok(line)) if line.trim_ascii().eq_ignore_ascii_case(b"DONE") => {
                return Ok(Done::new("IDLE terminated"));
            }
            Event::Line(Ok(_)) => return Err(Failure::bad("Expected DONE")),
            Event::Line(Err(reason)) => return Err(Failure::Bad(reason.text().into())),
        }
    }
}

/// Waits for the client or for a notice.
async fn wait(context: &mut Context<'_>, listening: &mut Listening) -> Result<Event, End> {
    let poll = context.gateway.poll_after();
    tokio::select! {
        line = context.client.line() => line.map(Event::Line),
        () = listening.changed(poll) => Ok(Event::Notice),
    }
}
