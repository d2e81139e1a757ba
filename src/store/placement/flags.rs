//! STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3): system flags by one statement, else one for each set of equal results.

use crate::model::{Flags, MailboxId, ModSeq, Uid};
use crate::store::mailbox::{give_back_mod_seq, take_mod_seq};
use crate::store::{StoreError, Tx, number, on_engine, sql};

/// How the flags come to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FlagEdit {
    Replace,
    Add,
    Remove,
}

/// Flags to change.
pub(crate) struct Flagging {
    pub(crate) mailbox: MailboxId,
    pub(crate) ranges: String,
    pub(crate) edit: FlagEdit,
    pub(crate) flags: Flags,
    /// Placements above this ModSeq are left alone.
    pub(crate) unchanged_since: Option<ModSeq>,
    pub(crate) keywords_max: usize,
}

/// What became of them.
#[derive(Default)]
pub(crate) struct Flagged {
    pub(crate) changed: bool,
    /// Above `unchanged_since`.
    pub(crate) modified: Vec<Uid>,
    /// Would have more keywords than `keywords_max`.
    pub(crate) too_many_keywords: Vec<Uid>,
}

/// Changes flags. Placements that keep theirs take no ModSeq; where all do, the mailbox takes none either.
pub(crate) async fn store_flags(tx: &mut Tx<'_>, flagging: &Flagging) -> Result<Flagged, StoreError> {
    let Some(mod_seq) = take_mod_seq(tx, flagging.mailbox).await? else { return Ok(Flagged::default()) };
    let mut flagged = Flagged::default();
    if flagging.unchanged_since.is_some() {
        flagged.modified = modified(tx, flagging, mod_seq).await?;
    }
    if let Some(marks) = Marks::of(flagging) {
        flagged.changed = mark(tx, flagging, mod_seq, marks).await?;
    } else {
        replace_each(tx, flagging, mod_seq, &mut flagged).await?;
    }
    if !flagged.changed {
        give_back_mod_seq(tx, flagging.mailbox).await?;
    }
    flagged.too_many_keywords.sort_unstable();
    Ok(flagged)
}

/// System flags alone, added or removed: bits to clear, then bits to set.
#[derive(Clone, Copy)]
struct Marks {
    cleared: i64,
    set: i64,
}

impl Marks {
    fn of(flagging: &Flagging) -> Option<Self> {
        let bits = i64::from(flagging.flags.bits());
        match flagging.edit {
            _ if flagging.flags.keywords().next().is_some() => None,
            FlagEdit::Add => Some(Self { cleared: 0, set: bits }),
            FlagEdit::Remove => Some(Self { cleared: bits, set: 0 }),
            FlagEdit::Replace => None,
        }
    }
}

/// Sets and clears system flags by one statement; tells whether any changed.
async fn mark(tx: &mut Tx<'_>, flagging: &Flagging, mod_seq: ModSeq, marks: Marks) -> Result<bool, StoreError> {
    let statement = sql!(
        tx,
        "update placement set flags = (flags & ~$4) | $5, mod_seq = $6
        where mailbox_id = $2 and uid in (select p.uid from ",
        placements "$1",
        "
            where p.mod_seq <= $3 and ((p.flags & ~$4) | $5) <> p.flags)"
    );
    let changed = on_engine!(tx, |c| {
        sqlx::query(statement)
            .bind(flagging.ranges.as_str())
            .bind(flagging.mailbox.0)
            .bind(flagging.limit(mod_seq))
            .bind(marks.cleared)
            .bind(marks.set)
            .bind(mod_seq.0)
            .execute(c)
            .await?
            .rows_affected()
    });
    Ok(changed > 0)
}

/// Any edit: one statement for each set of equal results.
async fn replace_each(
    tx: &mut Tx<'_>,
    flagging: &Flagging,
    mod_seq: ModSeq,
    flagged: &mut Flagged,
) -> Result<(), StoreError> {
    for old in present_flags(tx, flagging, mod_seq).await? {
        let new = match flagging.edit {
            FlagEdit::Replace => flagging.flags.clone(),
            FlagEdit::Add => old.clone().union(&flagging.flags),
            FlagEdit::Remove => old.clone().difference(&flagging.flags),
        };
        if new == old {
            continue;
        }
        if new.keywords().count() > flagging.keywords_max.max(old.keywords().count()) {
            flagged.too_many_keywords.extend(having(tx, flagging, mod_seq, &old).await?);
            continue;
        }
        replace(tx, flagging, mod_seq, &old, &new).await?;
        flagged.changed = true;
    }
    Ok(())
}

