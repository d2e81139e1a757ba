//! COPY and MOVE: whole sets by a handful of statements (RFC 9051 §6.4.7, §6.4.8).

use crate::model::{MailboxId, ModSeq, SpecialUse, SystemFlag, Timestamp, Uid, UidValidity, UserId};
use crate::store::mailbox::{lock, owned, take, take_mod_seq};
use crate::store::uids::{ALL_UIDS, ranges_json};
use crate::store::{StoreError, Tx, number, on_engine, sql};

/// Messages to copy or move from one mailbox to another.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub(crate) from: MailboxId,
    /// UIDs in `from`, as [`ranges_json`] writes them; absent ones are passed over.
    pub(crate) ranges: String,
    pub(crate) to: MailboxId,
    /// Do they leave `from`?
    pub(crate) moving: bool,
    /// Bits of the flags that they keep.
    pub(crate) flags_kept: i64,
    /// Does `to` remember where they came from (Trash does)?
    pub(crate) keep_origin: bool,
    pub(crate) now: Timestamp,
}

/// All bits of `placement.flags`.
const EVERY_FLAG: i64 = -1;

impl Transfer {
    /// Every message, as it is.
    pub(crate) fn of_all(from: MailboxId, to: MailboxId, now: Timestamp) -> Self {
        let ranges = ALL_UIDS.to_owned();
        Self { from, ranges, to, moving: true, flags_kept: EVERY_FLAG, keep_origin: false, now }
    }

    /// Into Trash, there not marked `\Deleted`: the next EXPUNGE must not take them for good.
    pub(crate) fn into_trash(from: MailboxId, ranges: String, trash: MailboxId, now: Timestamp) -> Self {
        let flags_kept = !i64::from(SystemFlag::Deleted.bit());
        Self { from, ranges, to: trash, moving: true, flags_kept, keep_origin: true, now }
    }

    /// As a person asked for it.
    pub(crate) fn asked(from: MailboxId, uids: &[Uid], to: MailboxId, moving: bool, now: Timestamp) -> Self {
        let ranges = ranges_json(uids);
        Self { from, ranges, to, moving, flags_kept: EVERY_FLAG, keep_origin: false, now }
    }
}

/// What was transferred: source UIDs rising, and the first of the target's, which follow each other.
pub(crate) struct Transferred {
    pub(crate) uid_validity: UidValidity,
    pub(crate) sources: Vec<Uid>,
    pub(crate) first: Uid,
}

/// A transfer that a person asks for.
pub(crate) struct Chosen {
    pub(crate) user: UserId,
    pub(crate) transfer: Transfer,
}

/// Copies or moves between two mailboxes of one person; `None` where one of them has gone or is not the person's.
pub(crate) async fn choose(tx: &mut Tx<'_>, chosen: &Chosen) -> Result<Option<Transferred>, StoreError> {
    let mut asked = chosen.transfer.clone();
    lock(tx, &[asked.from, asked.to]).await?;
    let (Some(from), Some(to)) = (owned(tx, asked.from).await?, owned(tx, asked.to).await?) else { return Ok(None) };
    if from.user != chosen.user || to.user != chosen.user {
        return Ok(None);
    }
    asked.keep_origin = to.special_use == Some(SpecialUse::Trash);
    transfer(tx, &asked).await
}

/// Copies or moves; both mailboxes are locked. `None` where the target has gone.
pub(crate) async fn transfer(tx: &mut Tx<'_>, transfer: &Transfer) -> Result<Option<Transferred>, StoreError> {
    let sources = present(tx, transfer).await?;
    let Some(taken) = take(tx, transfer.to, sources.len()).await? else { return Ok(None) };
    let transferred = Transferred { uid_validity: taken.uid_validity, first: taken.first, sources };
    if transferred.sources.is_empty() {
        crate::store::mailbox::give_back_mod_seq(tx, transfer.to).await?;
        return Ok(Some(transferred));
    }
    put(tx, transfer, taken.first, taken.mod_seq).await?;
    if transfer.moving {
        let mod_seq =
            if transfer.from == transfer.to { Some(taken.mod_seq) } else { take_mod_seq(tx, transfer.from).await? };
        let Some(mod_seq) = mod_seq else { return Ok(None) };
        bury(tx, transfer.from, &ranges_json(&transferred.sources), mod_seq, transfer.now).await?;
    }
    Ok(Some(transferred))
}

/// The UIDs among the ranges that there are, rising.
async fn present(tx: &mut Tx<'_>, transfer: &Transfer) -> Result<Vec<Uid>, StoreError> {
    let statement = sql!(
        tx,
        "select p.uid from ",
        placements "$1",
        " order by p.uid"
    );
    let rows: Vec<(i64,)> = on_engine!(tx, |c| {
        sqlx::query_as(statement).bind(transfer.ranges.as_str()).bind(transfer.from.0).fetch_all(c).await?
    });
    rows.into_iter().map(|(uid,)| Ok(Uid(number(uid, "placement", "uid", transfer.from)?))).collect()
}

/// Puts copies under consecutive UIDs, in the order of the old ones.
async fn put(tx: &mut Tx<'_>, transfer: &Transfer, first: Uid, mod_seq: ModSeq) -> Result<(), StoreError> {
    let statement = sql!(
        tx,
        "insert into placement (mailbox_id, uid, message_id, flags, keywords, size, internal_date, save_date,
            sent_day, created_mod_seq, mod_seq, origin_mailbox_id)
        select $3, $4 + row_number() over (order by p.uid) - 1, p.message_id, p.flags & $5, p.keywords, p.size,
            p.internal_date, $6, p.sent_day, $7, $7,
            case when not $8 then null when p.mailbox_id = $3 then p.origin_mailbox_id else p.mailbox_id end
        from ",
        placements "$1",
        ""
    );
    on_engine!(tx, |c| {
        sqlx::query(statement)
            .bind(transfer.ranges.as_str())
            .bind(transfer.from.0)
            .bind(transfer.to.0)
            .bind(i64::from(first.0))
            .bind(transfer.flags_kept)
            .bind(transfer.now.0)
            .bind(mod_seq.0)
            .bind(transfer.keep_origin)
            .execute(c)
            .await
            .map(drop)?;
    });
    Ok(())
}

/// Removes placements and leaves tombstones.
pub(super) async fn bury(
    tx: &mut Tx<'_>,
    mailbox: MailboxId,
    ranges: &str,
    mod_seq: ModSeq,
    now: Timestamp,
) -> Result<(), StoreError> {
    let leave = sql!(
        tx,
        "insert into tombstone (mailbox_id, uid, mod_seq, expunged_at)
        select p.mailbox_id, p.uid, $3, $4 from ",
        placements "$1",
        ""
    );
    let remove = sql!(
        tx,
        "delete from placement where mailbox_id = $2 and uid in (select p.uid from ",
        placements "$1",
        ")"
    );
    on_engine!(tx, |c| {
        sqlx::query(leave).bind(ranges).bind(mailbox.0).bind(mod_seq.0).bind(now.0).execute(&mut *c).await?;
        sqlx::query(remove).bind(ranges).bind(mailbox.0).execute(c).await.map(drop)?;
    });
    Ok(())
}
