//! What was fetched, kept as fresh, stale or gone, with one fetch at a time for each key.
//!
//! Fresh: answered from memory. Stale: fetched again, and if that fails for a passing reason the last good copy
//! serves for as long as the caller's grace goes (CM-32). Gone: nothing is kept. A failure is never kept (CM-8):
//! only those who were waiting for the very fetch that failed share its error.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use gatewright_protocol::time::{Clock, UnixTime};
use parking_lot::Mutex;

use crate::error::ResolveError;

/// After a failed refetch, a last good copy serves this long before the publisher is asked again.
const PAUSE: Duration = Duration::from_secs(30);
/// What an entry weighs beside its document, in bytes.
const ENTRY: usize = 512;

/// Documents by key, bounded in bytes.
pub(crate) struct Cache<K, V> {
    kept: moka::sync::Cache<K, Arc<Kept<V>>>,
    flights: Arc<Flights<K, V>>,
    clock: Arc<dyn Clock>,
}

struct Kept<V> {
    value: V,
    fetched: UnixTime,
    lasts: Duration,
    /// Not asked again before then, in milliseconds, because the last try failed.
    not_before: AtomicI64,
    weight: u32,
}

/// What a fetch brought.
#[derive(Debug)]
pub(crate) struct Fresh<V> {
    pub(crate) value: V,
    /// How long it needs no second look.
    pub(crate) lasts: Duration,
    /// About how many bytes it takes.
    pub(crate) size: usize,
}

/// What a caller gets.
#[derive(Clone, Debug)]
pub(crate) struct Found<V> {
    pub(crate) value: V,
    /// How long ago it was fetched.
    pub(crate) age: Duration,
    /// It is the last good copy: its publisher cannot be reached at the moment.
    pub(crate) stale: bool,
}

