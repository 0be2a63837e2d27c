//! What security events promise.

use std::time::Duration;

use gatewright_protocol::time::UnixTime;

use super::fixture::*;
use super::{RACERS, Subject};
use crate::legacy_session::NewLegacySession;
use crate::request::CodeExchanged;
use crate::security_event::{EVENT_MEMORY, EVENT_REPEAT, MOST_EVENTS, SecurityEvent, SecurityEventKind};
use crate::token::NewToken;

/// All that there is to say of it.
pub async fn events_are_listed_as_they_were_noted_and_newest_first(store: Subject) {
    let full = SecurityEvent::new(did(1), SecurityEventKind::ScopeRefused, after(5))
        .session(token_id(1))
        .client("https://app.example.com/client.json")
        .subject("reader")
        .scope("repo:com.example.note?action=create")
        .place("192.0.2.0/24");
    let bare = SecurityEvent::new(did(1), SecurityEventKind::PasswordChanged, NOW);
    let other = SecurityEvent::new(did(2), SecurityEventKind::SignIn, after(9));
    for event in [&full, &bare, &other] {
        note(&store, event.clone()).await;
    }
    assert_eq!(list(&store, 1).await, [full, bare]);
    assert_eq!(list(&store, 2).await, [other]);
    assert!(list(&store, 3).await.is_empty());
    for (number, kind) in (0_u64..).zip(SecurityEventKind::ALL) {
        note(&store, SecurityEvent::new(did(3), kind, after(number))).await;
    }
    let kinds: Vec<_> = list(&store, 3).await.iter().rev().map(|event| event.kind).collect();
    assert_eq!(kinds, SecurityEventKind::ALL);
}

/// A program that is refused again and again fills nothing.
pub async fn what_happens_again_soon_is_noted_once(store: Subject) {
    let refused = |scope: &str, at| {
        let event = SecurityEvent::new(did(1), SecurityEventKind::ScopeRefused, at);
        event.session(token_id(1)).scope(scope)
    };
    let last = NOW.plus(EVENT_REPEAT).minus(Duration::from_millis(1));
    for at in [NOW, after(1), last] {
        note(&store, refused("blob:*/*", at)).await;
    }
    assert_eq!(list(&store, 1).await.len(), 1);
    note(&store, refused("repo:*", after(2))).await;
    note(&store, refused("blob:*/*", after(3)).place("192.0.2.0/24")).await;
    note(&store, SecurityEvent { account: did(2), ..refused("blob:*/*", after(3)) }).await;
    assert_eq!((list(&store, 1).await.len(), list(&store, 2).await.len()), (3, 1));
    note(&store, refused("blob:*/*", NOW.plus(EVENT_REPEAT))).await;
    assert_eq!(list(&store, 1).await.len(), 4);
    store
        .race(|store, _| async move {
            note(&store, SecurityEvent::new(did(3), SecurityEventKind::SignIn, NOW)).await;
        })
        .await;
    assert_eq!(list(&store, 3).await.len(), 1, "of {RACERS}");
}

/// The network that a session was begun from is none, nor is one that it came from before.
pub async fn a_network_is_new_to_a_session_once(store: Subject) {
    let event =
        |kind, place: &str, at| SecurityEvent::new(did(1), kind, at).session(token_id(1)).place(place);
    let moved = |place: &str, at| event(SecurityEventKind::NewNetwork, place, at);
    note(&store, event(SecurityEventKind::Grant, "192.0.2.0/24", NOW)).await;
    let later = NOW.plus(10 * DAY);
    note(&store, moved("192.0.2.0/24", later)).await;
    assert_eq!(list(&store, 1).await.len(), 1);
    for at in [later, NOW.plus(20 * DAY), NOW.plus(30 * DAY)] {
        note(&store, moved("198.51.100.0/24", at)).await;
        note(&store, moved("192.0.2.0/24", at)).await;
    }
    assert_eq!(list(&store, 1).await.len(), 2);
    let elsewhere = moved("198.51.100.0/24", later).session(token_id(2));
    note(&store, elsewhere).await;
    assert_eq!(list(&store, 1).await.len(), 3);
}

/// Many of one kind push out no other, and nobody else's.
pub async fn sec_72_events_of_one_kind_are_limited(store: Subject) {
    note(&store, SecurityEvent::new(did(1), SecurityEventKind::SignIn, NOW)).await;
    note(&store, SecurityEvent::new(did(2), SecurityEventKind::ScopeRefused, NOW)).await;
    for number in 0..MOST_EVENTS + 3 {
        let event = SecurityEvent::new(did(1), SecurityEventKind::ScopeRefused, after(number as u64));
        note(&store, event.scope(&format!("repo:com.example.n{number}"))).await;
    }
    let listed = list(&store, 1).await;
    assert_eq!(listed.len(), MOST_EVENTS + 1);
    assert_eq!(listed.last().map(|event| event.kind), Some(SecurityEventKind::SignIn));
    let refused = listed.iter().rev().find(|event| event.kind == SecurityEventKind::ScopeRefused);
    assert_eq!(refused.and_then(|event| event.scope.as_deref()), Some("repo:com.example.n3"));
    assert_eq!(list(&store, 2).await.len(), 1);
}

/// With the step that begins it, or not at all.
pub async fn the_beginning_of_a_session_is_noted_with_it(store: Subject) {
    let event = |kind, number| {
        let event = SecurityEvent::new(did(1), kind, after(number));
        event.session(token_id(1)).place("192.0.2.0/24")
    };
    let granted = event(SecurityEventKind::Grant, 1);
    let new = NewToken { event: Some(granted.clone()), ..token(1).into() };
    grant_new(&store, 1, new.clone()).await;
    let again = store.exchange_code(&code(1), new).await.expect("it answers");
    assert!(!matches!(again, CodeExchanged::Created), "{again:?}");
    let begun = event(SecurityEventKind::PasswordSession, 2);
    let new = NewLegacySession { event: Some(begun.clone()), ..new_session(1, None) };
    assert!(store.create_legacy_session(new).await.expect("it writes"));
    let unknown = NewLegacySession { event: Some(begun.clone()), ..new_session(2, Some(9)) };
    assert!(!store.create_legacy_session(unknown).await.expect("it answers"));
    assert_eq!(list(&store, 1).await, [begun, granted]);
}

/// As much as is asked for at once.
pub async fn old_events_go(store: Subject) {
    for number in 0..3 {
        note(&store, SecurityEvent::new(did(1), SecurityEventKind::Grant, after(2 * 3600 * number))).await;
    }
    let sweep = async |at: UnixTime| store.sweep(horizon(at)).await.expect("it sweeps");
    let end = NOW.plus(EVENT_MEMORY);
    assert_eq!(sweep(end.minus(Duration::from_millis(1))).await, 0);
    assert_eq!(sweep(end).await, 1);
    assert_eq!(list(&store, 1).await.len(), 2);
    assert_eq!(sweep(end.plus(DAY)).await, 2);
    assert!(list(&store, 1).await.is_empty());
}

/// Nobody else's go with them.
pub async fn a_deleted_account_leaves_no_event(store: Subject) {
    for number in [1, 2] {
        note(&store, SecurityEvent::new(did(number), SecurityEventKind::SignIn, NOW)).await;
    }
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    assert_eq!((list(&store, 1).await.len(), list(&store, 2).await.len()), (0, 1));
}

async fn note(store: &Subject, event: SecurityEvent) {
    store.note_security_event(event).await.expect("it writes");
}

async fn list(store: &Subject, account: usize) -> Vec<SecurityEvent> {
    store.list_security_events(&did(account)).await.expect("it reads")
}
