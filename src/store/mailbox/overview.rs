//! All mailboxes of a person with their counters: one row each, no placement is read.

use super::{Counters, MailboxColumns, MailboxRow, SUBSCRIPTIONS};
use crate::model::{MailboxName, ModSeq, Uid, UserId};
use crate::store::{StoreError, Tx, number, on_engine};

const OVERVIEW: &str = "
    select id, name, special_use, uid_validity, subscribed, uid_next, mod_seq from mailbox where user_id = $1
    order by name";

type OverviewColumns = (i64, String, Option<String>, i64, bool, i64, i64);

/// Mailboxes of a person by name, each with its counters; and the subscribed names that are none.
pub(crate) type OverviewRows = (Vec<(MailboxRow, Counters)>, Vec<MailboxName>);

/// Reads them. Two reads that must agree.
pub(crate) async fn overview(tx: &mut Tx<'_>, user: &UserId) -> Result<OverviewRows, StoreError> {
    let rows: Vec<OverviewColumns> =
        on_engine!(tx, |c| sqlx::query_as(OVERVIEW).bind(user.as_str()).fetch_all(c).await?);
    let names: Vec<(String,)> =
        on_engine!(tx, |c| sqlx::query_as(SUBSCRIPTIONS).bind(user.as_str()).fetch_all(c).await?);
    let mailboxes = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok((mailboxes, names.into_iter().map(|(name,)| MailboxName::from_store(name)).collect()))
}

fn read(columns: OverviewColumns) -> Result<(MailboxRow, Counters), StoreError> {
    let (id, name, special_use, uid_validity, subscribed, uid_next, mod_seq) = columns;
    let columns: MailboxColumns = (id, name, special_use, uid_validity, subscribed);
    let row = MailboxRow::from_columns(columns)?;
    let counters = Counters {
        uid_validity: row.uid_validity,
        uid_next: Uid(number(uid_next, "mailbox", "uid_next", id)?),
        mod_seq: ModSeq(mod_seq),
    };
    Ok((row, counters))
}
