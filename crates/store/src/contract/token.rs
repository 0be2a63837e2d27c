//! What tokens promise.

use gatewright_protocol::oauth::client_auth::ClientAuth;

use super::Subject;
use super::fixture::*;
use crate::token::{RotateToken, Rotation, Token};

/// The current refresh token, and every one before it.
pub async fn a_token_is_found_by_its_name_and_all_its_refresh_tokens(store: Subject) {
    grant(&store, 1).await;
    let confidential = Token { client_auth: key_auth(2), began_public: false, ..token(2) };
    grant_token(&store, 2, confidential.clone()).await;
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(token(1)));
    assert_eq!(store.find_token(token_id(2)).await.expect("it reads"), Some(confidential));
    for rotation in 1..=3 {
        rotated(&store, rotate(1, rotation, after(100 * rotation as u64))).await;
    }
    for rotation in 0..=3 {
        let found =
            store.find_token_by_refresh(&refresh(1, rotation)).await.expect("it reads").expect("it lives");
        assert_eq!((found.id, found.rotation), (token_id(1), 3), "by the one after {rotation} rotations");
    }
    assert!(store.find_token_by_refresh(&refresh(1, 4)).await.expect("it reads").is_none());
    assert!(store.find_token(token_id(3)).await.expect("it reads").is_none());
}

/// And what it answers is what is found after.
pub async fn a_rotation_changes_what_it_is_given_and_nothing_else(store: Subject) {
    grant(&store, 1).await;
    let now = rotated(&store, rotate(1, 1, after(600))).await;
    let expected = Token {
        granted: scopes("atproto"),
        rotated_at: after(600),
        rotation: 1,
        access_expires_at: after(1500),
        refresh: Some(refresh(1, 1)),
        previous_refresh: Some(refresh(1, 0)),
        ..token(1)
    };
    assert_eq!(now, expected);
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(expected.clone()));
    assert_eq!(store.find_token_by_refresh(&refresh(1, 1)).await.expect("it reads"), Some(expected.clone()));
    assert_eq!(store.list_tokens(&did(1)).await.expect("it reads"), [expected]);
}

/// AS-57: the same successor, also the third time, and nothing is renewed by it.
pub async fn sec_74_a_lost_answer_is_given_again_within_its_time(store: Subject) {
    grant(&store, 1).await;
    let first = rotated(&store, rotate(1, 1, after(600))).await;
    for seconds in [601, 630, 660] {
        let again = RotateToken { granted: scopes("atproto repo:*"), ..rotate(1, 1, after(seconds)) };
        let outcome = store.rotate_token(again).await.expect("it answers");
        let Rotation::Recovered(token) = outcome else { panic!("{seconds}: {outcome:?}") };
        assert_eq!(*token, first);
    }
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(first));
    // The successor works; then the predecessor is what any used token is.
    rotated(&store, rotate(1, 2, after(661))).await;
    ended_by(&store, rotate(1, 1, after(662)), 2).await;
}

/// One second too late.
pub async fn sec_21_a_used_token_after_its_time_ends_the_session(store: Subject) {
    grant(&store, 1).await;
    rotated(&store, rotate(1, 1, after(600))).await;
    let late =
        RotateToken { now: after(660).plus(std::time::Duration::from_millis(1)), ..rotate(1, 1, after(660)) };
    ended_by(&store, late, 1).await;
    let after_that = store.rotate_token(rotate(1, 2, after(662))).await.expect("it answers");
    assert!(matches!(after_that, Rotation::Gone), "{after_that:?}");
}

/// Whoever presented the successor had the answer.
pub async fn sec_21_a_used_token_after_its_successor_ends_the_session(store: Subject) {
    grant(&store, 1).await;
    rotated(&store, rotate(1, 1, after(600))).await;
    rotated(&store, rotate(1, 2, after(601))).await;
    ended_by(&store, rotate(1, 1, after(602)), 2).await;
}

/// AS-56: used hashes are kept as long as the session lives.
pub async fn sec_21_an_ancestor_ends_the_session(store: Subject) {
    grant(&store, 1).await;
    for rotation in 1..=10 {
        rotated(&store, rotate(1, rotation, after(10 * rotation as u64))).await;
    }
    ended_by(&store, rotate(1, 4, after(101)), 10).await;
}

/// A recovery is for the client that rotated, as it proved itself then.
pub async fn sec_21_another_client_authentication_ends_the_session(store: Subject) {
    grant(&store, 1).await;
    rotated(&store, RotateToken { client_auth: key_auth(1), ..rotate(1, 1, after(600)) }).await;
    ended_by(&store, RotateToken { client_auth: ClientAuth::None, ..rotate(1, 1, after(601)) }, 1).await;
}

/// Ten windows of one client: one pair lives, and all have it.
pub async fn sec_22_rotations_race_to_one_successor(store: Subject) {
    grant(&store, 1).await;
    let outcomes = store
        .race(
            |store, _| async move { store.rotate_token(rotate(1, 1, after(600))).await.expect("it answers") },
        )
        .await;
    let mut winners = 0;
    let current = store.find_token(token_id(1)).await.expect("it reads").expect("the session lives");
    for outcome in outcomes {
        match outcome {
            Rotation::Rotated(token) => {
                winners += 1;
                assert_eq!(*token, current);
            }
            Rotation::Recovered(token) => assert_eq!(*token, current),
            Rotation::Gone | Rotation::Replayed(_) | Rotation::SetsChanged => {
                panic!("a racer lost the session")
            }
        }
    }
    assert_eq!(winners, 1);
    assert_eq!((current.rotation, current.refresh), (1, Some(refresh(1, 1))));
}

