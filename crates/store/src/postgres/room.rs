//! How much there is of what strangers can leave here (SEC-72). Rows are counted when the program starts, at each sweep,
//! and again where there seems to be no room; in between each node counts its own. Another node's are so known of at the
//! next sweep at the latest: the limits are those of a node, and not to be exceeded by more than what the others made since.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlx::postgres::PgConnection;

use super::row::{Columns, one, params};
use super::statements;
use crate::{Limits, StoreError};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Assertions,
    Challenges,
    Devices,
    LexiconVersions,
    Proofs,
    Requests,
}

/// One of something for each kind.
#[derive(Debug, Default)]
struct Each<T> {
    assertions: T,
    challenges: T,
    devices: T,
    lexicon_versions: T,
    proofs: T,
    requests: T,
}

impl<T> Each<T> {
    const fn of(&self, kind: Kind) -> &T {
        match kind {
            Kind::Assertions => &self.assertions,
            Kind::Challenges => &self.challenges,
            Kind::Devices => &self.devices,
            Kind::LexiconVersions => &self.lexicon_versions,
            Kind::Proofs => &self.proofs,
            Kind::Requests => &self.requests,
        }
    }
}

impl Kind {
    /// In the order of the columns of [`COUNT`].
    const ALL: [Self; 6] = [
        Self::Assertions,
        Self::Challenges,
        Self::Devices,
        Self::LexiconVersions,
        Self::Proofs,
        Self::Requests,
    ];

    const fn limit(self, limits: &Limits) -> u64 {
        match self {
            Self::Assertions => limits.assertions,
            Self::Challenges => limits.challenges,
            Self::Devices => limits.devices,
            Self::LexiconVersions => limits.lexicon_versions,
            Self::Proofs => limits.proofs as u64,
            Self::Requests => limits.open_requests,
        }
    }
}

/// What a step changes of the counts.
#[derive(Debug, Default)]
pub(super) struct Grown(Vec<(Kind, i64)>);

impl Grown {
    pub(super) fn of(kind: Kind, rows: i64) -> Self {
        let mut grown = Self::default();
        grown.add(kind, rows);
        grown
    }

    pub(super) fn add(&mut self, kind: Kind, rows: i64) {
        self.0.push((kind, rows));
    }
}

/// A number of rows, to be counted with a sign.
pub(super) fn signed(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The counts.
#[derive(Debug)]
pub(super) struct Room {
    limits: Limits,
    rows: Each<AtomicI64>,
    /// When all of them were counted last.
    counted: Mutex<Instant>,
}

/// What is full is not counted more often than this.
const RECOUNT: Duration = Duration::from_secs(1);

impl Room {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, rows: Each::default(), counted: Mutex::new(Instant::now()) }
    }

    /// A place for one more row, held until it is kept or dropped; none if all are taken.
    pub(super) fn take(&self, kind: Kind) -> Option<Place<'_>> {
        let limit = i64::try_from(kind.limit(&self.limits)).unwrap_or(i64::MAX);
        let more = |rows| (rows < limit).then_some(rows + 1);
        let taken = self.rows.of(kind).fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.is_ok().then(|| Place { room: self, kind })
    }

    /// Whether all places are taken.
    pub(super) fn is_full(&self, kind: Kind) -> bool {
        let limit = i64::try_from(kind.limit(&self.limits)).unwrap_or(i64::MAX);
        self.rows.of(kind).load(Ordering::Relaxed) >= limit
    }

    pub(super) fn apply(&self, grown: &Grown) {
        for (kind, more) in &grown.0 {
            self.rows.of(*kind).fetch_add(*more, Ordering::Relaxed);
        }
    }

    /// Whether what seems full is to be counted: what another node deleted is not known of here.
    pub(super) fn is_due(&self) -> bool {
        let mut counted = self.counted.lock();
        let is_due = counted.elapsed() >= RECOUNT;
        if is_due {
            *counted = Instant::now();
        }
        is_due
    }

    /// Counts all of them.
    pub(super) async fn count(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let counts = one(connection, COUNT, params![], |row| {
            let columns = Columns::new("count", row);
            for (at, kind) in Kind::ALL.into_iter().enumerate() {
                self.rows.of(kind).store(columns.value(at, "count")?, Ordering::Relaxed);
            }
            Ok(())
        });
        counts.await.map(drop)
    }
}

/// A place that is taken.
pub(super) struct Place<'a> {
    room: &'a Room,
    kind: Kind,
}

impl Place<'_> {
    /// There is a row there now.
    pub(super) fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.room.rows.of(self.kind).fetch_sub(1, Ordering::Relaxed);
    }
}

statements! {
    /// In the order of [`Kind::ALL`].
    COUNT = "SELECT (SELECT count(*) FROM assertion), (SELECT count(*) FROM challenge), \
        (SELECT count(*) FROM device), (SELECT count(*) FROM lexicon_version), (SELECT count(*) FROM proof), \
        (SELECT count(*) FROM request)";
}
