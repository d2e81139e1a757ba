//! The four mailboxes that every person has.

use crate::model::{Timestamp, UserId};
use crate::store::{StoreError, Tx, column, on_engine};

/// Makes the four, where they are missing.
pub(crate) struct NewSpecial {
    /// One person, or everybody.
    pub(crate) user: Option<UserId>,
    /// Names of INBOX, Drafts, Sent, Trash.
    pub(crate) names: [String; 4],
    /// The first of `count` ids, and how many.
    pub(crate) first_id: i64,
    pub(crate) count: usize,
    pub(crate) now: Timestamp,
}

const COUNT_WITHOUT: &str = "
    select count(*) from ent_user u
    cross join (select 'inbox' as special_use union all select 'drafts' union all select 'sent' union all select 'trash') s
    left join mailbox m on m.user_id = u.id and m.special_use = s.special_use
    where m.id is null and u.deleted_at is null and ($1 is null or u.id = $1)";

/// How many of the special mailboxes are missing: of one person, or of everybody.
pub(crate) async fn count_without_special(tx: &mut Tx<'_>, user: &Option<UserId>) -> Result<usize, StoreError> {
    let user = user.as_ref().map(UserId::as_str);
    let (count,): (i64,) = on_engine!(tx, |c| sqlx::query_as(COUNT_WITHOUT).bind(user).fetch_one(c).await?);
    Ok(usize::try_from(count).unwrap_or(0))
}

// Of those who lack one of the four; above all UIDVALIDITYs that their mailboxes have, whatever the time is now.
const START_CLOCKS: &str = "
    insert into mailbox_clock (user_id, uid_validity)
    select u.id, case when coalesce(max(m.uid_validity), 0) >= $2 then max(m.uid_validity) + 1 else $2 end
    from ent_user u left join mailbox m on m.user_id = u.id
    where u.deleted_at is null and ($1 is null or u.id = $1)
    group by u.id having count(case when m.special_use in ('inbox', 'drafts', 'sent', 'trash') then 1 end) < 4
    order by u.id
    on conflict (user_id) do update set uid_validity = case
        when excluded.uid_validity > mailbox_clock.uid_validity then excluded.uid_validity
        else mailbox_clock.uid_validity + 1 end";

const ADD_SPECIAL: &str = "
    insert into mailbox (id, user_id, name, special_use, uid_validity, uid_next, mod_seq, subscribed, created_at)
    select $2 + row_number() over (order by u.id, s.special_use) - 1, u.id, s.name, s.special_use, k.uid_validity, 1, 1,
        true, $3
    from ent_user u
    cross join (
        select 'inbox' as special_use, $4 as name union all select 'drafts', $5
        union all select 'sent', $6 union all select 'trash', $7
    ) s
    join mailbox_clock k on k.user_id = u.id
    left join mailbox m on m.user_id = u.id and m.special_use = s.special_use
    where m.id is null and u.deleted_at is null and ($1 is null or u.id = $1)
    order by u.id, s.special_use
    limit $8
    on conflict (user_id, name) do update set special_use = excluded.special_use where mailbox.special_use is null";

/// Adds what is missing, at most `count`: ask again until [`count_without_special`] says none.
/// A mailbox of the person's own that already bears the name becomes the special one.
pub(crate) async fn add_special(tx: &mut Tx<'_>, new: &NewSpecial) -> Result<(), StoreError> {
    let user = new.user.as_ref().map(UserId::as_str);
    let [inbox, drafts, sent, trash] = &new.names;
    on_engine!(tx, |c| {
        sqlx::query(START_CLOCKS).bind(user).bind(new.now.seconds()).execute(&mut *c).await?;
        sqlx::query(ADD_SPECIAL)
            .bind(user)
            .bind(new.first_id)
            .bind(new.now.0)
            .bind(inbox)
            .bind(drafts)
            .bind(sent)
            .bind(trash)
            .bind(column(new.count))
            .execute(&mut *c)
            .await
            .map(drop)?;
    });
    Ok(())
}
