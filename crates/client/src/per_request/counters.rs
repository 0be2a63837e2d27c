//! Counts by kind of credentials. None by person: what is not counted cannot be asked for.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Credential;

/// What has happened since the start, as plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests without credentials.
    pub anonymous: u64,
    /// Requests that were refused before it was known what they present.
    pub malformed: u64,
    /// By kind, in the order of [`Credential::ALL`].
    pub kinds: [KindCounts; Credential::ALL.len()],
    /// Sessions that were at hand already.
    pub cached: u64,
    /// Sign-ins and checks at hosts that were begun.
    pub begun: u64,
}

/// What has happened with one kind of credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KindCounts {
    /// Taken.
    pub accepted: u64,
    /// Refused, for whatever reason.
    pub refused: u64,
}

impl Counts {
    /// Those of one kind.
    pub fn of(&self, credential: Credential) -> KindCounts {
        self.kinds.get(place(credential)).copied().unwrap_or_default()
    }
}

fn place(credential: Credential) -> usize {
    Credential::ALL.iter().position(|kind| *kind == credential).unwrap_or_default()
}

/// The counters behind [`Counts`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    anonymous: AtomicU64,
    malformed: AtomicU64,
    accepted: [AtomicU64; Credential::ALL.len()],
    refused: [AtomicU64; Credential::ALL.len()],
    cached: AtomicU64,
    begun: AtomicU64,
}

impl Counters {
    pub(super) fn anonymous(&self) {
        self.anonymous.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn malformed(&self) {
        self.malformed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cached(&self) {
        self.cached.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn begun(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn done(&self, credential: Credential, accepted: bool) {
        let counters = if accepted { &self.accepted } else { &self.refused };
        if let Some(counter) = counters.get(place(credential)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> Counts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut kinds = [KindCounts::default(); Credential::ALL.len()];
        for ((kind, accepted), refused) in kinds.iter_mut().zip(&self.accepted).zip(&self.refused) {
            *kind = KindCounts { accepted: load(accepted), refused: load(refused) };
        }
        Counts {
            anonymous: load(&self.anonymous),
            malformed: load(&self.malformed),
            kinds,
            cached: load(&self.cached),
            begun: load(&self.begun),
        }
    }
}
