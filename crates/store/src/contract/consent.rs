//! What consents promise.

use super::Subject;
use super::fixture::*;
use crate::consent::Consent;

/// AS-42: one step keeps the approval and what was approved.
pub async fn a_consent_is_kept_with_the_approval(store: Subject) {
    assert!(approve_with(&store, 1, consent(1)).await);
    assert_eq!(store.find_consent(&did(1), &client(1)).await.expect("it reads"), Some(consent(1)));
    assert_eq!(store.find_consent(&did(1), &client(2)).await.expect("it reads"), None);
    assert!(store.delete_consent(&did(1), &client(1)).await.expect("it writes"));
    assert!(!store.delete_consent(&did(1), &client(1)).await.expect("it answers"));
    assert_eq!(store.find_consent(&did(1), &client(1)).await.expect("it reads"), None);
}

/// The last decision counts.
pub async fn a_later_consent_takes_the_place_of_the_earlier(store: Subject) {
    assert!(approve_with(&store, 1, consent(1)).await);
    let later = Consent {
        approved: scopes("atproto repo:com.example.note"),
        declined: scopes("atproto").difference(&scopes("atproto")),
        decided_at: after(60),
        ..consent(1)
    };
    assert!(approve_with(&store, 2, later.clone()).await);
    assert_eq!(store.find_consent(&did(1), &client(1)).await.expect("it reads"), Some(later));
}

/// What could not be approved is not remembered either.
pub async fn a_consent_that_was_refused_is_not_kept(store: Subject) {
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it is kept");
    let approved =
        store.approve_request(&request_id(1), &device_id(1), approved(1), Some(consent(1)), NOW).await;
    assert!(!approved.expect("it answers"), "nobody opened it");
    assert_eq!(store.find_consent(&did(1), &client(1)).await.expect("it reads"), None);
}

async fn approve_with(store: &Subject, number: usize, consent: Consent) -> bool {
    store.create_request(request(number), NOW.plus(DAY)).await.expect("it is kept");
    store.open_request(&request_id(number), &device_id(number), NOW, after(300)).await.expect("it opens");
    store
        .approve_request(&request_id(number), &device_id(number), approved(number), Some(consent), NOW)
        .await
        .expect("it writes")
}
