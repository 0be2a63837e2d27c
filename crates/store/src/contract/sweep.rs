//! What sweeping promises.

use gatewright_protocol::factor::MailPurpose;

use super::Subject;
use super::fixture::*;
use crate::app_password::{AppPassword, NewAppPassword};
use crate::device::{ACCOUNT_PAGES, DeviceAccount};
use crate::mail_code::MailCode;
use crate::replay::Namespace;
use crate::request::{CodeExchanged, RequestCreated, RequestId};
use crate::sweep::Horizon;
use crate::token::Token;

/// Requests, codes, challenges and replay memory.
pub async fn what_has_expired_goes_and_the_rest_stays(store: Subject) {
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    approve(&store, 2).await;
    grant(&store, 3).await;
    for namespace in [Namespace::Assertion, Namespace::Proof] {
        assert!(store.remember(namespace, bytes("use", 1), after(200), NOW).await.expect("it answers"));
    }
    assert_eq!(store.sweep(horizon(after(59))).await.expect("it sweeps"), 0);
    assert!(store.find_request(&request_id(2)).await.expect("it reads").is_some());
    assert_eq!(store.sweep(horizon(after(60))).await.expect("it sweeps"), 1, "the code of 2");
    assert!(store.find_request(&request_id(2)).await.expect("it reads").is_none());
    assert!(store.find_request_by_code(&code(2)).await.expect("it reads").is_none());
    assert!(store.find_request(&request_id(1)).await.expect("it reads").is_some());
    assert_eq!(store.sweep(horizon(after(299))).await.expect("it sweeps"), 2, "assertion and proof");
    assert_eq!(store.sweep(horizon(after(300))).await.expect("it sweeps"), 1, "request 1");
    assert!(store.find_request(&request_id(1)).await.expect("it reads").is_none());
    let replayed = store.consume_code(&code(3), after(300)).await.expect("it answers");
    assert!(matches!(replayed, CodeExchanged::Replayed(Some(_))), "a used code is known for a day");
    assert_eq!(
        store.sweep(horizon(after(86_400))).await.expect("it sweeps"),
        4,
        "three challenges and a used code"
    );
    let forgotten = store.consume_code(&code(3), after(86_400)).await.expect("it answers");
    assert!(matches!(forgotten, CodeExchanged::Unknown), "{forgotten:?}");
    let again = store.create_request(request(1), NOW.plus(DAY)).await.expect("it answers");
    assert_eq!(again, RequestCreated::Created);
}

/// Each kind of client has its lives.
pub async fn sec_25_tokens_go_when_their_session_or_refresh_life_is_over(store: Subject) {
    grant(&store, 1).await;
    grant_token(&store, 2, Token { client_auth: key_auth(2), began_public: false, ..token(2) }).await;
    grant(&store, 3).await;
    let days = |days: u64| after(days * 86_400);
    let left = || async {
        let mut left = Vec::new();
        for number in 1..=3 {
            let by_id = store.find_token(token_id(number)).await.expect("it reads").is_some();
            let by_refresh =
                store.find_token_by_refresh(&refresh(number, 0)).await.expect("it reads").is_some();
            assert_eq!(by_id, by_refresh, "{number}");
            if by_id {
                left.push(number);
            }
        }
        left
    };
    let shorter = |now| Horizon { public_refresh: 7 * DAY, ..horizon(now) };
    store.rotate_token(rotate(3, 1, days(5))).await.expect("it writes");
    store.sweep(shorter(days(7).minus(MINUTE))).await.expect("it sweeps");
    assert_eq!(left().await, [1, 2, 3]);
    store.sweep(shorter(days(7))).await.expect("it sweeps");
    assert_eq!(left().await, [2, 3], "1 was not rotated for a week");
    store.sweep(horizon(days(14))).await.expect("it sweeps");
    assert_eq!(left().await, [2], "3 was made two weeks ago");
    store.sweep(horizon(days(90).minus(MINUTE))).await.expect("it sweeps");
    assert_eq!(left().await, [2]);
    store.sweep(horizon(days(90))).await.expect("it sweeps");
    assert!(left().await.is_empty());
}

/// CM-36: a session keeps the life that it began with, whatever its client proves later.
pub async fn sec_25_a_session_that_began_public_goes_when_public_ones_go(store: Subject) {
    for (number, confidential) in [(1, false), (2, true)] {
        let began = Token { client_auth: key_auth(number), began_public: false, ..token(number) };
        grant_token(&store, number, if confidential { began } else { token(number) }).await;
        let upgrade =
            crate::token::RotateToken { client_auth: key_auth(number), ..rotate(number, 1, after(60)) };
        store.rotate_token(upgrade).await.expect("it writes");
    }
    store.sweep(horizon(NOW.plus(14 * DAY))).await.expect("it sweeps");
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    assert!(store.find_token(token_id(2)).await.expect("it reads").is_some());
}

