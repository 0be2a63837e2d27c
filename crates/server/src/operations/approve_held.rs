//! Approves what permission sets give more than a session has (PS-23, `hold`).

use gatewright_protocol::crypto::sha256;
use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::approved_set::ApprovedSet;
use gatewright_store::set_change::{ReplaceSets, SetChange, SetOutcome};
use gatewright_store::token::TokenId;

use super::note_event::note_set_changes;
use crate::context::Context;

/// Why nothing was approved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApproveHeldError {
    /// What waits is not what was shown, or the session ended.
    #[error("this is not what waits to be approved")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Names what waits in a session to be approved: another set, version or scope has another name.
pub fn held_name(sets: &[ApprovedSet]) -> String {
    let mut text = String::new();
    for set in sets.iter().filter(|set| !set.held.is_empty()) {
        text.extend([set.include.as_str(), "\n", set.held.as_str(), "\n"]);
    }
    base64url_encode(&sha256(text.as_bytes()))
}

/// Approves what waits in a session of the account, if it is what was shown as `shown`. The session has it from its next
/// refresh.
///
/// # Errors
/// Something else waits, the session is not this account's or ended, or the store failed.
pub async fn approve_held(
    ctx: &Context,
    account: &Did,
    token: TokenId,
    shown: &str,
) -> Result<(), ApproveHeldError> {
    let found = ctx.store.find_token(token).await?.filter(|token| token.account == *account);
    let token = found.ok_or(ApproveHeldError::Changed)?;
    let before = ctx.store.find_sets(token.id).await?;
    if held_name(&before) != shown {
        return Err(ApproveHeldError::Changed);
    }
    let now = ctx.now();
    let waits = |set: &&ApprovedSet| !set.held.is_empty();
    let changes = before.iter().filter(waits).map(|set| SetChange {
        token: token.id,
        account: token.account.clone(),
        client: token.client.clone(),
        at: now,
        include: set.include.clone(),
        from: set.version.clone(),
        to: set.version.clone(),
        added: set.held.clone(),
        removed: Scopes::empty(),
        outcome: SetOutcome::Approved,
    });
    let changes: Vec<_> = changes.collect();
    let noted = changes.clone();
    let after = before.iter().cloned().map(approved).collect();
    if ctx.store.replace_sets(token.id, ReplaceSets { before, after, changes }).await? {
        note_set_changes(ctx, &noted).await;
        Ok(())
    } else {
        Err(ApproveHeldError::Changed)
    }
}

fn approved(set: ApprovedSet) -> ApprovedSet {
    let granted = set.granted.union(&set.held);
    ApprovedSet { granted, held: Scopes::empty(), ..set }
}
