//! How clients prove who they are.

use std::sync::atomic::Ordering;

use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::jose::Jwk;
use gatewright_protocol::jose::jws::{self, SignHeader};
use gatewright_protocol::time::Clock as _;
use gatewright_server::operations::sweep_client_keys;
use serde_json::{Value, json};

use crate::support::app::{App, SCOPE, Tokens, confidential, copy, form, public, replaced};
use crate::support::browser::{Browser, query};
use crate::support::{ISSUER, World};

fn claims(app: &App<'_>, name: &str, value: Value) -> Value {
    let now = app.world.clock.now().seconds();
    let mut claims = json!({
        "iss": app.id, "sub": app.id, "aud": ISSUER, "jti": format!("jti-{name}-{value}"), "iat": now, "exp": now + 60,
    });
    claims[name] = value;
    claims
}

/// A refresh with this assertion.
async fn refresh_with(app: &App<'_>, token: &str, assertion: &str) -> crate::support::machine::Reply {
    let mut all = replaced(app.own(), "client_assertion", assertion);
    all.extend(form(&[("grant_type", "refresh_token"), ("refresh_token", token)]));
    app.send("/oauth/token", &all, Some(&app.proof("/oauth/token"))).await
}

#[tokio::test]
async fn sec_32_an_assertion_is_good_for_this_server_now_and_once() {
    let world = World::new().await;
    let app = confidential(&world);
    let tokens = app.tokens().await;
    let now = world.clock.now().seconds();
    let mut bad: Vec<(String, String)> = Vec::new();
    for (name, value) in [
        ("aud", json!(format!("{ISSUER}/oauth/token"))),
        ("aud", json!([ISSUER, "https://elsewhere.example.net"])),
        ("iss", json!("https://other.example.dev/client.json")),
        ("sub", json!("https://other.example.dev/client.json")),
        ("jti", json!("")),
        ("exp", json!(now - 31)),
        ("exp", json!(now + 301)),
        ("exp", Value::Null),
        ("iat", json!(now - 91)),
        ("iat", json!(now + 31)),
        ("iat", Value::Null),
    ] {
        bad.push((format!("{name} {value}"), app.assertion_of(&claims(&app, name, value)).unwrap()));
    }
    let (_, key) = app.assertion.as_ref().unwrap();
    let good = claims(&app, "x", json!(1));
    let other = PrivateKey::generate(Curve::P256, &*world.random);
    let header = |kid| SignHeader { typ: "JWT", kid, jwk: None };
    bad.push(("no kid".to_owned(), jws::sign(key, &header(None), &good)));
    bad.push(("unknown kid".to_owned(), jws::sign(key, &header(Some("key-2")), &good)));
    bad.push(("another's key".to_owned(), jws::sign(&other, &header(Some("key-1")), &good)));
    bad.push(("HS256".to_owned(), jws::sign_hs256(b"secret", &header(Some("key-1")), &good)));
    let signed = jws::sign(key, &header(Some("key-1")), &good);
    let payload = signed.split('.').nth(1).unwrap();
    bad.push(("none".to_owned(), format!("eyJhbGciOiJub25lIiwia2lkIjoia2V5LTEifQ.{payload}.")));
    for (why, assertion) in bad {
        let reply = refresh_with(&app, &tokens.refresh, &assertion).await;
        assert_eq!((reply.status.as_u16(), reply.error().as_str()), (400, "invalid_client"), "{why}");
    }
    let once = app.assertion_of(&claims(&app, "y", json!(2))).unwrap();
    let second = Tokens::of(&refresh_with(&app, &tokens.refresh, &once).await);
    refresh_with(&app, &second.refresh, &once).await.assert_refused(400, "invalid_client");
    app.refresh(&second.refresh).await.assert_ok();
}

#[tokio::test]
async fn sec_32_the_key_of_the_proof_signs_no_assertion() {
    let world = World::new().await;
    let mut app = confidential(&world);
    app.dpop = copy(&app.assertion.as_ref().unwrap().1);
    let verifier = app.verifier();
    app.post("/oauth/par", app.push_form(&verifier, SCOPE)).await.assert_refused(400, "invalid_request");
}

