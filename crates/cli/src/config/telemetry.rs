//! `[telemetry]`: log lines and metrics.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// Log lines and metrics.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// How they are written.
    pub format: Format,
    /// Which are written: `info`, `gatewright_server=debug`… Environment: `GATEWRIGHT_LOG`.
    pub filter: String,
    /// Where `/metrics` is answered.
    pub metrics: Metrics,
}

/// Where `/metrics` is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Metrics {
    /// Nowhere.
    Off,
    /// Where everything else is.
    Public,
    /// On this address alone.
    #[serde(untagged)]
    Address(SocketAddr),
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Text,
}

impl Telemetry {
    /// # Errors
    /// When the filter is none.
    pub(super) fn check(&self) -> Result<()> {
        let parsed = EnvFilter::builder().parse(&self.filter);
        parsed.with_context(|| format!("telemetry.filter: `{}` is not a filter", self.filter))?;
        Ok(())
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        let metrics = Metrics::Address(SocketAddr::from(([127, 0, 0, 1], 9464)));
        Self { format: Format::Text, filter: "info".to_owned(), metrics }
    }
}
