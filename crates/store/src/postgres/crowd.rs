//! What many ask at once, asked in one statement. A question that comes while others are under way waits for those, and goes
//! with all that came meanwhile: nothing waits for others to come, and no answer is older than its question.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use tokio::sync::oneshot;

use super::row::{Column, Param, params};
use super::{ENGINE, failed};
use crate::StoreError;

/// Where a statement takes so long, those who come after it wait for it no longer…
const HELD_UP: Duration = Duration::from_millis(20);
/// …as long as there are not so many statements of the crowd under way.
const MOST_ASKING: usize = 4;
/// The most questions of one statement.
const MOST: usize = 256;

/// Those who ask the same kind of question.
pub(super) struct Crowd<Q, A>(Arc<Mutex<Waiting<Q, A>>>);

struct Waiting<Q, A> {
    questions: Vec<(Q, Tell<A>)>,
    asking: usize,
    /// When the last statement was begun.
    begun: Instant,
}

type Tell<A> = oneshot::Sender<Result<A, Arc<StoreError>>>;

impl<Q, A> Default for Crowd<Q, A> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Waiting { questions: Vec::new(), asking: 0, begun: Instant::now() })))
    }
}

impl<Q: Send + 'static, A: Send + 'static> Crowd<Q, A> {
    /// The answer to one question. `ask` answers many, each at the place of its question.
    pub(super) async fn ask<F>(
        &self,
        question: Q,
        ask: impl Fn(Vec<Q>) -> F + Send + 'static,
    ) -> Result<A, StoreError>
    where
        F: Future<Output = Result<Vec<A>, StoreError>> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let begins = {
            let mut waiting = self.0.lock();
            waiting.questions.push((question, tell));
            let is_held_up = waiting.asking < MOST_ASKING && waiting.begun.elapsed() > HELD_UP;
            let begins = waiting.asking == 0 || is_held_up;
            waiting.asking += usize::from(begins);
            begins
        };
        if begins {
            // Not by whoever asked first: that one may leave while the others wait.
            let asking = Asking { crowd: Arc::clone(&self.0), is_over: false };
            tokio::spawn(asking.until_none_waits(ask));
        }
        match told.await {
            Ok(answer) => answer.map_err(|error| shared(&error)),
            Err(_) => Err(failed("the question was not asked")),
        }
    }
}

/// One who asks for all.
struct Asking<Q, A> {
    crowd: Arc<Mutex<Waiting<Q, A>>>,
    is_over: bool,
}

impl<Q, A> Asking<Q, A> {
    async fn until_none_waits<F>(mut self, ask: impl Fn(Vec<Q>) -> F)
    where
        F: Future<Output = Result<Vec<A>, StoreError>>,
    {
        while let Some((questions, tells)) = self.next() {
            match ask(questions).await {
                Ok(answers) => {
                    for (tell, answer) in tells.into_iter().zip(answers) {
                        let _ = tell.send(Ok(answer));
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for tell in tells {
                        let _ = tell.send(Err(Arc::clone(&error)));
                    }
                }
            }
        }
    }

    /// Those that wait. That there are none ends this one under the same lock, so that nobody comes in between and stays.
    fn next(&mut self) -> Option<(Vec<Q>, Vec<Tell<A>>)> {
        let mut waiting = self.crowd.lock();
        let count = waiting.questions.len().min(MOST);
        if count == 0 {
            waiting.asking -= 1;
            self.is_over = true;
            return None;
        }
        waiting.begun = Instant::now();
        Some(waiting.questions.drain(..count).unzip())
    }
}

/// For one that ends by a panic.
impl<Q, A> Drop for Asking<Q, A> {
    fn drop(&mut self) {
        if !self.is_over {
            self.crowd.lock().asking -= 1;
        }
    }
}

/// The one error of a statement, for each who asked.
fn shared(error: &Arc<StoreError>) -> StoreError {
    match &**error {
        StoreError::Full { what, .. } => StoreError::Full { engine: ENGINE, what },
        _ => failed(Arc::clone(error)),
    }
}

/// Rows that more than one may have asked for.
pub(super) type Rows = Arc<Vec<PgRow>>;

/// The rows of each key, by a statement that finds those of many keys (`= ANY ($1)`), with the key in the column `at`.
pub(super) async fn rows<K: Column + Eq + Hash>(
    pool: PgPool,
    sql: &'static str,
    at: usize,
    keys: Vec<K>,
) -> Result<Vec<Rows>, StoreError>
where
    Vec<K>: Param,
{
    let mut connection = pool.acquire().await?;
    let found = sqlx::query_with(sql, params![keys].arguments()?).fetch_all(&mut *connection).await?;
    let mut rows: HashMap<K, Vec<PgRow>> = HashMap::new();
    for row in found {
        let key =
            K::read(&row, at).ok_or_else(|| failed("a row came back without the key it was found by"))?;
        rows.entry(key).or_default().push(row);
    }
    let rows: HashMap<K, Rows> = rows.into_iter().map(|(key, rows)| (key, Arc::new(rows))).collect();
    Ok(keys.iter().map(|key| rows.get(key).cloned().unwrap_or_default()).collect())
}
