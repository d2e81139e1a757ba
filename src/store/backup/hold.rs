//! Bodies in the blob store stay while a backup copies them: collection deletes none meanwhile, in this process or another.
//!
//! Whoever copies holds before it takes its snapshot; collection asks before it deletes rows. So what a snapshot names is
//! there until the hold ends. The hold ends with the process that has it.

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};

use crate::store::{Engine, Store, StoreError, Tx};

/// PostgreSQL's advisory lock: "passerel" in ASCII.
const LOCK: i64 = 0x7061_7373_6572_656c;
const HOLD: &str = "select pg_advisory_lock_shared($1)";
const MAY_DELETE: &str = "select pg_try_advisory_xact_lock($1)";

/// Bodies are held until it is dropped.
pub(crate) enum BodiesHeld {
    Sqlite {
        _guard: OwnedRwLockReadGuard<()>,
    },
    /// The lock lives with this connection.
    Postgres(Box<PgConnection>),
}

/// Nobody holds bodies until it is dropped.
pub(crate) enum BodiesMayGo {
    Sqlite {
        _guard: OwnedRwLockWriteGuard<()>,
    },
    /// PostgreSQL is asked in each transaction ([`may_delete_bodies`]).
    Postgres,
}

impl Store {
    /// Holds every body that there is; waits for a collection that is just deleting some.
    pub(crate) async fn hold_bodies(&self) -> Result<BodiesHeld, StoreError> {
        match &self.engine {
            Engine::Sqlite { bodies, .. } => {
                Ok(BodiesHeld::Sqlite { _guard: std::sync::Arc::clone(bodies).read_owned().await })
            }
            Engine::Postgres(postgres) => {
                // A connection of its own: where this process ends, so does the hold.
                let mut connection = postgres.options.connect().await?;
                for limit in ["set statement_timeout = 0", "set lock_timeout = 0"] {
                    sqlx::query(limit).execute(&mut connection).await?;
                }
                sqlx::query(HOLD).bind(LOCK).execute(&mut connection).await?;
                Ok(BodiesHeld::Postgres(Box::new(connection)))
            }
        }
    }

    /// For collection: `None` where somebody in this process holds bodies.
    pub(crate) fn bodies_may_go(&self) -> Option<BodiesMayGo> {
        match &self.engine {
            Engine::Sqlite { bodies, .. } => {
                let guard = std::sync::Arc::clone(bodies).try_write_owned().ok()?;
                Some(BodiesMayGo::Sqlite { _guard: guard })
            }
            Engine::Postgres(_) => Some(BodiesMayGo::Postgres),
        }
    }
}

impl BodiesHeld {
    /// Lets them go.
    pub(crate) async fn release(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres(connection) => Ok(connection.close().await?),
        }
    }
}

/// May rows of bodies be deleted in this transaction? Nobody can hold them then before it ends.
pub(crate) async fn may_delete_bodies(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    match tx {
        // `Store::bodies_may_go` has said so.
        Tx::Sqlite(_) => Ok(true),
        Tx::Postgres(c) => Ok(sqlx::query_scalar(MAY_DELETE).bind(LOCK).fetch_one(&mut **c).await?),
    }
}
