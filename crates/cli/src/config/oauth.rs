//! `[oauth]`: the authorization server.

use anyhow::{Context, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lifetimes and trusted clients of the authorization server.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Oauth {
    /// Client ids whose name and logo are shown, and who may be signed in silently (CM-11).
    pub trusted_clients: Vec<String>,
    /// Take requests without `state`: some older clients send none.
    pub tolerate_absent_state: bool,
}

impl Oauth {
    /// # Errors
    /// When a trusted client is no URL.
    pub(super) fn check(&self) -> Result<()> {
        for client in &self.trusted_clients {
            url::Url::parse(client)
                .with_context(|| format!("oauth.trusted_clients: `{client}` is not a client id"))?;
        }
        Ok(())
    }
}
