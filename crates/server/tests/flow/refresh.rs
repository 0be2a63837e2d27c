//! Refreshing.

use std::sync::atomic::Ordering;

use gatewright_store::account::{AccountStatus, AccountStore as _};

use crate::support::app::{App, SCOPE, Tokens, confidential, copy, form, public, replaced};
use crate::support::machine::at_once;
use crate::support::{ALICE, World};

const DAY: u64 = 24 * 60 * 60;

async fn assert_ended(app: &App<'_>, tokens: &Tokens, refresh: &str) {
    app.refresh(refresh).await.assert_refused(400, "invalid_grant");
    assert!(!app.is_alive(tokens).await, "the session is ended");
}

#[tokio::test]
async fn sec_21_a_used_token_after_a_minute_ends_the_session() {
    let world = World::new().await;
    let app = public(&world);
    let first = app.tokens().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    world.clock.seconds(61);
    assert_ended(&app, &second, &first.refresh).await;
    app.refresh(&second.refresh).await.assert_refused(400, "invalid_grant");
}

#[tokio::test]
async fn sec_21_a_used_token_after_its_successor_was_presented_ends_the_session() {
    let world = World::new().await;
    let app = public(&world);
    let first = app.tokens().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    let third = Tokens::of(&app.refresh(&second.refresh).await);
    assert_ended(&app, &third, &first.refresh).await;
}

#[tokio::test]
async fn sec_21_a_used_token_with_another_key_or_client_ends_the_session() {
    let world = World::new().await;
    let app = confidential(&world);
    let first = app.tokens().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    assert_ended(&app.with_other_dpop_key(), &second, &first.refresh).await;

    let first = app.tokens().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    let mut other = App::new(&world, "https://other.example.dev/client.json", &app.redirect_uri, false);
    other.dpop = copy(&app.dpop);
    other.publish();
    assert_ended(&other, &second, &first.refresh).await;
}

#[tokio::test]
async fn sec_22_parallel_refreshes_converge_on_one_pair() {
    let world = World::new().await;
    let app = confidential(&world);
    let mut tokens = app.tokens().await;
    for count in [2, 10] {
        let replies = at_once(count, || app.refresh(&tokens.refresh));
        let pairs: Vec<Tokens> = replies.iter().map(Tokens::of).collect();
        for pair in &pairs {
            assert_eq!(pair.refresh, pairs[0].refresh);
            assert_eq!(pair.claim("jti"), pairs[0].claim("jti"));
        }
        assert_ne!(pairs[0].refresh, tokens.refresh);
        tokens = pairs[0].clone();
    }
    Tokens::of(&app.refresh(&tokens.refresh).await);
}

#[tokio::test]
async fn sec_23_a_fault_of_ours_ends_no_session() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    world.faults.store(true, Ordering::SeqCst);
    let reply = app.refresh(&tokens.refresh).await;
    reply.assert_refused(500, "server_error");
    assert!(!reply.text.contains("injected"), "{}", reply.text);
    world.faults.store(false, Ordering::SeqCst);
    assert!(app.is_alive(&tokens).await);
    app.refresh(&tokens.refresh).await.assert_ok();
}

#[tokio::test]
async fn sec_24_another_client_key_or_assertion_key_ends_the_session() {
    let world = World::new().await;
    let app = confidential(&world);

    let tokens = app.tokens().await;
    assert_ended(&app.with_other_dpop_key(), &tokens, &tokens.refresh).await;

    let tokens = app.tokens().await;
    let mut other = App::new(&world, "https://other.example.dev/client.json", &app.redirect_uri, false);
    other.dpop = copy(&app.dpop);
    other.publish();
    assert_ended(&other, &tokens, &tokens.refresh).await;

    let tokens = app.tokens().await;
    let mut rotated = confidential(&world);
    rotated.dpop = copy(&app.dpop);
    assert_ended(&rotated, &tokens, &tokens.refresh).await;
}

#[tokio::test]
async fn sec_24_a_client_that_stops_proving_itself_loses_its_sessions() {
    let world = World::new().await;
    let mut app = confidential(&world);
    let tokens = app.tokens().await;
    app.assertion = None;
    app.publish();
    assert_ended(&app, &tokens, &tokens.refresh).await;
}

