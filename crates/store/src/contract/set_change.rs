//! What the sets of sessions and their changes promise.

use std::time::Duration;

use super::fixture::*;
use super::{RACERS, Subject};
use crate::approved_set::ApprovedSet;
use crate::request::Stage;
use crate::set_change::{MOST_CHANGES, ReplaceSets, SetChange, SetOutcome};
use crate::token::{NewToken, RotateToken, Rotation, Token};

/// In the request, in the consent and with the token, as they were written.
pub async fn sets_are_kept_from_the_approval_to_the_session(store: Subject) {
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    store.open_request(&request_id(1), &device_id(1), NOW, after(300)).await.expect("it opens");
    let held = ApprovedSet { held: scopes("repo:com.example.three"), ..set(1) };
    let Stage::Approved { account, scope, code: hash, code_expires_at, .. } = approved(1) else { return };
    let stage = Stage::Approved { account, scope, sets: vec![set(1)], code: hash, code_expires_at };
    let device = device_id(1);
    let done = store.approve_request(&request_id(1), &device, stage.clone(), Some(consent(1)), NOW).await;
    assert!(done.expect("it writes"));
    let kept = store.find_request_by_code(&code(1)).await.expect("it reads").expect("it is there");
    assert_eq!(kept.stage, stage);
    assert_eq!(store.find_consent(&did(1), &client(1)).await.expect("it reads"), Some(consent(1)));
    let new = NewToken {
        token: token(1),
        sets: vec![held.clone()],
        changes: vec![set_change(1, 1, NOW)],
        event: None,
    };
    store.exchange_code(&code(1), new).await.expect("it writes");
    assert_eq!(store.find_sets(token_id(1)).await.expect("it reads"), [held]);
    assert_eq!(store.list_set_changes(&did(1)).await.expect("it reads"), [set_change(1, 1, NOW)]);
    assert!(store.find_sets(token_id(2)).await.expect("it reads").is_empty());
}

/// The rotation and what its sets give are one step.
pub async fn sets_change_with_a_rotation_or_not_at_all(store: Subject) {
    grant_with_sets(&store, 1).await;
    let outcome = store.rotate_token(with_sets(rotate(1, 1, after(600)), 1, 2)).await.expect("it answers");
    assert!(matches!(outcome, Rotation::Rotated(_)), "{outcome:?}");
    assert_eq!(store.find_sets(token_id(1)).await.expect("it reads"), [set(2)]);
    // Made from sets that are not these: nothing happens, and the refresh token is as good as before.
    let outcome = store.rotate_token(with_sets(rotate(1, 2, after(700)), 1, 3)).await.expect("it answers");
    assert!(matches!(outcome, Rotation::SetsChanged), "{outcome:?}");
    let token = store.find_token(token_id(1)).await.expect("it reads").expect("it lives");
    assert_eq!((token.rotation, token.refresh), (1, Some(refresh(1, 1))));
    assert_eq!(store.find_sets(token_id(1)).await.expect("it reads"), [set(2)]);
    assert_eq!(store.list_set_changes(&did(1)).await.expect("it reads").len(), 1);
    // A rotation that says nothing of sets leaves them.
    let outcome = store.rotate_token(rotate(1, 2, after(800))).await.expect("it answers");
    assert!(matches!(outcome, Rotation::Rotated(_)), "{outcome:?}");
    assert_eq!(store.find_sets(token_id(1)).await.expect("it reads"), [set(2)]);
}

/// The first answer noted it.
pub async fn sec_74_a_lost_answer_notes_no_change_twice(store: Subject) {
    grant_with_sets(&store, 1).await;
    store.rotate_token(with_sets(rotate(1, 1, after(600)), 1, 2)).await.expect("it answers");
    for seconds in [601, 650] {
        let again = with_sets(rotate(1, 1, after(seconds)), 2, 3);
        let outcome = store.rotate_token(again).await.expect("it answers");
        assert!(matches!(outcome, Rotation::Recovered(_)), "{outcome:?}");
    }
    assert_eq!(store.find_sets(token_id(1)).await.expect("it reads"), [set(2)]);
    assert_eq!(store.list_set_changes(&did(1)).await.expect("it reads").len(), 1);
}

/// Somebody approved what was held, without a rotation.
pub async fn sets_are_replaced_only_by_who_knows_them(store: Subject) {
    grant_with_sets(&store, 1).await;
    let approved = SetChange { outcome: SetOutcome::Approved, ..set_change(1, 2, after(5)) };
    let replace = |before, after| ReplaceSets {
        before: vec![set(before)],
        after: vec![set(after)],
        changes: vec![approved.clone()],
    };
    assert!(!store.replace_sets(token_id(1), replace(2, 3)).await.expect("it answers"));
    assert!(store.list_set_changes(&did(1)).await.expect("it reads").is_empty());
    assert!(store.replace_sets(token_id(1), replace(1, 2)).await.expect("it answers"));
    assert_eq!(store.find_sets(token_id(1)).await.expect("it reads"), [set(2)]);
    assert_eq!(store.list_set_changes(&did(1)).await.expect("it reads"), std::slice::from_ref(&approved));
    let to_none = ReplaceSets { before: vec![set(2)], ..ReplaceSets::default() };
    assert!(store.replace_sets(token_id(1), to_none).await.expect("it answers"));
    assert!(store.find_sets(token_id(1)).await.expect("it reads").is_empty());
    assert!(!store.replace_sets(token_id(2), ReplaceSets::default()).await.expect("there is no such token"));
}