/// A stranger's text is nobody's replay; nor is a token of another session.
pub async fn an_unknown_refresh_token_ends_nothing(store: Subject) {
    grant(&store, 1).await;
    grant(&store, 2).await;
    for presented in [refresh(9, 0), refresh(2, 0)] {
        let outcome = store.rotate_token(RotateToken { presented, ..rotate(1, 1, after(600)) }).await;
        let outcome = outcome.expect("it answers");
        assert!(matches!(outcome, Rotation::Gone), "{outcome:?}");
    }
    let outcome = store.rotate_token(rotate(3, 1, after(600))).await.expect("it answers");
    assert!(matches!(outcome, Rotation::Gone), "{outcome:?}");
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(token(1)));
    assert_eq!(store.find_token(token_id(2)).await.expect("it reads"), Some(token(2)));
    // A successor that exists already is a defect of the caller: nothing is changed.
    let taken = RotateToken { successor: refresh(2, 0), ..rotate(1, 1, after(600)) };
    assert!(store.rotate_token(taken).await.is_err());
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(token(1)));
}

/// A client without the grant has no refresh token.
pub async fn a_token_without_refresh_is_not_rotated(store: Subject) {
    grant_token(&store, 1, Token { refresh: None, ..token(1) }).await;
    assert!(store.find_token_by_refresh(&refresh(1, 0)).await.expect("it reads").is_none());
    let outcome = store.rotate_token(rotate(1, 1, after(600))).await.expect("it answers");
    assert!(matches!(outcome, Rotation::Gone), "{outcome:?}");
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_some());
}

/// One, or all of an account; newest first while they live.
pub async fn revoking_ends_exactly_what_it_names(store: Subject) {
    for number in 1..=4 {
        let account = if number == 4 { did(4) } else { did(1) };
        let created_at = after(number as u64);
        let token = Token { account, created_at, rotated_at: created_at, ..token(number) };
        grant_token(&store, number, token).await;
    }
    let listed = store.list_tokens(&did(1)).await.expect("it reads");
    let ids: Vec<_> = listed.iter().map(|token| token.id).collect();
    assert_eq!(ids, [token_id(3), token_id(2), token_id(1)]);
    assert!(store.revoke_token(token_id(2)).await.expect("it writes"));
    assert!(!store.revoke_token(token_id(2)).await.expect("it answers"));
    assert!(store.find_token(token_id(2)).await.expect("it reads").is_none());
    assert!(store.find_token_by_refresh(&refresh(2, 0)).await.expect("it reads").is_none());
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_some());
    assert_eq!(store.revoke_tokens(&did(1)).await.expect("it writes"), 2);
    assert_eq!(store.revoke_tokens(&did(1)).await.expect("it answers"), 0);
    assert!(store.list_tokens(&did(1)).await.expect("it reads").is_empty());
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    assert!(store.find_token(token_id(4)).await.expect("it reads").is_some());
}

/// CM-31: the key is gone from the client's set.
pub async fn tokens_are_revoked_by_the_key_of_their_client(store: Subject) {
    for (number, by, key) in [(1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 2, 1)] {
        let token = Token { client: client(by), client_auth: key_auth(key), ..token(number) };
        grant_token(&store, number, token).await;
    }
    grant(&store, 5).await;
    let thumbprint = |number| *key_auth(number).thumbprint().expect("it has a key");
    let mut bound = store.list_bound_keys().await.expect("it reads");
    bound.sort();
    let mut expected =
        vec![(client(1), thumbprint(1)), (client(1), thumbprint(2)), (client(2), thumbprint(1))];
    expected.sort();
    assert_eq!(bound, expected);
    assert_eq!(store.revoke_tokens_by_key(&client(1), &thumbprint(1)).await.expect("it writes"), 2);
    assert_eq!(store.revoke_tokens_by_key(&client(1), &thumbprint(1)).await.expect("it answers"), 0);
    for (number, lives) in [(1, false), (2, false), (3, true), (4, true), (5, true)] {
        assert_eq!(store.find_token(token_id(number)).await.expect("it reads").is_some(), lives, "{number}");
    }
}

/// CM-36.
pub async fn a_public_client_that_became_confidential_is_bound_to_its_key(store: Subject) {
    grant(&store, 1).await;
    assert!(store.list_bound_keys().await.expect("it reads").is_empty());
    let now = rotated(&store, RotateToken { client_auth: key_auth(1), ..rotate(1, 1, after(600)) }).await;
    assert_eq!((&now.client_auth, now.began_public), (&key_auth(1), true));
    let now = rotated(&store, RotateToken { client_auth: key_auth(1), ..rotate(1, 2, after(601)) }).await;
    assert_eq!(now.began_as(), &ClientAuth::None, "what it began as stays");
    assert_eq!(store.find_token(token_id(1)).await.expect("it reads"), Some(now));
    assert_eq!(store.list_bound_keys().await.expect("it reads").len(), 1);
    let key = *key_auth(1).thumbprint().expect("it has a key");
    assert_eq!(store.revoke_tokens_by_key(&client(1), &key).await.expect("it writes"), 1);
}

async fn rotated(store: &Subject, rotate: RotateToken) -> Token {
    match store.rotate_token(rotate).await.expect("it answers") {
        Rotation::Rotated(token) => *token,
        other => panic!("not rotated: {other:?}"),
    }
}

/// A replay that ends token 1, which was rotated so often.
async fn ended_by(store: &Subject, rotate: RotateToken, rotation: u32) {
    let outcome = store.rotate_token(rotate).await.expect("it answers");
    let Rotation::Replayed(token) = outcome else { panic!("{outcome:?}") };
    assert_eq!((token.id, token.rotation), (token_id(1), rotation));
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    for used in 0..=rotation as usize {
        let found = store.find_token_by_refresh(&refresh(1, used)).await.expect("it reads");
        assert!(found.is_none(), "{used}");
    }
}
