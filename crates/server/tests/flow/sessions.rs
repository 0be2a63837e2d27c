//! Password sessions.

use std::time::{Duration, Instant};

use gatewright_protocol::syntax::Did;
use gatewright_server::passwords::Passwords;
use gatewright_store::account::{AccountStatus, AccountStore as _};
use gatewright_store::app_password::AppPasswordStore as _;
use serde_json::json;

use crate::support::machine::at_once;
use crate::support::session::{
    CREATE_SESSION, DELETE_SESSION, LIST_APP_PASSWORDS, REFRESH_SESSION, Session, claims, refusal, refused,
};
use crate::support::{ALICE, ALICE_EMAIL, ALICE_PASSWORD, BOB_PASSWORD, World};

fn alice() -> Did {
    ALICE.parse().unwrap()
}

#[tokio::test]
async fn a_session_begins_by_handle_did_and_address() {
    let world = World::new().await;
    for identifier in [
        "alice.example.net",
        "ALICE.example.net",
        "@alice.example.net",
        ALICE,
        ALICE_EMAIL,
        "Alice@Example.net",
    ] {
        let reply = world.log_in(identifier, ALICE_PASSWORD).await;
        let session = Session::of(&reply);
        let json = reply.json();
        assert_eq!((json["did"].as_str(), json["handle"].as_str()), (Some(ALICE), Some("alice.example.net")));
        assert_eq!((&json["email"], &json["emailConfirmed"]), (&json!(ALICE_EMAIL), &json!(false)));
        assert_eq!((&json["emailAuthFactor"], &json["active"]), (&json!(false), &json!(true)));
        assert_eq!(json.get("status"), None);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let claims = session.claims();
        assert_eq!(claims["scope"], "com.atproto.access");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 7200);
        assert!(world.is_open(&session).await);
    }
}

#[tokio::test]
async fn sec_62_nobody_learns_who_has_an_account() {
    let world = World::new().await;
    let wrong = world.log_in("alice.example.net", "wrong").await;
    assert_eq!(refusal(&wrong), refused(401, "AuthenticationRequired", "Invalid identifier or password"));
    for (identifier, password) in [
        ("nobody.example.net", "wrong"),
        ("did:plc:nobodynobodynobodynobody", "wrong"),
        ("nobody@example.com", "abcd-efgh-ijkl-mnop"),
        ("alice.example.net", "abcd-efgh-ijkl-mnop"),
        ("alice.example.net", BOB_PASSWORD),
        ("", "wrong"),
        ("not a name", ALICE_PASSWORD),
    ] {
        let reply = world.log_in(identifier, password).await;
        assert_eq!(reply.text, wrong.text, "{identifier} {password}");
        assert_eq!(reply.status, wrong.status);
    }
    // Longer than any: told at once, whoever is named.
    for identifier in ["alice.example.net", "nobody.example.net"] {
        let long = world.log_in(identifier, &"x".repeat(513)).await;
        assert_eq!(refusal(&long).1, "AuthenticationRequired");
        assert_ne!(long.text, wrong.text);
    }
}

#[tokio::test]
async fn sec_62_every_outcome_takes_as_long() {
    let floor = Duration::from_millis(250);
    let world = World::with(|settings| settings.sign_in_floor = floor).await;
    for (identifier, password, status) in [
        ("alice.example.net", ALICE_PASSWORD, 200),
        ("alice.example.net", "wrong", 401),
        ("nobody.example.net", "wrong", 401),
        ("nobody.example.net", "abcd-efgh-ijkl-mnop", 401),
    ] {
        let start = Instant::now();
        assert_eq!(world.log_in(identifier, password).await.status, status);
        assert!(start.elapsed() >= floor, "{identifier}");
    }
}

#[tokio::test]
async fn bodies_that_are_not_in_order_are_said_so_without_what_they_hold() {
    let world = World::new().await;
    for body in
        [json!([]), json!({}), json!({"identifier": "x"}), json!({"identifier": 1, "password": "secret"})]
    {
        let reply = world.xrpc(CREATE_SESSION, None, Some(&body)).await;
        assert_eq!((reply.status.as_u16(), refusal(&reply).1.as_str()), (400, "InvalidRequest"), "{body}");
        assert!(!reply.text.contains("secret"));
    }
    let none = world.xrpc(CREATE_SESSION, None, None).await;
    assert_eq!(refusal(&none).1, "InvalidRequest");
    let large = json!({"identifier": "x".repeat(40_000), "password": "x"});
    assert_eq!(world.xrpc(CREATE_SESSION, None, Some(&large)).await.status, 413);
}