/// Each change is made from the one before it, whoever makes it.
pub async fn sets_and_rotations_race_and_nothing_is_lost(store: Subject) {
    grant_with_sets(&store, 1).await;
    let outcomes = store
        .race(|store, racer| async move {
            if racer == 0 {
                let rotate = with_sets(rotate(1, 1, after(600)), 1, 2);
                matches!(store.rotate_token(rotate).await.expect("it answers"), Rotation::Rotated(_))
            } else {
                let change = set_change(1, 3, after(600));
                let sets = ReplaceSets { before: vec![set(1)], after: vec![set(3)], changes: vec![change] };
                store.replace_sets(token_id(1), sets).await.expect("it answers")
            }
        })
        .await;
    assert_eq!(outcomes.iter().filter(|won| **won).count(), 1, "of {RACERS}");
    let rotated = outcomes.first().copied().unwrap_or_default();
    let expected = if rotated { set(2) } else { set(3) };
    assert_eq!(store.find_sets(token_id(1)).await.expect("it reads"), [expected]);
    assert_eq!(store.list_set_changes(&did(1)).await.expect("it reads").len(), 1);
    let token = store.find_token(token_id(1)).await.expect("it reads").expect("it lives");
    assert_eq!(token.rotation, u32::from(rotated));
}

/// Newest first.
pub async fn changes_are_listed_by_account_and_end_with_their_session(store: Subject) {
    for number in 1..=3 {
        let account = if number == 3 { did(3) } else { did(1) };
        let token = Token { account, ..token(number) };
        grant_new(&store, number, NewToken { token, sets: vec![set(1)], changes: Vec::new(), event: None })
            .await;
    }
    store.rotate_token(with_sets(rotate(1, 1, after(10)), 1, 2)).await.expect("it writes");
    store.rotate_token(with_sets(rotate(2, 1, after(20)), 1, 2)).await.expect("it writes");
    store.rotate_token(with_sets(rotate(1, 2, after(30)), 2, 3)).await.expect("it writes");
    store.rotate_token(with_sets(rotate(3, 1, after(40)), 1, 2)).await.expect("it writes");
    let listed = store.list_set_changes(&did(1)).await.expect("it reads");
    let of = |number, version, at| SetChange { account: did(1), ..set_change(number, version, after(at)) };
    assert_eq!(listed, [of(1, 3, 30), of(2, 2, 20), of(1, 2, 10)]);
    assert!(store.revoke_token(token_id(1)).await.expect("it writes"));
    assert!(store.find_sets(token_id(1)).await.expect("it reads").is_empty());
    assert_eq!(store.list_set_changes(&did(1)).await.expect("it reads"), [of(2, 2, 20)]);
    store.delete_account(&did(1)).await.expect("it writes");
    assert!(store.list_set_changes(&did(1)).await.expect("it reads").is_empty());
    assert_eq!(store.list_set_changes(&did(3)).await.expect("it reads").len(), 1);
}

/// An author who publishes every minute fills nothing.
pub async fn sec_72_changes_of_one_session_are_limited(store: Subject) {
    grant_with_sets(&store, 1).await;
    for version in 2..MOST_CHANGES + 12 {
        let at = NOW.plus(Duration::from_secs(version as u64));
        let sets = ReplaceSets {
            before: vec![set(version - 1)],
            after: vec![set(version)],
            changes: vec![set_change(1, version, at)],
        };
        assert!(store.replace_sets(token_id(1), sets).await.expect("it writes"));
    }
    let listed = store.list_set_changes(&did(1)).await.expect("it reads");
    assert_eq!(listed.len(), MOST_CHANGES);
    assert_eq!(listed.first().map(|change| change.to.clone()), Some(set(MOST_CHANGES + 11).version));
    assert_eq!(listed.last().map(|change| change.to.clone()), Some(set(12).version));
}

async fn grant_with_sets(store: &Subject, number: usize) {
    let new = NewToken { token: token(number), sets: vec![set(1)], changes: Vec::new(), event: None };
    grant_new(store, number, new).await;
}

/// The same rotation, which finds version `after` of the set where version `before` was.
fn with_sets(rotate: RotateToken, before: usize, after: usize) -> RotateToken {
    let number = (1..=3).find(|number| token_id(*number) == rotate.id).unwrap_or_default();
    let changes = vec![set_change(number, after, rotate.now)];
    let sets = ReplaceSets { before: vec![set(before)], after: vec![set(after)], changes };
    RotateToken { sets: Some(sets), ..rotate }
}
