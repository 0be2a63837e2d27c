//! `[limits]`: how much strangers may send.

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
}

impl Default for Limits {
    fn default() -> Self {
        Self { rate_limits: true, blob_bytes: 50 * 1024 * 1024, connections: 10_000 }
    }
}
