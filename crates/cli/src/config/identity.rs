//! `[identity]`: names.

use anyhow::{Context, Result, bail, ensure};
use gatewright_protocol::syntax::{Development, Handle};
use gatewright_resolve::UrlRules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

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
    /// When the directory is not one that is asked, or a domain is not one that handles can end with.
    pub(super) fn check(&self) -> Result<()> {
        let plc = Url::parse(&self.plc_url)
            .with_context(|| format!("identity.plc_url: `{}` is not a URL", self.plc_url))?;
        UrlRules::CONFIGURED
            .admits(&plc, Development::Refused)
            .with_context(|| format!("identity.plc_url: `{plc}` is never asked"))?;
        for domain in &self.handle_domains {
            if !domain.starts_with('.') {
                bail!("identity.handle_domains: `{domain}` must begin with a dot, `.{domain}`");
            }
            let example: Handle = format!("a{domain}")
                .parse()
                .with_context(|| format!("identity.handle_domains: no handle can end with `{domain}`"))?;
            ensure!(
                !example.is_reserved(Development::Refused),
                "identity.handle_domains: handles that end with `{domain}` never resolve"
            );
        }
        Ok(())
    }
}
