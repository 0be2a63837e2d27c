//! Timestamp identifiers that never repeat and never go back while the process lives.

use std::sync::atomic::{AtomicU64, Ordering};

use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::syntax::Tid;
use gatewright_protocol::time::UnixTime;

/// Hands out TIDs.
#[derive(Debug)]
pub(crate) struct Tids {
    last: AtomicU64,
    clock: u16,
}

impl Tids {
    /// With a clock identifier of its own, so that two processes hardly ever hand out the same.
    pub(crate) fn new(random: &dyn Random) -> Self {
        Self { last: AtomicU64::new(0), clock: u16::from_be_bytes(random_bytes(random)) }
    }

    /// The TID of this moment, or the first one after the last.
    pub(crate) fn next(&self, now: UnixTime) -> Tid {
        let now = u64::try_from(now.millis()).unwrap_or(0).saturating_mul(1000);
        let advance = |last: u64| now.max(last + 1);
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(advance(last)));
        Tid::new(advance(last.unwrap_or(0)), self.clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Zeros;
    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[test]
    fn a_clock_that_stands_or_goes_back_still_yields_later_tids() {
        let tids = Tids::new(&Zeros);
        let first = tids.next(UnixTime::from_seconds(1_700_000_000));
        let second = tids.next(UnixTime::from_seconds(1_700_000_000));
        let third = tids.next(UnixTime::from_seconds(1));
        assert!(first < second && second < third);
        assert_eq!(first.micros(), 1_700_000_000_000_000);
    }
}
