//! Which programs may work on a schema. Older gateways go on, and may be started again, while a newer one has only added
//! something ("expand"); where it has taken something away ("contract"), they may not (`docs/scale.md`).
//!
//! What a migration does is the first word of its title, which is kept with it.

use super::{Store, StoreError, Tx, inspect, on_engine, open};

/// The first word of migrations that older programs cannot live with.
const CONTRACT: &str = "contract";

const UNKNOWN: &str = "select version, description from _sqlx_migrations where version > $1 order by version";

/// The first version of the schema, beyond those that this program knows, that takes something away.
pub(super) async fn contracted(tx: &mut Tx<'_>) -> Result<Option<i64>, StoreError> {
    if !inspect::has_migrations(tx).await? {
        return Ok(None);
    }
    let newest = open::newest_version();
    let unknown: Vec<(i64, String)> = on_engine!(tx, |c| sqlx::query_as(UNKNOWN).bind(newest).fetch_all(c).await?);
    let contracts = unknown.into_iter().find(|(_, title)| title.starts_with(CONTRACT));
    Ok(contracts.map(|(version, _)| version))
}

impl Store {
    /// May this program go on? A newer one may have been here since the store was opened.
    ///
    /// # Errors
    /// [`StoreError::Contracted`] where this program is too old for the schema.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        self.read((), |tx, ()| Box::pin(check(tx))).await
    }
}

/// # Errors
/// [`StoreError::Contracted`] where this program is too old for the schema.
pub(super) async fn check(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    match contracted(tx).await? {
        Some(version) => Err(StoreError::Contracted { version, newest: open::newest_version() }),
        None => Ok(()),
    }
}
