//! Sessions in PostgreSQL: for web applications on several machines.
//!
//! Each step is one statement, or one transaction that locks its row first. The tables are made where they are missing,
//! in the schema that the connection comes to.

use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::{PgPool, Postgres as Engine, Row as _, Transaction};

use super::{
    Allowance, Fence, Holder, Keep, Lease, MEMORY_OF_THE_GONE, Result, RowKey, RowKind, Saved, SessionStore,
    SessionStoreError, Spent, Uses,
};

const ENGINE: &str = "postgres";
const CONNECTIONS: u32 = 8;
const CONNECT: Duration = Duration::from_secs(10);
/// Whoever holds this advisory lock makes the tables.
const MAKING_TABLES: i64 = 0x6761_7465_7772_6774;

/// A store in PostgreSQL.
#[derive(Clone, Debug)]
pub struct Postgres(PgPool);

impl Postgres {
    /// Connects to the database of this URL (`postgres://…`), and makes the tables where they are missing.
    ///
    /// # Errors
    /// It cannot be reached, or the tables cannot be made.
    pub async fn connect(url: &str) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(CONNECT)
            .connect(url)
            .await
            .map_err(failed)?;
        Self::of_pool(pool).await
    }

    /// The same with connections that the application has.
    ///
    /// # Errors
    /// The tables cannot be made.
    pub async fn of_pool(pool: PgPool) -> Result<Self> {
        let mut transaction = pool.begin().await.map_err(failed)?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)")
            .bind(MAKING_TABLES)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        for statement in SCHEMA {
            sqlx::query(statement).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(Self(pool))
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SessionStoreError {
    SessionStoreError::backend(ENGINE, source)
}

const SCHEMA: [&str; 5] = [
    "CREATE TABLE IF NOT EXISTS client_session (name BYTEA PRIMARY KEY, sealed BYTEA, until BIGINT, \
     fence BIGINT NOT NULL, holder BYTEA, leased BIGINT)",
    "CREATE TABLE IF NOT EXISTS client_pending (name BYTEA PRIMARY KEY, sealed BYTEA NOT NULL, until BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS client_uses (name BYTEA PRIMARY KEY, times BYTEA NOT NULL, until BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS client_session_until ON client_session (until) WHERE until IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS client_pending_until ON client_pending (until)",
];
const FIND: &str = "SELECT sealed FROM client_session WHERE name = $1 AND sealed IS NOT NULL AND (until IS NULL OR until > $2)";
const LIST: &str = "SELECT name, sealed FROM client_session WHERE name > $1 AND name < $2 AND sealed IS NOT NULL \
     AND (until IS NULL OR until > $3) ORDER BY name LIMIT $4";
const PUT: &str = "INSERT INTO client_session AS row (name, sealed, until, fence) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (name) DO UPDATE SET sealed = $2, until = $3, fence = greatest(row.fence + 1, $4), holder = NULL, \
     leased = NULL";
/// Nothing comes back where somebody else holds the lease. The fence rises unless the holder is the same.
const LEASE: &str = "INSERT INTO client_session AS row (name, fence, holder, leased, until) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET \
     fence = CASE WHEN row.holder = $3 THEN row.fence ELSE greatest(row.fence + 1, $2) END, holder = $3, leased = $4, \
     until = CASE WHEN row.sealed IS NULL THEN $5 ELSE row.until END \
     WHERE row.holder IS NULL OR row.holder = $3 OR row.leased <= $6 \
     RETURNING fence, CASE WHEN sealed IS NOT NULL AND (until IS NULL OR until > $6) THEN sealed END AS sealed";
const LEASED: &str = "SELECT leased FROM client_session WHERE name = $1 AND holder IS NOT NULL";
const SAVE: &str = "UPDATE client_session SET sealed = $2, until = $3 \
     WHERE name = $1 AND fence = $4 AND holder IS NOT NULL";
const RELEASE: &str = "UPDATE client_session SET holder = NULL, leased = NULL WHERE name = $1 AND fence = $2";
const LOCKED: &str = "SELECT sealed IS NOT NULL AND (until IS NULL OR until > $2) AS there FROM client_session \
     WHERE name = $1 FOR UPDATE";
const DELETE: &str = "UPDATE client_session SET sealed = NULL, until = $2, fence = greatest(fence + 1, $3), \
     holder = NULL, leased = NULL WHERE name = $1";
const COUNT_PENDING: &str = "SELECT count(*) AS count FROM client_pending WHERE name <> $1";
const OVER_PENDING: &str = "DELETE FROM client_pending WHERE until <= $1";
const PUT_PENDING: &str = "INSERT INTO client_pending (name, sealed, until) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET sealed = $2, until = $3";
const TAKE_PENDING: &str = "DELETE FROM client_pending WHERE name = $1 RETURNING sealed, until";
const LOCK_USES: &str = "INSERT INTO client_uses (name, times, until) VALUES ($1, '', 0) \
     ON CONFLICT (name) DO UPDATE SET name = $1 RETURNING times";
const WRITE_USES: &str = "UPDATE client_uses SET times = $2, until = $3 WHERE name = $1";
const SWEEP: [&str; 3] = [
    "DELETE FROM client_session WHERE name IN (SELECT name FROM client_session WHERE until <= $1 \
     AND (leased IS NULL OR leased <= $1) LIMIT $2)",
    "DELETE FROM client_pending WHERE name IN (SELECT name FROM client_pending WHERE until <= $1 LIMIT $2)",
    "DELETE FROM client_uses WHERE name IN (SELECT name FROM client_uses WHERE until <= $1 LIMIT $2)",
];

/// The number that a first lease has.
fn first(now: UnixTime) -> i64 {
    Fence::default().next(now).signed()
}

fn bytes(row: &PgRow, column: &str) -> Result<Vec<u8>> {
    row.try_get(column).map_err(failed)
}

impl Postgres {
    async fn count_pending(&self, transaction: &mut Transaction<'_, Engine>, key: &[u8; 32]) -> Result<u64> {
        let row = sqlx::query(COUNT_PENDING)
            .bind(key.as_slice())
            .fetch_one(&mut **transaction)
            .await
            .map_err(failed)?;
        Ok(u64::try_from(row.try_get::<i64, _>("count").map_err(failed)?).unwrap_or(0))
    }
}

#[async_trait]
impl SessionStore for Postgres {
    async fn find(&self, key: &RowKey, now: UnixTime) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query(FIND)
            .bind(key.as_bytes().as_slice())
            .bind(now.millis())
            .fetch_optional(&self.0)
            .await
            .map_err(failed)?;
        row.map(|row| bytes(&row, "sealed")).transpose()
    }

    async fn list(
        &self,
        kind: RowKind,
        after: Option<&RowKey>,
        limit: usize,
        now: UnixTime,
    ) -> Result<Vec<(RowKey, Vec<u8>)>> {
        let (first, beyond) = RowKey::range(kind);
        let after = after.map_or_else(|| first.kind_prefix(), |after| after.as_bytes().to_vec());
        let rows = sqlx::query(LIST)
            .bind(after)
            .bind(beyond.as_bytes().as_slice())
            .bind(now.millis())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.0)
            .await
            .map_err(failed)?;
        let mut listed = Vec::new();
        for row in &rows {
            let (name, sealed) = (bytes(row, "name")?, bytes(row, "sealed")?);
            listed.extend(RowKey::from_bytes(&name).map(|key| (key, sealed)));
        }
        Ok(listed)
    }

    async fn put(&self, key: &RowKey, keep: Keep<'_>, now: UnixTime) -> Result<()> {
        sqlx::query(PUT)
            .bind(key.as_bytes().as_slice())
            .bind(keep.sealed)
            .bind(keep.until.map(UnixTime::millis))
            .bind(first(now))
            .execute(&self.0)
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn lease(&self, key: &RowKey, holder: Holder, now: UnixTime, lasts: Duration) -> Result<Lease> {
        let granted = sqlx::query(LEASE)
            .bind(key.as_bytes().as_slice())
            .bind(first(now))
            .bind(holder.as_bytes().as_slice())
            .bind(now.plus(lasts).millis())
            .bind(now.plus(MEMORY_OF_THE_GONE).millis())
            .bind(now.millis())
            .fetch_optional(&self.0)
            .await
            .map_err(failed)?;
        if let Some(row) = granted {
            let fence = Fence::from_signed(row.try_get("fence").map_err(failed)?);
            return Ok(Lease::Granted { fence, sealed: row.try_get("sealed").map_err(failed)? });
        }
        let held = sqlx::query(LEASED)
            .bind(key.as_bytes().as_slice())
            .fetch_optional(&self.0)
            .await
            .map_err(failed)?;
        // It may have been given back in between: the caller asks again soon.
        let until = held.map(|row| row.try_get::<i64, _>("leased").map_err(failed)).transpose()?;
        Ok(Lease::Held { until: until.map_or(now, UnixTime::from_millis) })
    }

    async fn save(&self, key: &RowKey, fence: Fence, keep: Keep<'_>, _: UnixTime) -> Result<Saved> {
        let saved = sqlx::query(SAVE)
            .bind(key.as_bytes().as_slice())
            .bind(keep.sealed)
            .bind(keep.until.map(UnixTime::millis))
            .bind(fence.signed())
            .execute(&self.0)
            .await
            .map_err(failed)?;
        Ok(if saved.rows_affected() == 1 { Saved::Saved } else { Saved::Late })
    }

    async fn release(&self, key: &RowKey, fence: Fence) -> Result<()> {
        sqlx::query(RELEASE)
            .bind(key.as_bytes().as_slice())
            .bind(fence.signed())
            .execute(&self.0)
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn delete(&self, key: &RowKey, now: UnixTime) -> Result<bool> {
        let mut transaction = self.0.begin().await.map_err(failed)?;
        let row = sqlx::query(LOCKED)
            .bind(key.as_bytes().as_slice())
            .bind(now.millis())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        let there = row.map(|row| row.try_get("there").map_err(failed)).transpose()?.unwrap_or(false);
        sqlx::query(DELETE)
            .bind(key.as_bytes().as_slice())
            .bind(now.plus(MEMORY_OF_THE_GONE).millis())
            .bind(first(now))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(there)
    }

    async fn put_pending(
        &self,
        key: &[u8; 32],
        sealed: &[u8],
        now: UnixTime,
        until: UnixTime,
        most: u64,
    ) -> Result<()> {
        let mut transaction = self.0.begin().await.map_err(failed)?;
        if self.count_pending(&mut transaction, key).await? >= most {
            sqlx::query(OVER_PENDING).bind(now.millis()).execute(&mut *transaction).await.map_err(failed)?;
            if self.count_pending(&mut transaction, key).await? >= most {
                return Err(SessionStoreError::Full { engine: ENGINE });
            }
        }
        sqlx::query(PUT_PENDING)
            .bind(key.as_slice())
            .bind(sealed)
            .bind(until.millis())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn take_pending(&self, key: &[u8; 32], now: UnixTime) -> Result<Option<Vec<u8>>> {
        let taken =
            sqlx::query(TAKE_PENDING).bind(key.as_slice()).fetch_optional(&self.0).await.map_err(failed)?;
        let Some(row) = taken else { return Ok(None) };
        let until: i64 = row.try_get("until").map_err(failed)?;
        Ok(if now.millis() < until { Some(bytes(&row, "sealed")?) } else { None })
    }

    async fn spend(&self, key: &[u8; 32], now: UnixTime, allowances: &[Allowance]) -> Result<Spent> {
        let mut transaction = self.0.begin().await.map_err(failed)?;
        let row =
            sqlx::query(LOCK_USES).bind(key.as_slice()).fetch_one(&mut *transaction).await.map_err(failed)?;
        let mut uses = Uses::from_bytes(&bytes(&row, "times")?);
        let spent = uses.spend(now, allowances);
        sqlx::query(WRITE_USES)
            .bind(key.as_slice())
            .bind(uses.to_bytes())
            .bind(uses.until(allowances).millis())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(spent)
    }

    async fn sweep(&self, now: UnixTime, limit: usize) -> Result<usize> {
        let mut left = limit;
        for sweep in SWEEP {
            let swept = sqlx::query(sweep)
                .bind(now.millis())
                .bind(i64::try_from(left).unwrap_or(i64::MAX))
                .execute(&self.0)
                .await
                .map_err(failed)?;
            left = left.saturating_sub(usize::try_from(swept.rows_affected()).unwrap_or(usize::MAX));
        }
        Ok(limit - left)
    }
}
