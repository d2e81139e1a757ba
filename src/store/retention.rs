//! Placements that are too old, a few mailboxes at a time.

use super::{StoreError, Tx, column, json_list, number, on_engine, sql};
use crate::model::{MailboxId, SpecialUse, Timestamp, Uid};

/// Which mailboxes: those for this use, or people's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) special_use: Option<SpecialUse>,
    /// Those above this one, at most so many.
    pub(crate) above: MailboxId,
    pub(crate) mailboxes_max: usize,
}

const MAILBOXES: &str = "
    select id from mailbox
    where id > $1 and (special_use = $2 or ($2 is null and (special_use is null or special_use = 'flagged')))
    order by id limit $3";

/// The next mailboxes, rising.
pub(crate) async fn mailboxes(tx: &mut Tx<'_>, page: &Page) -> Result<Vec<MailboxId>, StoreError> {
    let special_use = page.special_use.map(SpecialUse::column);
    let ids: Vec<i64> = on_engine!(tx, |c| {
        let query = sqlx::query_scalar(MAILBOXES).bind(page.above.0).bind(special_use);
        query.bind(column(page.mailboxes_max)).fetch_all(c).await?
    });
    Ok(ids.into_iter().map(MailboxId).collect())
}

/// Of these mailboxes, those that hold messages from before the time, and how many.
pub(crate) async fn aged(
    tx: &mut Tx<'_>,
    (mailboxes, before): &(Vec<MailboxId>, Timestamp),
) -> Result<Vec<(MailboxId, u64)>, StoreError> {
    let statement = sql!(
        tx,
        "select p.mailbox_id, count(*) from ",
        numbers "$1",
        " as list join placement p on p.mailbox_id = list.item where p.save_date < $2
        group by p.mailbox_id order by p.mailbox_id"
    );
    let list = json_list(&mailboxes.iter().map(|mailbox| mailbox.0).collect::<Vec<_>>());
    let rows: Vec<(i64, i64)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(list.as_str()).bind(before.0).fetch_all(c).await?);
    rows.into_iter()
        .map(|(mailbox, count)| Ok((MailboxId(mailbox), number(count, "placement", "count", mailbox)?)))
        .collect()
}

const OLD: &str = "select uid from placement where mailbox_id = $1 and save_date < $2 order by uid limit $3";

/// The first messages of a mailbox from before the time, at most so many.
pub(crate) async fn old_uids(
    tx: &mut Tx<'_>,
    (mailbox, before, count_max): &(MailboxId, Timestamp, usize),
) -> Result<Vec<Uid>, StoreError> {
    let rows: Vec<(i64,)> = on_engine!(tx, |c| {
        sqlx::query_as(OLD).bind(mailbox.0).bind(before.0).bind(column(*count_max)).fetch_all(c).await?
    });
    rows.into_iter().map(|(uid,)| Ok(Uid(number(uid, "placement", "uid", mailbox)?))).collect()
}
