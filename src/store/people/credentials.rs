//! Passwords and app passwords. Only hashes are kept; neither they nor the texts they stand for are ever logged.

use crate::model::{ClientName, LastUse, Protocol, Timestamp, User, UserId, WordChoice};
use crate::store::{StoreError, Tx, on_engine};

/// What a login is checked against.
#[derive(Clone, Debug)]
pub struct Account {
    pub user: User,
    /// PHC string; `None` = only app passwords.
    pub password_hash: Option<String>,
    /// Rises with every change of the password.
    pub password_version: i64,
    /// Can the person's own password be used by SCRAM?
    pub has_verifier: bool,
}

/// A device's password, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPassword {
    pub id: String,
    pub user: UserId,
    pub device_name: String,
    pub created_at: Timestamp,
    pub last_use: Option<LastUse>,
    pub revoked_at: Option<Timestamp>,
    pub words: WordChoice,
}

/// The columns that make an [`AppPassword`].
macro_rules! app_password_columns {
    () => {
        "id, user_id, device_name, created_at, last_used_at, last_protocol, last_service, last_client, revoked_at, \
         hidden_words, shown_words"
    };
}

/// Last use: when, how, and by which client; and the words.
type AppPasswordRow = (
    String,
    String,
    String,
    i64,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    String,
    String,
);

fn app_password_of_row(row: AppPasswordRow) -> Result<AppPassword, StoreError> {
    let (id, user, device_name, created_at, last_used_at, protocol, service, last_client, revoked_at, hidden, shown) =
        row;
    let words = |words: &str| words.split_whitespace().map(str::to_owned).collect();
    let last_use = match last_used_at {
        None => None,
        Some(at) => {
            let protocol = protocol.and_then(|protocol| Protocol::from_columns(&protocol, service.as_deref()));
            let protocol = protocol.ok_or_else(|| StoreError::Inconsistent {
                table: "app_password",
                column: "last_protocol",
                row: id.clone(),
            })?;
            Some(LastUse { at: Timestamp(at), protocol, client: ClientName::from_words(last_client.as_deref()) })
        }
    };
    Ok(AppPassword {
        id,
        user: UserId::new(user),
        device_name,
        created_at: Timestamp(created_at),
        last_use,
        revoked_at: revoked_at.map(Timestamp),
        words: WordChoice { hidden: words(&hidden), shown: words(&shown) },
    })
}

const PASSWORD_HASH: &str = "
    select password_hash, password_version
         , (select count(*) from scram_verifier v where v.user_id = ent_user.id and v.app_password_id is null)
    from ent_user where id = $1";

/// The account behind any of its names. `local_part` in lower case.
pub async fn account(tx: &mut Tx<'_>, local_part: &str) -> Result<Option<Account>, StoreError> {
    let Some(user) = super::directory::user_by_local_part(tx, local_part).await? else { return Ok(None) };
    let row: Option<(Option<String>, i64, i64)> =
        on_engine!(tx, |c| sqlx::query_as(PASSWORD_HASH).bind(user.id.as_str()).fetch_optional(c).await)?;
    Ok(row.map(|(password_hash, password_version, verifiers)| Account {
        user,
        password_hash,
        password_version,
        has_verifier: verifiers > 0,
    }))
}

const SET_PASSWORD_HASH: &str =
    "update ent_user set password_hash = $1, password_version = password_version + 1 where id = $2";

/// Sets or takes away one person's password; SCRAM's verifier of the old one goes. `false` where there is no such person.
/// Other gateways learn of it by `switch::bump`.
pub async fn set_password_hash(tx: &mut Tx<'_>, user: &UserId, hash: Option<&str>) -> Result<bool, StoreError> {
    let changed = on_engine!(tx, |c| sqlx::query(SET_PASSWORD_HASH)
        .bind(hash)
        .bind(user.as_str())
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    // Behind the change, which locks the row that `scram::keep_own` locks too.
    super::scram::forget_own(tx, user).await?;
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

const LIVE_APP_PASSWORD: &str =
    concat!("select ", app_password_columns!(), " from app_password where secret_hash = $1 and revoked_at is null");

/// The app password with this secret, unless it was revoked.
pub async fn live_app_password(tx: &mut Tx<'_>, secret_hash: &[u8; 32]) -> Result<Option<AppPassword>, StoreError> {
    let row: Option<AppPasswordRow> =
        on_engine!(tx, |c| sqlx::query_as(LIVE_APP_PASSWORD).bind(secret_hash.as_slice()).fetch_optional(c).await)?;
    row.map(app_password_of_row).transpose()
}

const APP_PASSWORDS: &str =
    concat!("select ", app_password_columns!(), " from app_password where user_id = $1 order by created_at, id");

/// A person's app passwords, the revoked ones too, oldest first.
pub async fn app_passwords(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<AppPassword>, StoreError> {
    let rows: Vec<AppPasswordRow> =
        on_engine!(tx, |c| sqlx::query_as(APP_PASSWORDS).bind(user.as_str()).fetch_all(c).await)?;
    rows.into_iter().map(app_password_of_row).collect()
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

const SET_WORDS: &str = "update app_password set hidden_words = $1, shown_words = $2 where id = $3";

/// Keeps the words that a device is not shown, and those that it alone is shown.
pub async fn set_words(tx: &mut Tx<'_>, id: &str, words: &WordChoice) -> Result<(), StoreError> {
    let (hidden, shown) = (words.hidden.join(" "), words.shown.join(" "));
    on_engine!(tx, |c| sqlx::query(SET_WORDS).bind(&hidden).bind(&shown).bind(id).execute(c).await.map(|_| ()))?;
    Ok(())
}

const NOTE_USE: &str = "
    update app_password
    set last_used_at = $1, last_protocol = $2, last_service = $3, last_client = coalesce($4, last_client) where id = $5";

/// Notes that an app password was used. A client that did not say what it is called keeps the name it had.
pub async fn note_use(tx: &mut Tx<'_>, (id, last): &(String, LastUse)) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(NOTE_USE)
        .bind(last.at.0)
        .bind(last.protocol.old_column())
        .bind(last.protocol.column())
        .bind(last.client.as_ref().map(ClientName::as_str))
        .bind(id)
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

const TELL_OF_APP: &str = "
    insert into cloud_app (user_id, app, act, told_at) values ($1, $2, $3, $4)
    on conflict (user_id, app, act) do update set told_at = excluded.told_at where cloud_app.told_at < $5";

/// Is somebody's use of such an app to be told: for the first time, or once more since `since`? Then it is noted as told.
pub async fn tell_of_app(tx: &mut Tx<'_>, told: &ToldOfApp) -> Result<bool, StoreError> {
    let changed = on_engine!(tx, |c| sqlx::query(TELL_OF_APP)
        .bind(told.user.as_str())
        .bind(told.app.as_str())
        .bind(told.act)
        .bind(told.now.0)
        .bind(told.since.0)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Of whose use of which app.
#[derive(Clone, Debug)]
pub struct ToldOfApp {
    pub user: UserId,
    pub app: String,
    /// `warned`, `refused`
    pub act: &'static str,
    pub now: Timestamp,
    pub since: Timestamp,
}
