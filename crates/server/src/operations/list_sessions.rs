//! The applications that may act for an account, for its owner (AS-48).

use std::collections::HashMap;
use std::sync::Arc;

use gatewright_protocol::oauth::client_metadata::ClientMetadata;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::approved_set::ApprovedSet;
use gatewright_store::set_change::SetChange;
use gatewright_store::token::{Token, TokenId};

use super::expand_scopes::{find_sets, includes};
use crate::context::Context;
use crate::permission_sets::{KnownSet, Purpose};

/// One application that may act for an account.
#[derive(Clone, Debug)]
pub struct Session {
    /// The grant.
    pub token: Token,
    /// What the client says about itself, where the operator vouches for it.
    pub client: Option<Arc<ClientMetadata>>,
    /// What it has of permission sets, and the set where it is known.
    pub sets: Vec<(ApprovedSet, Option<Arc<KnownSet>>)>,
    /// How that changed since it was approved, newest first.
    pub changes: Vec<SetChange>,
}

/// Why sessions could not be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListSessionsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The applications that may act for an account, newest first. What has expired and was not deleted yet is left out.
///
/// # Errors
/// The store failed. A set or a client that cannot be looked up is shown by its name alone.
pub async fn list_sessions(ctx: &Context, account: &Did) -> Result<Vec<Session>, ListSessionsError> {
    let now = ctx.now();
    let lives = |token: &Token| {
        let life = ctx.settings.session(&token.client, &token.client_auth);
        now.since(token.created_at) <= life.session && now.since(token.rotated_at) <= life.refresh
    };
    let mut changes: HashMap<TokenId, Vec<SetChange>> = HashMap::new();
    for change in ctx.store.list_set_changes(account).await? {
        changes.entry(change.token).or_default().push(change);
    }
    let mut sessions = Vec::new();
    for token in ctx.store.list_tokens(account).await?.into_iter().filter(lives).take(MOST_SESSIONS) {
        let is_trusted = ctx.settings.trusts(&token.client);
        let client = if is_trusted { ctx.clients.client(&token.client, None).await.ok() } else { None };
        let sets = sets_of(ctx, &token).await?;
        let changes = changes.remove(&token.id).unwrap_or_default();
        sessions.push(Session { token, client, sets, changes });
    }
    Ok(sessions)
}

/// More than this are not shown on one page.
const MOST_SESSIONS: usize = 100;

async fn sets_of(
    ctx: &Context,
    token: &Token,
) -> Result<Vec<(ApprovedSet, Option<Arc<KnownSet>>)>, ListSessionsError> {
    let includes = includes(&token.approved);
    if includes.is_empty() {
        return Ok(Vec::new());
    }
    let sets = ctx.store.find_sets(token.id).await?;
    let found = find_sets(ctx, &includes, Purpose::RunningSession).await.unwrap_or_default();
    let known = |set: &ApprovedSet| {
        let found = found.iter().find(|found| found.scope == set.include)?;
        found.known.as_ref().ok().map(Arc::clone)
    };
    Ok(sets.into_iter().map(|set| (set.clone(), known(&set))).collect())
}
