//! One atomic step: a transaction of its own, as if no other ran beside it (`SERIALIZABLE`). Where the database finds that
//! two steps cannot both have been alone, one of them is begun again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use sqlx::postgres::PgArguments;
use sqlx::{Postgres as Engine, Transaction};

use super::room::{Grown, Kind, Room};
use super::row::Params;
use super::{Postgres, failed};
use crate::StoreError;

/// What a step works with. It is undone if it is dropped.
pub(super) struct Write {
    pub(super) connection: Transaction<'static, Engine>,
    grown: Grown,
}

const BEGIN: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

impl Postgres {
    /// Begins a step. In a task of its own: whoever asked may leave before the database has answered, and sqlx would give
    /// the connection back with a transaction open in it, in which whatever came next would be undone.
    pub(super) async fn begin(&self) -> Result<Write, StoreError> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(BEGIN).await }).await;
        Ok(Write { connection: begun.map_err(failed)??, grown: Grown::default() })
    }
}

impl Write {
    /// Runs a statement; how many rows it changed.
    pub(super) async fn execute(&mut self, sql: &'static str, params: Params) -> Result<usize, StoreError> {
        let arguments: PgArguments = params.arguments()?;
        let done = sqlx::query_with(sql, arguments).execute(&mut *self.connection).await?;
        usize::try_from(done.rows_affected()).map_err(failed)
    }

    /// Notes that there are so many rows more of what strangers can leave, or less, once the step is kept.
    pub(super) fn grew(&mut self, kind: Kind, rows: i64) {
        self.grown.add(kind, rows);
    }

    /// Keeps what the step did, or undoes it. `None` if it is to be begun again.
    pub(super) async fn finish<T>(
        self,
        outcome: Result<T, StoreError>,
        tries: &mut Tries,
        room: &Room,
    ) -> Option<Result<T, StoreError>> {
        let Self { connection, grown } = self;
        let outcome = match outcome {
            Ok(done) => connection.commit().await.map(|()| done).map_err(StoreError::from),
            Err(error) => {
                // What cannot be undone by word is undone when the connection is closed.
                let _ = connection.rollback().await;
                Err(error)
            }
        };
        match outcome {
            Ok(done) => {
                room.apply(&grown);
                Some(Ok(done))
            }
            Err(error) if tries.again(&error).await => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// How often a step was begun.
#[derive(Default)]
pub(super) struct Tries(u32);

/// The most that a step is begun. Each time one of those that are in each other's way is kept.
const MOST: u32 = 64;
/// The most that one whose row another made first is begun: then it finds that row, or it is its own mistake.
const MOST_TAKEN: u32 = 4;

impl Tries {
    /// Whether to begin again, once a moment has passed in which the others may finish.
    async fn again(&mut self, error: &StoreError) -> bool {
        let most = match code_of(error).as_deref() {
            // Could not be serialised, or waited for one that waited for it.
            Some("40001" | "40P01") => MOST,
            Some("23505") => MOST_TAKEN,
            _ => return false,
        };
        self.0 += 1;
        if self.0 >= most {
            return false;
        }
        let longest = 1 << self.0.min(6);
        let micros = RandomState::new().hash_one(self.0) % (longest * 500);
        tokio::time::sleep(Duration::from_micros(micros)).await;
        true
    }
}

/// What the database says of an error, if it said it.
fn code_of(error: &StoreError) -> Option<String> {
    let StoreError::Backend { source, .. } = error else { return None };
    let code = source.downcast_ref::<sqlx::Error>()?.as_database_error()?.code()?;
    Some(code.into_owned())
}

/// What a statement came to that is a whole step in most cases: none where it is for the step itself to be taken, because the
/// case is another one or somebody was in the way.
pub(super) fn at_once<T>(outcome: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match outcome {
        Err(error) if matches!(code_of(&error).as_deref(), Some("40001" | "40P01" | "23505")) => Ok(None),
        outcome => outcome,
    }
}

/// Runs a step on a store until it is kept, or fails for good. The step is an expression of `Result<_, StoreError>`, in
/// which `?` and `return` leave the step.
macro_rules! atomic {
    ($store:expr, $write:ident => $step:expr) => {{
        let mut tries = $crate::postgres::writer::Tries::default();
        loop {
            let mut begun = $store.begin().await?;
            let outcome: Result<_, StoreError> = async {
                let $write = &mut begun;
                $step
            }
            .await;
            if let Some(outcome) = begun.finish(outcome, &mut tries, &$store.room).await {
                break outcome;
            }
        }
    }};
}
pub(super) use atomic;
