//! Sessions in one SQLite file: many of them, shared by the processes of one machine.
//!
//! One connection does one step at a time, each an immediate transaction that is on the disk when it returns.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{
    Allowance, Fence, Holder, Keep, Lease, MEMORY_OF_THE_GONE, Result, RowKey, RowKind, Saved, SessionStore,
    SessionStoreError, Spent, Uses,
};

const ENGINE: &str = "sqlite";
const BUSY: Duration = Duration::from_secs(10);

/// A store in one SQLite file.
#[derive(Clone)]
pub struct Sqlite(Arc<Mutex<Connection>>);

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sqlite")
    }
}

impl Sqlite {
    /// Opens the file, or makes it for its owner alone. Blocks while it does.
    ///
    /// # Errors
    /// The file cannot be opened or written, or is no database of this program.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut options = std::fs::OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(failed)?;
        let connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
        connection.pragma_update(None, "synchronous", "full").map_err(failed)?;
        connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
        let store = Self(Arc::new(Mutex::new(connection)));
        store.begin(|transaction| transaction.execute_batch(SCHEMA)).map_err(failed)?;
        Ok(store)
    }

    fn begin<T>(&self, step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let mut connection = self.0.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = step(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    async fn step<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || store.begin(step));
        done.await.map_err(failed)?.map_err(failed)
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SessionStoreError {
    SessionStoreError::backend(ENGINE, source)
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS client_session (
        name BLOB NOT NULL PRIMARY KEY, sealed BLOB, until INTEGER, fence INTEGER NOT NULL, holder BLOB,
        leased INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS client_pending (
        name BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL, until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS client_uses (
        name BLOB NOT NULL PRIMARY KEY, times BLOB NOT NULL, until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS client_session_until ON client_session (until) WHERE until IS NOT NULL;
    CREATE INDEX IF NOT EXISTS client_pending_until ON client_pending (until);";
const FIND: &str = "SELECT sealed FROM client_session WHERE name = ?1 AND sealed IS NOT NULL AND (until IS NULL OR until > ?2)";
const LIST: &str = "SELECT name, sealed FROM client_session WHERE name > ?1 AND name < ?2 AND sealed IS NOT NULL \
     AND (until IS NULL OR until > ?3) ORDER BY name LIMIT ?4";
const LEASE_OF: &str = "SELECT fence, holder, leased FROM client_session WHERE name = ?1";
const WRITE_LEASE: &str = "INSERT INTO client_session (name, fence, holder, leased, until) \
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET fence = ?2, holder = ?3, leased = ?4, \
     until = CASE WHEN sealed IS NULL THEN ?5 ELSE until END";
const PUT: &str = "INSERT INTO client_session (name, sealed, until, fence) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (name) DO UPDATE SET sealed = ?2, until = ?3, fence = ?4, holder = NULL, leased = NULL";
const SAVE: &str = "UPDATE client_session SET sealed = ?2, until = ?3 \
     WHERE name = ?1 AND fence = ?4 AND holder IS NOT NULL";
const RELEASE: &str = "UPDATE client_session SET holder = NULL, leased = NULL WHERE name = ?1 AND fence = ?2";
const DELETE: &str = "UPDATE client_session SET sealed = NULL, until = ?2, fence = ?3, holder = NULL, leased = NULL \
     WHERE name = ?1";
const COUNT_PENDING: &str = "SELECT count(*) FROM client_pending WHERE name <> ?1";
const OVER_PENDING: &str = "DELETE FROM client_pending WHERE until <= ?1";
const PUT_PENDING: &str = "INSERT OR REPLACE INTO client_pending (name, sealed, until) VALUES (?1, ?2, ?3)";
const TAKE_PENDING: &str = "DELETE FROM client_pending WHERE name = ?1 RETURNING sealed, until";
const USES: &str = "SELECT times FROM client_uses WHERE name = ?1";
const WRITE_USES: &str = "INSERT OR REPLACE INTO client_uses (name, times, until) VALUES (?1, ?2, ?3)";
const SWEEP: [&str; 3] = [
    "DELETE FROM client_session WHERE name IN (SELECT name FROM client_session WHERE until <= ?1 \
     AND (leased IS NULL OR leased <= ?1) LIMIT ?2)",
    "DELETE FROM client_pending WHERE name IN (SELECT name FROM client_pending WHERE until <= ?1 LIMIT ?2)",
    "DELETE FROM client_uses WHERE name IN (SELECT name FROM client_uses WHERE until <= ?1 LIMIT ?2)",
];

/// The number of the latest lease of a row, and who holds it until when.
#[expect(clippy::type_complexity, reason = "two columns that are there together or not at all")]
fn lease_of(
    transaction: &Transaction<'_>,
    key: &RowKey,
) -> rusqlite::Result<(Fence, Option<([u8; 16], UnixTime)>)> {
    let found = transaction.prepare_cached(LEASE_OF)?.query_row([key.as_bytes().as_slice()], |row| {
        let holder: Option<[u8; 16]> = row.get(1)?;
        let until: Option<i64> = row.get(2)?;
        Ok((Fence::from_signed(row.get(0)?), holder.zip(until.map(UnixTime::from_millis))))
    });
    Ok(found.optional()?.unwrap_or_default())
}

fn find(transaction: &Transaction<'_>, key: &RowKey, now: UnixTime) -> rusqlite::Result<Option<Vec<u8>>> {
    transaction
        .prepare_cached(FIND)?
        .query_row(params![key.as_bytes().as_slice(), now.millis()], |row| row.get(0))
        .optional()
}

#[async_trait]
impl SessionStore for Sqlite {
    async fn find(&self, key: &RowKey, now: UnixTime) -> Result<Option<Vec<u8>>> {
        let key = *key;
        self.step(move |transaction| find(transaction, &key, now)).await
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
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.step(move |transaction| {
            let mut statement = transaction.prepare_cached(LIST)?;
            let rows = statement
                .query_map(params![after, beyond.as_bytes().as_slice(), now.millis(), limit], |row| {
                    Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
                })?;
            let rows: Vec<(Vec<u8>, Vec<u8>)> = rows.collect::<rusqlite::Result<_>>()?;
            Ok(rows
                .into_iter()
                .filter_map(|(name, sealed)| Some((RowKey::from_bytes(&name)?, sealed)))
                .collect())
        })
        .await
    }

    async fn put(&self, key: &RowKey, keep: Keep<'_>, now: UnixTime) -> Result<()> {
        let (key, sealed, until) = (*key, keep.sealed.to_vec(), keep.until.map(UnixTime::millis));
        self.step(move |transaction| {
            let fence = lease_of(transaction, &key)?.0.next(now).signed();
            let put = params![key.as_bytes().as_slice(), sealed, until, fence];
            transaction.prepare_cached(PUT)?.execute(put).map(drop)
        })
        .await
    }

    async fn lease(&self, key: &RowKey, holder: Holder, now: UnixTime, lasts: Duration) -> Result<Lease> {
        let key = *key;
        self.step(move |transaction| {
            let (mut fence, held) = lease_of(transaction, &key)?;
            match held {
                Some((other, until)) if other != *holder.as_bytes() && now < until => {
                    return Ok(Lease::Held { until });
                }
                Some((same, _)) if same == *holder.as_bytes() => {}
                _ => fence = fence.next(now),
            }
            transaction.prepare_cached(WRITE_LEASE)?.execute(params![
                key.as_bytes().as_slice(),
                fence.signed(),
                holder.as_bytes().as_slice(),
                now.plus(lasts).millis(),
                now.plus(MEMORY_OF_THE_GONE).millis(),
            ])?;
            Ok(Lease::Granted { fence, sealed: find(transaction, &key, now)? })
        })
        .await
    }

    async fn save(&self, key: &RowKey, fence: Fence, keep: Keep<'_>, _: UnixTime) -> Result<Saved> {
        let (key, sealed, until) = (*key, keep.sealed.to_vec(), keep.until.map(UnixTime::millis));
        self.step(move |transaction| {
            let save = params![key.as_bytes().as_slice(), sealed, until, fence.signed()];
            let changed = transaction.prepare_cached(SAVE)?.execute(save)?;
            Ok(if changed == 1 { Saved::Saved } else { Saved::Late })
        })
        .await
    }

    async fn release(&self, key: &RowKey, fence: Fence) -> Result<()> {
        let key = *key;
        self.step(move |transaction| {
            let release = params![key.as_bytes().as_slice(), fence.signed()];
            transaction.prepare_cached(RELEASE)?.execute(release).map(drop)
        })
        .await
    }

    async fn delete(&self, key: &RowKey, now: UnixTime) -> Result<bool> {
        let key = *key;
        self.step(move |transaction| {
            let there = find(transaction, &key, now)?.is_some();
            let fence = lease_of(transaction, &key)?.0.next(now).signed();
            let until = now.plus(MEMORY_OF_THE_GONE).millis();
            transaction.prepare_cached(DELETE)?.execute(params![key.as_bytes().as_slice(), until, fence])?;
            Ok(there)
        })
        .await
    }

    async fn put_pending(
        &self,
        key: &[u8; 32],
        sealed: &[u8],
        now: UnixTime,
        until: UnixTime,
        most: u64,
    ) -> Result<()> {
        let (key, sealed) = (*key, sealed.to_vec());
        let put = self.step(move |transaction| {
            let count = || {
                let counted: i64 =
                    transaction.query_row(COUNT_PENDING, [key.as_slice()], |row| row.get(0))?;
                Ok::<_, rusqlite::Error>(u64::try_from(counted).unwrap_or(0))
            };
            if count()? >= most {
                transaction.execute(OVER_PENDING, [now.millis()])?;
                if count()? >= most {
                    return Ok(false);
                }
            }
            let put = params![key.as_slice(), sealed, until.millis()];
            transaction.prepare_cached(PUT_PENDING)?.execute(put).map(|_| true)
        });
        if put.await? { Ok(()) } else { Err(SessionStoreError::Full { engine: ENGINE }) }
    }

    async fn take_pending(&self, key: &[u8; 32], now: UnixTime) -> Result<Option<Vec<u8>>> {
        let key = *key;
        self.step(move |transaction| {
            let taken: Option<(Vec<u8>, i64)> = transaction
                .prepare_cached(TAKE_PENDING)?
                .query_row([key.as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            Ok(taken.filter(|(_, until)| now.millis() < *until).map(|(sealed, _)| sealed))
        })
        .await
    }

    async fn spend(&self, key: &[u8; 32], now: UnixTime, allowances: &[Allowance]) -> Result<Spent> {
        let (key, allowances) = (*key, allowances.to_vec());
        self.step(move |transaction| {
            let bytes: Option<Vec<u8>> =
                transaction.query_row(USES, [key.as_slice()], |row| row.get(0)).optional()?;
            let mut uses = Uses::from_bytes(&bytes.unwrap_or_default());
            let spent = uses.spend(now, &allowances);
            let write = params![key.as_slice(), uses.to_bytes(), uses.until(&allowances).millis()];
            transaction.execute(WRITE_USES, write)?;
            Ok(spent)
        })
        .await
    }

    async fn sweep(&self, now: UnixTime, limit: usize) -> Result<usize> {
        self.step(move |transaction| {
            let mut left = limit;
            for sweep in SWEEP {
                let most = i64::try_from(left).unwrap_or(i64::MAX);
                left = left.saturating_sub(transaction.execute(sweep, params![now.millis(), most])?);
            }
            Ok(limit - left)
        })
        .await
    }
}
