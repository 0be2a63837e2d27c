//! What was approved of a permission set, and what it gives (decision 0008).

use gatewright_protocol::scope::Scopes;
use serde::{Deserialize, Serialize};

/// One `include:` that was approved: what of its set was declined, and what the set gives beside that.
///
/// The scope list of a grant keeps the `include:` as it was asked for. This stands beside it, so that a refresh follows
/// the set as it changes and never gives what was declined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovedSet {
    /// The `include:` in normal form.
    pub include: String,
    /// The version of the set that was last looked at: the CID of its record.
    pub version: String,
    /// What it gives: of that version all that was neither declined nor is held.
    pub granted: Scopes,
    /// What was declined, whatever a later version says about it. In its widest form: all actions on a collection,
    /// every service of a method.
    #[serde(default, skip_serializing_if = "Scopes::is_empty")]
    pub declined: Scopes,
    /// What that version would give beyond `granted`, and nobody approved yet.
    #[serde(default, skip_serializing_if = "Scopes::is_empty")]
    pub held: Scopes,
}

/// The one of this `include:`, given in normal form.
pub fn find<'s>(sets: &'s [ApprovedSet], include: &str) -> Option<&'s ApprovedSet> {
    sets.iter().find(|set| set.include == include)
}
