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

#[cfg(test)]
mod tests {
    use gatewright_protocol::permission_set::PermissionSet;
    use gatewright_protocol::scope::Permission;
    use serde_json::json;

    use super::*;

    /// A version of a set that holds these collections.
    fn known(version: &str, collections: &[&str]) -> KnownSet {
        let document = json!({"lexicon": 1, "id": "com.example.auth", "defs": {"main": {
            "type": "permission-set",
            "permissions": [{"type": "permission", "resource": "repo", "collection": collections}],
        }}});
        KnownSet {
            set: PermissionSet::from_document(&document).unwrap(),
            cid: version.to_owned(),
            rev: "3l3qo2vutsw2b".to_owned(),
            resolved_at: UnixTime::from_seconds(0),
        }
    }

    fn include() -> Include {
        let Ok(Permission::Include(include)) = "include:com.example.auth".parse() else { panic!() };
        include
    }

    fn before(granted: &str, declined: &str, held: &str) -> ApprovedSet {
        ApprovedSet {
            include: "include:com.example.auth".to_owned(),
            version: "one".to_owned(),
            granted: granted.parse().unwrap(),
            declined: declined.parse().unwrap(),
            held: held.parse().unwrap(),
        }
    }

    /// What was noted, in short.
    fn noted(drifts: Option<Vec<SetDrift>>) -> Vec<(String, String, SetOutcome)> {
        let drifts = drifts.unwrap_or_default();
        drifts.into_iter().map(|it| (it.added.to_string(), it.removed.to_string(), it.outcome)).collect()
    }

    const A: &str = "repo:com.example.a";
    const B: &str = "repo:com.example.b";
    const AB: &str = "repo?collection=com.example.a&collection=com.example.b";

    #[test]
    fn what_a_set_gives_follows_the_policy() {
        use SetChanges::{Follow, Hold, Notify};
        let (a, b) = ("com.example.a", "com.example.b");
        let note =
            |added: &str, removed: &str, outcome| vec![(added.to_owned(), removed.to_owned(), outcome)];
        for (policy, before, now, granted, held, expected) in [
            (Follow, before(A, "", ""), vec![a], A, "", vec![]),
            (Follow, before(A, "", ""), vec![a, b], AB, "", note(B, "", SetOutcome::Applied)),
            (Notify, before(A, "", ""), vec![a, b], AB, "", note(B, "", SetOutcome::Applied)),
            (Follow, before(AB, "", ""), vec![a], A, "", note("", B, SetOutcome::Applied)),
            (Follow, before(A, "", ""), vec![b], B, "", note(B, A, SetOutcome::Applied)),
            // What was declined stays out under every policy, and is nothing to note.
            (Follow, before(A, B, ""), vec![a, b], A, "", vec![]),
            (Hold, before(A, B, ""), vec![a, b], A, "", vec![]),
            (Hold, before(A, "", ""), vec![a], A, "", vec![]),
            (Hold, before(A, "", ""), vec![a, b], A, B, note(B, "", SetOutcome::Held)),
            (Hold, before(A, "", B), vec![a, b], A, B, vec![]),
            (Hold, before(A, "", B), vec![a], A, "", vec![]),
            (Hold, before(AB, "", ""), vec![a], A, "", note("", B, SetOutcome::Applied)),
            (Hold, before(A, "", ""), vec![b], "", B, note(B, A, SetOutcome::Held)),
            // The operator does not hold things back any more.
            (Follow, before(A, "", B), vec![a, b], AB, "", note(B, "", SetOutcome::Applied)),
        ] {
            let (after, drifts) = drift(&before, None, &include(), &known("two", &now), policy);
            let case = format!("{policy:?} {before:?} {now:?}");
            assert_eq!((after.granted.as_str(), after.held.as_str()), (granted, held), "{case}");
            assert_eq!((after.version.as_str(), &after.declined), ("two", &before.declined), "{case}");
            assert_eq!(noted(drifts), expected, "{case}");
        }
    }

    #[test]
    fn what_was_approved_since_is_released_and_nothing_else() {
        let since = before(B, "", "");
        let now = known("two", &["com.example.a", "com.example.b", "com.example.c"]);
        let held = "repo?collection=com.example.b&collection=com.example.c";
        let (after, drifts) = drift(&before(A, "", held), Some(&since), &include(), &now, SetChanges::Hold);
        assert_eq!(after.granted.as_str(), AB);
        assert_eq!(after.held.as_str(), "repo:com.example.c");
        assert_eq!(noted(drifts), [(B.to_owned(), String::new(), SetOutcome::Approved)]);
    }
}
