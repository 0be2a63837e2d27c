//! Exchanging codes.

use gatewright_server::settings::Verification;

use crate::support::app::{App, SCOPE, Tokens, confidential, copy, form, public, replaced};
use crate::support::browser::{Browser, query};
use crate::support::machine::at_once;
use crate::support::{ALICE, World};

/// The code is used up: the right exchange no longer works.
async fn assert_consumed(app: &App<'_>, code: &str, push: &crate::support::app::Push) {
    app.exchange(code, &push.verifier).await.assert_refused(400, "invalid_grant");
}

#[tokio::test]
async fn sec_03_the_verifier_has_to_answer_and_a_wrong_one_uses_the_code_up() {
    let world = World::new().await;
    let app = public(&world);
    let wrong = app.verifier();
    for verifier in ["", wrong.expose(), "short", &"x".repeat(42), &"x".repeat(129)] {
        let (code, push) = app.code(SCOPE).await;
        let bad = replaced(app.exchange_form(&code, &push.verifier), "code_verifier", verifier);
        app.post("/oauth/token", bad).await.assert_refused(400, "invalid_grant");
        assert_consumed(&app, &code, &push).await;
    }
}

#[tokio::test]
async fn sec_18_a_code_that_comes_again_ends_what_came_of_it() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let code = query(&browser.approve(&app.authorize_path(&push)).await)["code"].clone();
    let tokens = Tokens::of(&app.exchange(&code, &push.verifier).await);
    assert!(app.is_alive(&tokens).await);
    app.exchange(&code, &push.verifier).await.assert_refused(400, "invalid_grant");
    assert!(!app.is_alive(&tokens).await);
    app.refresh(&tokens.refresh).await.assert_refused(400, "invalid_grant");
    let page = browser.get(&app.authorize_path(&app.push(SCOPE).await)).await;
    assert!(page.text.contains("name=\"password\""), "the account is signed out on that device");
}

#[tokio::test]
async fn sec_18_a_replay_by_a_thief_ends_the_session_too() {
    let world = World::new().await;
    let app = public(&world);
    let (code, push) = app.code(SCOPE).await;
    let tokens = Tokens::of(&app.exchange(&code, &push.verifier).await);
    let thief = app.with_other_dpop_key();
    let wrong = thief.verifier();
    thief.exchange(&code, &wrong).await.assert_refused(400, "invalid_grant");
    assert!(!app.is_alive(&tokens).await);
}

#[tokio::test]
async fn sec_19_a_code_is_bound_to_client_redirect_uri_and_keys() {
    let world = World::new().await;
    let app = confidential(&world);

    let (code, push) = app.code(SCOPE).await;
    let bad =
        replaced(app.exchange_form(&code, &push.verifier), "redirect_uri", "https://app.example.dev/other");
    app.post("/oauth/token", bad).await.assert_refused(400, "invalid_grant");
    assert_consumed(&app, &code, &push).await;

    let (code, push) = app.code(SCOPE).await;
    app.with_other_dpop_key().exchange(&code, &push.verifier).await.assert_refused(400, "invalid_grant");
    assert_consumed(&app, &code, &push).await;

    let (code, push) = app.code(SCOPE).await;
    let mut other = App::new(&world, "https://other.example.dev/client.json", &app.redirect_uri, false);
    other.dpop = copy(&app.dpop);
    other.publish();
    other.exchange(&code, &push.verifier).await.assert_refused(400, "invalid_grant");
    assert_consumed(&app, &code, &push).await;

    let (code, push) = app.code(SCOPE).await;
    let mut rotated = confidential(&world);
    rotated.dpop = copy(&app.dpop);
    rotated.exchange(&code, &push.verifier).await.assert_refused(400, "invalid_grant");
    app.publish();
    assert_consumed(&app, &code, &push).await;
}

#[tokio::test]
async fn sec_20_of_many_uses_of_a_code_one_wins() {
    let world = World::new().await;
    let app = public(&world);
    let (code, push) = app.code(SCOPE).await;
    let replies = at_once(10, || app.exchange(&code, &push.verifier));
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.assert_refused(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_code_ends_after_a_minute_and_our_faults_do_not_use_it_up() {
    use std::sync::atomic::Ordering;
    let world = World::new().await;
    let app = public(&world);
    let (code, push) = app.code(SCOPE).await;
    world.faults.store(true, Ordering::SeqCst);
    app.exchange(&code, &push.verifier).await.assert_refused(500, "server_error");
    world.faults.store(false, Ordering::SeqCst);
    app.exchange(&code, &push.verifier).await.assert_ok();
    let (code, push) = app.code(SCOPE).await;
    world.clock.seconds(61);
    app.exchange(&code, &push.verifier).await.assert_refused(400, "invalid_grant");
}

#[tokio::test]
async fn the_answer_says_everything_that_clients_read() {
    let world = World::new().await;
    let app = public(&world);
    let (code, push) = app.code(SCOPE).await;
    let reply = app.exchange(&code, &push.verifier).await;
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    let json = reply.json();
    assert_eq!((json["sub"].as_str(), json["scope"].as_str()), (Some(ALICE), Some(SCOPE)));
    let tokens = Tokens::of(&reply);
    assert!(tokens.refresh.starts_with("gatewright_rt_"));
    for (name, value) in [
        ("iss", crate::support::ISSUER),
        ("sub", ALICE),
        ("aud", "did:web:pds.example.com"),
        ("client_id", app.id.as_str()),
    ] {
        assert_eq!(tokens.claim(name), value, "{name}");
    }
    assert_eq!(tokens.claim("cnf")["jkt"], app.jkt().to_string());
    assert_eq!(tokens.claim("exp").as_i64().unwrap() - tokens.claim("iat").as_i64().unwrap(), 900);
    assert!(tokens.claim("scope").is_null(), "who shares the store reads it there");
}

#[tokio::test]
async fn a_token_for_an_audience_with_the_keys_alone_says_what_it_may_do_and_is_shorter() {
    let world = World::with(|settings| settings.audiences[0].verification = Verification::Jwks).await;
    let tokens = public(&world).tokens().await;
    assert_eq!(tokens.expires_in, 300);
    assert_eq!(tokens.claim("scope"), SCOPE);
}

#[tokio::test]
async fn grants_that_do_not_exist_are_named_so() {
    let world = World::new().await;
    let app = public(&world);
    for grant in ["password", "client_credentials", "implicit"] {
        let reply = app.post("/oauth/token", form(&[("grant_type", grant)])).await;
        reply.assert_refused(400, "unsupported_grant_type");
    }
    app.post("/oauth/token", form(&[])).await.assert_refused(400, "invalid_request");
}
