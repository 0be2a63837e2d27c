//! `[identity]`: names.

use anyhow::{Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names: the PLC directory and the handles this server gives out.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// The PLC directory. Environment: `GATEWRIGHT_PLC`.
    pub plc_url: String,
    /// The endings of handles that this server gives out, each with its leading dot: `.example.net`.
    pub handle_domains: Vec<String>,
}

impl Default for Identity {
    fn default() -> Self {
        Self { plc_url: "https://plc.directory".to_owned(), handle_domains: Vec::new() }
    }
}

impl Identity {
    /// # Errors
    /// When a domain lacks its dot.
    pub(super) fn check(&self) -> Result<()> {
        match self.handle_domains.iter().find(|domain| !domain.starts_with('.')) {
            Some(domain) => bail!("identity.handle_domains: `{domain}` must begin with a dot, `.{domain}`"),
            None => Ok(()),
        }
    }
}
