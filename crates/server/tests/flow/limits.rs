//! How much strangers may send.

use axum::body::Body;
use gatewright_store::limits::Limits;
use http::Request;

use crate::support::World;
use crate::support::app::{App, SCOPE, WEB_REDIRECT, confidential, form, public};
use crate::support::browser::Browser;
use crate::support::machine::call;

#[tokio::test]
async fn sec_72_pushes_of_public_clients_are_limited_by_network() {
    let world = World::new().await;
    let app = public(&world);
    for _ in 0..100 {
        app.push("atproto").await;
    }
    let verifier = app.verifier();
    let reply = app.post("/oauth/par", app.push_form(&verifier, SCOPE)).await;
    assert_eq!(reply.status, 429);
    assert!(reply.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert!(reply.header("dpop-nonce").is_some());
    let other = confidential(&world);
    other.push("atproto").await;
    world.clock.seconds(600);
    app.publish();
    app.push("atproto").await;
}

#[tokio::test]
async fn sec_72_who_is_refused_all_the_time_has_to_wait() {
    let world = World::new().await;
    let app = public(&world);
    for _ in 0..300 {
        let body = form(&[("client_id", &app.id), ("grant_type", "refresh_token"), ("refresh_token", "x")]);
        assert_eq!(app.send("/oauth/token", &body, None).await.status, 400);
    }
    assert_eq!(app.refresh("x").await.status, 429);
}

#[tokio::test]
async fn a_missing_nonce_is_no_offence() {
    let world = World::new().await;
    let app = public(&world);
    for _ in 0..310 {
        let reply = app.send("/oauth/token", &app.own(), Some(&app.proof_with("/oauth/token", None))).await;
        assert_eq!(reply.status, 400);
    }
    assert_eq!(app.refresh("x").await.status, 400);
}

#[tokio::test]
async fn a_session_that_refreshes_all_the_time_is_slowed_down_and_lives() {
    let world = World::new().await;
    let app = public(&world);
    let mut tokens = app.tokens().await;
    for _ in 0..30 {
        tokens = crate::support::app::Tokens::of(&app.refresh(&tokens.refresh).await);
    }
    assert_eq!(app.refresh(&tokens.refresh).await.status, 429);
    world.clock.seconds(600);
    app.refresh(&tokens.refresh).await.assert_ok();
}

#[tokio::test]
async fn sec_63_sign_ins_are_limited_by_identifier_and_network() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let mut page = browser.get(&app.authorize_path(&push)).await;
    for _ in 0..30 {
        page = browser.sign_in_as(&page, "nobody.example.net", "wrong", false).await;
        assert_eq!(page.status, 401);
    }
    page = browser.sign_in_as(&page, "Nobody.example.net", "wrong", false).await;
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").is_some());
    let fine = browser.sign_in_as(&page, "alice.example.net", crate::support::ALICE_PASSWORD, false).await;
    assert_eq!(fine.status, 200, "others are not locked out");
}

#[tokio::test]
async fn limits_can_be_off() {
    let world = World::with(|settings| settings.limits.enabled = false).await;
    let app = public(&world);
    for _ in 0..120 {
        app.push("atproto").await;
    }
}

#[tokio::test]
async fn sec_70_cookies_are_bound_to_tls_except_on_loopback_in_development() {
    let secure = World::new().await;
    let app = public(&secure);
    let page = Browser::new(&secure).get(&app.authorize_path(&app.push(SCOPE).await)).await;
    assert!(page.header("strict-transport-security").is_some());
    let cookies: Vec<_> =
        page.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap().to_owned()).collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
    }
    let plain = World::at("http://localhost:2583", |settings| settings.development = true).await;
    let app = App::new(&plain, "https://app.example.dev/client.json", WEB_REDIRECT, false);
    app.publish();
    let page = Browser::new(&plain).get(&app.authorize_path(&app.push(SCOPE).await)).await;
    assert!(page.header("strict-transport-security").is_none());
    for cookie in page.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(!cookie.starts_with("__Host-") && !cookie.contains("Secure"), "{cookie}");
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    }
}

#[tokio::test]
async fn the_stylesheet_of_a_page_is_served() {
    let world = World::new().await;
    let page = Browser::new(&world).get("/oauth/authorize").await;
    let at = page.text.find("/assets/").expect("a stylesheet");
    let path = page.text[at..].split('"').next().unwrap();
    let sheet = call(&world.router, Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(sheet.status, 200);
    assert!(sheet.header("content-type").unwrap().starts_with("text/css"));
}

#[tokio::test]
async fn sec_72_what_is_full_turns_away_for_a_while() {
    let none_of = |limits: fn(&mut Limits)| {
        let mut all = Limits::MEMORY;
        limits(&mut all);
        World::limited(all)
    };
    let busy = |reply: &crate::support::machine::Reply| {
        reply.assert_refused(503, "temporarily_unavailable");
        assert_eq!(reply.header("retry-after"), Some("10"));
    };
    let world = none_of(|limits| limits.proofs = 0).await;
    let app = public(&world);
    busy(&app.post("/oauth/par", app.push_form(&app.verifier(), SCOPE)).await);
    busy(&app.refresh("x").await);
    busy(&app.revoke("x").await);
    let world = none_of(|limits| limits.assertions = 0).await;
    let app = confidential(&world);
    busy(&app.post("/oauth/par", app.push_form(&app.verifier(), SCOPE)).await);
    let world = none_of(|limits| limits.open_requests = 0).await;
    let app = public(&world);
    busy(&app.post("/oauth/par", app.push_form(&app.verifier(), SCOPE)).await);
    let world = none_of(|limits| limits.devices = 0).await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let page = browser.get(&app.authorize_path(&app.push(SCOPE).await)).await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, Some("10")), "{}", page.text);
    assert!(page.text.contains("Too many people at once") && browser.cookies.is_empty());
}

#[tokio::test]
async fn sec_72_revoking_nothing_all_the_time_is_slowed_down() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    for _ in 0..300 {
        assert_eq!(app.revoke("made up").await.status, 200);
    }
    assert_eq!(app.revoke("made up").await.status, 429);
    assert!(app.is_alive(&tokens).await);
    world.clock.seconds(600);
    assert_eq!(app.revoke(&tokens.access).await.status, 200);
    assert!(!app.is_alive(&tokens).await);
}

#[tokio::test]
async fn sec_72_who_goes_on_when_told_to_wait_is_refused_before_a_proof_is_remembered() {
    let world = World::with(|settings| settings.limits.push_confidential.count = 1).await;
    for app in [public(&world), confidential(&world)] {
        app.publish();
        let most = if app.assertion.is_some() { 1 } else { 100 };
        for _ in 0..most {
            app.push("atproto").await;
        }
        let proof = app.proof("/oauth/par");
        let mut all = app.own();
        all.extend(app.push_form(&app.verifier(), SCOPE));
        for _ in 0..300 {
            let mut fresh = app.own();
            fresh.extend(app.push_form(&app.verifier(), SCOPE));
            assert_eq!(app.send("/oauth/par", &fresh, Some(&app.proof("/oauth/par"))).await.status, 429);
        }
        for _ in 0..2 {
            // Were the proof looked at, the second time would be a replay.
            assert_eq!(app.send("/oauth/par", &all, Some(&proof)).await.status, 429);
        }
        world.clock.seconds(600);
    }
}
