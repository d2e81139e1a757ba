//! What changed in a mailbox since a ModSeq: the one truth that sessions ask.

use futures_util::TryStreamExt;

use crate::model::{Flags, MailboxId, MessageId, ModSeq, Timestamp, Uid, UidValidity};
use crate::store::mailbox::Counters;
use crate::store::{StoreError, Tx, number, on_engine};

/// A placement as lists need it.
pub(crate) struct PlacementRow {
    pub(crate) uid: Uid,
    pub(crate) flags: Flags,
    pub(crate) mod_seq: ModSeq,
    pub(crate) message: MessageId,
    pub(crate) size: u64,
    pub(crate) internal_date: Timestamp,
    pub(crate) save_date: Timestamp,
    pub(crate) sent_day: Option<i32>,
}

const ALL: &str = "
    select uid, flags, keywords, mod_seq, message_id, size, internal_date, save_date, sent_day
    from placement where mailbox_id = $1 order by uid";

type Columns = (i64, i64, String, i64, i64, i64, i64, i64, Option<i64>);

/// Gives each placement of the mailbox to `take`, rising by UID.
pub(crate) async fn each(
    tx: &mut Tx<'_>,
    mailbox: MailboxId,
    mut take: impl FnMut(PlacementRow) + Send,
) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        let mut rows = sqlx::query_as::<_, Columns>(ALL).bind(mailbox.0).fetch(c);
        while let Some(columns) = rows.try_next().await? {
            take(placement(mailbox, columns)?);
        }
    });
    Ok(())
}

fn placement(mailbox: MailboxId, columns: Columns) -> Result<PlacementRow, StoreError> {
    let (uid, flags, keywords, mod_seq, message, size, internal_date, save_date, sent_day) = columns;
    Ok(PlacementRow {
        uid: Uid(number(uid, "placement", "uid", mailbox)?),
        flags: Flags::from_columns(flags, &keywords),
        mod_seq: ModSeq(mod_seq),
        message: MessageId(message),
        size: number(size, "placement", "size", mailbox)?,
        internal_date: Timestamp(internal_date),
        save_date: Timestamp(save_date),
        sent_day: sent_day.map(|day| number(day, "placement", "sent_day", mailbox)).transpose()?,
    })
}

/// What became of a mailbox since a ModSeq.
pub(crate) struct News {
    pub(crate) counters: Counters,
    /// Expunges up to here are not known any more: asked from below, `expunged` may not be all.
    pub(crate) forgotten: ModSeq,
    /// In no order.
    pub(crate) expunged: Vec<Uid>,
    /// New or changed, in no order.
    pub(crate) changed: Vec<PlacementRow>,
}

// One statement, so that its parts agree without a transaction: where nothing changed it costs one row.
const NEWS: &str = "
    select cast(0 as bigint), uid_next, cast(0 as bigint), '', mod_seq, uid_validity, forgotten_mod_seq,
        cast(0 as bigint), cast(0 as bigint), cast(null as bigint)
    from mailbox where id = $1
    union all
    select cast(1 as bigint), uid, cast(0 as bigint), '', mod_seq, cast(0 as bigint), cast(0 as bigint),
        cast(0 as bigint), cast(0 as bigint), cast(null as bigint)
    from tombstone where mailbox_id = $1 and mod_seq > $2
    union all
    select cast(2 as bigint), uid, flags, keywords, mod_seq, message_id, size, internal_date, save_date, sent_day
    from placement where mailbox_id = $1 and mod_seq > $2";

type NewsColumns = (i64, i64, i64, String, i64, i64, i64, i64, i64, Option<i64>);

/// Everything since `since`; `None` where the mailbox has gone.
pub(crate) async fn news(tx: &mut Tx<'_>, (mailbox, since): &(MailboxId, ModSeq)) -> Result<Option<News>, StoreError> {
    let mailbox = *mailbox;
    let (mut counters, mut forgotten) = (None, ModSeq(0));
    let (mut expunged, mut changed) = (Vec::new(), Vec::new());
    on_engine!(tx, |c| {
        let mut rows = sqlx::query_as::<_, NewsColumns>(NEWS).bind(mailbox.0).bind(since.0).fetch(c);
        while let Some((kind, uid, flags, keywords, mod_seq, id, size, internal_date, save_date, sent_day)) =
            rows.try_next().await?
        {
            match kind {
                0 => {
                    forgotten = ModSeq(size);
                    counters = Some(Counters {
                        uid_validity: UidValidity(number(id, "mailbox", "uid_validity", mailbox)?),
                        uid_next: Uid(number(uid, "mailbox", "uid_next", mailbox)?),
                        mod_seq: ModSeq(mod_seq),
                    });
                }
                1 => expunged.push(Uid(number(uid, "tombstone", "uid", mailbox)?)),
                _ => changed.push(placement(
                    mailbox,
                    (uid, flags, keywords, mod_seq, id, size, internal_date, save_date, sent_day),
                )?),
            }
        }
    });
    Ok(counters.map(|counters| News { counters, forgotten, expunged, changed }))
}

/// What was expunged in a span of ModSeqs.
pub(crate) enum Vanished {
    /// These, rising.
    Known(Vec<Uid>),
    /// Some of them are not known any more.
    Forgotten,
}

// One statement: collection may forget at any time.
const VANISHED: &str = "
    select cast(0 as bigint), forgotten_mod_seq from mailbox where id = $1
    union all
    select cast(1 as bigint), uid from tombstone where mailbox_id = $1 and mod_seq > $2 and mod_seq <= $3
    order by 1, 2";

/// The UIDs expunged behind the first ModSeq and up to the second.
pub(crate) async fn vanished(
    tx: &mut Tx<'_>,
    (mailbox, since, until): &(MailboxId, ModSeq, ModSeq),
) -> Result<Vanished, StoreError> {
    let rows: Vec<(i64, i64)> =
        on_engine!(tx, |c| sqlx::query_as(VANISHED).bind(mailbox.0).bind(since.0).bind(until.0).fetch_all(c).await?);
    let mut uids = Vec::with_capacity(rows.len());
    for (kind, value) in rows {
        match kind {
            0 if value > since.0 => return Ok(Vanished::Forgotten),
            0 => {}
            _ => uids.push(Uid(number(value, "tombstone", "uid", mailbox)?)),
        }
    }
    Ok(Vanished::Known(uids))
}
