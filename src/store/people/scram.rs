//! What SCRAM needs of the store (RFC 5802 §3): one secret and one number of rounds for everybody, and verifiers of passwords.

use crate::model::UserId;
use crate::sasl::scram::{KEY_BYTES, Verifier};
use crate::store::people::credentials::{self, AppPassword};
use crate::store::{StoreError, Tx, column, number, on_engine};

/// What salts come from, and how many rounds there are: of everybody, so that they tell nothing of anybody.
#[derive(Clone)]
pub struct Parameters {
    pub secret: [u8; 32],
    pub iterations: u32,
}

const PARAMETERS: &str = "select secret, iterations from scram where id = 1";

/// What this store began with; `None` where nobody has needed it yet.
pub async fn parameters(tx: &mut Tx<'_>) -> Result<Option<Parameters>, StoreError> {
    let row: Option<(Vec<u8>, i64)> = on_engine!(tx, |c| sqlx::query_as(PARAMETERS).fetch_optional(c).await)?;
    let Some((secret, iterations)) = row else { return Ok(None) };
    let iterations = number(iterations, "scram", "iterations", 1)?;
    Ok(Some(Parameters { secret: octets(secret, "scram", "secret", "1")?, iterations }))
}

const BEGIN: &str = "insert into scram (id, secret, iterations) values (1, $1, $2) on conflict (id) do nothing";

/// Keeps what this store begins with, unless another gateway was first: ask [`parameters`] again.
pub async fn begin(tx: &mut Tx<'_>, parameters: &Parameters) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(BEGIN)
        .bind(parameters.secret.as_slice())
        .bind(column(parameters.iterations))
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// A verifier, and whose password it is of: an app password's, or the person's own (`None`).
#[derive(Clone, Debug)]
pub struct Kept {
    pub verifier: Verifier,
    pub app_password: Option<AppPassword>,
}

const VERIFIERS: &str = "select app_password_id, stored_key, server_key from scram_verifier where user_id = $1";

/// The verifiers of a person's passwords that are in use. Run it in a snapshot.
pub async fn verifiers(tx: &mut Tx<'_>, user: &UserId) -> Result<Vec<Kept>, StoreError> {
    let rows: Vec<(Option<String>, Vec<u8>, Vec<u8>)> =
        on_engine!(tx, |c| sqlx::query_as(VERIFIERS).bind(user.as_str()).fetch_all(c).await)?;
    let devices = credentials::app_passwords(tx, user).await?;
    let mut kept = Vec::with_capacity(rows.len());
    for (app_password, stored_key, server_key) in rows {
        let device = |id: &String| devices.iter().find(|device| device.id == *id && device.revoked_at.is_none());
        let app_password = match app_password.as_ref().map(device) {
            Some(None) => continue,
            Some(Some(device)) => Some(device.clone()),
            None => None,
        };
        kept.push(Kept { verifier: verifier((stored_key, server_key), user)?, app_password });
    }
    Ok(kept)
}

const ADD: &str =
    "insert into scram_verifier (user_id, app_password_id, stored_key, server_key) values ($1, $2, $3, $4)";

/// Keeps a verifier: of an app password, or of the person's own.
pub async fn add(
    tx: &mut Tx<'_>,
    user: &UserId,
    app_password: Option<&str>,
    verifier: &Verifier,
) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(ADD)
        .bind(user.as_str())
        .bind(app_password)
        .bind(verifier.stored_key.as_slice())
        .bind(verifier.server_key.as_slice())
        .execute(c)
        .await
        .map(|_| ()))?;
    Ok(())
}

const LOCK_PASSWORD: &str = "update ent_user set password_hash = $2 where id = $1 and password_hash = $2";

/// Keeps the verifier of a person's own password, as long as that is still the one with this hash.
pub async fn keep_own(tx: &mut Tx<'_>, user: &UserId, hash: &str, verifier: &Verifier) -> Result<(), StoreError> {
    let locked = on_engine!(tx, |c| sqlx::query(LOCK_PASSWORD)
        .bind(user.as_str())
        .bind(hash)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
    if locked == 0 {
        return Ok(());
    }
    forget_own(tx, user).await?;
    add(tx, user, None, verifier).await
}

const FORGET_OWN: &str = "delete from scram_verifier where user_id = $1 and app_password_id is null";

/// Forgets the verifier of a person's own password: it is another one from now on, or none.
pub async fn forget_own(tx: &mut Tx<'_>, user: &UserId) -> Result<(), StoreError> {
    on_engine!(tx, |c| sqlx::query(FORGET_OWN).bind(user.as_str()).execute(c).await.map(|_| ()))?;
    Ok(())
}

fn verifier((stored_key, server_key): (Vec<u8>, Vec<u8>), user: &UserId) -> Result<Verifier, StoreError> {
    Ok(Verifier {
        stored_key: octets::<KEY_BYTES>(stored_key, "scram_verifier", "stored_key", user.as_str())?,
        server_key: octets::<KEY_BYTES>(server_key, "scram_verifier", "server_key", user.as_str())?,
    })
}

fn octets<const SIZE: usize>(
    octets: Vec<u8>,
    table: &'static str,
    column: &'static str,
    row: &str,
) -> Result<[u8; SIZE], StoreError> {
    octets.try_into().map_err(|_| StoreError::Inconsistent { table, column, row: row.to_owned() })
}
