//! The judgement: the journal of what was submitted against what everybody has seen, and the store against its invariants.

use std::path::Path;
use std::sync::Arc;

use passerelle::config;
use passerelle::domain::Gateway as Domain;
use passerelle::domain::clock::Clock;
use passerelle::domain::open_store;
use passerelle::model::Timestamp;

use crate::journal::Journal;
use crate::model::Account;
use crate::site::Gateway;

/// Beyond `keeping.orphans_hours`, microseconds.
const LATER: i64 = 3 * 3_600_000_000;

/// Every submission that was acknowledged is with everybody; every other is with everybody or with nobody. That nothing is
/// there twice, or that nobody should have, each person has checked whenever he looked.
pub(crate) fn judge_submissions(journal: &Journal, accounts: &[Account]) {
    let mut faults = Vec::new();
    for (token, sending) in journal.sendings() {
        let sent = accounts[sending.sender - 1].folders["Sent"].kept.values().any(|kept| kept.token == token);
        let with = |person: &usize| accounts[person - 1].delivered.contains(&token);
        let (have, lack): (Vec<usize>, Vec<usize>) = sending.recipients.iter().copied().partition(with);
        let whole = sent && lack.is_empty();
        let nothing = !sent && have.is_empty();
        if !(whole || (nothing && !sending.acknowledged)) {
            faults.push(format!(
                "{token}: acknowledged: {}, in Sent: {sent}, with {have:?}, not with {lack:?}",
                sending.acknowledged
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// `passerelle verify` finds nothing, while the gateway runs.
pub(crate) fn judge_store(gateway: &Gateway) {
    let (said, well) = gateway.verify();
    assert!(well && said.contains(" no faults"), "{said}");
}

/// What nobody has any more can be collected: hours later, nothing is left that is not named. No gateway runs.
pub(crate) fn judge_leftovers(config_file: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = Arc::new(config::load(config_file).unwrap());
        let clock = Clock::fixed(Timestamp(Clock::system().now().0 + LATER));
        let gateway = Domain::new(Arc::clone(&config), open_store(&config).await.unwrap(), clock).unwrap();
        gateway.collect().await.unwrap();
        let verified = gateway.verify(true, &Arc::default()).await.unwrap();
        assert_eq!(verified.findings, []);
        gateway.store().close().await;
    });
}