#[tokio::test]
async fn sec_32_a_key_published_with_its_private_part_is_no_key() {
    let world = World::new().await;
    let app = confidential(&world);
    let mut document = app.document();
    document["jwks"]["keys"][0]["d"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE");
    world.clients.publish(&app.id, document);
    let verifier = app.verifier();
    let reply = app.post("/oauth/par", app.push_form(&verifier, SCOPE)).await;
    assert_eq!(reply.status, 400);
    assert!(
        ["invalid_client", "invalid_client_metadata"].contains(&reply.error().as_str()),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn sec_75_a_retry_with_the_identical_body_is_taken_and_a_third_is_not() {
    let world = World::new().await;
    let app = confidential(&world);
    let verifier = app.verifier();

    let mut push = app.own();
    push.extend(app.push_form(&verifier, SCOPE));
    let request_uri = {
        let reply = thrice(&app, "/oauth/par", &push, &["invalid_client"]).await;
        reply.json()["request_uri"].as_str().unwrap().to_owned()
    };

    let push = crate::support::app::Push { request_uri, verifier };
    let location = Browser::new(&world).approve(&app.authorize_path(&push)).await;
    let mut exchange = app.own();
    exchange.extend(app.exchange_form(&query(&location)["code"], &push.verifier));
    let tokens = Tokens::of(&thrice(&app, "/oauth/token", &exchange, &["invalid_client"]).await);
    assert!(app.is_alive(&tokens).await, "a replayed assertion is no replayed code");

    let mut refresh = app.own();
    refresh.extend(form(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]));
    let tokens = Tokens::of(&thrice(&app, "/oauth/token", &refresh, &["invalid_client"]).await);
    assert!(app.is_alive(&tokens).await);

    let mut revoke = app.own();
    revoke.extend(form(&[("token", &tokens.refresh)]));
    thrice(&app, "/oauth/revoke", &revoke, &["invalid_client"]).await;
    assert!(!app.is_alive(&tokens).await);
}

/// Without a nonce, with one, and once more: the second is taken.
async fn thrice(
    app: &App<'_>,
    path: &str,
    body: &crate::support::app::Form,
    third: &[&str],
) -> crate::support::machine::Reply {
    let first = app.send(path, body, Some(&app.proof_with(path, None))).await;
    first.assert_refused(400, "use_dpop_nonce");
    let nonce = first.header("dpop-nonce").unwrap().to_owned();
    let second = app.send(path, body, Some(&app.proof_with(path, Some(&nonce)))).await;
    second.assert_ok();
    let again = app.send(path, body, Some(&app.proof_with(path, Some(&nonce)))).await;
    assert_eq!(again.status, 400, "{path}");
    assert!(third.contains(&again.error().as_str()), "{path} {}", again.text);
    second
}

#[tokio::test]
async fn sec_28_a_removed_key_ends_the_session_at_the_next_refresh() {
    let world = World::new().await;
    let mut app = confidential(&world);
    let tokens = app.tokens().await;
    let old = app.assertion.take();
    app.assertion = Some(("key-2".to_owned(), PrivateKey::generate(Curve::P256, &*world.random)));
    app.publish();
    app.assertion = old;
    app.refresh(&tokens.refresh).await.assert_refused(400, "invalid_client");
    assert!(!app.is_alive(&tokens).await);
}

#[tokio::test]
async fn sec_28_a_wrong_key_name_ends_no_session_whose_key_is_published() {
    let world = World::new().await;
    let app = confidential(&world);
    let tokens = app.tokens().await;
    let (_, key) = app.assertion.as_ref().unwrap();
    let header = SignHeader { typ: "JWT", kid: Some("key-7"), jwk: None };
    let assertion = jws::sign(key, &header, &claims(&app, "x", json!(1)));
    refresh_with(&app, &tokens.refresh, &assertion).await.assert_refused(400, "invalid_client");
    assert!(app.is_alive(&tokens).await);
}

#[tokio::test]
async fn sec_28_a_wrong_signature_ends_no_session_whose_key_is_published() {
    let world = World::new().await;
    let app = confidential(&world);
    let tokens = app.tokens().await;
    let other = PrivateKey::generate(Curve::P256, &*world.random);
    let header = SignHeader { typ: "JWT", kid: Some("key-1"), jwk: None };
    let assertion = jws::sign(&other, &header, &claims(&app, "x", json!(1)));
    refresh_with(&app, &tokens.refresh, &assertion).await.assert_refused(400, "invalid_client");
    assert!(app.is_alive(&tokens).await);
}

#[tokio::test]
async fn sec_28_a_key_replaced_under_its_name_ends_the_session() {
    let world = World::new().await;
    let mut app = confidential(&world);
    let tokens = app.tokens().await;
    let old = app.assertion.take();
    app.assertion = Some(("key-1".to_owned(), PrivateKey::generate(Curve::P256, &*world.random)));
    app.publish();
    app.assertion = old;
    app.refresh(&tokens.refresh).await.assert_refused(400, "invalid_client");
    assert!(!app.is_alive(&tokens).await);
}

#[tokio::test]
async fn sec_28_another_client_ends_no_session_by_naming_a_key() {
    let world = World::new().await;
    let app = confidential(&world);
    let tokens = app.tokens().await;
    let mut other = App::new(&world, "https://other.example.dev/client.json", &app.redirect_uri, true);
    other.publish();
    other.dpop = copy(&app.dpop);
    let (_, key) = other.assertion.as_ref().unwrap();
    let header = SignHeader { typ: "JWT", kid: Some("key-7"), jwk: None };
    let assertion = jws::sign(key, &header, &claims(&other, "x", json!(1)));
    refresh_with(&other, &tokens.refresh, &assertion).await.assert_refused(400, "invalid_client");
    assert!(app.is_alive(&tokens).await);
}

#[tokio::test]
async fn sec_28_the_sweep_ends_sessions_whose_key_is_gone_and_no_others() {
    let world = World::new().await;
    let mut app = confidential(&world);
    let tokens = app.tokens().await;
    let ctx = world.server.context();
    assert_eq!(sweep_client_keys(&ctx).await.unwrap(), 0);
    world.clients.down.store(true, Ordering::SeqCst);
    assert_eq!(sweep_client_keys(&ctx).await.unwrap(), 0, "who cannot be asked is left alone");
    assert!(app.is_alive(&tokens).await);
    world.clients.down.store(false, Ordering::SeqCst);
    app.assertion = Some(("key-1".to_owned(), PrivateKey::generate(Curve::P256, &*world.random)));
    app.publish();
    assert_eq!(sweep_client_keys(&ctx).await.unwrap(), 1);
    assert!(!app.is_alive(&tokens).await);
}

#[tokio::test]
async fn sec_29_a_client_whose_host_is_down_keeps_its_sessions() {
    let world = World::new().await;
    let app = confidential(&world);
    let tokens = app.tokens().await;
    world.clients.down.store(true, Ordering::SeqCst);
    let reply = app.refresh(&tokens.refresh).await;
    reply.assert_refused(503, "temporarily_unavailable");
    assert!(reply.header("retry-after").is_some());
    assert!(app.is_alive(&tokens).await);
    world.clients.down.store(false, Ordering::SeqCst);
    app.refresh(&tokens.refresh).await.assert_ok();
}

#[tokio::test]
async fn an_assertion_may_be_confirmed_for_the_key_of_the_proof_only() {
    let world = World::new().await;
    let app = confidential(&world);
    let tokens = app.tokens().await;
    let other = Jwk::from(PrivateKey::generate(Curve::P256, &*world.random).public().clone()).thumbprint();
    let wrong = app.assertion_of(&claims(&app, "cnf", json!({"jkt": other}))).unwrap();
    refresh_with(&app, &tokens.refresh, &wrong).await.assert_refused(400, "invalid_dpop_proof");
    let right = app.assertion_of(&claims(&app, "cnf", json!({"jkt": app.jkt()}))).unwrap();
    refresh_with(&app, &tokens.refresh, &right).await.assert_ok();
}

#[tokio::test]
async fn a_document_with_a_redirect_uri_that_cannot_be_used_is_told_so() {
    let world = World::new().await;
    let mut app = public(&world);
    app.redirect_uri = "http://localhost".to_owned();
    app.publish();
    app.post("/oauth/par", app.push_form(&app.verifier(), SCOPE))
        .await
        .assert_refused(400, "invalid_redirect_uri");
    app.refresh("x").await.assert_refused(400, "invalid_redirect_uri");
    let mut document = app.document();
    document["redirect_uris"] = json!(["https://app.example.dev/cb"]);
    document["scope"] = json!("repo:*");
    world.clients.publish(&app.id, document);
    app.post("/oauth/par", app.push_form(&app.verifier(), SCOPE))
        .await
        .assert_refused(400, "invalid_client_metadata");
}
