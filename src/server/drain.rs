//! Stopping without cutting anybody's send: nobody new, and sessions are told goodbye one after the other, each at a moment
//! of its own within `listen.drain_seconds`, so that their clients do not all come back at once. A session hears of it
//! between two commands only; what is under way is finished and answered. Where the store has become too new for this program,
//! nobody is let wait.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Shared;

/// Tells one session (`stop`) when its turn has come. Ends only then.
pub(super) async fn turn_comes(shared: &Shared, stop: &CancellationToken) {
    shared.stop.cancelled().await;
    let spread = Duration::from_secs(shared.config.listen.drain_seconds);
    tokio::select! {
        () = tokio::time::sleep(part_of(spread)) => {}
        () = shared.outdated.cancelled() => {}
    }
    stop.cancel();
}

/// Any part of it.
fn part_of(time: Duration) -> Duration {
    let mut octets = [0; 4];
    if time.is_zero() || getrandom::fill(&mut octets).is_err() {
        return Duration::ZERO;
    }
    time.mul_f64(f64::from(u32::from_ne_bytes(octets)) / (f64::from(u32::MAX) + 1.0))
}

impl Shared {
    /// Waits for the sessions to end: for as long as they are being told, and `listen.stop_seconds_max` after that. Then,
    /// or when somebody is in a hurry, they are cut off; what was answered is kept all the same.
    pub(super) async fn drain(&self) {
        let listen = &self.config.listen;
        let patience = Duration::from_secs(listen.drain_seconds.saturating_add(listen.stop_seconds_max));
        let hurried = tokio::select! {
            () = self.sessions.wait() => return,
            () = tokio::time::sleep(patience) => false,
            () = self.hurry.cancelled() => true,
        };
        tracing::warn!(sessions = self.sessions.len(), hurried, "cutting off sessions that did not end");
        self.kill.cancel();
        self.sessions.wait().await;
    }
}
