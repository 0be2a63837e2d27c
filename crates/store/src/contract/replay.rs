//! What replay memory promises.

use super::fixture::*;
use super::{LIMITS, RACERS, Subject};
use crate::StoreError;
use crate::replay::Namespace;

const ALL: [Namespace; 4] =
    [Namespace::Assertion, Namespace::PasskeyQuestion, Namespace::Proof, Namespace::ServiceToken];

/// The second use of the same is refused while it is remembered.
pub async fn a_use_counts_once(store: Subject) {
    for namespace in ALL {
        let remember = |number, now| {
            let store = store.clone();
            async move {
                store.remember(namespace, bytes("use", number), after(200), now).await.expect("it answers")
            }
        };
        assert!(remember(1, NOW).await);
        assert!(!remember(1, NOW).await);
        assert!(!remember(1, after(199)).await);
        assert!(remember(2, after(199)).await);
    }
}

/// The same bytes mean different things.
pub async fn namespaces_do_not_mix(store: Subject) {
    for namespace in ALL {
        assert!(store.remember(namespace, bytes("use", 1), after(200), NOW).await.expect("it answers"));
    }
}

/// At the second at which it was to be remembered no longer, swept or not.
pub async fn an_assertion_counts_again_when_its_time_is_over(store: Subject) {
    let key = bytes("use", 1);
    for namespace in [Namespace::Assertion, Namespace::PasskeyQuestion, Namespace::ServiceToken] {
        let remember = |now, until| {
            let store = store.clone();
            async move { store.remember(namespace, key, until, now).await.expect("it answers") }
        };
        assert!(remember(NOW, after(60)).await);
        assert!(remember(after(60), after(120)).await);
        assert!(!remember(after(61), after(180)).await);
    }
}

/// Nothing is forgotten to make room.
pub async fn sec_72_a_full_memory_refuses_and_forgets_nothing(store: Subject) {
    for (namespace, what) in [(Namespace::Assertion, "assertions"), (Namespace::Proof, "proofs")] {
        let mut kept = Vec::new();
        let mut refused = 0;
        for number in 0..LIMITS.proofs + 4000 {
            match store.remember(namespace, bytes("use", number), after(200), NOW).await {
                Ok(first) => {
                    assert!(first, "use {number} was never seen");
                    kept.push(number);
                }
                Err(StoreError::Full { what: full, .. }) => {
                    assert_eq!(full, what);
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
            if namespace == Namespace::Assertion && number > 200 {
                break;
            }
        }
        assert!(refused > 0, "{what} have no limit");
        for number in kept {
            let again = store.remember(namespace, bytes("use", number), after(200), after(1)).await;
            assert!(matches!(again, Ok(false)), "{what}: use {number} was forgotten: {again:?}");
        }
    }
}

/// One proof, sent many times at once.
pub async fn uses_race_and_one_wins(store: Subject) {
    for namespace in ALL {
        let first = store
            .race(|store, _| async move {
                store.remember(namespace, bytes("use", 1), after(200), NOW).await.expect("it answers")
            })
            .await;
        assert_eq!(first.len(), RACERS);
        assert_eq!(first.iter().filter(|first| **first).count(), 1, "{namespace:?}");
    }
}