#[tokio::test]
async fn sec_66_a_used_refresh_token_gives_the_same_next_one_for_two_hours() {
    let world = World::new().await;
    let first = world.session().await;
    world.clock.seconds(10);
    let second = Session::of(&world.refresh_session(&first.refresh).await);
    assert_ne!(second.jti(), first.jti());
    assert!(world.is_open(&second).await && world.is_open(&first).await);
    world.clock.seconds(7199);
    let again = Session::of(&world.refresh_session(&first.refresh).await);
    assert_eq!(again.jti(), second.jti());
    let third = Session::of(&world.refresh_session(&second.refresh).await);
    assert_eq!(Session::of(&world.refresh_session(&first.refresh).await).jti(), second.jti(), "it goes on");
    world.clock.seconds(1);
    let late = world.refresh_session(&first.refresh).await;
    assert_eq!(refusal(&late), refused(400, "ExpiredToken", "Token has been revoked"));
    // Replay ends nothing, unlike in OAuth.
    Session::of(&world.refresh_session(&third.refresh).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_66_ten_parallel_refreshes_go_on_with_one_token() {
    let world = World::new().await;
    let first = world.session().await;
    let replies = at_once(10, || world.refresh_session(&first.refresh));
    let next: Vec<_> = replies.iter().map(|reply| Session::of(reply).jti()).collect();
    assert!(next.iter().all(|jti| *jti == next[0]), "{next:?}");
    Session::of(&world.refresh_session(&Session::of(&replies[3]).refresh).await);
}

#[tokio::test]
async fn a_refresh_token_lives_for_ninety_days_and_says_so() {
    let world = World::new().await;
    let session = world.session().await;
    let said = claims(&session.refresh);
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 90 * 86_400);
    world.clock.seconds(90 * 86_400 - 1);
    let next = Session::of(&world.refresh_session(&session.refresh).await);
    world.clock.seconds(1);
    let late = world.refresh_session(&session.refresh).await;
    assert_eq!(refusal(&late), refused(400, "ExpiredToken", "Token has expired"));
    Session::of(&world.refresh_session(&next.refresh).await);
}

#[tokio::test]
async fn ending_a_session_ends_all_of_it_and_can_be_done_late_and_twice() {
    let world = World::new().await;
    let (first, other) = (world.session().await, world.session().await);
    let second = Session::of(&world.refresh_session(&first.refresh).await);
    let wrong = world.xrpc(DELETE_SESSION, Some(&first.access), None).await;
    assert_eq!(refusal(&wrong), refused(400, "InvalidToken", "Token could not be verified"));
    for _ in 0..2 {
        assert_eq!(world.xrpc(DELETE_SESSION, Some(&first.refresh), None).await.status, 200);
    }
    for session in [&first, &second] {
        let refreshed = world.refresh_session(&session.refresh).await;
        assert_eq!(refusal(&refreshed), refused(400, "ExpiredToken", "Token has been revoked"));
        let called = world.xrpc(LIST_APP_PASSWORDS, Some(&session.access), None).await;
        assert_eq!(refusal(&called), refused(400, "ExpiredToken", "Token has been revoked"));
    }
    assert!(world.is_open(&other).await);
    world.clock.seconds(91 * 86_400);
    assert_eq!(world.xrpc(DELETE_SESSION, Some(&other.refresh), None).await.status, 200, "expired allowed");
    assert_eq!(world.xrpc(DELETE_SESSION, None, None).await.status, 401);
}

#[tokio::test]
async fn a_new_password_ends_sessions_and_leaves_app_passwords() {
    let world = World::new().await;
    let app_password = world.new_app_password(json!({"name": "bot"})).await;
    let own = world.session().await;
    let bot = Session::of(&world.log_in(ALICE, &app_password).await);
    let hash = Passwords::new(world.random.clone());
    let hash =
        hash.hash(gatewright_protocol::secret::Password::parse("a new password").unwrap()).await.unwrap();
    assert!(world.store.replace_password(&alice(), hash).await.unwrap());
    for session in [&own, &bot] {
        let reply = world.refresh_session(&session.refresh).await;
        assert_eq!(refusal(&reply), refused(400, "ExpiredToken", "Token has been revoked"));
    }
    assert!(!world.is_open(&own).await);
    assert_eq!(world.log_in(ALICE, ALICE_PASSWORD).await.status, 401);
    Session::of(&world.log_in(ALICE, &app_password).await);
}

#[tokio::test]
async fn whose_account_was_taken_down_gets_a_session_to_move_away_with_and_no_more() {
    let world = World::new().await;
    let app_password = world.new_app_password(json!({"name": "bot"})).await;
    let before = world.session().await;
    world.store.set_account_status(&alice(), AccountStatus::TakenDown).await.unwrap();
    let refreshed = world.refresh_session(&before.refresh).await;
    assert_eq!(refusal(&refreshed), refused(401, "AccountTakedown", "Account has been taken down"));
    for password in [ALICE_PASSWORD, app_password.as_str()] {
        let reply = world.log_in(ALICE, password).await;
        assert_eq!(refusal(&reply).1, "AccountTakedown");
    }
    assert_eq!(refusal(&world.log_in(ALICE, "wrong").await).1, "AuthenticationRequired");
    let log_in = async |password: &str| {
        let body = json!({"identifier": ALICE, "password": password, "allowTakendown": true});
        world.xrpc(CREATE_SESSION, None, Some(&body)).await
    };
    assert_eq!(refusal(&log_in(&app_password).await).1, "AccountTakedown", "not by an app password");
    let reply = log_in(ALICE_PASSWORD).await;
    let session = Session::of(&reply);
    assert_eq!((&reply.json()["active"], &reply.json()["status"]), (&json!(false), &json!("takendown")));
    assert_eq!(session.claims()["scope"], "com.atproto.takendown");
    let called = world.xrpc(LIST_APP_PASSWORDS, Some(&session.access), None).await;
    assert_eq!(refusal(&called), refused(400, "InvalidToken", "Bad token scope"));
    world.store.set_account_status(&alice(), AccountStatus::Active).await.unwrap();
    let refreshed = world.refresh_session(&session.refresh).await;
    assert_eq!(refusal(&refreshed), refused(400, "ExpiredToken", "Token has been revoked"));
}

#[tokio::test]
async fn somebody_who_put_an_account_to_rest_can_come_back() {
    let world = World::new().await;
    let before = world.session().await;
    world.store.set_account_status(&alice(), AccountStatus::Deactivated).await.unwrap();
    let reply = world.log_in(ALICE, ALICE_PASSWORD).await;
    assert_eq!((&reply.json()["active"], &reply.json()["status"]), (&json!(false), &json!("deactivated")));
    Session::of(&reply);
    Session::of(&world.refresh_session(&before.refresh).await);
}

#[tokio::test]
async fn a_deleted_account_leaves_no_session_and_no_app_password() {
    let world = World::new().await;
    let app_password = world.new_app_password(json!({"name": "bot"})).await;
    let session = world.session().await;
    assert!(world.store.delete_account(&alice()).await.unwrap());
    let refreshed = world.refresh_session(&session.refresh).await;
    assert_eq!(refusal(&refreshed).1, "ExpiredToken");
    assert_eq!(world.log_in(ALICE, &app_password).await.status, 401);
    assert!(world.store.list_app_passwords(&alice()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_fault_of_ours_ends_nothing() {
    let world = World::new().await;
    let session = world.session().await;
    world.faults.store(true, std::sync::atomic::Ordering::SeqCst);
    for reply in [world.refresh_session(&session.refresh).await, world.log_in(ALICE, ALICE_PASSWORD).await] {
        assert_eq!(refusal(&reply).1, "InternalServerError");
        assert!(!reply.text.contains("injected"), "what failed is for the log");
    }
    world.faults.store(false, std::sync::atomic::Ordering::SeqCst);
    Session::of(&world.refresh_session(&session.refresh).await);
}

#[tokio::test]
async fn sec_63_the_31st_session_in_five_minutes_is_too_many() {
    let world = World::new().await;
    for attempt in 0..30 {
        let password = if attempt % 2 == 0 { "wrong" } else { ALICE_PASSWORD };
        let reply = world.log_in("alice.example.net", password).await;
        assert_ne!(reply.status, 429, "{attempt}");
        assert_eq!(reply.header("ratelimit-limit"), Some("30"));
        assert_eq!(reply.header("ratelimit-remaining"), Some((29 - attempt).to_string().as_str()));
        assert_eq!(reply.header("ratelimit-policy"), Some("30;w=300"));
        assert!(reply.header("ratelimit-reset").unwrap().parse::<i64>().unwrap() > 1_750_000_000);
        assert_eq!(reply.header("retry-after"), None);
    }
    let reply = world.log_in("Alice.example.net", ALICE_PASSWORD).await;
    assert_eq!((reply.status.as_u16(), refusal(&reply).1.as_str()), (429, "RateLimitExceeded"));
    assert_eq!(reply.header("ratelimit-remaining"), Some("0"));
    assert!(reply.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    // Neither another account nor the same one elsewhere is locked out.
    assert_eq!(world.log_in("bob.example.net", BOB_PASSWORD).await.status, 200);
    let body = json!({"identifier": "alice.example.net", "password": ALICE_PASSWORD});
    let elsewhere = world.xrpc_from("198.51.100.1:1", CREATE_SESSION, None, Some(&body)).await;
    assert_eq!(elsewhere.status, 200);
    world.clock.seconds(600);
    assert_eq!(world.log_in("alice.example.net", ALICE_PASSWORD).await.status, 200);
}

#[tokio::test]
async fn sec_63_three_hundred_sessions_a_day_are_enough() {
    let world = World::with(|settings| settings.limits.sign_in_daily.count = 40).await;
    for attempt in 0..40 {
        if attempt == 25 {
            world.clock.seconds(600);
        }
        assert_eq!(world.log_in("alice.example.net", "wrong").await.status, 401, "{attempt}");
    }
    world.clock.seconds(600);
    let reply = world.log_in("alice.example.net", ALICE_PASSWORD).await;
    assert_eq!((reply.status.as_u16(), reply.header("ratelimit-policy")), (429, Some("40;w=86400")));
}

#[tokio::test]
async fn calls_of_one_network_are_counted_and_told() {
    let world = World::with(|settings| settings.limits.calls.count = 5).await;
    for left in ["4", "3", "2", "1", "0"] {
        let reply = world.xrpc(REFRESH_SESSION, None, None).await;
        assert_eq!((reply.status.as_u16(), reply.header("ratelimit-remaining")), (401, Some(left)));
    }
    let reply = world.xrpc(REFRESH_SESSION, None, None).await;
    assert_eq!(refusal(&reply).1, "RateLimitExceeded");
    assert_eq!(world.xrpc_from("198.51.100.1:1", REFRESH_SESSION, None, None).await.status, 401);
}

#[tokio::test]
async fn a_session_that_refreshes_all_the_time_is_slowed_down_and_lives() {
    let world = World::new().await;
    let session = world.session().await;
    for _ in 0..30 {
        Session::of(&world.refresh_session(&session.refresh).await);
    }
    let reply = world.refresh_session(&session.refresh).await;
    assert_eq!((reply.status.as_u16(), refusal(&reply).1.as_str()), (429, "RateLimitExceeded"));
    world.clock.seconds(600);
    Session::of(&world.refresh_session(&session.refresh).await);
}

#[tokio::test]
async fn sec_50_an_access_token_of_an_application_is_no_session() {
    let world = World::new().await;
    let app = crate::support::app::public(&world);
    let tokens = app.tokens().await;
    let bearer = world.xrpc(LIST_APP_PASSWORDS, Some(&tokens.access), None).await;
    assert_eq!(refusal(&bearer).1, "invalid_token");
    let refresh = world.refresh_session(&tokens.refresh).await;
    assert_eq!(refusal(&refresh), refused(400, "InvalidToken", "Token could not be verified"));
}
