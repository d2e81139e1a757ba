//! Mail that comes from elsewhere and goes there: the ENT's « Mes données » archive and its traps, mbox, Maildir, zips of .eml,
//! exports; on both engines.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod archive;
mod export;
mod large;
mod mail;
mod mes_donnees;
#[path = "../support/mod.rs"]
mod support;
mod traps;
#[path = "../store/world.rs"]
mod world;

use std::path::Path;
use std::sync::Arc;

use passerelle::domain::migration::{BringOptions, BringRefusal, Brought};
use passerelle::model::User;

use world::World;

/// Mailboxes that were made for somebody's mail.
const OWN_MAILBOXES: &str = "select count(*) from mailbox where special_use is null and name <> 'Rappeler'";

/// Brings an archive in.
async fn bring(world: &World, user: &User, zip: &Path, options: &BringOptions) -> Result<Brought, BringRefusal> {
    world.gateway.bring_mes_donnees(user, zip, options, &Arc::default()).await.unwrap()
}

/// Brings mail of another program in.
async fn bring_mail(world: &World, user: &User, path: &Path, options: &BringOptions) -> Result<Brought, BringRefusal> {
    world.gateway.bring_mail(user, path, options, &Arc::default()).await.unwrap()
}

/// What is told of what is wrong.
fn problems(refusal: BringRefusal) -> Vec<String> {
    match refusal {
        BringRefusal::Broken { problems, in_all } => {
            assert_eq!(problems.len(), in_all);
            problems.iter().map(ToString::to_string).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Everything a person has: mailbox, flags, keywords, date in seconds, octets; sorted.
async fn all_of(world: &World, user: &User) -> Vec<(String, u8, String, i64, String)> {
    let mut all = Vec::new();
    for mailbox in world.gateway.mailboxes(user).await.unwrap().mailboxes {
        let contents = world.contents(&mailbox).await;
        let snapshot = world.gateway.snapshot(mailbox.id).await.unwrap().unwrap();
        for (entry, content) in snapshot.entries.iter().zip(contents) {
            let (bits, words) = (entry.flags.bits(), entry.flags.keywords_text().to_owned());
            let date = entry.internal_date.seconds();
            all.push((mailbox.name.as_str().to_owned(), bits, words, date, content));
        }
    }
    all.sort();
    all
}