/// RFC 6749 section 4.1.2: as long as there is something to end.
pub async fn sec_18_a_used_code_is_known_as_long_as_its_token_lives(store: Subject) {
    for number in [1, 2] {
        let token = Token { client_auth: key_auth(number), began_public: false, ..token(number) };
        grant_token(&store, number, token).await;
    }
    for days in 1..=9 {
        store.sweep(horizon(NOW.plus(days * DAY))).await.expect("it sweeps");
    }
    let now = NOW.plus(9 * DAY);
    let replayed = store.consume_code(&code(1), now).await.expect("it answers");
    assert!(matches!(replayed, CodeExchanged::Replayed(Some(_))), "{replayed:?}");
    assert!(store.find_token(token_id(1)).await.expect("it reads").is_none());
    assert!(store.revoke_token(token_id(2)).await.expect("it writes"));
    store.sweep(horizon(now.plus(DAY))).await.expect("it sweeps");
    for number in [1, 2] {
        let forgotten = store.consume_code(&code(number), now.plus(DAY)).await.expect("it answers");
        assert!(matches!(forgotten, CodeExchanged::Unknown), "{number}: {forgotten:?}");
    }
}

/// Those on which nobody signed in go sooner.
pub async fn devices_go_when_they_did_not_come_for_long(store: Subject) {
    for number in [1, 2] {
        store.create_device(device(number)).await.expect("it writes");
    }
    store.sign_in_device(sign_in(2, 2), None, None).await.expect("it writes");
    assert_eq!(store.sweep(horizon(after(86_399))).await.expect("it sweeps"), 0);
    assert_eq!(store.sweep(horizon(after(86_400))).await.expect("it sweeps"), 1);
    assert!(store.find_device(&device_id(1)).await.expect("it reads").is_none());
    assert!(store.find_device(&device_id(2)).await.expect("it reads").is_some());
    assert_eq!(store.sweep(horizon(after(86_400 * 400))).await.expect("it sweeps"), 1);
    assert!(store.find_device(&device_id(2)).await.expect("it reads").is_none());
    // Those that went make room.
    for number in 10..110 {
        store.create_device(device(number)).await.expect("there is room");
    }
}

/// AS-37: it was good for that request only.
pub async fn a_sign_in_goes_with_its_request(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    store.create_request(request(1), NOW.plus(DAY)).await.expect("it writes");
    let once = DeviceAccount { request: Some(request_id(1)), ..sign_in(1, 1) };
    store.sign_in_device(once, None, None).await.expect("it writes");
    store.sign_in_device(sign_in(1, 2), None, None).await.expect("it writes");
    store.sweep(horizon(after(1))).await.expect("it sweeps");
    let listed = store.list_device_accounts(&device_id(1), Some(&request_id(1))).await.expect("it reads");
    assert_eq!(listed.len(), 2);
    store.delete_request(&request_id(1)).await.expect("it writes");
    assert_eq!(store.sweep(horizon(after(1))).await.expect("it sweeps"), 1);
    let listed = store.list_device_accounts(&device_id(1), Some(&request_id(1))).await.expect("it reads");
    assert_eq!(listed, [sign_in(1, 2)]);
}

/// No request keeps it, and none takes it along.
pub async fn a_sign_in_of_the_account_pages_goes_after_its_time(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    let pages = RequestId(ACCOUNT_PAGES.to_owned());
    let once = DeviceAccount { request: Some(pages.clone()), ..sign_in(1, 1) };
    store.sign_in_device(once.clone(), None, None).await.expect("it writes");
    assert_eq!(store.sweep(horizon(after(3599))).await.expect("it sweeps"), 0);
    let listed = store.list_device_accounts(&device_id(1), Some(&pages)).await.expect("it reads");
    assert_eq!(listed, [once]);
    assert!(store.list_device_accounts(&device_id(1), None).await.expect("it reads").is_empty());
    assert_eq!(store.sweep(horizon(after(3600))).await.expect("it sweeps"), 1);
    assert!(store.list_device_accounts(&device_id(1), Some(&pages)).await.expect("it reads").is_empty());
}

