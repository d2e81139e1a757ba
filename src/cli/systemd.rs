//! What systemd is told of the server (`sd_notify(3)`): ready, reloading, stopping, alive. Nothing
//! where nobody asked for it.

use std::time::Duration;

use sd_notify::NotifyState;

/// The server answers, for the first time or after a reload.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// A reload has begun.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "systemd was not told of the reload"),
    }
}

/// Sessions are being told goodbye; that may take `within`.
pub(super) fn stopping(within: Duration) {
    let microseconds = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::Stopping, NotifyState::ExtendTimeoutUsec(microseconds)]);
}

/// Says that the process is alive, as often as systemd wants to hear it (`WatchdogSec=`). For ever.
pub(super) async fn keep_alive() {
    let Some(within) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    loop {
        tell(&[NotifyState::Watchdog]);
        tokio::time::sleep(within / 3).await;
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd was not told");
    }
}
