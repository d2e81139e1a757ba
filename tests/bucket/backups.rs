//! Backups out of the bucket and into it, from a folder and to one; and what verify finds in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use passerelle::domain::Gateway;
use passerelle::domain::backup;
use passerelle::domain::import::progress::Progress;
use passerelle::store::Store;

use crate::bodies::{gateway, large, world};
use crate::service::Service;
use crate::support;
use crate::world::{World, letter, user};

/// A world whose person has a small letter and two large ones.
async fn filled(service: &Service) -> World {
    let world = world(service, |_| {}).await;
    let inbox = world.mailbox(&user(1), "INBOX").await;
    // In one piece, and in two parts.
    for (id, size) in [("one", 5_000), ("two", 6 << 20)] {
        world.append(&user(1), &inbox, &large(id, size)).await;
    }
    world.append(&user(1), &inbox, &letter(1, "small", "", "Bonjour")).await;
    world
}

async fn back_up(gateway: &Gateway, folder: &Path, name: &str) -> PathBuf {
    let file = folder.join(name);
    let done = gateway.back_up(&file, &Arc::default()).await.unwrap();
    assert_eq!((done.bodies, done.faulty.len()), (2, 0));
    assert_eq!(backup::check(&file, &Progress::default()).unwrap().damaged_bodies, 0);
    file
}

async fn found(gateway: &Gateway, deep: bool) -> Vec<&'static str> {
    let verified = gateway.verify(deep, &Arc::default()).await.unwrap();
    verified.findings.iter().map(|finding| finding.check).collect()
}

/// Where a store's bodies lie.
#[derive(Clone, Copy, Debug)]
enum Bodies {
    Folder,
    /// In the bucket, under this.
    Bucket(&'static str),
}

/// Restores into a new store; a world on it.
async fn restored(service: &Service, file: &Path, bodies: Bodies) -> World {
    let test = support::sqlite().await;
    test.store.close().await;
    let url = format!("sqlite:{}", test.folder.path().join("new.db").display());
    let place = |config: &mut passerelle::config::Config| {
        config.store.url = Some(url.clone());
        match bodies {
            Bodies::Folder => config.store.blobs.bucket = None,
            Bodies::Bucket(prefix) => config.store.blobs.prefix = prefix.to_owned(),
        }
    };
    // Only the settings of this one are used.
    let (before, _) = gateway(service, &test.folder, test.store.clone(), place).unwrap();
    let done = backup::restore(&before.config, file, &Progress::default()).await.unwrap();
    assert_eq!((done.bodies, done.faulty.len()), (2, 0), "{bodies:?}");
    let store = Store::open(&url, 4).await.unwrap();
    let (gateway, clock) = gateway(service, &test.folder, store, place).unwrap();
    World { gateway: Arc::new(gateway), clock, engine: test.engine, folder: test.folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_go_from_the_bucket_to_a_folder_and_back() {
    let Some(service) = Service::start() else { return };
    let first = filled(&service).await;
    let contents = first.contents(&first.mailbox(&user(1), "INBOX").await).await;
    let mut file = back_up(&first.gateway, first.folder.path(), "one.tar").await;
    let mut kept = Vec::new();
    for (number, bodies) in [Bodies::Bucket("school/b"), Bodies::Folder, Bodies::Bucket("")].into_iter().enumerate() {
        let before = service.names();
        let world = restored(&service, &file, bodies).await;
        let new: Vec<String> = service.names().into_iter().filter(|name| !before.contains(name)).collect();
        match bodies {
            Bodies::Folder => assert_eq!(new, [""; 0]),
            Bodies::Bucket(prefix) => {
                assert!(new.len() == 2 && new.iter().all(|name| name.starts_with(prefix)), "{new:?}");
                assert!(!world.folder.path().join("blobs").exists());
            }
        }
        assert_eq!(found(&world.gateway, true).await, [""; 0], "{bodies:?}");
        let inbox = world.mailbox(&user(1), "INBOX").await;
        assert!(world.contents(&inbox).await == contents, "{bodies:?}");
        file = back_up(&world.gateway, world.folder.path(), &format!("{number}.tar")).await;
        kept.push(world);
    }
}

/// Octets of an object.
fn object(service: &Service, name: &str) -> Vec<u8> {
    service.request("GET", name, b"")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_objects_is_found() {
    let Some(service) = Service::start() else { return };
    let world = filled(&service).await;
    assert_eq!(found(&world.gateway, true).await, [""; 0]);
    let mut names = service.names();
    names.sort_by_key(|name| object(&service, name).len());
    let name = names.remove(0);
    let octets = object(&service, &name);
    service.request("DELETE", &name, b"");
    assert_eq!(found(&world.gateway, false).await, ["blob-missing"]);
    assert_eq!(found(&world.gateway, true).await, ["blob-missing", "body-octets"]);
    // A backup has all the rest, and says so.
    let file = world.folder.path().join("without.tar");
    let done = world.gateway.back_up(&file, &Arc::default()).await.unwrap();
    assert_eq!((done.bodies, done.faulty.len()), (1, 1));
    assert_eq!(backup::check(&file, &Progress::default()).unwrap().damaged_bodies, 1);

    service.request("PUT", &name, &[&octets[..], b"more"].concat());
    assert_eq!(found(&world.gateway, false).await, ["blob-size"]);
    // As many octets, and others.
    let mut changed = octets.clone();
    changed[1000] ^= 1;
    service.request("PUT", &name, &changed);
    assert_eq!(found(&world.gateway, false).await, [""; 0]);
    assert_eq!(found(&world.gateway, true).await, ["body-octets"]);
    service.request("PUT", &name, &octets);
    assert_eq!(found(&world.gateway, true).await, [""; 0]);
}

/// A bucket that does not answer is not one without bodies: nothing is found, nothing is backed up, and that is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_away_is_no_bucket_that_lost_something() {
    let Some(service) = Service::start() else { return };
    let world = filled(&service).await;
    let file = back_up(&world.gateway, world.folder.path(), "one.tar").await;
    service.wire.set(crate::service::Mode::Closed);
    assert!(world.gateway.verify(false, &Arc::default()).await.is_err());
    let none = world.folder.path().join("none.tar");
    assert!(world.gateway.back_up(&none, &Arc::default()).await.is_err());
    assert!(!none.exists());
    let test = support::sqlite().await;
    test.store.close().await;
    let url = format!("sqlite:{}", test.folder.path().join("new.db").display());
    let (before, _) =
        gateway(&service, &test.folder, test.store.clone(), |config| config.store.url = Some(url.clone())).unwrap();
    assert!(backup::restore(&before.config, &file, &Progress::default()).await.is_err());
    service.wire.set(crate::service::Mode::Passes);
    backup::restore(&before.config, &file, &Progress::default()).await.expect("the store stayed empty");
}
