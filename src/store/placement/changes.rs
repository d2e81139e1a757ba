//! What changed in a mailbox since a ModSeq: the one truth that sessions ask.

use futures_util::TryStreamExt;

use crate::model::{Flags, MailboxId, MessageId, ModSeq, Timestamp, Uid};
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
}

const ALL: &str = "
    select uid, flags, keywords, mod_seq, message_id, size, internal_date, save_date
    from placement where mailbox_id = $1 and mod_seq > $2 order by uid";

// Few rows of many: by the index on ModSeq.
const CHANGED: &str = "
    select uid, flags, keywords, mod_seq, message_id, size, internal_date, save_date
    from placement where mailbox_id = $1 and mod_seq > $2 order by mod_seq, uid";

type Columns = (i64, i64, String, i64, i64, i64, i64, i64);

/// Gives each placement whose ModSeq is above `since` to `take`: the whole mailbox rising by UID where `since` is 0.
pub(crate) async fn each_changed(
    tx: &mut Tx<'_>,
    mailbox: MailboxId,
    since: ModSeq,
    mut take: impl FnMut(PlacementRow) + Send,
) -> Result<(), StoreError> {
    let statement = if since.0 == 0 { ALL } else { CHANGED };
    on_engine!(tx, |c| {
        let mut rows = sqlx::query_as::<_, Columns>(statement).bind(mailbox.0).bind(since.0).fetch(c);
        while let Some((uid, flags, keywords, mod_seq, message, size, internal_date, save_date)) =
            rows.try_next().await?
        {
            take(PlacementRow {
                uid: Uid(number(uid, "placement", "uid", mailbox)?),
                flags: Flags::from_columns(flags, &keywords),
                mod_seq: ModSeq(mod_seq),
                message: MessageId(message),
                size: number(size, "placement", "size", mailbox)?,
                internal_date: Timestamp(internal_date),
                save_date: Timestamp(save_date),
            });
        }
    });
    Ok(())
}

const EXPUNGED: &str = "select uid from tombstone where mailbox_id = $1 and mod_seq > $2";

/// Gives each UID expunged after `since` to `take`, in no order.
pub(crate) async fn each_expunged(
    tx: &mut Tx<'_>,
    mailbox: MailboxId,
    since: ModSeq,
    mut take: impl FnMut(Uid) + Send,
) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        let mut rows = sqlx::query_as::<_, (i64,)>(EXPUNGED).bind(mailbox.0).bind(since.0).fetch(c);
        while let Some((uid,)) = rows.try_next().await? {
            take(Uid(number(uid, "tombstone", "uid", mailbox)?));
        }
    });
    Ok(())
}

const VANISHED: &str = "
    select uid from tombstone where mailbox_id = $1 and mod_seq > $2 and mod_seq <= $3 order by uid";

/// The UIDs expunged behind the first ModSeq and up to the second, rising.
pub(crate) async fn vanished(
    tx: &mut Tx<'_>,
    (mailbox, since, until): &(MailboxId, ModSeq, ModSeq),
) -> Result<Vec<Uid>, StoreError> {
    let rows: Vec<(i64,)> =
        on_engine!(tx, |c| sqlx::query_as(VANISHED).bind(mailbox.0).bind(since.0).bind(until.0).fetch_all(c).await?);
    rows.into_iter().map(|(uid,)| Ok(Uid(number(uid, "tombstone", "uid", mailbox)?))).collect()
}