/// No session that began with them can still run: two years and 90 days after they were last seen.
pub async fn lexicons_go_when_no_session_can_need_them(store: Subject) {
    for number in [1, 2] {
        store.keep_lexicon(lexicon(1, number, number as u64)).await.expect("it writes");
    }
    store.keep_lexicon(lexicon(2, 1, 100)).await.expect("it writes");
    let life = horizon(NOW).confidential_session + crate::sweep::UNSEEN_LEXICON;
    assert_eq!(store.sweep(horizon(after(1).plus(life))).await.expect("it sweeps"), 0);
    assert_eq!(store.sweep(horizon(after(2).plus(life))).await.expect("it sweeps"), 1);
    assert_eq!(store.find_lexicon(&lexicon_name(1)).await.expect("it reads"), None);
    assert!(store.list_lexicon_versions(&lexicon_name(1), 9).await.expect("it reads").is_empty());
    assert!(store.find_lexicon(&lexicon_name(2)).await.expect("it reads").is_some());
    // What it was is forgotten too, and those that went make room.
    for number in 1..super::LIMITS.lexicon_versions {
        let number = usize::try_from(number).expect("a small number");
        store.keep_lexicon(lexicon(number + 10, 1, 1)).await.expect("there is room");
    }
}

/// SESS-21: refresh tokens after their grace, sessions after their last one, app passwords after their time.
pub async fn legacy_sessions_and_app_passwords_go_at_their_end(store: Subject) {
    let row = AppPassword { expires_at: Some(NOW.plus(100 * DAY)), ..app_password(1, 0) };
    let new = NewAppPassword { app_password: row, hash: app_password_hash(1, 0) };
    store.create_app_password(new).await.expect("it writes");
    for (session, app_password) in [(1, None), (2, Some(0))] {
        assert!(store.create_legacy_session(new_session(session, app_password)).await.expect("it writes"));
    }
    store.refresh_legacy_session(refresh_session(2, 1, NOW.plus(DAY))).await.expect("it writes");
    let sweep = async |now| store.sweep(horizon(now)).await.expect("it sweeps");
    assert_eq!(sweep(NOW.plus(DAY + 119 * MINUTE)).await, 0);
    assert_eq!(sweep(NOW.plus(DAY + 120 * MINUTE)).await, 1, "a refresh token after its grace");
    assert_eq!(sweep(NOW.plus(90 * DAY)).await, 2, "a session and its refresh token");
    let lives =
        async |number| store.find_legacy_session(session_id(number)).await.expect("it reads").is_some();
    assert!(!lives(1).await && lives(2).await);
    sweep(NOW.plus(91 * DAY)).await;
    assert!(!lives(2).await);
    assert!(store.create_legacy_session(new_session(3, Some(0))).await.expect("it writes"));
    assert_eq!(store.list_app_passwords(&did(1)).await.expect("it reads").len(), 1);
    assert!(sweep(NOW.plus(100 * DAY)).await > 0);
    assert!(store.list_app_passwords(&did(1)).await.expect("it reads").is_empty());
    assert!(!lives(3).await);
}

/// Mail codes, and sign-ins that nobody completed.
pub async fn what_waits_for_a_factor_goes_after_its_time(store: Subject) {
    store.create_device(device(1)).await.expect("it writes");
    assert!(store.sign_in_device(sign_in(1, 1), None, None).await.expect("it writes"));
    assert!(store.await_factor(waiting_sign_in(1, 1), None).await.expect("it writes"));
    let code = MailCode { ends_at: after(900), ..mail_code(1, 1, MailPurpose::SignIn) };
    assert!(store.keep_mail_code(code, NOW).await.expect("it writes"));
    let sweep = async |seconds| store.sweep(horizon(after(seconds))).await.expect("it sweeps");
    assert_eq!((sweep(299).await, sweep(300).await), (0, 1));
    assert_eq!((sweep(899).await, sweep(900).await), (0, 1));
}

/// Called again until there is nothing left.
pub async fn a_sweep_is_bounded(store: Subject) {
    for number in 0..50 {
        store.create_request(request(number), NOW.plus(DAY)).await.expect("it writes");
    }
    let few = Horizon { batch: 20, ..horizon(after(301)) };
    let mut swept = Vec::new();
    for _ in 0..4 {
        swept.push(store.sweep(few).await.expect("it sweeps"));
    }
    assert_eq!(swept, [20, 20, 10, 0]);
    for number in 50..60 {
        approve(&store, number).await;
        let token = Token { created_at: NOW, ..token(number) };
        store.exchange_code(&code(number), token.into()).await.expect("it is exchanged");
    }
    let few = Horizon { batch: 4, ..horizon(NOW.plus(20 * DAY)) };
    let mut rounds = 0;
    while store.sweep(few).await.expect("it sweeps") > 0 {
        rounds += 1;
        assert!(rounds < 100, "there is no end");
    }
    assert!(rounds >= 3, "{rounds}");
    assert!(store.find_token(token_id(50)).await.expect("it reads").is_none());
    assert!(store.find_token(token_id(59)).await.expect("it reads").is_none());
}
