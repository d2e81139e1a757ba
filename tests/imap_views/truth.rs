//! The mailbox as the database has it, read by statements of this test's own; and what has been said of it so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use passerelle::model::{Flags as Words, SystemFlag};
use passerelle::store::{Store, StoreError, Tx};

use crate::client::Flags;

pub struct Truth {
    pub uid_next: u32,
    pub mod_seq: u64,
    /// ModSeq and flags by UID.
    pub there: BTreeMap<u32, (u64, Flags)>,
    /// The ModSeq of its expunge by UID.
    pub gone: BTreeMap<u32, u64>,
}

const COUNTERS: &str = "select uid_next, mod_seq from mailbox where id = $1";
const THERE: &str = "select uid, mod_seq, flags, keywords from placement where mailbox_id = $1";
const GONE: &str = "select uid, mod_seq from tombstone where mailbox_id = $1";

type Rows = ((i64, i64), Vec<(i64, i64, i64, String)>, Vec<(i64, i64)>);

macro_rules! rows {
    ($connection:expr, $id:expr) => {{
        let connection = &mut **$connection;
        let counters = sqlx::query_as(COUNTERS).bind($id).fetch_one(&mut *connection).await?;
        let there = sqlx::query_as(THERE).bind($id).fetch_all(&mut *connection).await?;
        Ok::<Rows, StoreError>((counters, there, sqlx::query_as(GONE).bind($id).fetch_all(connection).await?))
    }};
}

impl Truth {
    pub async fn of(store: &Store, mailbox: i64) -> Self {
        let read = store.read_snapshot(mailbox, |tx, mailbox| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(connection) => rows!(connection, mailbox),
                    Tx::Postgres(connection) => rows!(connection, mailbox),
                }
            })
        });
        let ((uid_next, mod_seq), there, gone) = read.await.unwrap();
        let uid = |uid: i64| u32::try_from(uid).unwrap();
        let number = |mod_seq: i64| u64::try_from(mod_seq).unwrap();
        Self {
            uid_next: uid(uid_next),
            mod_seq: number(mod_seq),
            there: there
                .into_iter()
                .map(|(id, at, bits, words)| (uid(id), (number(at), flags(bits, &words))))
                .collect(),
            gone: gone.into_iter().map(|(id, at)| (uid(id), number(at))).collect(),
        }
    }

    /// What a client that knows everything knows.
    pub fn view(&self) -> BTreeMap<u32, Flags> {
        self.there.iter().map(|(uid, (_, flags))| (*uid, flags.clone())).collect()
    }
}

fn flags(bits: i64, words: &str) -> Flags {
    let flags = Words::from_columns(bits, words);
    let system = SystemFlag::ALL.into_iter().filter(|flag| flags.has(*flag)).map(|flag| flag.name().to_owned());
    system.chain(flags.keywords().map(str::to_owned)).collect()
}

/// What anybody has been told of the mailbox, through whichever gateway.
#[derive(Default)]
pub struct Journal {
    /// Of messages whose arrival was acknowledged.
    acknowledged: Mutex<BTreeSet<u32>>,
    uid: AtomicU64,
    mod_seq: AtomicU64,
}

/// What had been told when a command began: the highest UID and the highest ModSeq. What it makes is above both.
#[derive(Clone, Copy)]
pub struct Before {
    uid: u64,
    mod_seq: u64,
}

impl Journal {
    pub fn before(&self) -> Before {
        Before { uid: self.uid.load(Ordering::SeqCst), mod_seq: self.mod_seq.load(Ordering::SeqCst) }
    }

    pub fn is_told(&self, uid: Option<u32>, mod_seq: u64) {
        self.uid.fetch_max(uid.unwrap_or(0).into(), Ordering::SeqCst);
        self.mod_seq.fetch_max(mod_seq, Ordering::SeqCst);
    }

    /// A message has come, and got this UID.
    pub fn arrives(&self, before: Before, uid: u32, truth: &Truth) {
        assert!(self.acknowledged.lock().insert(uid), "UID {uid} was given twice");
        assert!(u64::from(uid) > before.uid, "UID {uid} was given when {} had been told", before.uid);
        let there = truth.there.get(&uid).map(|(mod_seq, _)| mod_seq);
        let mod_seq = *there.or_else(|| truth.gone.get(&uid)).unwrap_or_else(|| panic!("UID {uid} is not there"));
        assert!(mod_seq > before.mod_seq, "UID {uid} came at {mod_seq} when {} had been told", before.mod_seq);
        self.is_told(Some(uid), 0);
    }

    /// Nothing that was acknowledged has got lost, and nothing was told that has not happened.
    pub fn check(&self, truth: &Truth) {
        for uid in self.acknowledged.lock().iter() {
            assert!(truth.there.contains_key(uid) || truth.gone.contains_key(uid), "UID {uid} was acknowledged");
        }
        assert!(u64::from(truth.uid_next) > self.uid.load(Ordering::SeqCst), "UIDNEXT {}", truth.uid_next);
        assert!(truth.mod_seq >= self.mod_seq.load(Ordering::SeqCst), "HIGHESTMODSEQ {}", truth.mod_seq);
        let both: Vec<&u32> = truth.there.keys().filter(|uid| truth.gone.contains_key(uid)).collect();
        assert!(both.is_empty(), "{both:?} are there and gone");
    }
}