/// When a kept copy will not do although it is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A fresh copy will do.
    Fresh,
    /// Only a copy younger than this will do; for an unknown `kid` (CM-33) and for identity checks (ID-16).
    YoungerThan(Duration),
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(crate) fn new(clock: Arc<dyn Clock>, most_bytes: usize) -> Self {
        let kept = moka::sync::Cache::builder()
            .weigher(|_, kept: &Arc<Kept<V>>| kept.weight)
            .max_capacity(most_bytes as u64)
            .build();
        Self { kept, flights: Arc::default(), clock }
    }

    /// The value of `key`, by `fetch` if none is kept that serves the need. A last good copy up to `grace` old serves
    /// while its publisher cannot be reached.
    pub(crate) async fn get<F>(
        &self,
        key: &K,
        need: Need,
        grace: Duration,
        fetch: impl FnOnce() -> F,
    ) -> Result<Found<V>, ResolveError>
    where
        F: Future<Output = Result<Fresh<V>, ResolveError>>,
    {
        if let Some(found) = self.kept(key, need, grace) {
            return Ok(found);
        }
        let flight = self.flights.join(key);
        let seen = flight.landed();
        let _turn = flight.turn().await;
        if let Some(found) = self.kept(key, need, grace) {
            return Ok(found);
        }
        if let Some(outcome) = flight.landed_since(seen) {
            return outcome;
        }
        let outcome = self.fetch(key, grace, fetch).await;
        flight.land(outcome.clone());
        outcome
    }

    async fn fetch<F>(
        &self,
        key: &K,
        grace: Duration,
        fetch: impl FnOnce() -> F,
    ) -> Result<Found<V>, ResolveError>
    where
        F: Future<Output = Result<Fresh<V>, ResolveError>>,
    {
        match fetch().await {
            Ok(Fresh { value, lasts, size }) => {
                let weight = u32::try_from(size.saturating_add(ENTRY)).unwrap_or(u32::MAX);
                let fetched = self.clock.now();
                let not_before = AtomicI64::new(i64::MIN);
                let kept = Kept { value: value.clone(), fetched, lasts, not_before, weight };
                self.kept.insert(key.clone(), Arc::new(kept));
                Ok(Found { value, age: Duration::ZERO, stale: false })
            }
            Err(error) if error.is_transient() => match self.last_good(key, grace) {
                Some((kept, age)) => {
                    let pause = self.clock.now().plus(PAUSE);
                    kept.not_before.store(pause.millis(), Ordering::Relaxed);
                    Ok(Found { value: kept.value.clone(), age, stale: true })
                }
                None => Err(error),
            },
            // Its publisher answered, and no longer with this: the old copy must not come back.
            Err(error) => {
                self.kept.invalidate(key);
                Err(error)
            }
        }
    }

    /// What is kept and serves without asking.
    pub(crate) fn kept(&self, key: &K, need: Need, grace: Duration) -> Option<Found<V>> {
        let kept = self.kept.get(key)?;
        let now = self.clock.now();
        // A copy from the future: the clock was set back, and its age cannot be told.
        let age = (kept.fetched <= now).then(|| now.since(kept.fetched))?;
        let fresh = match need {
            Need::Fresh => age < kept.lasts,
            Need::YoungerThan(limit) => age < limit,
        };
        let paused = now.millis() < kept.not_before.load(Ordering::Relaxed) && age <= grace;
        (fresh || paused).then(|| Found { value: kept.value.clone(), age, stale: !fresh })
    }

    fn last_good(&self, key: &K, grace: Duration) -> Option<(Arc<Kept<V>>, Duration)> {
        let kept = self.kept.get(key)?;
        let now = self.clock.now();
        let age = (kept.fetched <= now).then(|| now.since(kept.fetched))?;
        (age <= grace).then_some((kept, age))
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> u64 {
        self.kept.run_pending_tasks();
        self.kept.entry_count()
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// The keys that somebody fetches or waits for at this moment.
struct Flights<K, V>(Mutex<HashMap<K, Arc<Flight<V>>>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

type Outcome<V> = Result<Found<V>, ResolveError>;

struct Flight<V> {
    turn: tokio::sync::Mutex<()>,
    /// How many fetches have ended since somebody joined an empty queue, and how the last one ended.
    landed: Mutex<(u64, Option<Outcome<V>>)>,
}

impl<V> Default for Flight<V> {
    fn default() -> Self {
        Self { turn: tokio::sync::Mutex::default(), landed: Mutex::new((0, None)) }
    }
}

/// A place in the queue of one key. The last to leave takes the key with it.
struct Aboard<K: Hash + Eq, V> {
    flights: Arc<Flights<K, V>>,
    key: K,
    flight: Option<Arc<Flight<V>>>,
}

impl<K: Hash + Eq + Clone, V> Flights<K, V> {
    fn join(self: &Arc<Self>, key: &K) -> Aboard<K, V> {
        let flight = Arc::clone(self.0.lock().entry(key.clone()).or_default());
        Aboard { flights: Arc::clone(self), key: key.clone(), flight: Some(flight) }
    }
}

impl<K: Hash + Eq, V: Clone> Aboard<K, V> {
    fn flight(&self) -> &Flight<V> {
        self.flight.as_ref().expect("only drop takes it")
    }

    async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.flight().turn.lock().await
    }

    fn landed(&self) -> u64 {
        self.flight().landed.lock().0
    }

    /// How a fetch ended that was under way when this caller came.
    fn landed_since(&self, seen: u64) -> Option<Outcome<V>> {
        let landed = self.flight().landed.lock();
        if landed.0 > seen { landed.1.clone() } else { None }
    }

    fn land(&self, outcome: Outcome<V>) {
        let mut landed = self.flight().landed.lock();
        *landed = (landed.0 + 1, Some(outcome));
    }
}

impl<K: Hash + Eq, V> Drop for Aboard<K, V> {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock();
        self.flight = None;
        if flights.get(&self.key).is_some_and(|flight| Arc::strong_count(flight) == 1) {
            flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
