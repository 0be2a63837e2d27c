//! `[limits]`: how much strangers may send.

use anyhow::{Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much strangers may send.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Whether requests are counted and refused with 429 past their limit.
    pub rate_limits: bool,
    /// The largest blob, in bytes.
    pub blob_bytes: u64,
    /// How many connections are open at once.
    pub connections: usize,
    /// How many of them one network may have: an IPv4 address, or the /64 of an IPv6 address. Those of this machine and of
    /// `server.trusted_proxies` are not counted so.
    pub connections_per_network: usize,
}

impl Limits {
    /// # Errors
    /// When there is room for nobody, or for more than a program can have.
    pub(super) fn check(&self) -> Result<()> {
        for (key, count) in
            [("connections", self.connections), ("connections_per_network", self.connections_per_network)]
        {
            ensure!((1..=1_000_000).contains(&count), "limits.{key}: {count} is not between 1 and 1000000");
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate_limits: true,
            blob_bytes: 50 * 1024 * 1024,
            connections: 10_000,
            connections_per_network: 512,
        }
    }
}
