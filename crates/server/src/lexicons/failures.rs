//! What is remembered of failures: enough that nobody hammers an author's host through us, and so little that a set
//! which was published a moment ago works at once, although it was asked for before (PS-30).
//!
//! A set that its author's host says is not there may be asked for five times in a row, then once a second. A host that
//! did not answer in time is left alone for half a minute. Where a copy serves meanwhile, nothing is tried again for a
//! minute. The next success forgets all of it.

use std::time::Duration;

use gatewright_protocol::syntax::Nsid;
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::{FetchError, ResolveError};

use crate::permission_sets::FindSetError;

/// Names of which a failure is remembered. Whoever is forgotten for another may be asked for sooner.
const MOST: u64 = 10_000;
/// How many fetches in a row are let through although each of them should wait for the one before.
const IN_A_ROW: u32 = 5;

/// How long after a failure the next fetch should wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// Its author's host took our time.
    Long,
    /// There is a copy that serves meanwhile.
    Longest,
    /// It was told that there is no such set.
    Short,
}

impl Pause {
    /// What this failure asks for where there is no copy.
    pub(super) const fn after(error: &ResolveError) -> Self {
        match error {
            ResolveError::Fetch { source: FetchError::TimedOut, .. } => Self::Long,
            _ => Self::Short,
        }
    }

    const fn length(self) -> Duration {
        match self {
            Self::Long => Duration::from_secs(30),
            Self::Longest => Duration::from_mins(1),
            Self::Short => Duration::from_secs(1),
        }
    }
}

/// The last failure of each set.
pub(super) struct Failures(moka::sync::Cache<Nsid, Failure>);

#[derive(Clone)]
struct Failure {
    why: FindSetError,
    /// When a fetch would be due if each waited for the one before.
    due: UnixTime,
}

/// So much earlier than due is a fetch let through.
const AHEAD: Duration = Duration::from_secs(IN_A_ROW as u64 - 1);

impl Failures {
    pub(super) fn new() -> Self {
        Self(moka::sync::Cache::new(MOST))
    }

    /// Why the set did not resolve a moment ago, if it is too early to try again.
    pub(super) fn recent(&self, nsid: &Nsid, now: UnixTime) -> Option<FindSetError> {
        let failure = self.0.get(nsid)?;
        let wait = failure.due.since(now);
        // A wait longer than any comes of a clock that was set back.
        let is_early = wait > AHEAD && wait <= Pause::Longest.length() + AHEAD;
        is_early.then_some(failure.why)
    }

    /// Remembers a failure.
    pub(super) fn remember(&self, nsid: &Nsid, why: FindSetError, pause: Pause, now: UnixTime) {
        let due = match pause {
            Pause::Short => {
                let last = self.0.get(nsid).map(|failure| failure.due).filter(|due| *due <= now.plus(AHEAD));
                last.map_or(now, |due| due.max(now)).plus(pause.length())
            }
            Pause::Long | Pause::Longest => now.plus(pause.length()).plus(AHEAD),
        };
        self.0.insert(nsid.clone(), Failure { why, due });
    }

    /// It resolved.
    pub(super) fn forget(&self, nsid: &Nsid) {
        self.0.invalidate(nsid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    fn after(millis: u64) -> UnixTime {
        NOW.plus(Duration::from_millis(millis))
    }

    fn nsid() -> Nsid {
        "com.example.authBasic".parse().unwrap()
    }

    fn failed(pause: Pause) -> Failures {
        let failures = Failures::new();
        failures.remember(&nsid(), why(), pause, NOW);
        failures
    }

    fn why() -> FindSetError {
        FindSetError::Ours("a test".to_owned())
    }

    #[test]
    fn five_in_a_row_and_then_one_a_second() {
        let failures = Failures::new();
        let mut fetched = 0;
        let mut at = Vec::new();
        for millis in (0..3500).step_by(50) {
            if failures.recent(&nsid(), after(millis)).is_none() {
                failures.remember(&nsid(), why(), Pause::Short, after(millis));
                fetched += 1;
                at.push(millis);
            }
        }
        assert_eq!((fetched, at.as_slice()), (8, &[0, 50, 100, 150, 200, 1000, 2000, 3000][..]));
    }

    #[test]
    fn a_pause_ends() {
        for (pause, seconds) in [(Pause::Long, 30), (Pause::Longest, 60)] {
            let failures = failed(pause);
            assert_eq!(failures.recent(&nsid(), NOW), Some(why()));
            assert!(failures.recent(&nsid(), after(seconds * 1000 - 1)).is_some());
            assert!(failures.recent(&nsid(), after(seconds * 1000)).is_none());
            let other = "com.example.authOther".parse().unwrap();
            assert!(failures.recent(&other, NOW).is_none());
            failures.forget(&nsid());
            assert!(failures.recent(&nsid(), NOW).is_none());
        }
    }

    #[test]
    fn sec_73_a_clock_that_was_set_back_pauses_nothing_for_long() {
        let failures = failed(Pause::Longest);
        assert!(failures.recent(&nsid(), NOW.minus(Duration::from_mins(1))).is_none());
        failures.remember(&nsid(), why(), Pause::Short, NOW.minus(Duration::from_hours(1)));
        assert!(failures.recent(&nsid(), NOW.minus(Duration::from_hours(1))).is_none());
    }

    #[test]
    fn only_a_host_that_took_our_time_is_left_alone_for_long() {
        let fetch = |source| ResolveError::Fetch { what: "lexicon", source };
        assert_eq!(Pause::after(&fetch(FetchError::TimedOut)), Pause::Long);
        assert_eq!(Pause::after(&fetch(FetchError::Status(503))), Pause::Short);
        assert_eq!(Pause::after(&ResolveError::DidNotFound), Pause::Short);
    }
}
