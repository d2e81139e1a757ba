//! What is new for people: unread counts, the newest messages of an INBOX, those that came after a UID.
//!
//! The counts read the index `placement_status` at the few values of flags that unread messages have: as many rows as there
//! are unread messages, however many lie in the mailbox.

use std::collections::HashMap;

use super::{StoreError, Tx, column, json_list, number, on_engine, sql};
use crate::model::{MailboxId, SystemFlag, Timestamp, Uid, UidValidity, UserId};

/// Values of `placement.flags` that an unread message can have: neither `\Seen` nor `\Deleted`.
fn unread_flags() -> Vec<u8> {
    let read = SystemFlag::Seen.bit() | SystemFlag::Deleted.bit();
    let all = SystemFlag::ALL.into_iter().fold(0, |all, flag| all | flag.bit());
    (0..=all).filter(|bits| bits & read == 0).collect()
}

/// Somebody's INBOX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inbox {
    pub(crate) mailbox: MailboxId,
    pub(crate) uid_validity: UidValidity,
    pub(crate) uid_next: Uid,
    /// Neither read nor marked for deletion.
    pub(crate) unread: u64,
}

/// The INBOXes of people, by person; who has none is left out. `user_ids`: a JSON list.
pub(crate) async fn inboxes(tx: &mut Tx<'_>, user_ids: &str) -> Result<HashMap<UserId, Inbox>, StoreError> {
    let statement = sql!(
        tx,
        "select m.user_id, m.id, m.uid_validity, m.uid_next, (
            select count(*) from ",
        numbers "$2",
        " as unread join placement p on p.mailbox_id = m.id and p.flags = unread.item
        ) from ",
        texts "$1",
        " as list join mailbox m on m.user_id = list.item and m.special_use = 'inbox'"
    );
    let rows: Vec<(String, i64, i64, i64, i64)> = on_engine!(tx, |c| {
        sqlx::query_as(statement).bind(user_ids).bind(json_list(&unread_flags())).fetch_all(c).await?
    });
    let inbox = |(user, id, uid_validity, uid_next, unread): (String, i64, i64, i64, i64)| {
        let inbox = Inbox {
            mailbox: MailboxId(id),
            uid_validity: UidValidity(number(uid_validity, "mailbox", "uid_validity", id)?),
            uid_next: Uid(number(uid_next, "mailbox", "uid_next", id)?),
            unread: number(unread, "placement", "count", id)?,
        };
        Ok((UserId::new(user), inbox))
    };
    rows.into_iter().map(inbox).collect()
}

/// A message of an INBOX, its header as it came.
pub(crate) struct FeedRow {
    pub(crate) uid: Uid,
    /// Stays where the message is moved.
    pub(crate) message: i64,
    pub(crate) unread: bool,
    pub(crate) at: Timestamp,
    pub(crate) header: Vec<u8>,
}

type FeedColumns = (i64, i64, i64, i64, Vec<u8>);

// Messages marked for deletion are not shown. The flags are compared as `unread_flags` does.
const LATEST: &str = "
    select p.uid, p.message_id, p.flags, p.internal_date, m.header
    from placement p join message m on m.id = p.message_id
    where p.mailbox_id = $1 and p.flags % 16 < 8 order by p.uid desc limit $2";
const AFTER: &str = "
    select p.uid, p.message_id, p.flags, p.internal_date, m.header
    from placement p join message m on m.id = p.message_id
    where p.mailbox_id = $1 and p.uid > $3 and p.flags % 16 < 8 order by p.uid limit $2";

/// The newest messages of a mailbox, the newest first.
pub(crate) async fn latest(tx: &mut Tx<'_>, (mailbox, max): &(MailboxId, usize)) -> Result<Vec<FeedRow>, StoreError> {
    let rows: Vec<FeedColumns> =
        on_engine!(tx, |c| sqlx::query_as(LATEST).bind(mailbox.0).bind(column(*max)).fetch_all(c).await?);
    rows.into_iter().map(row).collect()
}

/// The messages that came behind a UID, in the order they came.
pub(crate) async fn after(
    tx: &mut Tx<'_>,
    (mailbox, max, uid): &(MailboxId, usize, Uid),
) -> Result<Vec<FeedRow>, StoreError> {
    let rows: Vec<FeedColumns> = on_engine!(tx, |c| {
        let query = sqlx::query_as(AFTER).bind(mailbox.0).bind(column(*max)).bind(i64::from(uid.0));
        query.fetch_all(c).await?
    });
    rows.into_iter().map(row).collect()
}

fn row((uid, message, flags, at, header): FeedColumns) -> Result<FeedRow, StoreError> {
    let seen = i64::from(SystemFlag::Seen.bit());
    Ok(FeedRow {
        uid: Uid(number(uid, "placement", "uid", message)?),
        message,
        unread: flags & seen == 0,
        at: Timestamp(at),
        header,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_is_neither_seen_nor_deleted() {
        assert_eq!(unread_flags(), [0, 2, 4, 6, 16, 18, 20, 22]);
        assert_eq!(SystemFlag::Deleted.bit(), 8, "the statements compare with 8 and 16");
    }
}
