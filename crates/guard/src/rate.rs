//! Counting what strangers do, in bounded memory (AS-49, RS-12, SEC-72).
//!
//! A [`Counter`] counts by key and says [`TooMany`] when a [`Rate`] is passed; what is refused is not counted. Whoever
//! counts decides what a key is: a [`Network`](crate::peer::Network), an account, a session.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use gatewright_protocol::time::UnixTime;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use parking_lot::Mutex;

/// So many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many: events, or points of events that do not count alike.
    pub count: u32,
    /// In how long.
    pub window: Duration,
}

/// Counts events by key over a sliding window: what happened in this window, and of the last one the part that the
/// sliding window still covers. Keys are kept as keyed hashes.
pub struct Counter {
    rate: Rate,
    beyond: Beyond,
    hasher: RandomState,
    counts: Mutex<Counts>,
}

/// The longest window in milliseconds: a year.
const LONGEST: i64 = 365 * 24 * 60 * 60 * 1000;
/// More keys than this are not counted one by one.
const MOST_KEYS: usize = 20_000;
/// More keys than this that were given out by us are not counted.
const MOST_KNOWN_KEYS: usize = 100_000;
/// Keys beyond [`MOST_KEYS`] share this many counts: a flood of keys slows itself down, not those counted before.
const SHARED: u64 = 1024;

/// What happens with keys beyond those that are counted one by one.
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

/// Too many: come again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooMany {
    /// The rate that was passed.
    pub rate: Rate,
    /// What is left of it, which is less than was asked for.
    pub remaining: u32,
    /// For `Retry-After`: after this long it would have been in order, if nothing else is counted meanwhile.
    pub retry_after: Duration,
    /// The same as a point in time.
    pub resets_at: UnixTime,
}

impl Counter {
    /// Counts keys that anybody can make up.
    pub fn new(rate: Rate) -> Self {
        Self { rate, beyond: Beyond::Shared, hasher: RandomState::new(), counts: Mutex::default() }
    }

    /// Counts keys that were given out by this server.
    pub fn of_known_keys(rate: Rate) -> Self {
        Self { beyond: Beyond::Uncounted, ..Self::new(rate) }
    }

    /// Counts one event.
    ///
    /// # Errors
    /// There were too many; this one is not counted.
    pub fn count(&self, key: impl Hash, now: UnixTime) -> Result<(), TooMany> {
        self.count_points(key, 1, now)
    }

    /// Counts an event of so many points.
    ///
    /// # Errors
    /// That would be too many; none of them is counted.
    pub fn count_points(&self, key: impl Hash, points: u32, now: UnixTime) -> Result<(), TooMany> {
        self.spend(key, points, now).map(drop)
    }

