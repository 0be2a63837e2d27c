//! What legacy sessions promise.

use gatewright_protocol::legacy::LegacyRefreshId;

use super::fixture::*;
use super::{RACERS, Subject};
use crate::account::AccountStatus;
use crate::app_password::{AppPassword, AppPasswordCreated, AppPasswordUse, NewAppPassword};
use crate::legacy_session::{
    AppPasswordAccess, LegacyAccess, LegacyRefresh, LegacyRefreshed, LegacySession, NewLegacySession,
    RefreshLegacySession,
};

/// With what it may do, as its app password says.
pub async fn a_session_is_found_as_it_was_begun(store: Subject) {
    let scoped = AppPassword {
        privileged: true,
        scope: Some(scopes("include:com.example.set")),
        expires_at: Some(after(6000)),
        ..app_password(1, 0)
    };
    create(&store, &scoped).await;
    create(&store, &app_password(1, 1)).await;
    let access = |number: usize, granted: Option<&str>| {
        let row = if number == 0 { scoped.clone() } else { app_password(1, number) };
        LegacyAccess::AppPassword(AppPasswordAccess {
            id: row.id,
            privileged: row.privileged,
            approved: row.scope,
            granted: granted.map(scopes),
            expires_at: row.expires_at,
        })
    };
    for (number, access) in [
        (1, LegacyAccess::Full),
        (2, LegacyAccess::TakenDown),
        (3, access(0, Some("repo:com.example.note"))),
        (4, access(1, None)),
    ] {
        let session =
            LegacySession { id: session_id(number), account: did(1), access, ..new_session(1, None).session };
        let new = NewLegacySession {
            session: session.clone(),
            refresh: None,
            used: None,
            proven: None,
            event: None,
        };
        assert!(store.create_legacy_session(new).await.expect("it writes"));
        let found = store.find_legacy_session(session_id(number)).await.expect("it reads");
        assert_eq!(found, Some(session));
    }
    assert_eq!(store.find_legacy_session(session_id(5)).await.expect("it reads"), None);
    let listed = store.list_legacy_sessions(&did(1)).await.expect("it reads");
    assert_eq!(listed.len(), 4);
    assert!(store.list_legacy_sessions(&did(2)).await.expect("it reads").is_empty());
}

/// It may have been revoked while its holder was checked.
pub async fn no_session_begins_with_an_app_password_that_is_gone(store: Subject) {
    assert!(!store.create_legacy_session(new_session(1, Some(0))).await.expect("it answers"));
    create(&store, &AppPassword { expires_at: Some(NOW), ..app_password(1, 0) }).await;
    assert!(!store.create_legacy_session(new_session(1, Some(0))).await.expect("it answers"));
    assert!(store.find_legacy_session(session_id(1)).await.expect("it reads").is_none());
}

/// AS-62, whichever comes first: who proved a password that was replaced since gets no session.
pub async fn a_password_that_was_replaced_begins_no_session(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    let begin = |number, proven| {
        let new = NewLegacySession { proven: Some(password(proven)), ..new_session(number, None) };
        let store = store.clone();
        async move { store.create_legacy_session(new).await.expect("it answers") }
    };
    assert!(begin(1, 1).await);
    assert!(store.replace_password(&did(1), password(9)).await.expect("it writes"));
    assert!(!begin(2, 1).await, "the session comes after the new password");
    assert!(store.list_legacy_sessions(&did(1)).await.expect("it reads").is_empty());
    assert!(begin(3, 9).await);
    let elsewhere = NewLegacySession { proven: Some(password(2)), ..new_session_of(2, 4, None) };
    assert!(
        !store.create_legacy_session(elsewhere).await.expect("it answers"),
        "nobody could have proven it"
    );
    assert_eq!(store.list_legacy_sessions(&did(1)).await.expect("it reads").len(), 1);
}

/// The new password and the sign-in with the old one race: no session outlives it.
pub async fn a_new_password_and_a_session_race(store: Subject) {
    store.create_account(account(1)).await.expect("it writes");
    store
        .race(|store, racer| async move {
            if racer == 0 {
                assert!(store.replace_password(&did(1), password(9)).await.expect("it writes"));
            } else {
                let new = NewLegacySession { proven: Some(password(1)), ..new_session(racer, None) };
                store.create_legacy_session(new).await.expect("it answers");
            }
        })
        .await;
    assert!(store.list_legacy_sessions(&did(1)).await.expect("it reads").is_empty());
}

