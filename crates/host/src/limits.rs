//! How much strangers and applications may send (RS-12): what is counted, and by what. The memory of it is bounded.

use gatewright_guard::peer::Network;
use gatewright_guard::rate::{Counter, TooMany};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::settings::Limits;

/// The counters of one host.
#[derive(Debug)]
pub(crate) struct RateLimits {
    enabled: bool,
    requests: Counter,
    exports: Counter,
    writes: Counter,
    writes_daily: Counter,
    uploads: Counter,
    handles: Counter,
    handles_daily: Counter,
}

impl RateLimits {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            enabled: limits.enabled,
            requests: Counter::new(limits.requests),
            exports: Counter::new(limits.exports),
            writes: Counter::of_known_keys(limits.writes),
            writes_daily: Counter::of_known_keys(limits.writes_daily),
            uploads: Counter::of_known_keys(limits.uploads),
            handles: Counter::of_known_keys(limits.handles),
            handles_daily: Counter::of_known_keys(limits.handles_daily),
        }
    }

    /// Whether anything is counted.
    pub(crate) const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// A request to any method but `getRepo`.
    pub(crate) fn request(&self, network: Network, now: UnixTime) -> Result<(), TooMany> {
        if self.enabled { self.requests.count(network, now) } else { Ok(()) }
    }

    /// A `getRepo`.
    pub(crate) fn export(&self, network: Network, now: UnixTime) -> Result<(), TooMany> {
        if self.enabled { self.exports.count(network, now) } else { Ok(()) }
    }

    /// Changes of records, all or none of them.
    pub(crate) fn write(&self, did: &Did, points: u32, now: UnixTime) -> Result<(), TooMany> {
        if !self.enabled {
            return Ok(());
        }
        // What one of both refuses must not be counted by the other.
        self.writes.check_points(did, points, now)?;
        self.writes_daily.count_points(did, points, now)?;
        self.writes.count_points(did, points, now)
    }

    /// A change of an account's handle, or an attempt at it: others are asked about it.
    pub(crate) fn handle(&self, did: &Did, now: UnixTime) -> Result<(), TooMany> {
        if !self.enabled {
            return Ok(());
        }
        self.handles.check(did, now)?;
        self.handles_daily.count(did, now)?;
        self.handles.count(did, now)
    }

    /// An upload.
    pub(crate) fn upload(&self, did: &Did, now: UnixTime) -> Result<(), TooMany> {
        if self.enabled { self.uploads.count(did, now) } else { Ok(()) }
    }
}
