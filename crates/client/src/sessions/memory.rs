//! Sessions in the memory of the process: for tests, and for programs that may forget.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;
use parking_lot::Mutex;

use super::{
    Allowance, Fence, Holder, Keep, Lease, MEMORY_OF_THE_GONE, Result, RowKey, RowKind, Saved, SessionStore,
    SessionStoreError, Spent, Uses,
};

/// A store in the memory of the process.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    rows: BTreeMap<RowKey, Row>,
    pending: HashMap<[u8; 32], (Vec<u8>, UnixTime)>,
    uses: HashMap<[u8; 32], (Uses, UnixTime)>,
}

#[derive(Debug, Default)]
struct Row {
    sealed: Option<Vec<u8>>,
    /// When it may go: of a row that is gone, until when it is remembered.
    until: Option<UnixTime>,
    fence: Fence,
    lease: Option<(Holder, UnixTime)>,
}

impl Row {
    fn live(&self, now: UnixTime) -> Option<&Vec<u8>> {
        self.sealed.as_ref().filter(|_| self.until.is_none_or(|until| now < until))
    }

    fn write(&mut self, keep: Keep<'_>) {
        self.sealed = Some(keep.sealed.to_vec());
        self.until = keep.until;
    }

    fn is_over(&self, now: UnixTime) -> bool {
        self.until.is_some_and(|until| until <= now) && self.lease.is_none_or(|(_, until)| until <= now)
    }
}

impl Memory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl SessionStore for Memory {
    async fn find(&self, key: &RowKey, now: UnixTime) -> Result<Option<Vec<u8>>> {
        Ok(self.0.lock().rows.get(key).and_then(|row| row.live(now).cloned()))
    }

    async fn list(
        &self,
        kind: RowKind,
        after: Option<&RowKey>,
        limit: usize,
        now: UnixTime,
    ) -> Result<Vec<(RowKey, Vec<u8>)>> {
        let (first, beyond) = RowKey::range(kind);
        let from = after.map_or(Bound::Included(first), |after| Bound::Excluded(*after.max(&first)));
        if matches!(from, Bound::Excluded(after) if after >= beyond) {
            return Ok(Vec::new());
        }
        let tables = self.0.lock();
        let rows = tables.rows.range((from, Bound::Excluded(beyond)));
        Ok(rows.filter_map(|(key, row)| Some((*key, row.live(now)?.clone()))).take(limit).collect())
    }

    async fn put(&self, key: &RowKey, keep: Keep<'_>, now: UnixTime) -> Result<()> {
        let mut tables = self.0.lock();
        let row = tables.rows.entry(*key).or_default();
        row.fence = row.fence.next(now);
        row.lease = None;
        row.write(keep);
        Ok(())
    }

    async fn lease(&self, key: &RowKey, holder: Holder, now: UnixTime, lasts: Duration) -> Result<Lease> {
        let mut tables = self.0.lock();
        let row = tables.rows.entry(*key).or_default();
        match row.lease {
            Some((other, until)) if other != holder && now < until => return Ok(Lease::Held { until }),
            Some((same, _)) if same == holder => {}
            _ => row.fence = row.fence.next(now),
        }
        row.lease = Some((holder, now.plus(lasts)));
        if row.sealed.is_none() {
            row.until = Some(now.plus(MEMORY_OF_THE_GONE));
        }
        Ok(Lease::Granted { fence: row.fence, sealed: row.live(now).cloned() })
    }

    async fn save(&self, key: &RowKey, fence: Fence, keep: Keep<'_>, _: UnixTime) -> Result<Saved> {
        match self.0.lock().rows.get_mut(key) {
            Some(row) if row.fence == fence && row.lease.is_some() => {
                row.write(keep);
                Ok(Saved::Saved)
            }
            _ => Ok(Saved::Late),
        }
    }

    async fn release(&self, key: &RowKey, fence: Fence) -> Result<()> {
        if let Some(row) = self.0.lock().rows.get_mut(key).filter(|row| row.fence == fence) {
            row.lease = None;
        }
        Ok(())
    }

    async fn delete(&self, key: &RowKey, now: UnixTime) -> Result<bool> {
        let mut tables = self.0.lock();
        let Some(row) = tables.rows.get_mut(key) else { return Ok(false) };
        row.fence = row.fence.next(now);
        row.lease = None;
        let there = row.live(now).is_some();
        row.sealed = None;
        row.until = Some(now.plus(MEMORY_OF_THE_GONE));
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
        let mut tables = self.0.lock();
        let is_full = |tables: &Tables| u64::try_from(tables.pending.len()).is_ok_and(|count| count >= most);
        if !tables.pending.contains_key(key) && is_full(&tables) {
            tables.pending.retain(|_, (_, until)| now < *until);
            if is_full(&tables) {
                return Err(SessionStoreError::Full { engine: "memory" });
            }
        }
        tables.pending.insert(*key, (sealed.to_vec(), until));
        Ok(())
    }

    async fn take_pending(&self, key: &[u8; 32], now: UnixTime) -> Result<Option<Vec<u8>>> {
        let taken = self.0.lock().pending.remove(key);
        Ok(taken.filter(|(_, until)| now < *until).map(|(sealed, _)| sealed))
    }

    async fn spend(&self, key: &[u8; 32], now: UnixTime, allowances: &[Allowance]) -> Result<Spent> {
        let mut tables = self.0.lock();
        let (uses, until) = tables.uses.entry(*key).or_default();
        let spent = uses.spend(now, allowances);
        *until = uses.until(allowances);
        Ok(spent)
    }

    async fn sweep(&self, now: UnixTime, limit: usize) -> Result<usize> {
        let mut tables = self.0.lock();
        let mut left = limit;
        let mut swept = |over: bool| {
            let go = over && left > 0;
            left -= usize::from(go);
            !go
        };
        tables.rows.retain(|_, row| swept(row.is_over(now)));
        tables.pending.retain(|_, (_, until)| swept(*until <= now));
        tables.uses.retain(|_, (_, until)| swept(*until <= now));
        Ok(limit - left)
    }
}
