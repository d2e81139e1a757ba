//! How gateways on one PostgreSQL reach each other: NOTIFY and LISTEN on one channel. What goes through is text that the
//! domain makes and reads; it may be lost, and anybody who may log in to the database may send some.
//!
//! PostgreSQL commits transactions that NOTIFY one after the other, under a lock of the whole cluster. So none of ours
//! does: notices go on a connection of their own, many in one statement, and their commit waits for no disk.

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};

use super::{Engine, Store, StoreError, json_list};

/// The one channel; PostgreSQL keeps channels apart by database.
const CHANNEL: &str = "passerelle_changes";

/// Octets of one notice: below 8000 (PostgreSQL's NAMEDATALEN and page size).
pub(crate) const NOTICE_BYTES_MAX: usize = 7900;

const NOTIFY: &str = "
    select count(pg_notify($1, list.item)) from json_array_elements_text(cast($2 as json)) as list (item)";
const PROBE: &str = "select 1";

/// A connection that hears what other processes tell, and our own notices too.
pub(crate) struct Hearing(PgListener);

impl Store {
    /// Sends notices to every process that hears. Nothing on SQLite, which one process has for itself.
    pub(crate) async fn tell(&self, notices: &[String]) -> Result<(), StoreError> {
        let Engine::Postgres(postgres) = &self.engine else { return Ok(()) };
        sqlx::query(NOTIFY).bind(CHANNEL).bind(json_list(notices)).execute(&postgres.telling).await?;
        Ok(())
    }

    /// Begins to hear; `None` on SQLite. What was told before is not heard: look at everything after this.
    pub(crate) async fn hear(&self) -> Result<Option<Hearing>, StoreError> {
        let Engine::Postgres(postgres) = &self.engine else { return Ok(None) };
        // A pool for this one connection: one that died slowly must not stand in the way of the next.
        let mut listener = PgListener::connect_with(&alone(postgres.options.clone())).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(Some(Hearing(listener)))
    }
}

impl Hearing {
    /// Waits for the next notice; `None` where the connection has been lost. Nothing is lost where the future is dropped.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self.0.try_recv().await?.map(|notice| notice.payload().to_owned()))
    }

    /// Asks whether the connection still lives: one that a firewall forgot says nothing by itself.
    pub(crate) async fn probe(&mut self) -> Result<(), StoreError> {
        sqlx::query(PROBE).execute(&mut self.0).await?;
        Ok(())
    }
}

/// A connection on which commits wait for no disk, opened when it is first used.
pub(super) fn telling(options: PgConnectOptions, pool: PgPoolOptions) -> PgPool {
    pool.max_connections(1).connect_lazy_with(options.options([("synchronous_commit", "off")]))
}

/// One connection, for as long as it lives.
fn alone(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).connect_lazy_with(options)
}
