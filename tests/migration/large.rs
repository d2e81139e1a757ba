//! Large archives, and imports that are broken off.

use passerelle::domain::migration::BringOptions;

use crate::archive::{Archive, Mail};
use crate::bring;
use crate::world::{user, worlds};

#[tokio::test]
async fn letters_come_in_the_order_of_their_dates_whatever_the_order_of_the_rows() {
    for world in worlds(1).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        let mut archive = Archive::default();
        for number in 0..350_i64 {
            let (id, date) = (format!("m{number}"), 1_600_000_000_000 + (number * 7919 % 350) * 1000);
            archive.add(&Mail { id: &id, date, ..Mail::default() }).lies(&id, None, false, true);
        }
        archive.write(&zip);
        assert_eq!(bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap().brought, 350);
        let inbox = world.mailbox(&zoe, "INBOX").await;
        let snapshot = world.gateway.snapshot(inbox.id).await.unwrap().unwrap();
        let dates: Vec<i64> = snapshot.entries.iter().map(|entry| entry.internal_date.seconds()).collect();
        assert_eq!(dates, (0..350).map(|number| 1_600_000_000 + number).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_import_that_was_broken_off_goes_on() {
    for world in worlds(1).await {
        let (zoe, zip) = (user(1), world.folder.path().join("a.zip"));
        let mut archive = Archive::default();
        for number in 0..250_i64 {
            let id = format!("m{number}");
            archive
                .add(&Mail { id: &id, date: 1_600_000_000_000 + number, ..Mail::default() })
                .lies(&id, None, false, true);
        }
        archive.write(&zip);
        let gateway = std::sync::Arc::clone(&world.gateway);
        let task = {
            let (zoe, zip) = (zoe.clone(), zip.clone());
            tokio::spawn(async move {
                gateway.bring_mes_donnees(&zoe, &zip, &BringOptions::default(), &std::sync::Arc::default()).await
            })
        };
        let inbox = world.mailbox(&zoe, "INBOX").await;
        let mut watched = world.gateway.watch(inbox.id);
        watched.changed().await.unwrap();
        task.abort();
        let _ = task.await;
        let so_far = world.uids(&inbox).await.len();
        assert!(so_far >= 100, "{so_far}");
        let rest = bring(&world, &zoe, &zip, &BringOptions::default()).await.unwrap();
        assert_eq!((rest.brought + so_far, world.uids(&inbox).await.len()), (250, 250));
    }
}
