//! One SQLite file: a thread that writes, connections that read, and a memory of what is asked for on every request.
//!
//! - `writer.rs`: steps that wait together are committed together, each in a savepoint of its own.
//! - `readers.rs`: read-only connections.
//! - `cache.rs`: what was read or written last, changed only after the commit and in the order of commits.
//!
//! Another process may change the file: what this one remembers is then forgotten within a tenth of a second.

mod account;
mod app_password;
mod backup;
mod blob;
mod cache;
mod consent;
mod device;
mod factor;
mod invite_code;
mod kept_token;
mod legacy_session;
mod lexicon;
mod mail_code;
mod migrate;
mod preference;
mod readers;
mod replay;
mod repo;
mod request;
mod row;
mod scope_reference;
mod security_event;
mod set_change;
mod sweep;
mod token;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use self::backup::backup;
use self::cache::Remembered;
use self::readers::Readers;
use self::writer::{Write, Writer};
use crate::replay_memory::ReplayMemory;
use crate::security_event::NotedEvents;
use crate::{Limits, StoreError};

/// Declares the statements of one file: a `const` each, and the list of all of them, for the test that prepares each.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: &str = $sql;)*
        #[cfg(test)]
        pub(super) const STATEMENTS: &[&str] = &[$($name),*];
    };
}
use statements;

/// A store in one SQLite file.
///
/// Dropping it commits what waits, and closes the file.
pub struct Sqlite {
    // In the order in which they are dropped: the last connection to close puts the log back into the file.
    readers: Arc<Readers>,
    writer: Writer,
    remembered: Arc<Remembered>,
    proofs: ReplayMemory,
    noted_events: NotedEvents,
}

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// When the disk has it: survives a power cut.
    Full,
    /// When the operating system has it: survives the end of the process.
    Normal,
}

/// How a file is used.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// When a commit counts as done.
    pub synchronous: Synchronous,
    /// How much of what strangers can leave is kept.
    pub limits: Limits,
    /// How many connections read.
    pub readers: usize,
    /// Memory for pages of the connection that writes, in KiB.
    pub writer_cache_kib: u32,
    /// Memory for pages of each connection that reads, in KiB.
    pub reader_cache_kib: u32,
    /// How much of the file is mapped into memory instead of copied.
    pub mapped_bytes: u64,
    /// After how many pages the log is put back into the file.
    pub checkpoint_pages: u32,
    /// How many steps may wait to be written; more are refused.
    pub waiting_steps: usize,
    /// How many tokens are remembered, at less than half a kilobyte each.
    pub remembered_tokens: usize,
    /// How many accounts are remembered.
    pub remembered_accounts: usize,
    /// How many legacy sessions are remembered, at a quarter of a kilobyte each.
    pub remembered_legacy_sessions: usize,
    /// How many requests are remembered, at one to two kilobytes each.
    pub remembered_requests: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            limits: Limits::DISK,
            readers: 4,
            writer_cache_kib: 2048,
            reader_cache_kib: 512,
            mapped_bytes: 0,
            checkpoint_pages: 2000,
            waiting_steps: 4096,
            remembered_tokens: 50_000,
            remembered_accounts: 10_000,
            remembered_legacy_sessions: 20_000,
            remembered_requests: 1024,
        }
    }
}

const ENGINE: &str = "sqlite";
const BUSY: Duration = Duration::from_secs(5);
/// More than the statements of all files.
const PREPARED: usize = 224;

impl Sqlite {
    /// Opens the file, creates it where there is none (for its owner alone), and brings it to the newest schema.
    /// Blocks while it does.
    ///
    /// # Errors
    /// When the file cannot be opened or written, is no database, or was written by a newer program.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        let path = path.as_ref();
        create_private(path)?;
        let mut connection =
            connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, options.writer_cache_kib, &options)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        let synchronous = match options.synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "wal_autocheckpoint", options.checkpoint_pages)?;
        connection.pragma_update(
            None,
            "journal_size_limit",
            i64::from(options.checkpoint_pages) * 4096 * 4,
        )?;
        migrate::run(&mut connection)?;
        let reader = || connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, options.reader_cache_kib, &options);
        let readers = (0..options.readers.max(1)).map(|_| reader()).collect::<Result<Vec<_>, _>>()?;
        let remembered = Arc::new(Remembered::new(&options));
        Ok(Self {
            readers: Arc::new(Readers::new(readers)),
            writer: Writer::spawn(connection, Arc::clone(&remembered), &options)?,
            remembered,
            proofs: ReplayMemory::new(ENGINE, options.limits.proofs),
            noted_events: NotedEvents::default(),
        })
    }

    /// Runs one atomic step on the thread that writes.
    async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Write<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(step).await
    }

    /// Reads by a key; see [`Readers::point`].
    async fn point<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.point(read).await
    }

    /// Reads many rows; see [`Readers::scan`].
    async fn scan<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.scan(read).await
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        failed(error)
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Backend { engine: ENGINE, source: source.into() }
}

fn full(what: &'static str) -> StoreError {
    StoreError::Full { engine: ENGINE, what }
}

fn connect(
    path: &Path,
    flags: OpenFlags,
    cache_kib: u32,
    options: &Options,
) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "cache_size", -i64::from(cache_kib))?;
    connection.pragma_update(None, "mmap_size", i64::try_from(options.mapped_bytes).unwrap_or(i64::MAX))?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// The log beside the file takes over its mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(failed)
}

#[cfg(test)]
mod tests;
