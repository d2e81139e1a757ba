//! UIDs, ModSeqs and UIDVALIDITY: taken inside the transaction that uses them, from a row that it thereby locks, so that
//! commit order is their order (RFC 9051 §2.3.1.1, RFC 7162 §3.1).

use crate::model::{MailboxId, ModSeq, Uid, UidValidity, UserId};
use crate::store::{StoreError, Tx, column, number, on_engine};

/// What a mailbox gave to new placements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// The first of the UIDs; the others follow it.
    pub(crate) first: Uid,
    pub(crate) mod_seq: ModSeq,
    pub(crate) uid_validity: UidValidity,
}

const TAKE: &str = "
    update mailbox set uid_next = uid_next + $2, mod_seq = mod_seq + 1 where id = $1
    returning uid_next, mod_seq, uid_validity";

/// Takes `count` UIDs and one ModSeq; `None` where the mailbox has gone.
pub(crate) async fn take(tx: &mut Tx<'_>, mailbox: MailboxId, count: usize) -> Result<Option<Taken>, StoreError> {
    let count = column(count);
    let row: Option<(i64, i64, i64)> =
        on_engine!(tx, |c| sqlx::query_as(TAKE).bind(mailbox.0).bind(count).fetch_optional(c).await?);
    row.map(|(next, mod_seq, uid_validity)| {
        let _fits: u32 = number(next, "mailbox", "uid_next", mailbox)?;
        Ok(Taken {
            first: Uid(number(next.saturating_sub(count), "mailbox", "uid_next", mailbox)?),
            mod_seq: ModSeq(mod_seq),
            uid_validity: UidValidity(number(uid_validity, "mailbox", "uid_validity", mailbox)?),
        })
    })
    .transpose()
}

const TAKE_MOD_SEQ: &str = "update mailbox set mod_seq = mod_seq + 1 where id = $1 returning mod_seq";

/// Takes one ModSeq; `None` where the mailbox has gone.
pub(crate) async fn take_mod_seq(tx: &mut Tx<'_>, mailbox: MailboxId) -> Result<Option<ModSeq>, StoreError> {
    let row: Option<(i64,)> =
        on_engine!(tx, |c| sqlx::query_as(TAKE_MOD_SEQ).bind(mailbox.0).fetch_optional(c).await?);
    Ok(row.map(|(mod_seq,)| ModSeq(mod_seq)))
}

const GIVE_BACK_MOD_SEQ: &str = "update mailbox set mod_seq = mod_seq - 1 where id = $1";

/// Undoes [`take_mod_seq`] in the same transaction, where nothing came to bear it.
pub(crate) async fn give_back_mod_seq(tx: &mut Tx<'_>, mailbox: MailboxId) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(GIVE_BACK_MOD_SEQ).bind(mailbox.0).execute(c).await.map(drop)?);
    Ok(())
}

/// Locks mailboxes in ascending id, before any of them is changed. SQLite has one writer: nothing to lock.
pub(crate) async fn lock(tx: &mut Tx<'_>, mailboxes: &[MailboxId]) -> Result<(), StoreError> {
    let ids: Vec<i64> = mailboxes.iter().map(|mailbox| mailbox.0).collect();
    match tx {
        Tx::Sqlite(_) => Ok(()),
        Tx::Postgres(c) => {
            sqlx::query("select id from mailbox where id = any ($1) order by id for no key update")
                .bind(&ids)
                .execute(&mut **c)
                .await?;
            Ok(())
        }
    }
}

const TAKE_UID_VALIDITY: &str = "
    insert into mailbox_clock (user_id, uid_validity)
    select $1, case when coalesce(max(uid_validity), 0) >= $2 then max(uid_validity) + 1 else $2 end
    from mailbox where user_id = $1
    on conflict (user_id) do update set uid_validity = case
        when excluded.uid_validity > mailbox_clock.uid_validity then excluded.uid_validity
        else mailbox_clock.uid_validity + 1 end
    returning uid_validity";

/// Takes a UIDVALIDITY that no mailbox of the person ever had: the clock's seconds, or one more than the last.
/// Locks the person's tree of mailboxes until the transaction ends.
pub(super) async fn take_uid_validity(
    tx: &mut Tx<'_>,
    user: &UserId,
    now_seconds: i64,
) -> Result<UidValidity, StoreError> {
    let (uid_validity,): (i64,) = on_engine!(tx, |c| sqlx::query_as(TAKE_UID_VALIDITY)
        .bind(user.as_str())
        .bind(now_seconds)
        .fetch_one(c)
        .await?);
    Ok(UidValidity(number(uid_validity, "mailbox_clock", "uid_validity", user)?))
}
