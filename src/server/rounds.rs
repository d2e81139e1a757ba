//! What the server does by itself, again and again: gives the trail's lines their place.

use std::sync::Arc;
use std::time::Duration;

use super::Shared;
use crate::domain::{Fault, Gateway};

/// How often the trail is seen to.
const TRAIL_EVERY: Duration = Duration::from_secs(1);

/// Sees to the trail until the server stops.
pub(super) async fn trail(shared: Arc<Shared>) {
    while shared.stop.run_until_cancelled(tokio::time::sleep(TRAIL_EVERY)).await.is_some() {
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
