//! Rows of `api_token`, `api_request` and `badge_key`.

use std::collections::BTreeSet;

use super::{StoreError, Tx, on_engine, sql};
use crate::model::{ApiScope, SchoolId, Timestamp, UserId};

/// A token of the JSON API, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub id: String,
    pub name: String,
    pub scopes: BTreeSet<ApiScope>,
    /// Sees this school's people only.
    pub school: Option<SchoolId>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// To within a minute.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

type TokenRow = (String, String, String, Option<String>, i64, Option<i64>, Option<i64>, Option<i64>);

fn token(row: TokenRow) -> Result<ApiToken, StoreError> {
    let (id, name, words, school, created_at, expires_at, last_used_at, revoked_at) = row;
    let unknown = || StoreError::Inconsistent { table: "api_token", column: "scopes", row: id.clone() };
    let scopes = words.split(' ').map(|word| ApiScope::from_word(word).ok_or_else(unknown));
    Ok(ApiToken {
        scopes: scopes.collect::<Result<_, _>>()?,
        name,
        school: school.map(SchoolId::new),
        created_at: Timestamp(created_at),
        expires_at: expires_at.map(Timestamp),
        last_used_at: last_used_at.map(Timestamp),
        revoked_at: revoked_at.map(Timestamp),
        id,
    })
}

const ADD_TOKEN: &str = "
    insert into api_token (id, name, secret_hash, scopes, school_id, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7)";

/// Keeps a new token.
pub(crate) async fn add_token(tx: &mut Tx<'_>, token: &ApiToken, secret_hash: &[u8; 32]) -> Result<(), StoreError> {
    let words: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
    on_engine!(tx, |c| {
        let query = sqlx::query(ADD_TOKEN).bind(&token.id).bind(&token.name).bind(secret_hash.as_slice());
        let query = query.bind(words.join(" ")).bind(token.school.as_ref().map(SchoolId::as_str));
        let query = query.bind(token.created_at.0).bind(token.expires_at.map(|at| at.0));
        query.execute(c).await.map(drop)?;
    });
    Ok(())
}

macro_rules! token_columns {
    () => {
        "id, name, scopes, school_id, created_at, expires_at, last_used_at, revoked_at"
    };
}

const TOKEN: &str = concat!("select ", token_columns!(), " from api_token where secret_hash = $1");
const TOKEN_BY_ID: &str = concat!("select ", token_columns!(), " from api_token where id = $1");
const TOKENS: &str = concat!("select ", token_columns!(), " from api_token order by created_at, id");

/// The token with this secret, be it revoked or expired.
pub(crate) async fn token_of(tx: &mut Tx<'_>, secret_hash: &[u8; 32]) -> Result<Option<ApiToken>, StoreError> {
    let row: Option<TokenRow> =
        on_engine!(tx, |c| sqlx::query_as(TOKEN).bind(secret_hash.as_slice()).fetch_optional(c).await?);
    row.map(token).transpose()
}

/// The token with this id.
pub(crate) async fn token_by_id(tx: &mut Tx<'_>, id: &str) -> Result<Option<ApiToken>, StoreError> {
    let row: Option<TokenRow> = on_engine!(tx, |c| sqlx::query_as(TOKEN_BY_ID).bind(id).fetch_optional(c).await?);
    row.map(token).transpose()
}

/// All of them, the oldest first.
pub(crate) async fn tokens(tx: &mut Tx<'_>, _: &()) -> Result<Vec<ApiToken>, StoreError> {
    let rows: Vec<TokenRow> = on_engine!(tx, |c| sqlx::query_as(TOKENS).fetch_all(c).await?);
    rows.into_iter().map(token).collect()
}

const REVOKE: &str = "update api_token set revoked_at = $2 where id = $1 and revoked_at is null";
const NOTE_USE: &str = "update api_token set last_used_at = $2 where id = $1";

/// Revokes a token; `false` where none such is in use.
pub(crate) async fn revoke(tx: &mut Tx<'_>, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    Ok(on_engine!(tx, |c| sqlx::query(REVOKE).bind(id).bind(at.0).execute(c).await?.rows_affected()) > 0)
}

