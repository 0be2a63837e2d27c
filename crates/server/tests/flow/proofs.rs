//! Proofs of possession at this server.

use std::time::Duration;

use axum::body::Body;
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::dpop::proof::{self, Claims};
use gatewright_protocol::jose::Jwk;
use gatewright_protocol::jose::jws::{self, SignHeader};
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::time::{Clock as _, UnixTime};
use gatewright_store::memory::Memory;
use http::Request;
use serde_json::{Value, json};

use crate::support::app::{App, Form, form, public};
use crate::support::machine::{Reply, call};
use crate::support::{ISSUER, World};

/// A revocation with this proof: the cheapest request that needs one.
async fn send(app: &App<'_>, proof: &str) -> Reply {
    app.send("/oauth/revoke", &body(app), Some(proof)).await
}

fn body(app: &App<'_>) -> Form {
    form(&[("client_id", &app.id), ("token", "x")])
}

fn proof_for(app: &App<'_>, method: &str, url: &str, now: UnixTime) -> String {
    let nonce = app.world.nonce();
    let jti = random_bytes(&*app.world.random);
    proof::build(&app.dpop, &Claims { method, url, access_token: None, nonce: Some(&nonce), jti, now })
}

#[tokio::test]
async fn sec_33_a_proof_is_good_once() {
    let world = World::new().await;
    let app = public(&world);
    let proof = app.proof("/oauth/revoke");
    send(&app, &proof).await.assert_ok();
    send(&app, &proof).await.assert_refused(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn sec_33_a_proof_is_remembered_as_long_as_its_nonce_lives() {
    let nonces = Nonces::with_slot([7; 32], Duration::from_mins(2));
    let world = World::over(Memory::new(), nonces, ISSUER, |_| ()).await;
    let app = public(&world);
    // As far ahead as clocks may go, so that it does not grow too old first.
    let ahead = world.clock.now().plus(Duration::from_secs(170));
    let proof = proof_for(&app, "POST", &format!("{ISSUER}/oauth/revoke"), ahead);
    send(&app, &proof).await.assert_ok();
    world.clock.seconds(235);
    send(&app, &proof).await.assert_refused(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn sec_33_a_proof_refused_for_its_nonce_uses_nothing_up() {
    let world = World::new().await;
    let app = public(&world);
    let jti = random_bytes(&*world.random);
    let build = |nonce: &str| {
        let url = format!("{ISSUER}/oauth/revoke");
        let now = world.clock.now();
        proof::build(
            &app.dpop,
            &Claims { method: "POST", url: &url, access_token: None, nonce: Some(nonce), jti, now },
        )
    };
    let refused = send(&app, &build("old")).await;
    refused.assert_refused(400, "use_dpop_nonce");
    let nonce = refused.header("dpop-nonce").unwrap();
    assert_ne!(nonce, "old");
    send(&app, &build(nonce)).await.assert_ok();
}

#[tokio::test]
async fn sec_34_a_proof_is_for_one_method_and_one_address() {
    let world = World::new().await;
    let app = public(&world);
    let now = world.clock.now();
    for (method, url) in [
        ("GET", "https://auth.example.com/oauth/revoke"),
        ("post", "https://auth.example.com/oauth/revoke"),
        ("POST", "https://auth.example.com/oauth/token"),
        ("POST", "https://evil.example.net/oauth/revoke"),
        ("POST", "http://auth.example.com/oauth/revoke"),
        ("POST", "https://auth.example.com:8443/oauth/revoke"),
    ] {
        send(&app, &proof_for(&app, method, url, now)).await.assert_refused(400, "invalid_dpop_proof");
    }
    send(&app, &proof_for(&app, "POST", "https://AUTH.example.com:443/oauth/revoke", now)).await.assert_ok();
}

#[tokio::test]
async fn sec_34_headers_do_not_say_who_this_server_is() {
    let world = World::new().await;
    let app = public(&world);
    let now = world.clock.now();
    let spoofed = |url: &str, query: &str| {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(body(&app)).finish();
        Request::post(format!("/oauth/revoke{query}"))
            .header("host", "evil.example.net")
            .header("x-forwarded-host", "evil.example.net")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("dpop", proof_for(&app, "POST", url, now))
            .body(Body::from(body))
            .unwrap()
    };
    let evil = call(&world.router, spoofed("https://evil.example.net/oauth/revoke", "")).await;
    evil.assert_refused(400, "invalid_dpop_proof");
    call(&world.router, spoofed("https://auth.example.com/oauth/revoke", "")).await.assert_ok();
    call(&world.router, spoofed("https://auth.example.com/oauth/revoke", "?a=b")).await.assert_ok();
}

#[tokio::test]
async fn sec_35_a_proof_and_its_nonce_are_new() {
    let world = World::new().await;
    let app = public(&world);
    let now = world.clock.now();
    let url = "https://auth.example.com/oauth/revoke";
    for time in [UnixTime::from_seconds(now.seconds() - 200), UnixTime::from_seconds(now.seconds() + 190)] {
        send(&app, &proof_for(&app, "POST", url, time)).await.assert_refused(400, "invalid_dpop_proof");
    }
    let old = world.nonce();
    world.clock.seconds(181);
    for nonce in [Some(old.as_str()), Some("forged"), None] {
        let reply = send(&app, &app.proof_with("/oauth/revoke", nonce)).await;
        reply.assert_refused(400, "use_dpop_nonce");
        assert_ne!(reply.header("dpop-nonce"), nonce);
    }
}

fn claims(world: &World) -> Value {
    json!({
        "jti": format!("{:x?}", random_bytes::<8>(&*world.random)), "htm": "POST",
        "htu": "https://auth.example.com/oauth/revoke", "iat": world.clock.now().seconds(), "nonce": world.nonce(),
    })
}

#[tokio::test]
async fn sec_36_there_is_no_token_hash_at_this_server() {
    let world = World::new().await;
    let app = public(&world);
    let jwk = Jwk::from(app.dpop.public().clone());
    let header = SignHeader { typ: "dpop+jwt", kid: None, jwk: Some(&jwk) };
    send(&app, &jws::sign(&app.dpop, &header, &claims(&world))).await.assert_ok();
    let mut with_hash = claims(&world);
    with_hash["ath"] = json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    send(&app, &jws::sign(&app.dpop, &header, &with_hash)).await.assert_refused(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn sec_38_the_key_of_a_proof_is_public_and_its_own() {
    let world = World::new().await;
    let app = public(&world);
    let b64 = |value: &Value| {
        use base64ct::{Base64UrlUnpadded, Encoding as _};
        Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
    };
    let jwk = serde_json::to_value(Jwk::from(app.dpop.public().clone())).unwrap();
    let mut private = jwk.clone();
    private["d"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE");
    let k256 =
        serde_json::to_value(Jwk::from(PrivateKey::generate(Curve::K256, &*world.random).public().clone()))
            .unwrap();
    let sign = |header: &Value| {
        use base64ct::{Base64UrlUnpadded, Encoding as _};
        let input = format!("{}.{}", b64(header), b64(&claims(&world)));
        let signature = Base64UrlUnpadded::encode_string(&app.dpop.sign(input.as_bytes()));
        format!("{input}.{signature}")
    };
    send(&app, &sign(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}))).await.assert_ok();
    for header in [
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": private}),
        json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}),
        json!({"typ": "dpop+jwt", "alg": "ES256K", "jwk": jwk}),
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": k256}),
        json!({"typ": "dpop+jwt", "alg": "none", "jwk": jwk}),
        json!({"typ": "JWT", "alg": "ES256", "jwk": jwk}),
        json!({"typ": "dpop+jwt", "alg": "ES256"}),
    ] {
        send(&app, &sign(&header)).await.assert_refused(400, "invalid_dpop_proof");
    }
}

#[tokio::test]
async fn sec_38_there_is_one_proof() {
    let world = World::new().await;
    let app = public(&world);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(body(&app)).finish();
    let twice = Request::post("/oauth/revoke")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("dpop", app.proof("/oauth/revoke"))
        .header("dpop", app.proof("/oauth/revoke"))
        .body(Body::from(body))
        .unwrap();
    call(&world.router, twice).await.assert_refused(400, "invalid_dpop_proof");
    send(&app, "").await.assert_refused(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn sec_39_every_answer_has_one_nonce_that_scripts_can_read() {
    let world = World::new().await;
    let app = public(&world);
    let mut replies = vec![send(&app, &app.proof("/oauth/revoke")).await];
    for path in ["/oauth/par", "/oauth/token", "/oauth/revoke"] {
        replies
            .push(app.send(path, &form(&[("client_id", &app.id)]), Some(&app.proof_with(path, None))).await);
        replies.push(app.send(path, &form(&[("client_id", &app.id)]), Some(&app.proof(path))).await);
        replies.push(app.send(path, &form(&[]), None).await);
        let large = form(&[("a", &"x".repeat(70_000))]);
        replies.push(app.send(path, &large, Some(&app.proof(path))).await);
        replies.push(call(&world.router, Request::get(path).body(Body::empty()).unwrap()).await);
    }
    for reply in replies {
        let nonce = reply.header("dpop-nonce").unwrap_or_else(|| panic!("{} {}", reply.status, reply.text));
        assert_eq!(nonce, world.nonce());
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert!(reply.header("access-control-expose-headers").unwrap().contains("DPoP-Nonce"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn sec_73_a_clock_that_jumps_ends_nothing_that_it_need_not() {
    let world = World::new().await;
    let app = public(&world);
    let tokens = app.tokens().await;
    world.clock.advance(std::time::Duration::from_hours(1));
    let refreshed = crate::support::app::Tokens::of(&app.refresh(&tokens.refresh).await);
    // Set back: what was made "later" is not older than nothing.
    world.clock.back(7200);
    app.refresh(&refreshed.refresh).await.assert_ok();
}