impl Flagging {
    /// Placements at or below this ModSeq are changed. Those changed just now bear `new` and are not touched again.
    fn limit(&self, new: ModSeq) -> i64 {
        let before = new.0.saturating_sub(1);
        self.unchanged_since.map_or(before, |since| since.0.min(before))
    }
}

/// Those above UNCHANGEDSINCE.
async fn modified(tx: &mut Tx<'_>, flagging: &Flagging, mod_seq: ModSeq) -> Result<Vec<Uid>, StoreError> {
    let statement = sql!(
        tx,
        "select p.uid from ",
        placements "$1",
        "
        where p.mod_seq > $3 order by p.uid"
    );
    let rows: Vec<(i64,)> = on_engine!(tx, |c| {
        sqlx::query_as(statement)
            .bind(flagging.ranges.as_str())
            .bind(flagging.mailbox.0)
            .bind(flagging.limit(mod_seq))
            .fetch_all(c)
            .await?
    });
    uids(rows, flagging.mailbox)
}

/// The different sets of flags among the placements.
async fn present_flags(tx: &mut Tx<'_>, flagging: &Flagging, mod_seq: ModSeq) -> Result<Vec<Flags>, StoreError> {
    let statement = sql!(
        tx,
        "select distinct p.flags, p.keywords from ",
        placements "$1",
        "
        where p.mod_seq <= $3"
    );
    let rows: Vec<(i64, String)> = on_engine!(tx, |c| {
        sqlx::query_as(statement)
            .bind(flagging.ranges.as_str())
            .bind(flagging.mailbox.0)
            .bind(flagging.limit(mod_seq))
            .fetch_all(c)
            .await?
    });
    Ok(rows.into_iter().map(|(bits, keywords)| Flags::from_columns(bits, &keywords)).collect())
}

/// The UIDs that have exactly these flags.
async fn having(tx: &mut Tx<'_>, flagging: &Flagging, mod_seq: ModSeq, old: &Flags) -> Result<Vec<Uid>, StoreError> {
    let statement = sql!(
        tx,
        "select p.uid from ",
        placements "$1",
        "
        where p.mod_seq <= $3 and p.flags = $4
            and p.keywords = $5"
    );
    let rows: Vec<(i64,)> = on_engine!(tx, |c| {
        sqlx::query_as(statement)
            .bind(flagging.ranges.as_str())
            .bind(flagging.mailbox.0)
            .bind(flagging.limit(mod_seq))
            .bind(i64::from(old.bits()))
            .bind(old.keywords_text())
            .fetch_all(c)
            .await?
    });
    uids(rows, flagging.mailbox)
}

/// Gives those that have the old flags the new ones.
async fn replace(
    tx: &mut Tx<'_>,
    flagging: &Flagging,
    mod_seq: ModSeq,
    old: &Flags,
    new: &Flags,
) -> Result<(), StoreError> {
    let statement = sql!(
        tx,
        "update placement set flags = $6, keywords = $7, mod_seq = $8
        where mailbox_id = $2 and uid in (select p.uid from ",
        placements "$1",
        "
            where p.mod_seq <= $3 and p.flags = $4
                and p.keywords = $5)"
    );
    on_engine!(tx, |c| {
        sqlx::query(statement)
            .bind(flagging.ranges.as_str())
            .bind(flagging.mailbox.0)
            .bind(flagging.limit(mod_seq))
            .bind(i64::from(old.bits()))
            .bind(old.keywords_text())
            .bind(i64::from(new.bits()))
            .bind(new.keywords_text())
            .bind(mod_seq.0)
            .execute(c)
            .await
            .map(drop)?;
    });
    Ok(())
}

fn uids(rows: Vec<(i64,)>, mailbox: MailboxId) -> Result<Vec<Uid>, StoreError> {
    rows.into_iter().map(|(uid,)| Ok(Uid(number(uid, "placement", "uid", mailbox)?))).collect()
}
