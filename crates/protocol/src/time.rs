//! Time as an argument: a point in time and where to ask for it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Where operations ask for the time. The binary passes the machine's clock, tests pass one that they move.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now, as the wall clock tells it: for claims and expiry, not for measuring.
    fn now(&self) -> UnixTime;
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// ```
/// use gatewright_protocol::time::UnixTime;
/// use std::time::Duration;
/// let issued = UnixTime::from_seconds(1_700_000_000);
/// assert_eq!(issued.plus(Duration::from_secs(60)).seconds(), 1_700_000_060);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(i64);

impl UnixTime {
    /// From whole seconds, as claims such as `iat` and `exp` carry them. Saturates.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// From a `NumericDate` of a JWT, which may have a fraction (RFC 7519 section 2). Saturates.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates: what lies that far off is refused by its reader"
    )]
    pub fn from_numeric_date(seconds: f64) -> Self {
        Self((seconds * 1000.0) as i64)
    }

    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Whole seconds, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The time `after` later. Saturates.
    #[must_use]
    pub fn plus(self, after: Duration) -> Self {
        Self(self.0.saturating_add(millis(after)))
    }

    /// The time `before` earlier. Saturates.
    #[must_use]
    pub fn minus(self, before: Duration) -> Self {
        Self(self.0.saturating_sub(millis(before)))
    }

    /// How long ago `earlier` was, or zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
