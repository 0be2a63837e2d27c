//! The machine's clock and entropy. Nothing else in the workspace reads either.

use std::time::SystemTime;

use gatewright_protocol::random::Random;
use gatewright_protocol::time::{Clock, UnixTime};
use rand::Rng as _;

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is handed")]
    fn now(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The machine's entropy, through a generator that the operating system seeds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the randomness that everything else is handed")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use gatewright_protocol::random::random_bytes;

    use super::*;

    #[test]
    fn the_clock_tells_this_century() {
        assert!(SystemClock.now() > UnixTime::from_seconds(1_700_000_000));
    }

    #[test]
    fn randomness_differs() {
        assert_ne!(random_bytes::<32>(&SystemRandom), random_bytes::<32>(&SystemRandom));
    }
}