/// Notes a use.
pub(crate) async fn note_use(tx: &mut Tx<'_>, (id, at): &(String, Timestamp)) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(NOTE_USE).bind(id.as_str()).bind(at.0).execute(c).await.map(drop)?);
    Ok(())
}

/// Those of these people (a JSON list of ids) who are of the school.
pub(crate) async fn of_school(
    tx: &mut Tx<'_>,
    (users, school): &(String, SchoolId),
) -> Result<Vec<UserId>, StoreError> {
    let statement = sql!(
        tx,
        "select us.user_id from ",
        texts "$1",
        " as list join user_school us on us.user_id = list.item and us.school_id = $2"
    );
    let ids: Vec<String> = on_engine!(tx, |c| {
        sqlx::query_scalar(statement).bind(users.as_str()).bind(school.as_str()).fetch_all(c).await?
    });
    Ok(ids.into_iter().map(UserId::new).collect())
}

/// A request that came before under this key.
pub(crate) struct Earlier {
    pub(crate) request_hash: Vec<u8>,
    /// Encrypted; `None` where its end is not known.
    pub(crate) answer: Option<Vec<u8>>,
}

/// A request that makes something.
pub(crate) struct ApiRequest {
    pub(crate) token: String,
    pub(crate) key: String,
    pub(crate) request_hash: [u8; 32],
    pub(crate) now: Timestamp,
    /// Those from before are forgotten.
    pub(crate) forget_before: Timestamp,
}

const FORGET: &str = "delete from api_request where created_at < $1";
const BEGIN: &str = "
    insert into api_request (token_id, key, request_hash, created_at) values ($1, $2, $3, $4)
    on conflict (token_id, key) do nothing";
const EARLIER: &str = "select request_hash, answer from api_request where token_id = $1 and key = $2";
const FINISH: &str = "update api_request set answer = $3 where token_id = $1 and key = $2";
const UNDO: &str = "delete from api_request where token_id = $1 and key = $2 and answer is null";

/// Notes that a request begins; or what came of it, where it has come before.
pub(crate) async fn begin(tx: &mut Tx<'_>, request: &ApiRequest) -> Result<Option<Earlier>, StoreError> {
    on_engine!(tx, |c| sqlx::query(FORGET).bind(request.forget_before.0).execute(c).await.map(drop)?);
    let begun = on_engine!(tx, |c| {
        let query = sqlx::query(BEGIN).bind(&request.token).bind(&request.key).bind(request.request_hash.as_slice());
        query.bind(request.now.0).execute(c).await?.rows_affected()
    });
    if begun > 0 {
        return Ok(None);
    }
    let row: Option<(Vec<u8>, Option<Vec<u8>>)> = on_engine!(tx, |c| {
        sqlx::query_as(EARLIER).bind(&request.token).bind(&request.key).fetch_optional(c).await?
    });
    Ok(row.map(|(request_hash, answer)| Earlier { request_hash, answer }))
}

/// Keeps what was answered.
pub(crate) async fn finish(
    tx: &mut Tx<'_>,
    (token, key, answer): &(String, String, Vec<u8>),
) -> Result<(), StoreError> {
    on_engine!(tx, |c| {
        sqlx::query(FINISH)
            .bind(token.as_str())
            .bind(key.as_str())
            .bind(answer.as_slice())
            .execute(c)
            .await
            .map(drop)?;
    });
    Ok(())
}

/// Forgets a request that did nothing.
pub(crate) async fn undo(tx: &mut Tx<'_>, (token, key): &(String, String)) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(UNDO).bind(token.as_str()).bind(key.as_str()).execute(c).await.map(drop)?);
    Ok(())
}

const ADD_KEY: &str = "insert into badge_key (id, secret) values (1, $1) on conflict (id) do nothing";
const KEY: &str = "select secret from badge_key where id = 1";

/// The key of badges: this one, where there was none.
pub(crate) async fn badge_key(tx: &mut Tx<'_>, new: &[u8; 32]) -> Result<Vec<u8>, StoreError> {
    on_engine!(tx, |c| sqlx::query(ADD_KEY).bind(new.as_slice()).execute(c).await.map(drop)?);
    Ok(on_engine!(tx, |c| sqlx::query_scalar(KEY).fetch_one(c).await?))
}
