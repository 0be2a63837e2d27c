//! PostgreSQL: for any number of nodes over one database.
//!
//! - `writer.rs`: each step is a transaction that is serialised with all others, and begun again where it cannot be.
//! - `crowd.rs`: what many ask at once is asked in one statement.
//! - `room.rs`: how much of what strangers can leave there is.
//!
//! Nothing is remembered in the process: what one node has ended, every node refuses on its next request.

mod account;
mod app_password;
mod blob;
mod consent;
mod crowd;
mod device;
mod factor;
mod invite_code;
mod legacy_session;
mod lexicon;
mod mail_code;
mod migrate;
mod preference;
mod replay;
mod repo;
mod request;
mod room;
mod row;
mod scope_reference;
mod security_event;
mod set_change;
mod sweep;
mod token;
mod writer;

use std::fmt;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool, Postgres as Engine};

use self::crowd::{Crowd, Rows};
use self::room::Room;
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

/// Reads on a connection of its own.
macro_rules! read {
    ($store:expr, $connection:ident => $read:expr) => {{
        let mut connection = $store.connection().await?;
        let $connection = &mut *connection;
        $read
    }};
}
use read;

/// A store in a PostgreSQL database.
pub struct Postgres {
    pool: PgPool,
    room: Room,
    accounts: Crowd<String, Rows>,
    codes: Crowd<[u8; 32], Rows>,
    factors: Crowd<String, Rows>,
    proofs: Crowd<replay::Use, replay::Seen>,
    refreshes: Crowd<[u8; 32], Rows>,
    tokens: Crowd<[u8; 16], Rows>,
    noted_events: NotedEvents,
}

/// How a database is used.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How much of what strangers can leave is kept.
    pub limits: Limits,
    /// How many connections this process has at once.
    pub connections: u32,
    /// How long a step waits for one of them. Then it is refused: the caller answers 503.
    pub patience: Duration,
    /// How long the database may take for a statement.
    pub statement: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::DISK,
            connections: 16,
            patience: Duration::from_secs(2),
            statement: Duration::from_secs(10),
        }
    }
}

const ENGINE: &str = "postgres";
/// How long a connection that does nothing is believed to live.
const TRUSTED: Duration = Duration::from_secs(1);
/// More than the statements of all files.
const PREPARED: usize = 256;

impl Postgres {
    /// Connects to the database of this URL (`postgres://…`), and brings it to the newest schema. Nodes that start
    /// together wait for each other.
    ///
    /// # Errors
    /// When the URL is none, the database cannot be reached, or was used by a newer program.
    pub async fn connect(url: &str, options: Options) -> Result<Self, StoreError> {
        let millis = |time: Duration| time.as_millis().to_string();
        let limits = [
            ("statement_timeout", millis(options.statement)),
            ("lock_timeout", millis(options.statement)),
            ("idle_in_transaction_session_timeout", millis(options.statement)),
            // Every statement finds its rows by a key: there is one plan for all values, and it is made once.
            ("plan_cache_mode", "force_generic_plan".to_owned()),
        ];
        let connect: PgConnectOptions = url.parse()?;
        let connect =
            connect.application_name("gatewright").statement_cache_capacity(PREPARED).options(limits);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(1))
            .acquire_timeout(options.patience)
            // Whether a connection still lives is asked where it had nothing to do for a while, not before each statement.
            .test_before_acquire(false)
            .before_acquire(|connection, of| {
                Box::pin(async move { Ok(of.idle_for < TRUSTED || connection.ping().await.is_ok()) })
            })
            .connect_with(connect)
            .await?;
        let mut connection = pool.acquire().await?;
        migrate::run(&mut connection).await?;
        let room = Room::new(options.limits);
        room.count(&mut connection).await?;
        drop(connection);
        Ok(Self {
            pool,
            room,
            accounts: Crowd::default(),
            codes: Crowd::default(),
            factors: Crowd::default(),
            proofs: Crowd::default(),
            refreshes: Crowd::default(),
            tokens: Crowd::default(),
            noted_events: NotedEvents::default(),
        })
    }

    async fn connection(&self) -> Result<PoolConnection<Engine>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// A place for one more row of what strangers can leave; none if all are taken.
    async fn take(&self, kind: room::Kind) -> Result<Option<room::Place<'_>>, StoreError> {
        if let Some(place) = self.room.take(kind) {
            return Ok(Some(place));
        }
        if self.room.is_due() {
            self.room.count(&mut *self.connection().await?).await?;
        }
        Ok(self.room.take(kind))
    }

    /// Whether all places are taken.
    async fn is_full(&self, kind: room::Kind) -> Result<bool, StoreError> {
        if self.room.is_full(kind) && self.room.is_due() {
            self.room.count(&mut *self.connection().await?).await?;
        }
        Ok(self.room.is_full(kind))
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => full("connections"),
            error => failed(error),
        }
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Backend { engine: ENGINE, source: source.into() }
}

fn full(what: &'static str) -> StoreError {
    StoreError::Full { engine: ENGINE, what }
}

#[cfg(test)]
mod tests;
