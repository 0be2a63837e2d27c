//! What preferences promise.

use super::Subject;
use super::fixture::*;
use crate::preference::Preference;

/// In their order; of one account.
pub async fn preferences_are_replaced_as_a_whole(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    put(&store, 1, None, &["a", "b", "a"]).await;
    put(&store, 2, None, &["c"]).await;
    assert_eq!(kinds(&store, 1).await, ["a", "b", "a"]);
    put(&store, 1, None, &["d"]).await;
    assert_eq!(kinds(&store, 1).await, ["d"]);
    put(&store, 1, None, &[]).await;
    assert!(kinds(&store, 1).await.is_empty());
    assert_eq!(kinds(&store, 2).await, ["c"]);
}

/// SEC-48: who may not see one cannot lose it.
pub async fn sec_48_a_kind_that_is_kept_stays_as_it_is(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    put(&store, 1, None, &["a", "private", "b"]).await;
    put(&store, 1, Some("private"), &["c"]).await;
    assert_eq!(kinds(&store, 1).await, ["private", "c"]);
    put(&store, 1, None, &["c"]).await;
    assert_eq!(kinds(&store, 1).await, ["c"]);
}

/// SESS-19.
pub async fn a_deleted_account_leaves_no_preference(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    put(&store, 1, None, &["a"]).await;
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    assert!(kinds(&store, 1).await.is_empty());
}

async fn put(store: &Subject, number: usize, kept: Option<&'static str>, kinds: &[&str]) {
    let json =
        |kind: &&str| Preference { kind: (*kind).to_owned(), json: format!("{{\"$type\":\"{kind}\"}}") };
    let preferences = kinds.iter().map(json).collect();
    store.replace_preferences(&did(number), kept, preferences).await.expect("it writes");
}

async fn kinds(store: &Subject, number: usize) -> Vec<String> {
    let listed = store.list_preferences(&did(number)).await.expect("it reads");
    assert!(listed.iter().all(|row| row.json == format!("{{\"$type\":\"{}\"}}", row.kind)));
    listed.into_iter().map(|row| row.kind).collect()
}
