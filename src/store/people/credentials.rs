//! Passwords and app passwords. Only hashes are kept; neither they nor the texts they stand for are ever logged.

use crate::model::{Timestamp, User, UserId};
use crate::store::{StoreError, Tx, on_engine};

/// What a login is checked against.
#[derive(Clone, Debug)]
pub struct Account {
    pub user: User,
    /// PHC string; `None` = only app passwords.
    pub password_hash: Option<String>,
    /// Rises with every change of the password.
    pub password_version: i64,
}

/// A device's password, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPassword {
    pub id: String,
    pub user: UserId,
    pub device_name: String,
    pub created_at: Timestamp,
    /// To within an hour.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Words of IMAP's CAPABILITY that this device is not shown, upper case.
    pub hidden_words: Vec<String>,
}

type AppPasswordRow = (String, String, String, i64, Option<i64>, Option<i64>, String);

fn app_password_of_row(row: AppPasswordRow) -> AppPassword {
    let (id, user, device_name, created_at, last_used_at, revoked_at, hidden_words) = row;
    AppPassword {
        id,
        user: UserId::new(user),
        device_name,
        created_at: Timestamp(created_at),
        last_used_at: last_used_at.map(Timestamp),
        revoked_at: revoked_at.map(Timestamp),
        hidden_words: hidden_words.split_whitespace().map(str::to_owned).collect(),
    }
}

const PASSWORD_HASH: &str = "select password_hash, password_version from ent_user where id = $1";

/// The account behind any of its names. `local_part` in lower case.
pub async fn account(tx: &mut Tx<'_>, local_part: &str) -> Result<Option<Account>, StoreError> {
    let Some(user) = super::directory::user_by_local_part(tx, local_part).await? else { return Ok(None) };
    let row: Option<(Option<String>, i64)> =
        on_engine!(tx, |c| sqlx::query_as(PASSWORD_HASH).bind(user.id.as_str()).fetch_optional(c).await)?;
    Ok(row.map(|(password_hash, password_version)| Account { user, password_hash, password_version }))
}

const SET_PASSWORD_HASH: &str =
    "update ent_user set password_hash = $1, password_version = password_version + 1 where id = $2";

/// Sets or takes away one person's password. `false` where there is no such person. Other gateways learn of it by
/// `switch::bump`.
pub async fn set_password_hash(tx: &mut Tx<'_>, user: &UserId, hash: Option<&str>) -> Result<bool, StoreError> {
    let changed = on_engine!(tx, |c| sqlx::query(SET_PASSWORD_HASH)
        .bind(hash)
        .bind(user.as_str())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

const INSERT_APP_PASSWORD: &str =
    "insert into app_password (id, user_id, device_name, secret_hash, created_at) values ($1, $2, $3, $4, $5)";

/// Keeps a new app password.
pub async fn insert_app_password(
    tx: &mut Tx<'_>,
    password: &AppPassword,
    secret_hash: &[u8; 32],
) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(INSERT_APP_PASSWORD)
        .bind(&password.id)
        .bind(password.user.as_str())
        .bind(&password.device_name)
        .bind(secret_hash.as_slice())
        .bind(password.created_at.0)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

const LIVE_APP_PASSWORD: &str = "
    select id, user_id, device_name, created_at, last_used_at, revoked_at, hidden_words
    from app_password where secret_hash = $1 and revoked_at is null";

/// The app password with this secret, unless it was revoked.
pub async fn live_app_password(tx: &mut Tx<'_>, secret_hash: &[u8; 32]) -> Result<Option<AppPassword>, StoreError> {
    let row: Option<AppPasswordRow> =
        on_engine!(tx, |c| sqlx::query_as(LIVE_APP_PASSWORD).bind(secret_hash.as_slice()).fetch_optional(c).await)?;
    Ok(row.map(app_password_of_row))
}

const APP_PASSWORDS: &str = "
    select id, user_id, device_name, created_at, last_used_at, revoked_at, hidden_words
    from app_password where user_id = $1 order by created_at, id";

/// A person's app passwords, the revoked ones too, oldest first.
pub async fn app_passwords(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<AppPassword>, StoreError> {
    let rows: Vec<AppPasswordRow> =
        on_engine!(tx, |c| sqlx::query_as(APP_PASSWORDS).bind(user.as_str()).fetch_all(c).await)?;
    Ok(rows.into_iter().map(app_password_of_row).collect())
}

const REVOKE_APP_PASSWORD: &str =
    "update app_password set revoked_at = $1 where id = $2 and user_id = $3 and revoked_at is null";

/// Revokes an app password of this person. `false` where there is none such in use.
pub async fn revoke_app_password(tx: &mut Tx<'_>, user: &UserId, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    let changed = on_engine!(tx, |c| sqlx::query(REVOKE_APP_PASSWORD)
        .bind(at.0)
        .bind(id)
        .bind(user.as_str())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

const SET_HIDDEN_WORDS: &str = "update app_password set hidden_words = $1 where id = $2";

/// Keeps the words that a device is not shown.
pub async fn set_hidden_words(tx: &mut Tx<'_>, id: &str, words: &[String]) -> Result<(), StoreError> {
    let words = words.join(" ");
    on_engine!(tx, |c| sqlx::query(SET_HIDDEN_WORDS).bind(&words).bind(id).execute(c).await.map(|_| ()))?;
    Ok(())
}

const TOUCH_APP_PASSWORD: &str = "update app_password set last_used_at = $1 where id = $2";

/// Notes that an app password was used.
pub async fn touch_app_password(tx: &mut Tx<'_>, id: &str, at: Timestamp) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(TOUCH_APP_PASSWORD).bind(at.0).bind(id).execute(c).await.map(|_| ()))?;
    Ok(())
}
