//! Whether those who are connected may stay: people who are not suspended, passwords that were not changed, app passwords
//! that were not revoked.

use std::collections::{HashMap, HashSet};

use crate::model::UserId;
use crate::store::{StoreError, Tx, json_list, on_engine, sql};

/// What sessions hold on to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// People that there are.
    pub people: HashMap<UserId, Person>,
    /// App passwords in use, by id.
    pub live_devices: HashSet<String>,
}

/// A person, as far as sessions hang on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    pub suspended: bool,
    /// Rises with every change of the password.
    pub password_version: i64,
}

/// How these people and these app passwords stand. Run it in a snapshot.
pub async fn of(tx: &mut Tx<'_>, (users, devices): &(Vec<UserId>, Vec<String>)) -> Result<Standing, StoreError> {
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let statement = sql!(
        tx,
        "select u.id, u.suspended, u.password_version from ",
        texts "$1",
        " as list join ent_user u on u.id = list.item"
    );
    let rows: Vec<(String, bool, i64)> =
        on_engine!(tx, |c| sqlx::query_as(statement).bind(json_list(&users)).fetch_all(c).await?);
    let person = |(id, suspended, password_version)| (UserId::new(id), Person { suspended, password_version });
    let people = rows.into_iter().map(|(id, suspended, version)| person((id, suspended, version))).collect();
    let mut live_devices = HashSet::new();
    if !devices.is_empty() {
        let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
        let statement = sql!(
            tx,
            "select p.id from ",
            texts "$1",
            " as list join app_password p on p.id = list.item where p.revoked_at is null"
        );
        let rows: Vec<(String,)> =
            on_engine!(tx, |c| sqlx::query_as(statement).bind(json_list(&devices)).fetch_all(c).await?);
        live_devices.extend(rows.into_iter().map(|(id,)| id));
    }
    Ok(Standing { people, live_devices })
}