#[tokio::test]
async fn sec_24_a_missing_or_wrong_assertion_ends_nothing() {
    let world = World::new().await;
    let app = confidential(&world);
    let tokens = app.tokens().await;
    let bare =
        form(&[("client_id", &app.id), ("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]);
    app.send("/oauth/token", &bare, Some(&app.proof("/oauth/token")))
        .await
        .assert_refused(400, "invalid_client");
    let mut all = app.own();
    all.extend(form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]));
    let broken = replaced(all, "client_assertion", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA");
    app.send("/oauth/token", &broken, Some(&app.proof("/oauth/token")))
        .await
        .assert_refused(400, "invalid_client");
    app.refresh(&tokens.refresh).await.assert_ok();
}

#[tokio::test]
async fn a_public_client_may_become_confidential_and_is_bound_from_then_on() {
    let world = World::new().await;
    let mut app = public(&world);
    let first = app.tokens().await;
    app.assertion = confidential(&world).assertion;
    app.publish();
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    app.assertion = None;
    app.publish();
    assert_ended(&app, &second, &second.refresh).await;
}

#[tokio::test]
async fn sec_25_a_session_that_began_public_ends_after_two_weeks_whatever_its_client_became() {
    let world = World::new().await;
    let mut app = public(&world);
    let mut tokens = app.tokens().await;
    app.assertion = confidential(&world).assertion;
    app.publish();
    for _ in 0..2 {
        world.clock.seconds(6 * DAY);
        tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    }
    world.clock.seconds(2 * DAY - 100);
    tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert!(tokens.expires_in <= 100, "{}", tokens.expires_in);
    world.clock.seconds(DAY);
    assert_ended(&app, &tokens, &tokens.refresh).await;
}

#[tokio::test]
async fn sec_25_a_confidential_session_ends_after_two_years_however_often_it_is_refreshed() {
    let world = World::new().await;
    let app = confidential(&world);
    let mut tokens = app.tokens().await;
    for _ in 0..9 {
        world.clock.seconds(80 * DAY);
        tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    }
    world.clock.seconds(10 * DAY - 60);
    tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert!(tokens.expires_in <= 60, "{}", tokens.expires_in);
    world.clock.seconds(61);
    assert_ended(&app, &tokens, &tokens.refresh).await;
}

#[tokio::test]
async fn json_is_taken_for_tokens() {
    let world = World::new().await;
    let app = confidential(&world);
    let (code, push) = app.code(SCOPE).await;
    let first = Tokens::of(&app.post_json("/oauth/token", app.exchange_form(&code, &push.verifier)).await);
    let refresh = form(&[("grant_type", "refresh_token"), ("refresh_token", &first.refresh)]);
    let second = Tokens::of(&app.post_json("/oauth/token", refresh).await);
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(second.scope, SCOPE);
}

#[tokio::test]
async fn sec_25_a_public_session_ends_after_two_weeks() {
    let world = World::new().await;
    let app = public(&world);
    let idle = app.tokens().await;
    world.clock.seconds(14 * DAY + 1);
    assert_ended(&app, &idle, &idle.refresh).await;

    let mut tokens = app.tokens().await;
    for _ in 0..2 {
        world.clock.seconds(6 * DAY);
        tokens = Tokens::of(&app.refresh(&tokens.refresh).await);
    }
    world.clock.seconds(2 * DAY + 1);
    assert_ended(&app, &tokens, &tokens.refresh).await;
}

#[tokio::test]
async fn sec_25_a_confidential_session_ends_after_ninety_days_without_a_refresh() {
    let world = World::new().await;
    let app = confidential(&world);
    let first = app.tokens().await;
    world.clock.seconds(89 * DAY);
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    world.clock.seconds(90 * DAY + 1);
    assert_ended(&app, &second, &second.refresh).await;
}

#[tokio::test]
async fn sec_26_a_refresh_never_widens() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    let with_scope = |scope: &str| {
        form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh), ("scope", scope)])
    };
    for scope in ["atproto repo:com.example.other", "atproto transition:generic", "blob:image/*"] {
        app.post("/oauth/token", with_scope(scope)).await.assert_refused(400, "invalid_scope");
    }
    let narrow = Tokens::of(&app.post("/oauth/token", with_scope("atproto blob:image/*")).await);
    assert_eq!(narrow.scope, "atproto blob:image/*");
    assert_eq!(Tokens::of(&app.refresh(&narrow.refresh).await).scope, SCOPE, "what was approved is kept");
}

#[tokio::test]
async fn sec_27_access_tokens_are_short_and_end_with_their_session() {
    let world = World::new().await;
    let app = public(&world);
    let first = app.tokens().await;
    assert!(first.expires_in <= 30 * 60);
    world.clock.seconds(7 * DAY);
    let second = Tokens::of(&app.refresh(&first.refresh).await);
    world.clock.seconds(7 * DAY - 100);
    let last = Tokens::of(&app.refresh(&second.refresh).await);
    assert!(last.expires_in <= 100, "{}", last.expires_in);
    let end = last.claim("exp").as_i64().unwrap();
    assert_eq!(end, first.claim("iat").as_i64().unwrap() + i64::try_from(14 * DAY).unwrap());
}

#[tokio::test]
async fn an_account_that_may_not_act_refreshes_nothing() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    world.store.set_account_status(&ALICE.parse().unwrap(), AccountStatus::TakenDown).await.unwrap();
    assert_ended(&app, &tokens, &tokens.refresh).await;
}

#[tokio::test]
async fn sec_74_a_lost_answer_is_given_again() {
    let world = World::new().await;
    let app = confidential(&world);
    let first = app.tokens().await;
    let lost = Tokens::of(&app.refresh(&first.refresh).await);
    for _ in 0..2 {
        world.clock.seconds(20);
        let again = Tokens::of(&app.refresh(&first.refresh).await);
        assert_eq!(again.refresh, lost.refresh);
        for claim in ["jti", "exp", "iat"] {
            assert_eq!(again.claim(claim), lost.claim(claim), "{claim}");
        }
        assert_eq!(again.scope, lost.scope);
        assert!(again.expires_in < lost.expires_in, "counted down");
    }
    let next = Tokens::of(&app.refresh(&lost.refresh).await);
    assert_ended(&app, &next, &first.refresh).await;
}

/// AS-57: nothing was given out for a successor that was refused, so it was not used.
#[tokio::test]
async fn sec_74_a_successor_that_was_refused_was_not_used() {
    let world = World::with(|settings| settings.limits.session.count = 4).await;
    let app = public(&world);
    let first = app.tokens().await;
    let second = Tokens::of(&app.refresh(&first.refresh).await);

    let wide = form(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", &second.refresh),
        ("scope", "atproto transition:generic"),
    ]);
    app.post("/oauth/token", wide).await.assert_refused(400, "invalid_scope");
    world.faults.store(true, Ordering::SeqCst);
    app.refresh(&second.refresh).await.assert_refused(500, "server_error");
    world.faults.store(false, Ordering::SeqCst);
    let again = Tokens::of(&app.refresh(&first.refresh).await);
    assert_eq!((&again.refresh, again.claim("jti")), (&second.refresh, second.claim("jti")));
    assert_eq!(app.refresh(&second.refresh).await.status, 429);
    assert!(app.is_alive(&second).await);
}
