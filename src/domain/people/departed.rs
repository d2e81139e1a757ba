//! What becomes of people who leave: suspended by the import that no longer names them, put aside after a time (in no
//! group, without a password, their mail kept), deleted after another. Who comes back before that has everything again.

use crate::domain::{Fault, Gateway};
use crate::model::{Timestamp, UserId};
use crate::sentences::Sentence;
use crate::store::people::departed as store;
pub use crate::store::people::departed::Departed;
use crate::store::people::import::{count_change, lock_directory};
use crate::store::{Durability, StoreError, Tx};

/// Accounts in one transaction: mail flows between two of them.
const AT_ONCE: usize = 100;
const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// The next thing that happens to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Archive,
    Delete,
}

/// Somebody who left, and what comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaver {
    pub person: Departed,
    pub next: Fate,
    pub due: Timestamp,
}

/// What was done, or would be: logins and shown names, as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    pub archived: Vec<String>,
    pub deleted: Vec<String>,
}

impl Gateway {
    /// Everybody who left and is not deleted yet, the soonest due first.
    pub async fn departed(&self) -> Result<Vec<Leaver>, Fault> {
        let people = self.store.read((), |tx, ()| Box::pin(store::departed(tx))).await?;
        let mut leavers: Vec<Leaver> = people.into_iter().map(|person| self.leaver(person)).collect();
        leavers.sort_by_key(|leaver| leaver.due);
        Ok(leavers)
    }

    fn leaver(&self, person: Departed) -> Leaver {
        let settings = &self.config.people;
        let after = |since: Timestamp, days: u32| Timestamp(since.0.saturating_add(i64::from(days) * DAY_MICROSECONDS));
        match person.archived_at {
            None => Leaver { next: Fate::Archive, due: after(person.left_at, settings.archive_after_days), person },
            Some(archived_at) => {
                Leaver { next: Fate::Delete, due: after(archived_at, settings.delete_after_days), person }
            }
        }
    }

    /// Puts aside and deletes the accounts whose time has come. `dry_run` only tells which. An account is never put aside
    /// and deleted in one go: somebody can see it between.
    pub async fn collect_departed(&self, dry_run: bool) -> Result<Collected, Fault> {
        let now = self.clock.now();
        let due: Vec<Leaver> = self.departed().await?.into_iter().filter(|leaver| leaver.due <= now).collect();
        let of = |fate| due.iter().filter(move |leaver| leaver.next == fate).collect::<Vec<_>>();
        let (deleting, archiving) = (of(Fate::Delete), of(Fate::Archive));
        if !dry_run {
            self.carry_out(Fate::Delete, &deleting, now).await?;
            self.carry_out(Fate::Archive, &archiving, now).await?;
        }
        let names = |leavers: Vec<&Leaver>| leavers.into_iter().map(|leaver| shown(&leaver.person)).collect();
        Ok(Collected { archived: names(archiving), deleted: names(deleting) })
    }

    async fn carry_out(&self, fate: Fate, leavers: &[&Leaver], now: Timestamp) -> Result<(), Fault> {
        for some in leavers.chunks(AT_ONCE) {
            let ids: Vec<UserId> = some.iter().map(|leaver| leaver.person.id.clone()).collect();
            let job = (fate, ids, now);
            let done = self.store.write(Durability::Synced, job, |tx, job| Box::pin(carry_out(tx, job))).await?;
            done.iter().for_each(|user| self.logins.sessions.cut(user, &Sentence::AccountSuspended));
            tracing::info!(?fate, people = done.len(), "accounts of people who left");
        }
        Ok(())
    }
}

async fn carry_out(
    tx: &mut Tx<'_>,
    (fate, people, now): &(Fate, Vec<UserId>, Timestamp),
) -> Result<Vec<UserId>, StoreError> {
    lock_directory(tx).await?;
    let people = store::still_departed(tx, people, *fate == Fate::Delete).await?;
    match fate {
        Fate::Archive => store::archive(tx, &people, *now).await?,
        Fate::Delete => store::delete(tx, &people, *now).await?,
    }
    count_change(tx).await?;
    Ok(people)
}

fn shown(person: &Departed) -> String {
    format!("{} ({})", person.display_name, person.login)
}
