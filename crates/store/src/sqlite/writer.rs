//! The thread that writes. Steps that wait together go into one transaction: one commit, one flush of the disk. Each
//! has its own savepoint, so that one that fails takes nothing of the others with it. Nobody is answered before the
//! commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{CachedStatement, Connection};
use tokio::sync::oneshot;

use super::cache::{Change, Remembered};
use super::{Options, failed, full, statements};
use crate::{Limits, StoreError};

#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

/// The most steps of one transaction.
const TOGETHER: usize = 256;
/// How long what another process wrote may go unnoticed.
const STRANGERS: Duration = Duration::from_millis(100);

impl Writer {
    pub(super) fn spawn(
        connection: Connection,
        remembered: Arc<Remembered>,
        options: &Options,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = sync_channel(options.waiting_steps.max(1));
        let limits = options.limits;
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || serve(&connection, &remembered, limits, &jobs))
            .map_err(failed)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs a step; all it did is committed, or nothing. A step that nobody waits for any more runs all the same.
    ///
    /// # Errors
    /// What the step failed with, or the commit; [`StoreError::Full`] at once when too many steps wait.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Write<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, outcome) = oneshot::channel();
        let job = Box::new(Step { work: Some(step), outcome: None, answer });
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => full("waiting steps"),
            TrySendError::Disconnected(_) => stopped(),
        })?;
        outcome.await.map_err(|_| stopped())?
    }
}

/// What waits is still written.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn stopped() -> StoreError {
    failed("the thread that writes has ended")
}

/// What a step works with.
pub(super) struct Write<'a> {
    pub(super) connection: &'a Connection,
    pub(super) remembered: &'a Remembered,
    pub(super) limits: Limits,
    pub(super) counts: Counts,
    changes: Vec<Change>,
}

/// How many rows there are of what strangers can leave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) challenges: u64,
    pub(super) devices: u64,
    pub(super) assertions: u64,
    pub(super) lexicon_versions: u64,
}

impl Write<'_> {
    /// A statement, prepared once.
    pub(super) fn prepare(&self, sql: &'static str) -> Result<CachedStatement<'_>, StoreError> {
        Ok(self.connection.prepare_cached(sql)?)
    }

    /// Runs a statement; how many rows it changed.
    pub(super) fn execute(
        &self,
        sql: &'static str,
        params: impl rusqlite::Params,
    ) -> Result<usize, StoreError> {
        Ok(self.prepare(sql)?.execute(params)?)
    }

    /// Notes what is to be known after the commit.
    pub(super) fn change(&mut self, change: Change) {
        self.changes.push(change);
    }

    fn count(&mut self) -> Result<(), StoreError> {
        let counts = self.prepare(COUNT)?.query_row([], |row| {
            let count = |at| row.get(at).map(|count: i64| u64::try_from(count).unwrap_or(0));
            Ok(Counts {
                requests: count(0)?,
                challenges: count(1)?,
                devices: count(2)?,
                assertions: count(3)?,
                lexicon_versions: count(4)?,
            })
        })?;
        self.counts = counts;
        Ok(())
    }
}

trait Job: Send {
    /// Runs the step, and says whether it went well.
    fn run(&mut self, write: &mut Write<'_>) -> bool;
    /// Tells the caller, after the commit or its failure.
    fn answer(self: Box<Self>, committed: Result<(), &str>);
}

impl std::fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

struct Step<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Step<T, F>
where
    T: Send,
    F: FnOnce(&mut Write<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, write: &mut Write<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(write)));
        let outcome = outcome.unwrap_or_else(|_| Err(failed("the step panicked")));
        self.outcome.insert(outcome).is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), &str>) {
        let outcome = match (committed, self.outcome) {
            (_, Some(Err(error))) => Err(error),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(failed("the step was never run")),
            (Err(reason), _) => Err(failed(reason)),
        };
        // Whoever waited may have gone away.
        let _ = self.answer.send(outcome);
    }
}

fn serve(connection: &Connection, remembered: &Remembered, limits: Limits, jobs: &Receiver<Box<dyn Job>>) {
    let mut write = Write { connection, remembered, limits, counts: Counts::default(), changes: Vec::new() };
    let mut version = None;
    let mut together = Vec::new();
    loop {
        let next = jobs.recv_timeout(STRANGERS);
        if let Err(error) = notice_strangers(&mut write, &mut version) {
            tracing::warn!(%error, "the database could not be asked whether another process wrote to it");
        }
        match next {
            Ok(job) => together.push(job),
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        }
        together.extend(jobs.try_iter().take(TOGETHER - 1));
        let committed = commit_together(&mut write, &mut together).map_err(|error| error.to_string());
        for job in together.drain(..) {
            job.answer(committed.as_ref().copied().map_err(String::as_str));
        }
    }
}

/// Forgets everything if another process wrote since the last time. Our own commits do not show here.
fn notice_strangers(write: &mut Write<'_>, known: &mut Option<i64>) -> Result<(), StoreError> {
    let version = write.prepare(DATA_VERSION)?.query_row([], |row| row.get(0))?;
    if *known != Some(version) {
        write.remembered.forget_all();
        write.count()?;
        *known = Some(version);
    }
    Ok(())
}

fn commit_together(write: &mut Write<'_>, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let before = write.counts;
    write.changes.clear();
    let outcome = run_together(write, jobs);
    if outcome.is_err() {
        write.counts = before;
        write.changes.clear();
        if !write.connection.is_autocommit() {
            write.execute(ROLLBACK, [])?;
        }
        return outcome;
    }
    for change in write.changes.drain(..) {
        write.remembered.apply(change);
    }
    Ok(())
}

fn run_together(write: &mut Write<'_>, jobs: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    write.execute(BEGIN, [])?;
    if let [job] = jobs {
        // Alone, a step needs no savepoint: the transaction is its own.
        let (counts, changes) = (write.counts, write.changes.len());
        if job.run(write) {
            write.execute(COMMIT, [])?;
            return Ok(());
        }
        write.counts = counts;
        write.changes.truncate(changes);
        if !write.connection.is_autocommit() {
            write.execute(ROLLBACK, [])?;
        }
        return Ok(());
    }
    for job in jobs {
        let (counts, changes) = (write.counts, write.changes.len());
        write.execute(SAVE, [])?;
        if !job.run(write) {
            write.counts = counts;
            write.changes.truncate(changes);
            // A full disk, for one, may have ended the whole transaction; then this fails, and so do all.
            write.execute(UNDO, [])?;
        }
        write.execute(RELEASE, [])?;
    }
    write.execute(COMMIT, [])?;
    Ok(())
}

statements! {
    BEGIN = "BEGIN IMMEDIATE";
    SAVE = "SAVEPOINT step";
    UNDO = "ROLLBACK TO step";
    RELEASE = "RELEASE step";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
    DATA_VERSION = "PRAGMA data_version";
    COUNT = "SELECT (SELECT count(*) FROM request), (SELECT count(*) FROM challenge), \
        (SELECT count(*) FROM device), (SELECT count(*) FROM assertion), (SELECT count(*) FROM lexicon_version)";
}
