//! What scopes by reference promise.

use super::Subject;
use super::fixture::*;
use crate::scope_reference::ScopeReference;

/// AS-67: as long as a token that says so may be alive, and never for a shorter time than was promised before.
pub async fn a_scope_is_found_until_the_last_token_that_names_it_ends(store: Subject) {
    keep(&store, 1, 60).await;
    keep(&store, 1, 30).await;
    keep(&store, 2, 30).await;
    let find = async |number: usize, seconds| {
        let found = store.find_scope(&name(number), after(seconds)).await.expect("it reads");
        found.map(|scope| scope.as_str().to_owned())
    };
    assert_eq!(find(1, 59).await.as_deref(), Some("atproto repo:com.example.n1"));
    assert_eq!(find(1, 60).await, None);
    assert_eq!(find(2, 29).await.as_deref(), Some("atproto repo:com.example.n2"));
    assert_eq!(find(3, 0).await, None);
    assert_eq!(store.sweep(horizon(after(30))).await.expect("it sweeps"), 1);
    assert!(find(1, 59).await.is_some());
    assert_eq!(store.sweep(horizon(after(60))).await.expect("it sweeps"), 1);
}

fn name(number: usize) -> String {
    format!("bafy{number}")
}

async fn keep(store: &Subject, number: usize, seconds: u64) {
    let scope = format!("atproto repo:com.example.n{number}").parse().expect("scopes");
    let reference = ScopeReference { name: name(number), scope, until: after(seconds) };
    store.keep_scope(reference).await.expect("it writes");
}
