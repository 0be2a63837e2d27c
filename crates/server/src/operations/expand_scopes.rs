//! Turns what was approved into what a token may do: every `include:` replaced by the permissions of its set (PS-20).

use gatewright_protocol::scope::Scopes;

use crate::context::Context;

/// Why scopes could not be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandScopesError {
    /// The permission set of this name does not resolve (AS-24).
    #[error("the permission set `{nsid}` cannot be resolved")]
    Unresolved {
        /// The set.
        nsid: String,
    },
}

/// The scopes that a token for these may carry; never an `include:` (AS-54).
///
/// # Errors
/// A permission set does not resolve.
pub async fn expand_scopes(_ctx: &Context, approved: &Scopes) -> Result<Scopes, ExpandScopesError> {
    // Resolving permission sets is the next part of the server to be built; until then none resolves.
    match approved.iter().find_map(|scope| scope.strip_prefix("include")) {
        None => Ok(approved.clone()),
        Some(rest) => {
            let name = rest.strip_prefix(':').unwrap_or(rest).split('?').next().unwrap_or_default();
            Err(ExpandScopesError::Unresolved { nsid: name.to_owned() })
        }
    }
}
