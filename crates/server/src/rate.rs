//! Counting what strangers do, in bounded memory (AS-49, SEC-72).

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use gatewright_protocol::time::UnixTime;
use parking_lot::Mutex;

use crate::settings::Rate;

/// Counts events by key over a sliding window: what happened in this window, and of the last one the part that the
/// sliding window still covers. Keys are kept as keyed hashes.
pub(crate) struct Counter {
    rate: Rate,
    beyond: Beyond,
    hasher: RandomState,
    counts: Mutex<Counts>,
}

/// The longest window in milliseconds: a year.
const LONGEST: i64 = 365 * 24 * 60 * 60 * 1000;
/// More keys than this are not counted one by one.
const MOST_KEYS: usize = 20_000;
/// Keys beyond [`MOST_KEYS`] share this many counts: a flood of keys slows itself down, not those counted before.
const SHARED: u64 = 1024;

/// What happens with keys beyond [`MOST_KEYS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beyond {
    /// They share counts: anybody can make up such keys.
    Shared,
    /// They are not counted: such keys were given out by us, and a busy server has many.
    Uncounted,
}

#[derive(Default)]
struct Counts {
    window: i64,
    current: HashMap<u64, u32>,
    previous: HashMap<u64, u32>,
}

/// Too many: come again after this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// For `Retry-After`.
    pub retry_after: Duration,
}

impl Counter {
    /// Counts keys that anybody can make up.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, beyond: Beyond::Shared, hasher: RandomState::new(), counts: Mutex::default() }
    }

    /// Counts keys that were given out by this server.
    pub(crate) fn of_known_keys(rate: Rate) -> Self {
        Self { beyond: Beyond::Uncounted, ..Self::new(rate) }
    }

    /// Counts one event, or says that there were too many; what is refused is not counted.
    pub(crate) fn count(&self, key: impl Hash, now: UnixTime) -> Result<(), TooMany> {
        let mut counts = self.counts.lock();
        let Some(key) = self.slot(&mut counts, key, now) else { return Ok(()) };
        self.check_slot(&counts, key, now)?;
        *counts.current.entry(key).or_default() += 1;
        Ok(())
    }

    /// Says whether there were too many, without counting.
    pub(crate) fn check(&self, key: impl Hash, now: UnixTime) -> Result<(), TooMany> {
        let mut counts = self.counts.lock();
        self.slot(&mut counts, key, now).map_or(Ok(()), |key| self.check_slot(&counts, key, now))
    }

    fn slot(&self, counts: &mut Counts, key: impl Hash, now: UnixTime) -> Option<u64> {
        let window = now.millis().div_euclid(self.window_millis());
        if window != counts.window {
            let passed = std::mem::take(&mut counts.current);
            // A clock that was set back starts anew, like one that jumped ahead (SEC-73).
            counts.previous = if window == counts.window + 1 { passed } else { HashMap::new() };
            counts.window = window;
        }
        let hash = self.hasher.hash_one(key);
        if counts.current.len() < MOST_KEYS || counts.current.contains_key(&hash) {
            return Some(hash);
        }
        match self.beyond {
            Beyond::Shared => Some(hash % SHARED),
            Beyond::Uncounted => None,
        }
    }

    fn check_slot(&self, counts: &Counts, key: u64, now: UnixTime) -> Result<(), TooMany> {
        let window = self.window_millis();
        let left = window - now.millis().rem_euclid(window);
        let current = i64::from(counts.current.get(&key).copied().unwrap_or(0));
        let previous = i64::from(counts.previous.get(&key).copied().unwrap_or(0));
        // Rounded up: what still counts of the last window counts whole.
        let passed = (previous * left).saturating_add(window - 1) / window;
        if current + passed < i64::from(self.rate.count) {
            return Ok(());
        }
        let wait = if current < i64::from(self.rate.count) { left / 4 } else { left };
        let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1000).max(1);
        Err(TooMany { retry_after: Duration::from_secs(seconds) })
    }

    fn window_millis(&self) -> i64 {
        i64::try_from(self.rate.window.as_millis()).unwrap_or(i64::MAX).clamp(1, LONGEST)
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counter").field("rate", &self.rate).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter() -> Counter {
        Counter::new(Rate { count: 3, window: Duration::from_mins(5) })
    }

    #[test]
    fn counts_by_key_and_forgets_with_time() {
        let counter = counter();
        let start = UnixTime::from_seconds(300_000);
        for _ in 0..3 {
            counter.count("a", start).expect("within the limit");
        }
        let refused = counter.count("a", start).expect_err("the fourth is too many");
        assert!(refused.retry_after <= Duration::from_mins(5) && refused.retry_after.as_secs() > 0);
        counter.count("b", start).expect("another key");
        let later = start.plus(Duration::from_secs(301));
        counter.check("a", later).expect_err("the window slides");
        counter.count("a", start.plus(Duration::from_mins(10))).expect("forgotten");
    }

    #[test]
    fn sec_73_a_clock_set_back_does_not_lock_anyone_out() {
        let counter = counter();
        let start = UnixTime::from_seconds(300_000);
        for _ in 0..3 {
            counter.count("a", start).expect("within the limit");
        }
        counter.count("a", start.minus(Duration::from_hours(1))).expect("counted anew");
    }

    #[test]
    fn sec_72_a_flood_of_keys_is_counted_in_bounded_memory() {
        let counter = counter();
        let now = UnixTime::from_seconds(300_000);
        for key in 0..(MOST_KEYS * 3) {
            let _ = counter.count(key, now);
        }
        let kept = counter.counts.lock().current.len();
        assert!(kept > MOST_KEYS && kept <= MOST_KEYS + usize::try_from(SHARED).expect("small"));
        counter.check("a late one", now).expect_err("late keys share counts, which are used up");

        let sessions = Counter::of_known_keys(Rate { count: 3, window: Duration::from_mins(5) });
        for key in 0..(MOST_KEYS * 3) {
            sessions.count(key, now).expect("nobody is refused for the number of others");
        }
        assert_eq!(sessions.counts.lock().current.len(), MOST_KEYS);
    }
}