/// SESS-15, SESS-16: two hours, and the same successor each time, whatever became of it.
pub async fn sec_66_a_used_refresh_token_has_the_same_successor_within_its_grace(store: Subject) {
    begin(&store, 1).await;
    let first = refreshed(&store, refresh_session(1, 1, after(100))).await;
    assert_eq!(first.1, successor(1, 1, after(100)));
    assert_eq!(first.0.refreshed_at, after(100));
    // Again, and after the successor was refreshed too.
    let again = refreshed(&store, refresh_session(1, 1, after(200))).await;
    assert_eq!(again.1, first.1, "nothing is renewed by it");
    let second = refreshed(&store, refresh_session(1, 2, after(300))).await;
    assert_ne!(second.1.id, first.1.id);
    let late = refreshed(&store, refresh_session(1, 1, after(7299))).await;
    assert_eq!(late.1, LegacyRefresh { expires_at: after(300 + 7200), ..first.1 });
    // The grace counts from the first use.
    for presented in [(1, 7300), (2, 7500)] {
        gone(&store, refresh_session(1, presented.0, after(presented.1))).await;
    }
    refreshed(&store, refresh_session(1, 3, after(8000))).await;
    let session = store.find_legacy_session(session_id(1)).await.expect("it reads").expect("it lives");
    assert_eq!(session.refreshed_at, after(8000));
    assert_eq!(session.ends_at, after(8000).plus(90 * DAY));
}

/// It is not made longer by the grace.
pub async fn a_refresh_token_ends_at_its_time(store: Subject) {
    begin(&store, 1).await;
    let end = NOW.plus(90 * DAY);
    let before = |seconds| end.minus(std::time::Duration::from_secs(seconds));
    refreshed(&store, refresh_session(1, 1, before(60))).await;
    refreshed(&store, refresh_session(1, 1, before(1))).await;
    gone(&store, refresh_session(1, 1, end)).await;
    gone(&store, refresh_session(2, 1, NOW)).await;
    let unknown = RefreshLegacySession { presented: LegacyRefreshId([9; 32]), ..refresh_session(1, 1, NOW) };
    gone(&store, unknown).await;
}

/// A name is good in its session only.
pub async fn a_refresh_token_is_of_one_session(store: Subject) {
    begin(&store, 1).await;
    begin(&store, 2).await;
    let mixed = RefreshLegacySession { id: session_id(2), ..refresh_session(1, 1, NOW) };
    gone(&store, mixed).await;
    refreshed(&store, refresh_session(1, 1, NOW)).await;
    refreshed(&store, refresh_session(2, 1, NOW)).await;
}

/// Ten windows of one client: all go on with the same token.
pub async fn sec_66_refreshes_race_to_one_successor(store: Subject) {
    begin(&store, 1).await;
    let outcomes = store
        .race(|store, racer| async move {
            refreshed(&store, refresh_session(1, 1, after(100 + racer as u64))).await.1
        })
        .await;
    assert_eq!(outcomes.len(), RACERS);
    let expected = outcomes.first().copied().expect("somebody raced");
    assert!(outcomes.iter().all(|outcome| *outcome == expected), "{outcomes:?}");
    refreshed(&store, refresh_session(1, 2, after(200))).await;
}

/// What a permission set grants may have changed; and the use is noted.
pub async fn a_refresh_renews_what_a_scoped_session_may_do(store: Subject) {
    create(&store, &AppPassword { scope: Some(scopes("repo:*")), ..app_password(1, 0) }).await;
    assert!(store.create_legacy_session(new_session(1, Some(0))).await.expect("it writes"));
    let used = AppPasswordUse { at: after(10), client: None, network: None };
    let refresh = RefreshLegacySession {
        granted: Some(scopes("repo:com.example.note")),
        used: Some(used.clone()),
        ..refresh_session(1, 1, after(10))
    };
    refreshed(&store, refresh).await;
    let session = store.find_legacy_session(session_id(1)).await.expect("it reads").expect("it lives");
    let access = session.access.app_password().expect("it has one").clone();
    assert_eq!(access.granted, Some(scopes("repo:com.example.note")));
    let listed = store.list_app_passwords(&did(1)).await.expect("it reads");
    assert_eq!(listed.first().and_then(|row| row.last_use.clone()), Some(used));
}

/// By its row, whatever its tokens say.
pub async fn a_session_is_not_refreshed_after_its_app_password_ended(store: Subject) {
    create(&store, &AppPassword { expires_at: Some(after(60)), ..app_password(1, 0) }).await;
    let mut new = new_session(1, Some(0));
    if let LegacyAccess::AppPassword(access) = &mut new.session.access {
        access.expires_at = Some(after(60));
    }
    assert!(store.create_legacy_session(new).await.expect("it writes"));
    refreshed(&store, refresh_session(1, 1, after(59))).await;
    gone(&store, refresh_session(1, 2, after(60))).await;
    let session = store.find_legacy_session(session_id(1)).await.expect("it reads").expect("not swept yet");
    assert!(session.is_over(after(60)) && !session.is_over(after(59)));
}