    /// The same, and says what is left.
    ///
    /// # Errors
    /// That would be too many; none of them is counted.
    pub fn spend(&self, key: impl Hash, points: u32, now: UnixTime) -> Result<Budget, TooMany> {
        let mut counts = self.counts.lock();
        let key = self.slot(&mut counts, key, now);
        let mut remaining = self.rate.count;
        if let Some(key) = key {
            remaining = self.check_slot(&counts, key, points, now)?;
            let count = counts.current.entry(key).or_default();
            *count = count.saturating_add(points);
        }
        // What was counted now has slid out whole when the next window ends.
        let window = self.window_millis();
        let left = 2 * window - now.millis().rem_euclid(window);
        let resets_at = now.plus(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        Ok(Budget { rate: self.rate, remaining, resets_at })
    }

    /// Says whether one more event would be counted, without counting it.
    ///
    /// # Errors
    /// There were too many.
    pub fn check(&self, key: impl Hash, now: UnixTime) -> Result<(), TooMany> {
        self.check_points(key, 1, now)
    }

    /// Says whether an event of so many points would be counted, without counting it.
    ///
    /// # Errors
    /// That would be too many.
    pub fn check_points(&self, key: impl Hash, points: u32, now: UnixTime) -> Result<(), TooMany> {
        let mut counts = self.counts.lock();
        match self.slot(&mut counts, key, now) {
            Some(key) => self.check_slot(&counts, key, points, now).map(drop),
            None => Ok(()),
        }
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
        let most = match self.beyond {
            Beyond::Shared => MOST_KEYS,
            Beyond::Uncounted => MOST_KNOWN_KEYS,
        };
        if counts.current.len() < most || counts.current.contains_key(&hash) {
            return Some(hash);
        }
        match self.beyond {
            Beyond::Shared => Some(hash % SHARED),
            Beyond::Uncounted => None,
        }
    }

    /// What would be left.
    fn check_slot(&self, counts: &Counts, key: u64, points: u32, now: UnixTime) -> Result<u32, TooMany> {
        let window = self.window_millis();
        let left = window - now.millis().rem_euclid(window);
        let (limit, points) = (i64::from(self.rate.count), i64::from(points));
        let current = i64::from(counts.current.get(&key).copied().unwrap_or(0));
        let previous = i64::from(counts.previous.get(&key).copied().unwrap_or(0));
        // Rounded up: what still counts of the last window counts whole.
        let passed = previous.saturating_mul(left).saturating_add(window - 1) / window;
        if current + passed + points <= limit {
            return Ok(u32::try_from(limit - current - passed - points).unwrap_or(0));
        }
        // How much of a window must have slid out until what was counted in it leaves room.
        let slide = |counted: i64, room: i64| {
            window - (room.max(0).saturating_mul(window) / counted.max(1)).min(window)
        };
        let wait = if current + points <= limit {
            // Of the last window, what slid out already counts.
            slide(previous, limit - current - points) - (window - left)
        } else {
            left + slide(current, limit - points)
        };
        let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1000).max(1);
        let retry_after = Duration::from_secs(seconds);
        Err(TooMany {
            rate: self.rate,
            remaining: u32::try_from(limit - current - passed).unwrap_or(0),
            retry_after,
            resets_at: now.plus(retry_after),
        })
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

impl TooMany {
    /// What an XRPC answer with status 429 says beside its body: `RateLimit-*` and `Retry-After` (RS-7). The reset is
    /// in seconds since 1970, as clients of this network read it.
    pub fn headers(&self) -> [(HeaderName, HeaderValue); 5] {
        let left = Budget { rate: self.rate, remaining: self.remaining, resets_at: self.resets_at };
        let [limit, remaining, reset, policy] = left.headers();
        [limit, remaining, reset, policy, (RETRY_AFTER, self.retry_after.as_secs().into())]
    }
}

/// What is left of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// The rate.
    pub rate: Rate,
    /// How many are left of it.
    pub remaining: u32,
    /// When all of them are back, if nothing else is counted meanwhile.
    pub resets_at: UnixTime,
}

impl Budget {
    /// The one of which less is left.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        if other.remaining < self.remaining { other } else { self }
    }

