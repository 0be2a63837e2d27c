//! What app passwords promise.

use super::fixture::*;
use super::{RACERS, Subject};
use crate::app_password::{AppPassword, AppPasswordCreated, AppPasswordUse, MOST, NewAppPassword};

/// By its hash, in its account only.
pub async fn an_app_password_is_found_by_its_hash(store: Subject) {
    let scoped = AppPassword {
        scope: Some(scopes("include:com.example.set repo:com.example.note")),
        privileged: true,
        expires_at: Some(after(60)),
        ..app_password(1, 1)
    };
    create(&store, &app_password(1, 0)).await;
    create(&store, &scoped).await;
    let find = async |account, number| {
        store.find_app_password(&did(account), &app_password_hash(account, number)).await.expect("it reads")
    };
    assert_eq!(find(1, 0).await, Some(app_password(1, 0)));
    assert_eq!(find(1, 1).await, Some(scoped.clone()));
    assert_eq!(find(1, 2).await, None);
    let elsewhere = store.find_app_password(&did(2), &app_password_hash(1, 1)).await.expect("it reads");
    assert_eq!(elsewhere, None);
}

/// Newest first, with their last use.
pub async fn app_passwords_are_listed_newest_first(store: Subject) {
    for number in 0..3 {
        let created_at = after(number as u64);
        create(&store, &AppPassword { created_at, ..app_password(1, number) }).await;
    }
    create(&store, &app_password(2, 0)).await;
    let used = AppPasswordUse {
        at: after(50),
        client: Some("bot".to_owned()),
        network: Some("192.0.2.0/24".to_owned()),
    };
    let new = new_session(1, Some(1));
    let new = crate::legacy_session::NewLegacySession { used: Some(used.clone()), ..new };
    assert!(store.create_legacy_session(new).await.expect("it writes"));
    let listed = store.list_app_passwords(&did(1)).await.expect("it reads");
    let names: Vec<&str> = listed.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["app 2", "app 1", "app 0"]);
    let last: Vec<_> = listed.into_iter().map(|row| row.last_use).collect();
    assert_eq!(last, [None, Some(used), None]);
    assert!(store.list_app_passwords(&did(3)).await.expect("it reads").is_empty());
}

/// APP-3: of one account.
pub async fn a_name_is_taken_once(store: Subject) {
    create(&store, &app_password(1, 0)).await;
    let again = AppPassword { name: app_password(1, 0).name, ..app_password(1, 1) };
    assert_eq!(keep(&store, &again, 1).await, AppPasswordCreated::NameTaken);
    let elsewhere = AppPassword { name: app_password(1, 0).name, ..app_password(2, 0) };
    assert_eq!(keep(&store, &elsewhere, 0).await, AppPasswordCreated::Created);
    assert_eq!(store.list_app_passwords(&did(1)).await.expect("it reads"), [app_password(1, 0)]);
}

/// Its name is free again, and so is its place.
pub async fn an_app_password_whose_time_is_over_makes_room(store: Subject) {
    for number in 0..MOST {
        create(&store, &AppPassword { expires_at: Some(after(60)), ..app_password(1, number) }).await;
    }
    assert!(store.create_legacy_session(new_session(1, Some(0))).await.expect("it writes"));
    let at = |seconds| AppPassword { created_at: after(seconds), ..app_password(1, MOST) };
    assert_eq!(keep(&store, &at(59), MOST).await, AppPasswordCreated::TooMany);
    let same = AppPassword { name: app_password(1, 0).name, ..at(60) };
    assert_eq!(keep(&store, &same, MOST).await, AppPasswordCreated::Created);
    assert_eq!(store.list_app_passwords(&did(1)).await.expect("it reads"), [same]);
    assert!(store.find_legacy_session(session_id(1)).await.expect("it reads").is_none());
}

/// APP-5, SEC-65: with its sessions, and no other's.
pub async fn sec_65_revoking_ends_what_came_from_it(store: Subject) {
    for number in 0..2 {
        create(&store, &app_password(1, number)).await;
    }
    create(&store, &app_password(2, 0)).await;
    for (session, app_password) in [(1, Some(0)), (11, Some(0)), (21, Some(1)), (31, None)] {
        let new = new_session_of(1, session, app_password);
        assert!(store.create_legacy_session(new).await.expect("it writes"));
        let found = store.find_legacy_session(session_id(session)).await.expect("it reads");
        assert!(found.is_some());
    }
    let name = app_password(1, 0).name;
    assert!(store.revoke_app_password(&did(1), &name).await.expect("it writes"));
    assert!(!store.revoke_app_password(&did(1), &name).await.expect("it answers"));
    let found = store.find_app_password(&did(1), &app_password_hash(1, 0)).await.expect("it reads");
    assert_eq!(found, None);
    for (session, lives) in [(1, false), (11, false), (21, true), (31, true)] {
        let found = store.find_legacy_session(session_id(session)).await.expect("it reads");
        assert_eq!(found.is_some(), lives, "{session}");
    }
    let found = store.find_app_password(&did(2), &app_password_hash(2, 0)).await.expect("it reads");
    assert!(found.is_some(), "another account's");
    // One of the same name is another one (SESS-17).
    let again = AppPassword { name, ..app_password(1, 2) };
    assert_eq!(keep(&store, &again, 2).await, AppPasswordCreated::Created);
    let refreshed = store.refresh_legacy_session(refresh_session(1, 1, after(10))).await;
    assert_eq!(refreshed.expect("it answers"), crate::legacy_session::LegacyRefreshed::Gone);
}

/// One name, many who want it.
pub async fn app_passwords_of_one_name_race_and_one_wins(store: Subject) {
    let created = store
        .race(|store, racer| async move {
            let row = AppPassword { name: app_password(1, 0).name, ..app_password(1, racer) };
            keep(&store, &row, racer).await
        })
        .await;
    assert_eq!(created.iter().filter(|outcome| **outcome == AppPasswordCreated::Created).count(), 1);
    assert_eq!(
        created.iter().filter(|outcome| **outcome == AppPasswordCreated::NameTaken).count(),
        RACERS - 1
    );
}

async fn keep(store: &Subject, row: &AppPassword, number: usize) -> AppPasswordCreated {
    let account = row.account.clone();
    let of = (0..1000).find(|number| did(*number) == account).expect("an account of the fixture");
    let hash = app_password_hash(of, number);
    store.create_app_password(NewAppPassword { app_password: row.clone(), hash }).await.expect("it answers")
}

async fn create(store: &Subject, row: &AppPassword) {
    let [.., number] = row.id.0;
    assert_eq!(keep(store, row, usize::from(number)).await, AppPasswordCreated::Created);
}
