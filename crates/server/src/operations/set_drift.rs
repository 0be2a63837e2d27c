//! What becomes of a session when a permission set that it was approved with has changed (PS-23).
//!
//! What the set does not give any more is gone at once. What it gives more than before is the operator's matter
//! ([`SetChanges`]). What the person declined stays out, whatever a later version says (decision 0008).

use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::permission_set::Difference;
use gatewright_protocol::scope::{Include, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::approved_set::ApprovedSet;
use gatewright_store::set_change::{SetChange, SetOutcome};
use gatewright_store::token::TokenId;

use super::permission_parts::{meant, without};
use crate::permission_sets::KnownSet;
use crate::settings::SetChanges;

/// A set gives something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDrift {
    /// The `include:` in normal form.
    pub include: String,
    /// The version before: the CID of its record.
    pub from: String,
    /// The version after.
    pub to: String,
    /// What it gives more.
    pub added: Scopes,
    /// What it gives no more.
    pub removed: Scopes,
    /// What became of what it gives more.
    pub outcome: SetOutcome,
}

impl SetDrift {
    /// As the record of a session.
    pub(super) fn of_session(
        self,
        token: TokenId,
        account: &Did,
        client: &ClientId,
        at: UnixTime,
    ) -> SetChange {
        let Self { include, from, to, added, removed, outcome } = self;
        let (account, client) = (account.clone(), client.clone());
        SetChange { token, account, client, at, include, from, to, added, removed, outcome }
    }
}

/// What a set gives to an `include:` of it, without what was declined.
pub(super) fn given(known: &KnownSet, include: &Include, declined: &Scopes) -> Scopes {
    let expansion = known.set.expand(include);
    if declined.is_empty() {
        return expansion.scopes();
    }
    let declined = meant(declined);
    let left = expansion.granted.iter().filter_map(|entry| without(&entry.permission, &declined));
    // Less than what fits one scope value fits it too.
    Scopes::from_tokens(left.map(|permission| permission.to_string()))
        .map(|scopes| scopes.union(&Scopes::empty()))
        .unwrap_or_default()
}

/// What a set gives to whoever had `before`, and what is to be noted of the change. `since` is what the account approved
/// of the same set later than that, elsewhere.
pub(super) fn drift(
    before: &ApprovedSet,
    since: Option<&ApprovedSet>,
    include: &Include,
    known: &KnownSet,
    policy: SetChanges,
) -> (ApprovedSet, Option<Vec<SetDrift>>) {
    let gives = given(known, include, &before.declined);
    let (granted, held) = match policy {
        SetChanges::Follow | SetChanges::Notify => (gives.clone(), Scopes::empty()),
        SetChanges::Hold => hold(before, since, &gives),
    };
    let after = ApprovedSet { version: known.cid.clone(), granted, held, ..before.clone() };
    let change = Difference::between(&before.granted, &after.granted);
    let newly_held = Difference::between(&before.held, &after.held).added;
    let mut drifts = Vec::new();
    let mut note = |added: Scopes, removed: Scopes, outcome| {
        if !added.is_empty() || !removed.is_empty() {
            let (include, from, to) = (before.include.clone(), before.version.clone(), known.cid.clone());
            drifts.push(SetDrift { include, from, to, added, removed, outcome });
        }
    };
    let outcome = if policy == SetChanges::Hold { SetOutcome::Approved } else { SetOutcome::Applied };
    if newly_held.is_empty() || !change.added.is_empty() {
        // What is only gone was applied, whatever the policy.
        let outcome = if change.added.is_empty() { SetOutcome::Applied } else { outcome };
        note(change.added, change.removed, outcome);
        note(newly_held, Scopes::empty(), SetOutcome::Held);
    } else {
        note(newly_held, change.removed, SetOutcome::Held);
    }
    (after, (!drifts.is_empty()).then_some(drifts))
}

/// The part that was approved, and the rest.
fn hold(before: &ApprovedSet, since: Option<&ApprovedSet>, gives: &Scopes) -> (Scopes, Scopes) {
    let approved = match since {
        Some(since) => before.granted.union(&since.granted),
        None => before.granted.clone(),
    };
    let difference = Difference::between(&approved, gives);
    // Nothing new: as the set writes it, not as a difference does.
    let granted = if difference.added.is_empty() { gives.clone() } else { difference.kept };
    (granted, difference.added)
}