    /// What an XRPC answer says about it: `RateLimit-*`.
    pub fn headers(&self) -> [(HeaderName, HeaderValue); 4] {
        let policy = format!("{};w={}", self.rate.count, self.rate.window.as_secs());
        let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("0"));
        [
            (HeaderName::from_static("ratelimit-limit"), self.rate.count.into()),
            (HeaderName::from_static("ratelimit-remaining"), self.remaining.into()),
            (HeaderName::from_static("ratelimit-reset"), self.resets_at.seconds().into()),
            (HeaderName::from_static("ratelimit-policy"), policy),
        ]
    }
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too many requests; try again in {} s", self.retry_after.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixTime = UnixTime::from_seconds(300_000);

    fn counter() -> Counter {
        Counter::new(Rate { count: 3, window: Duration::from_mins(5) })
    }

    #[test]
    fn counts_by_key_and_forgets_with_time() {
        let counter = counter();
        for _ in 0..3 {
            counter.count("a", START).expect("within the limit");
        }
        counter.count("a", START).expect_err("the fourth is too many");
        counter.count("b", START).expect("another key");
        let later = START.plus(Duration::from_secs(301));
        counter.check("a", later).expect_err("the window slides");
        counter.count("a", START.plus(Duration::from_mins(10))).expect("forgotten");
    }

    #[test]
    fn points_are_counted_all_or_none() {
        let counter = Counter::new(Rate { count: 10, window: Duration::from_mins(5) });
        counter.count_points("a", 8, START).expect("within the limit");
        let refused = counter.count_points("a", 3, START).expect_err("too many");
        assert_eq!(refused.remaining, 2);
        counter.count_points("a", 2, START).expect("what was refused was not counted");
        counter.check_points("a", 1, START).expect_err("it is used up");
        counter.check_points("a", 0, START).expect("nothing is not too many");
        counter.check_points("b", 11, START).expect_err("more than there ever is");
    }

    #[test]
    fn who_comes_again_when_told_is_let_in_and_a_second_sooner_is_not() {
        let rate = Rate { count: 100, window: Duration::from_mins(5) };
        let mut refusals = 0;
        for (first, second, points) in [(100, 0, 1), (60, 40, 1), (0, 100, 30), (90, 5, 50), (100, 0, 100)] {
            for second_at in [11, 299, 301, 400, 599] {
                let counter = Counter::new(rate);
                counter
                    .count_points("a", first, START.plus(Duration::from_secs(10)))
                    .expect("within the limit");
                let now = START.plus(Duration::from_secs(second_at)).plus(Duration::from_millis(7));
                let _ = counter.count_points("a", second, now);
                let Err(refused) = counter.check_points("a", points, now) else { continue };
                refusals += 1;
                let sooner = refused.retry_after.saturating_sub(Duration::from_secs(1));
                counter.check_points("a", points, now.plus(sooner)).expect_err("not yet");
                assert_eq!(refused.resets_at, now.plus(refused.retry_after));
                counter.check_points("a", points, refused.resets_at).expect("as was said");
            }
        }
        assert!(refusals > 12, "{refusals}");
    }

    #[test]
    fn what_is_left_is_said_and_is_back_when_it_was_promised() {
        let counter = counter();
        let left: Vec<u32> =
            (0..3).map(|_| counter.spend("a", 1, START).expect("within the limit").remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let other = counter.spend("b", 1, START).expect("another key");
        assert_eq!(other.resets_at, START.plus(Duration::from_mins(10)));
        assert_eq!(counter.spend("a", 1, other.resets_at).expect("it is back").remaining, 2);
        let said = other.headers().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")));
        assert_eq!(
            said,
            [
                "ratelimit-limit: 3",
                "ratelimit-remaining: 2",
                "ratelimit-reset: 300600",
                "ratelimit-policy: 3;w=300"
            ]
        );
        let long = Counter::new(Rate { count: 1, window: Duration::from_hours(24) });
        let daily = long.spend("a", 1, START).expect("within the limit");
        assert_eq!((other.tighter(daily).remaining, daily.tighter(other).remaining), (0, 0));
    }

    #[test]
    fn a_refusal_says_what_the_limit_is() {
        let counter = counter();
        for _ in 0..3 {
            counter.count("a", START).expect("within the limit");
        }
        let refused = counter.count("a", START).expect_err("too many");
        // In 300 s what was counted begins to slide out, and after a third of it there is room for one.
        let said =
            refused.headers().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")));
        assert_eq!(
            said,
            [
                "ratelimit-limit: 3",
                "ratelimit-remaining: 0",
                "ratelimit-reset: 300400",
                "ratelimit-policy: 3;w=300",
                "retry-after: 400"
            ]
        );
    }

    #[test]
    fn sec_73_a_clock_set_back_does_not_lock_anyone_out() {
        let counter = counter();
        for _ in 0..3 {
            counter.count("a", START).expect("within the limit");
        }
        counter.count("a", START.minus(Duration::from_hours(1))).expect("counted anew");
    }

    #[test]
    fn sec_72_a_flood_of_keys_is_counted_in_bounded_memory() {
        let counter = counter();
        for key in 0..(MOST_KEYS * 3) {
            let _ = counter.count(key, START);
        }
        let kept = counter.counts.lock().current.len();
        assert!(kept > MOST_KEYS && kept <= MOST_KEYS + usize::try_from(SHARED).expect("small"));
        counter.check("a late one", START).expect_err("late keys share counts, which are used up");

        let sessions = Counter::of_known_keys(Rate { count: 3, window: Duration::from_mins(5) });
        for key in 0..(MOST_KNOWN_KEYS * 2) {
            sessions.count(key, START).expect("nobody is refused for the number of others");
        }
        assert_eq!(sessions.counts.lock().current.len(), MOST_KNOWN_KEYS);
    }
}
