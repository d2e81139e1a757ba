//! What the server does by itself, again and again: gives the trail's lines their place, looks at the switch, delivers
//! what waited for the end of quiet hours, sees to the accounts of people who left, and notices where it has become too old for the
//! store.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::domain::{Fault, Gateway};
use crate::store::StoreError;

/// How often the trail is seen to.
const TRAIL_EVERY: Duration = Duration::from_secs(1);

/// Sees to the trail until the server stops.
pub(super) async fn trail(shared: Arc<Shared>) {
    while shared.end.run_until_cancelled(tokio::time::sleep(TRAIL_EVERY)).await.is_some() {
        see_to_trail(&shared.gateway, false).await;
    }
}

/// The refusals that are due, or all of them, and the lines' places. What fails now is done in the next round.
pub(super) async fn see_to_trail(gateway: &Gateway, all: bool) {
    let done = async {
        gateway.write_refusals(all).await?;
        gateway.chain_trail().await?;
        Ok::<_, Fault>(())
    };
    if let Err(fault) = done.await {
        tracing::error!(%fault, "the trail could not be seen to");
    }
}

/// How often the switch is looked at where another gateway may turn it, and after a look that failed.
const SWITCH_EVERY: Duration = Duration::from_millis(400);

/// Looks at the switch until the server stops: when it was turned, and often anyway where another gateway may have turned
/// it without being heard. Where the store does not answer, what was off stays off.
pub(super) async fn switch(shared: Arc<Shared>) {
    let gateway = &shared.gateway;
    let mut seen_to = true;
    loop {
        let woken = async {
            if seen_to && !gateway.store().is_shared() {
                return gateway.switch_turned().await;
            }
            tokio::time::timeout(SWITCH_EVERY, gateway.switch_turned()).await.unwrap_or(())
        };
        if shared.end.run_until_cancelled(woken).await.is_none() {
            return;
        }
        let looked = gateway.see_to_switch().await;
        seen_to = looked.is_ok();
        if let Err(fault) = looked {
            tracing::error!(%fault, "the switch could not be looked at");
        }
    }
}

/// How often it is asked what is due.
const QUIET_EVERY: Duration = Duration::from_secs(1);

/// Delivers what is due until the server stops. First of all, what waits is looked at by the calendar as it is set now.
pub(super) async fn quiet(shared: Arc<Shared>) {
    let gateway = &shared.gateway;
    let rounds = async {
        while let Err(fault) = gateway.review_waiting().await {
            tracing::error!(%fault, "letters that wait could not be looked at");
            tokio::time::sleep(QUIET_EVERY).await;
        }
        loop {
            if let Err(fault) = gateway.release_due().await {
                tracing::error!(%fault, "letters that are due could not be delivered");
            }
            tokio::time::sleep(QUIET_EVERY).await;
        }
    };
    shared.end.run_until_cancelled(rounds).await.unwrap_or(())
}

/// Puts aside and deletes the accounts of people who left, in time. First a while after the start: a server that is
/// started again and again is not to do it each time.
pub(super) async fn departed(shared: Arc<Shared>) {
    let every = Duration::from_secs(u64::from(shared.config.people.collect_every_hours) * 3600);
    let mut wait = every.min(Duration::from_secs(3600));
    while shared.end.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        if let Err(fault) = shared.gateway.collect_departed(false).await {
            tracing::error!(%fault, "the accounts of people who left were not looked at");
        }
        wait = every;
    }
}

/// How often the schema is looked at.
const SCHEMA_EVERY: Duration = Duration::from_secs(2);

/// Looks whether a newer program has taken away what this one needs. Then all that this one does by itself ends, and
/// everybody is told goodbye at once: what it wrote from now on could be wrong.
pub(super) async fn schema(shared: Arc<Shared>) {
    while shared.end.run_until_cancelled(tokio::time::sleep(SCHEMA_EVERY)).await.is_some() {
        match shared.gateway.store().check_schema().await {
            Ok(()) => {}
            Err(error @ StoreError::Contracted { .. }) => {
                tracing::error!(%error, "a newer program has changed the store: this one stops");
                for token in [&shared.outdated, &shared.stop, &shared.end] {
                    token.cancel();
                }
            }
            Err(error) => tracing::error!(%error, "the schema could not be looked at"),
        }
    }
}
