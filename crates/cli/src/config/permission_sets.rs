//! `[permission_sets]`: how published permission sets are resolved and kept.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use gatewright_protocol::syntax::Did;
use gatewright_server::lexicons::Freshness;
use gatewright_server::settings::SetChanges;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How published permission sets are resolved and kept.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PermissionSets {
    /// A set is asked for again when it was last seen at its author's longer ago than this: 900 (15 minutes) to 86400
    /// (a day).
    pub stale_seconds: u64,
    /// The DID of the one account that publishes all sets, whatever the domains of their names say: for closed
    /// deployments.
    pub authority: Option<String>,
    /// What a set that gives more than before means for the sessions that it was approved for.
    pub changes: Changes,
}

/// What a set that gives more than before means for the sessions that it was approved for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Changes {
    /// They have it from their next refresh.
    #[default]
    Follow,
    /// They do not have it until the person approves it.
    Hold,
    /// They have it from their next refresh, and the person is told by mail.
    Notify,
}

impl From<Changes> for SetChanges {
    fn from(changes: Changes) -> Self {
        match changes {
            Changes::Follow => Self::Follow,
            Changes::Hold => Self::Hold,
            Changes::Notify => Self::Notify,
        }
    }
}

impl Default for PermissionSets {
    fn default() -> Self {
        Self {
            stale_seconds: Freshness::default().stale.as_secs(),
            authority: None,
            changes: Changes::default(),
        }
    }
}

impl PermissionSets {
    /// # Errors
    /// When the time is out of bounds, or the account is no DID.
    pub(super) fn check(&self) -> Result<()> {
        if !(900..=86_400).contains(&self.stale_seconds) {
            bail!("permission_sets.stale_seconds: {} is not between 900 and 86400", self.stale_seconds);
        }
        self.authority().map(drop)
    }

    /// For how long a copy is good.
    pub fn freshness(&self) -> Freshness {
        Freshness { stale: Duration::from_secs(self.stale_seconds), ..Freshness::default() }
    }

    /// The account that publishes all sets.
    ///
    /// # Errors
    /// When it is no DID of a kind that has repositories.
    pub fn authority(&self) -> Result<Option<Did>> {
        let Some(text) = &self.authority else { return Ok(None) };
        let did: Option<Did> = text.parse().ok().filter(Did::is_atproto);
        Ok(Some(did.with_context(|| format!("permission_sets.authority: `{text}` is not a DID"))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let with = |stale_seconds, authority: Option<&str>| {
            let authority = authority.map(Into::into);
            PermissionSets { stale_seconds, authority, ..PermissionSets::default() }.check()
        };
        assert!(PermissionSets::default().check().is_ok());
        assert!(with(900, Some("did:plc:ewvi7nxzyoun6zhxrhs64oiz")).is_ok());
        for (sets, key) in [
            (with(899, None), "stale_seconds"),
            (with(86_401, None), "stale_seconds"),
            (with(3600, Some("plyr.fm")), "authority"),
            (with(3600, Some("did:key:zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo")), "authority"),
        ] {
            assert!(sets.unwrap_err().to_string().contains(key));
        }
    }
}