/// With its refresh tokens; others go on.
pub async fn ending_ends_one_session(store: Subject) {
    begin(&store, 1).await;
    begin(&store, 2).await;
    assert!(store.find_legacy_session(session_id(1)).await.expect("it reads").is_some());
    assert!(store.end_legacy_session(session_id(1)).await.expect("it writes"));
    assert!(!store.end_legacy_session(session_id(1)).await.expect("it answers"));
    assert!(store.find_legacy_session(session_id(1)).await.expect("it reads").is_none());
    gone(&store, refresh_session(1, 1, NOW)).await;
    refreshed(&store, refresh_session(2, 1, NOW)).await;
}

/// SESS-18: a new password ends all sessions, those of app passwords too, which stay themselves.
pub async fn a_new_password_ends_sessions_and_no_app_password(store: Subject) {
    two_accounts(&store).await;
    assert!(store.replace_password(&did(1), password(9)).await.expect("it writes"));
    assert_eq!(left(&store).await, [3, 4]);
    assert_eq!(store.list_app_passwords(&did(1)).await.expect("it reads").len(), 1);
}

/// SESS-19: taken down, everything ends; put to rest, its owner can come back.
pub async fn a_takedown_ends_sessions_and_a_rest_does_not(store: Subject) {
    two_accounts(&store).await;
    assert!(store.set_account_status(&did(1), AccountStatus::Deactivated).await.expect("it writes"));
    assert_eq!(left(&store).await, [1, 2, 3, 4]);
    assert!(store.set_account_status(&did(1), AccountStatus::TakenDown).await.expect("it writes"));
    assert_eq!(left(&store).await, [3, 4]);
    assert!(store.set_account_status(&did(1), AccountStatus::Active).await.expect("it writes"));
    assert_eq!(left(&store).await, [3, 4]);
}

/// SESS-19: whoever comes back under the DID finds neither sessions nor app passwords of before.
pub async fn a_deleted_account_leaves_no_session_and_no_app_password(store: Subject) {
    two_accounts(&store).await;
    assert!(store.delete_account(&did(1)).await.expect("it writes"));
    store.create_account(account(1)).await.expect("it writes");
    assert_eq!(left(&store).await, [3, 4]);
    assert!(store.list_app_passwords(&did(1)).await.expect("it reads").is_empty());
    let found = store.find_app_password(&did(1), &app_password_hash(1, 0)).await.expect("it reads");
    assert_eq!(found, None);
    assert_eq!(store.list_app_passwords(&did(2)).await.expect("it reads").len(), 1);
    gone(&store, refresh_session(1, 1, NOW)).await;
}

/// Accounts 1 and 2, each with a session of its password and one of its app password.
async fn two_accounts(store: &Subject) {
    for number in [1, 2] {
        store.create_account(account(number)).await.expect("it writes");
        create(store, &app_password(number, 0)).await;
        for (session, app_password) in [(2 * number - 1, None), (2 * number, Some(0))] {
            let new = new_session_of(number, session, app_password);
            assert!(store.create_legacy_session(new).await.expect("it writes"));
        }
    }
    assert_eq!(left(store).await, [1, 2, 3, 4]);
}

/// Which of the sessions 1 to 4 live.
async fn left(store: &Subject) -> Vec<usize> {
    let mut left = Vec::new();
    for number in 1..=4 {
        if store.find_legacy_session(session_id(number)).await.expect("it reads").is_some() {
            left.push(number);
        }
    }
    left
}

async fn create(store: &Subject, row: &AppPassword) {
    let [.., number] = row.id.0;
    let of = (0..1000).find(|number| did(*number) == row.account).expect("an account of the fixture");
    let hash = app_password_hash(of, usize::from(number));
    let created = store
        .create_app_password(NewAppPassword { app_password: row.clone(), hash })
        .await
        .expect("it writes");
    assert_eq!(created, AppPasswordCreated::Created);
}

/// Session `number` of account 1.
async fn begin(store: &Subject, number: usize) {
    assert!(store.create_legacy_session(new_session(number, None)).await.expect("it writes"));
}

async fn refreshed(store: &Subject, refresh: RefreshLegacySession) -> (LegacySession, LegacyRefresh) {
    match store.refresh_legacy_session(refresh).await.expect("it answers") {
        LegacyRefreshed::Refreshed(session, successor) => (*session, successor),
        LegacyRefreshed::Gone => panic!("it should go on"),
    }
}

async fn gone(store: &Subject, refresh: RefreshLegacySession) {
    let outcome = store.refresh_legacy_session(refresh).await.expect("it answers");
    assert_eq!(outcome, LegacyRefreshed::Gone);
}
