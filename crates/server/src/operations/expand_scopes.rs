//! Turns what was approved into what a token may do: every `include:` replaced by the permissions of its set (PS-20).
//!
//! The one function for the pushed request, the consent page, the exchange of a code and every refresh.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use gatewright_protocol::permission_set::MAX_INCLUDES;
use gatewright_protocol::scope::{Include, Permission, Scopes};
use gatewright_store::approved_set::{self, ApprovedSet};
use tokio::time::{Instant, timeout_at};

use super::set_drift::{SetDrift, drift, given};
use crate::context::Context;
use crate::permission_sets::{FindSetError, KnownSet, Purpose};
use crate::settings::SetChanges;

/// Why scopes could not be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandScopesError {
    /// Something of ours failed.
    #[error("a permission set could not be looked up: {0}")]
    Ours(String),
    /// Expanded, the scopes do not fit one `scope` value (SC-1).
    #[error("the permission sets hold too much: the expanded scopes do not fit one scope value")]
    TooLarge,
    /// There are more than twenty (PS-27).
    #[error("there are more than {MAX_INCLUDES} `include:` scopes in one request")]
    TooMany,
    /// The permission set of this name does not resolve (AS-24).
    #[error("the permission set `{nsid}` cannot be resolved: {why}")]
    Unresolved {
        /// The set.
        nsid: String,
        /// Why, for the developer of the client.
        why: String,
    },
}

/// What scopes come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// What a token for them may carry: never an `include:` (AS-54).
    pub scopes: Scopes,
    /// What each set gives, in the order of the `include:` scopes.
    pub sets: Vec<ApprovedSet>,
    /// Which sets give something else than before.
    pub drifts: Vec<SetDrift>,
}

/// What an account approved before, which a set that changed is held against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before<'a> {
    /// What the sets of the session, or of the approval it begins with, gave.
    pub sets: &'a [ApprovedSet],
    /// What the account approved of the same sets since, elsewhere.
    pub approved_since: &'a [ApprovedSet],
}

/// The scopes that a token for these may carry, and what of them comes from permission sets. A set that the session had
/// before goes on as it was while it cannot be looked up (PS-18, PS-19).
///
/// # Errors
/// A set does not resolve, there are too many, or they hold too much.
pub async fn expand_scopes(
    ctx: &Context,
    scopes: &Scopes,
    before: Before<'_>,
    purpose: Purpose,
) -> Result<Expanded, ExpandScopesError> {
    let includes = includes(scopes);
    if includes.is_empty() {
        return Ok(Expanded { scopes: scopes.clone(), ..Expanded::default() });
    }
    let found = find_sets(ctx, &includes, purpose).await?;
    let policy = ctx.settings.set_changes;
    let expanded = expand(scopes, &found, before, policy)?;
    if fits(&expanded.scopes) {
        return Ok(expanded);
    }
    // Sets that grew beyond what one scope value holds: what was there before stays.
    let held = expand(scopes, &found, before, SetChanges::Hold)?;
    if fits(&held.scopes) { Ok(held) } else { Err(ExpandScopesError::TooLarge) }
}

/// What the scopes come to with these sets: first what the sets give, then the others, none twice.
pub(super) fn replace_includes(scopes: &Scopes, sets: &[ApprovedSet]) -> Scopes {
    let given = includes(scopes)
        .iter()
        .filter_map(|include| approved_set::find(sets, &include.to_string()))
        .fold(Scopes::empty(), |all, set| all.union(&set.granted));
    let is_include = |scope: &str| scope.split([':', '?']).next() == Some("include");
    given.union(&scopes.filter(|scope| !is_include(scope)))
}

/// The `include:` scopes, each as the permission it is; one that is there twice, once.
pub(super) fn includes(scopes: &Scopes) -> Vec<Permission> {
    let mut found: Vec<Permission> = Vec::new();
    for (scope, meaning) in scopes.permissions() {
        if scope.starts_with("include")
            && let Ok(include @ Permission::Include(_)) = meaning
            && !found.contains(&include)
        {
            found.push(include);
        }
    }
    found
}

/// What is known of a set that is included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundSet {
    /// The `include:` in normal form.
    pub(crate) scope: String,
    /// What it means.
    pub(crate) include: Include,
    /// The set, or why there is none.
    pub(crate) known: Result<Arc<KnownSet>, String>,
}

/// Looks up all sets, a few at a time, within a budget (PS-27).
pub(super) async fn find_sets(
    ctx: &Context,
    includes: &[Permission],
    purpose: Purpose,
) -> Result<Vec<FoundSet>, ExpandScopesError> {
    if includes.len() > MAX_INCLUDES {
        return Err(ExpandScopesError::TooMany);
    }
    let deadline = Instant::now() + ctx.settings.limits.set_resolution;
    let look_up = |permission: &Permission| {
        let Permission::Include(include) = permission.clone() else { return None };
        let scope = permission.to_string();
        Some(async move {
            let known = match timeout_at(deadline, ctx.permission_sets.find(&include.nsid, purpose)).await {
                Ok(Ok(known)) => Ok(known),
                Ok(Err(FindSetError::Ours(why))) => return Err(ExpandScopesError::Ours(why)),
                Ok(Err(FindSetError::Unresolved { why, .. })) => Err(why),
                Err(_) => Err("it took too long".to_owned()),
            };
            Ok(FoundSet { scope, include, known })
        })
    };
    let found: Vec<Result<FoundSet, ExpandScopesError>> =
        stream::iter(includes.iter().filter_map(look_up)).buffered(AT_ONCE).collect().await;
    found.into_iter().collect()
}

/// Sets that are looked up at the same time.
const AT_ONCE: usize = 5;

fn expand(
    scopes: &Scopes,
    found: &[FoundSet],
    before: Before<'_>,
    policy: SetChanges,
) -> Result<Expanded, ExpandScopesError> {
    let mut expanded = Expanded::default();
    for set in found {
        let had = approved_set::find(before.sets, &set.scope);
        let (now, changed) = match (&set.known, had) {
            (Ok(known), Some(had)) => {
                let since = approved_set::find(before.approved_since, &set.scope);
                drift(had, since, &set.include, known, policy)
            }
            (Ok(known), None) => {
                let granted = given(known, &set.include, &Scopes::empty());
                let (version, none) = (known.cid.clone(), Scopes::empty());
                let include = set.scope.clone();
                (ApprovedSet { include, version, granted, declined: none.clone(), held: none }, None)
            }
            (Err(_), Some(had)) => (had.clone(), None),
            (Err(why), None) => {
                let (nsid, why) = (set.include.nsid.to_string(), why.clone());
                return Err(ExpandScopesError::Unresolved { nsid, why });
            }
        };
        expanded.sets.push(now);
        expanded.drifts.extend(changed.into_iter().flatten());
    }
    expanded.scopes = replace_includes(scopes, &expanded.sets);
    Ok(expanded)
}

/// Whether they fit one `scope` value.
pub(super) fn fits(scopes: &Scopes) -> bool {
    Scopes::from_tokens(scopes.iter()).is_ok()
}
