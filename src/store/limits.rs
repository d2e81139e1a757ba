//! Rows of `sending` and `written_to`: what people sent, by the hour, and to whom they have written. No message is counted
//! by looking at messages: asking and counting touch a day's rows of one person.

use super::{StoreError, Tx, number, on_engine, sql};
use crate::model::{Limit, Limits, Sent, UserId};

/// Rows older than this, in hours, tell nothing any more.
const KEPT_HOURS: i64 = 48;

/// Who sends, when, and how much is allowed.
pub(crate) struct Counting {
    pub(crate) user: UserId,
    pub(crate) limits: Limits,
    /// Hours since 1970 UTC: this one, and the one in which the day began.
    pub(crate) hour: i64,
    pub(crate) day: i64,
}

// Makes the hour's row, or holds the one that is there until the commit: nobody else counts for this person meanwhile.
const HOLD: &str = "
    insert into sending (user_id, hour, messages, people, first_time) values ($1, $2, 0, 0, 0)
    on conflict (user_id, hour) do update set messages = sending.messages returning messages";
const FORGET: &str = "delete from sending where user_id = $1 and hour < $2";
const COUNT: &str = "
    update sending set messages = messages + 1, people = people + $3, first_time = first_time + $4
    where user_id = $1 and hour = $2";

/// Counts one message to `people`, of whom `named` are named: JSON lists of people and groups. Or says which limit is in the
/// way, and counts nothing.
pub(crate) async fn count(
    tx: &mut Tx<'_>,
    counting: &Counting,
    people: u64,
    named: (&str, &str),
) -> Result<Option<Limit>, StoreError> {
    let user = counting.user.as_str();
    let (messages,): (i64,) =
        on_engine!(tx, |c| sqlx::query_as(HOLD).bind(user).bind(counting.hour).fetch_one(c).await?);
    if messages == 0 {
        let before = counting.hour - KEPT_HOURS;
        on_engine!(tx, |c| sqlx::query(FORGET).bind(user).bind(before).execute(c).await.map(drop)?);
    }
    let sent = sent(tx, &(counting.user.clone(), counting.hour, counting.day)).await?;
    let first_time = first_time(tx, user, named).await?;
    if let Some(limit) = counting.limits.in_the_way(&sent, people, first_time) {
        return Ok(Some(limit));
    }
    on_engine!(tx, |c| {
        let query = sqlx::query(COUNT).bind(user).bind(counting.hour);
        query.bind(super::column(people)).bind(super::column(first_time)).execute(c).await.map(drop)?;
    });
    note_named(tx, user, named).await?;
    Ok(None)
}

const SENT: &str = "
    select cast(coalesce(sum(case when hour = $2 then messages else 0 end), 0) as bigint)
        , cast(coalesce(sum(messages), 0) as bigint)
        , cast(coalesce(sum(people), 0) as bigint)
        , cast(coalesce(sum(first_time), 0) as bigint)
    from sending where user_id = $1 and hour >= $3";

/// What somebody sent in this hour and on this day.
pub(crate) async fn sent(tx: &mut Tx<'_>, (user, hour, day): &(UserId, i64, i64)) -> Result<Sent, StoreError> {
    let (this_hour, today, people, first_time): (i64, i64, i64, i64) =
        on_engine!(tx, |c| sqlx::query_as(SENT).bind(user.as_str()).bind(*hour).bind(*day).fetch_one(c).await?);
    let count = |value| number(value, "sending", "messages", user);
    Ok(Sent {
        messages_this_hour: count(this_hour)?,
        messages_today: count(today)?,
        people_today: count(people)?,
        first_time_today: count(first_time)?,
    })
}

/// How many of those named the person never wrote to, and never heard of by name.
async fn first_time(tx: &mut Tx<'_>, user: &str, (users, groups): (&str, &str)) -> Result<u64, StoreError> {
    let statement = sql!(
        tx,
        "select count(*) from (select item from ",
        texts "$1",
        " as people union select item from ",
        texts "$2",
        " as of_groups) as named
        where named.item <> $3
            and not exists (select 1 from written_to w where w.user_id = $3 and w.recipient_id = named.item)
            and not exists (select 1 from written_to w where w.user_id = named.item and w.recipient_id = $3)"
    );
    let (count,): (i64,) =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(users).bind(groups).bind(user).fetch_one(c).await?);
    number(count, "written_to", "count", user)
}

async fn note_named(tx: &mut Tx<'_>, user: &str, (users, groups): (&str, &str)) -> Result<(), StoreError> {
    let statement = sql!(
        tx,
        "insert into written_to (user_id, recipient_id)
        select $3, named.item from (select item from ",
        texts "$1",
        " as people union select item from ",
        texts "$2",
        " as of_groups) as named where true order by named.item
        on conflict (user_id, recipient_id) do nothing"
    );
    on_engine!(tx, |c| {
        sqlx::query(statement).bind(users).bind(groups).bind(user).execute(c).await.map(drop)?;
    });
    Ok(())
}
