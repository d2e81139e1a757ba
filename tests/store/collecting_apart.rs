//! Two gateways on one PostgreSQL and one folder of bodies collect at once, are killed in the middle of it, and people use the
//! same few bodies again meanwhile.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use passerelle::store::Store;

use crate::collecting::{empty_all, racing, work};
use crate::support::{self, TestStore};
use crate::world::World;

/// Rounds of collection that came to their end, and those that were broken off.
#[derive(Debug, Default)]
struct Rounds {
    whole: u64,
    broken_off: u64,
}

/// Collects without end; most rounds are broken off, each a little later than the one before.
async fn collect(world: Arc<World>, stop: Arc<AtomicBool>) -> Rounds {
    let mut rounds = Rounds::default();
    while !stop.load(Ordering::Relaxed) {
        let gateway = Arc::clone(&world.gateway);
        let mut round = tokio::spawn(async move { gateway.collect().await.unwrap() });
        let patience = Duration::from_micros(500 * (1 + rounds.broken_off % 60));
        match tokio::time::timeout(patience, &mut round).await {
            Ok(whole) => {
                whole.unwrap();
                rounds.whole += 1;
            }
            Err(_) => {
                round.abort();
                rounds.broken_off += u64::from(round.await.is_err());
            }
        }
    }
    rounds
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_collect_are_broken_off_and_nothing_is_lost() {
    let Some(url) = support::postgres_url().await else { return };
    let store = async || Store::open(&url, 8).await.unwrap();
    let test = TestStore { store: store().await, engine: "postgres", folder: tempfile::tempdir().unwrap() };
    let here = World::on(test, racing);
    here.add_people(3).await;
    let there = Arc::new(here.beside(store().await));
    let here = Arc::new(here);
    let stop = Arc::new(AtomicBool::new(false));
    let collectors = [&here, &there].map(|world| tokio::spawn(collect(Arc::clone(world), Arc::clone(&stop))));
    let workers = [(&here, 1), (&there, 2), (&there, 3)]
        .map(|(world, number)| tokio::spawn(work(Arc::clone(world), number, 100)));
    for worker in workers {
        worker.await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for collector in collectors {
        let rounds = collector.await.unwrap();
        println!("{rounds:?}");
        assert!(rounds.whole > 3 && rounds.broken_off > 20, "{rounds:?}");
    }
    let verified = there.gateway.verify(true, &Arc::default()).await.unwrap();
    assert_eq!(verified.findings, []);
    empty_all(&here).await;
    here.days_pass(31);
    let (one, other) = tokio::join!(here.gateway.collect(), there.gateway.collect());
    println!("{:?} and {:?}", one.unwrap(), other.unwrap());
    // What one passed over because the other held it just then.
    here.gateway.collect().await.unwrap();
    assert_eq!(here.left().await, [0; 12]);
    assert_eq!(here.blobs(), Vec::<PathBuf>::new());
}
