//! The app passwords of an account for its owner, with what the permission sets in their scopes give (APP-12).

use std::sync::Arc;

use gatewright_protocol::permission_set::MAX_INCLUDES;
use gatewright_protocol::scope::{Include, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_store::app_password::AppPassword;

use super::expand_scopes::{find_sets, includes};
use super::set_drift::given;
use super::{ListAppPasswordsError, list_app_passwords};
use crate::context::Context;
use crate::permission_sets::{KnownSet, Purpose};

/// An app password as its owner is to see it.
#[derive(Clone, Debug)]
pub struct OwnAppPassword {
    /// The app password.
    pub app_password: AppPassword,
    /// The permission sets in its scope that could be looked up.
    pub sets: Vec<OwnSet>,
}

/// A permission set in the scope of an app password.
#[derive(Clone, Debug)]
pub struct OwnSet {
    /// The set.
    pub known: Arc<KnownSet>,
    /// What it is included as.
    pub include: Include,
    /// What it gives.
    pub granted: Scopes,
}

/// The app passwords of an account that are good now, newest first. A set that cannot be looked up is left out: it is
/// shown by its name alone.
///
/// # Errors
/// The store failed.
pub async fn own_app_passwords(
    ctx: &Context,
    account: &Did,
) -> Result<Vec<OwnAppPassword>, ListAppPasswordsError> {
    let mut own = Vec::new();
    for app_password in list_app_passwords(ctx, account).await? {
        let sets = match &app_password.scope {
            Some(scope) => sets_of(ctx, scope).await,
            None => Vec::new(),
        };
        own.push(OwnAppPassword { app_password, sets });
    }
    Ok(own)
}

async fn sets_of(ctx: &Context, scope: &Scopes) -> Vec<OwnSet> {
    let mut includes = includes(scope);
    includes.truncate(MAX_INCLUDES);
    let found = find_sets(ctx, &includes, Purpose::RunningSession).await.unwrap_or_default();
    let own = found.into_iter().filter_map(|found| {
        let known = found.known.ok()?;
        let granted = given(&known, &found.include, &Scopes::empty());
        Some(OwnSet { known, include: found.include, granted })
    });
    own.collect()
}
