//! People who left: who they are, putting their accounts aside, deleting them. The row of a person and the addresses stay
//! for ever, so that they never come to mean somebody else.

use crate::model::{Timestamp, UserId};
use crate::store::{StoreError, Tx, json_list, on_engine, sql};

/// Somebody who left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    pub id: UserId,
    pub login: String,
    pub display_name: String,
    pub left_at: Timestamp,
    pub archived_at: Option<Timestamp>,
}

const DEPARTED: &str = "
    select id, login, display_name, left_at, archived_at from ent_user
    where left_at is not null and suspended and deleted_at is null
    order by left_at, login";

/// Everybody who left and whose account is not deleted yet, the longest gone first.
pub async fn departed(tx: &mut Tx<'_>) -> Result<Vec<Departed>, StoreError> {
    type Row = (String, String, String, i64, Option<i64>);
    let rows: Vec<Row> = on_engine!(tx, |c| sqlx::query_as(DEPARTED).fetch_all(c).await)?;
    let departed = |(id, login, display_name, left_at, archived_at): Row| Departed {
        id: UserId::new(id),
        login,
        display_name,
        left_at: Timestamp(left_at),
        archived_at: archived_at.map(Timestamp),
    };
    Ok(rows.into_iter().map(departed).collect())
}

/// Of these people, those who may still be put aside or deleted: somebody may have come back meanwhile.
pub async fn still_departed(tx: &mut Tx<'_>, people: &[UserId], archived: bool) -> Result<Vec<UserId>, StoreError> {
    let sql = sql!(
        tx,
        "select u.id from ",
        texts "$1",
        " as list join ent_user u on u.id = list.item
        where u.left_at is not null and u.suspended and u.deleted_at is null and (u.archived_at is not null) = $2
        order by u.id"
    );
    let ids = list(people);
    let rows: Vec<(String,)> = on_engine!(tx, |c| sqlx::query_as(sql).bind(ids).bind(archived).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(id,)| UserId::new(id)).collect())
}

/// The rows of a table whose column names one of the people in `$1`.
macro_rules! delete_theirs {
    ($tx:expr, $table:literal, $column:literal) => {
        sql!($tx, concat!("delete from ", $table, " where ", $column, " in (select item from "), texts "$1", " as list)")
    };
}

/// Puts accounts aside: in no group, at the end of no link, without a password. Mail and addresses stay.
pub async fn archive(tx: &mut Tx<'_>, people: &[UserId], now: Timestamp) -> Result<(), StoreError> {
    take_out_of_groups(tx, people).await?;
    let revoke = sql!(
        tx,
        "update app_password set revoked_at = $2 where revoked_at is null and user_id in (select item from ",
        texts "$1",
        " as list)"
    );
    let aside = sql!(
        tx,
        "update ent_user set archived_at = $2, password_hash = null where id in (select item from ",
        texts "$1",
        " as list)"
    );
    for sql in [revoke, aside] {
        let ids = list(people);
        on_engine!(tx, |c| sqlx::query(sql).bind(ids).bind(now.0).execute(c).await.map(|_| ()))?;
    }
    // Behind the change, which locks the rows that `scram::keep_own` locks too.
    let forget = delete_theirs!(tx, "scram_verifier", "user_id");
    run(tx, &[forget], people).await
}

async fn take_out_of_groups(tx: &mut Tx<'_>, people: &[UserId]) -> Result<(), StoreError> {
    let statements = [
        delete_theirs!(tx, "group_member", "user_id"),
        delete_theirs!(tx, "direct_link", "from_user_id"),
        delete_theirs!(tx, "direct_link", "to_user_id"),
    ];
    run(tx, &statements, people).await
}

/// Deletes accounts: mailboxes with what lies in them, schools, devices, names. Messages that nobody else has are then
/// for collection.
pub async fn delete(tx: &mut Tx<'_>, people: &[UserId], now: Timestamp) -> Result<(), StoreError> {
    take_out_of_groups(tx, people).await?;
    doom_messages(tx, people, now).await?;
    let statements = [
        sql!(
            tx,
            "delete from placement where mailbox_id in (
                select m.id from mailbox m join ",
            texts "$1",
            " as list on m.user_id = list.item)"
        ),
        sql!(
            tx,
            "delete from tombstone where mailbox_id in (
                select m.id from mailbox m join ",
            texts "$1",
            " as list on m.user_id = list.item)"
        ),
        delete_theirs!(tx, "mailbox", "user_id"),
        delete_theirs!(tx, "expunged", "user_id"),
        delete_theirs!(tx, "annotation", "user_id"),
        delete_theirs!(tx, "answerable", "user_id"),
        delete_theirs!(tx, "mailbox_clock", "user_id"),
        delete_theirs!(tx, "subscription", "user_id"),
        delete_theirs!(tx, "scram_verifier", "user_id"),
        delete_theirs!(tx, "cloud_app", "user_id"),
        delete_theirs!(tx, "app_password", "user_id"),
        delete_theirs!(tx, "page_session", "user_id"),
        delete_theirs!(tx, "sending", "user_id"),
        delete_theirs!(tx, "written_to", "user_id"),
        delete_theirs!(tx, "brought_in", "user_id"),
        delete_theirs!(tx, "suspension", "user_id"),
        delete_theirs!(tx, "user_school", "user_id"),
        delete_theirs!(tx, "card_state", "user_id"),
    ];
    run(tx, &statements, people).await?;
    let forget = sql!(
        tx,
        "update ent_user set deleted_at = $2, suspended_reason = 'deleted', password_hash = null, login_alias = null
              , external_id = 'deleted ' || id, login = 'deleted ' || id
              , display_name = '', first_name = '', last_name = ''
        where id in (select item from ",
        texts "$1",
        " as list)"
    );
    let ids = list(people);
    on_engine!(tx, |c| sqlx::query(forget).bind(ids).bind(now.0).execute(c).await.map(|_| ()))?;
    Ok(())
}

/// What lies in their mailboxes, and what they could still bring back, loses a reference: collection looks whether it was
/// the last one.
async fn doom_messages(tx: &mut Tx<'_>, people: &[UserId], now: Timestamp) -> Result<(), StoreError> {
    let lying = sql!(
        tx,
        "insert into doomed_message (message_id, marked_at)
        select distinct p.message_id, $2 from placement p join mailbox m on m.id = p.mailbox_id
        where m.user_id in (select item from ",
        texts "$1",
        " as list)
        order by p.message_id on conflict (message_id) do update set marked_at = excluded.marked_at"
    );
    let expunged = sql!(
        tx,
        "insert into doomed_message (message_id, marked_at)
        select distinct e.message_id, $2 from expunged e where e.user_id in (select item from ",
        texts "$1",
        " as list)
        order by e.message_id on conflict (message_id) do update set marked_at = excluded.marked_at"
    );
    for sql in [lying, expunged] {
        let ids = list(people);
        on_engine!(tx, |c| sqlx::query(sql).bind(ids).bind(now.0).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

async fn run(tx: &mut Tx<'_>, statements: &[&'static str], people: &[UserId]) -> Result<(), StoreError> {
    for sql in statements.iter().copied() {
        let ids = list(people);
        on_engine!(tx, |c| sqlx::query(sql).bind(ids).execute(c).await.map(|_| ()))?;
    }
    Ok(())
}

fn list(people: &[UserId]) -> String {
    json_list(&people.iter().map(UserId::as_str).collect::<Vec<_>>())
}
