//! Proofs of possession (SEC-33 to SEC-39).

use gatewright_protocol::crypto::{hmac_sha256, sha256};
use gatewright_protocol::jose::{Jwk, base64url_encode};

use super::*;

#[tokio::test]
async fn sec_33_a_proof_serves_once_and_a_stale_nonce_does_not_use_it_up() {
    let world = World::new();
    let token = world.token("atproto");
    let authorization = format!("DPoP {token}");
    let url = format!("{ORIGIN}{SESSION}");
    let with_nonce = |nonce: &str| {
        let jti = [9; 16];
        let claims = Claims {
            method: "GET",
            url: &url,
            access_token: Some(&token),
            nonce: Some(nonce),
            jti,
            now: world.now(),
        };
        proof::build(&world.client, &claims)
    };
    let stale = with_nonce("stale");
    let answer = world.send("GET", SESSION, &[("authorization", &authorization), ("dpop", &stale)]).await;
    assert_eq!(answer.error(), (401, "use_dpop_nonce"));
    assert!(
        answer.header("www-authenticate").starts_with("DPoP algs=\"ES256 ES256K\", error=\"use_dpop_nonce\"")
    );
    // The client tries again with the same jti and the nonce that it was given.
    let fresh = with_nonce(answer.header("dpop-nonce"));
    let headers = [("authorization", authorization.as_str()), ("dpop", fresh.as_str())];
    assert_eq!(world.send("GET", SESSION, &headers).await.status, 200);
    assert_eq!(world.send("GET", SESSION, &headers).await.error(), (401, "invalid_dpop_proof"));
}

#[tokio::test]
async fn sec_34_a_proof_is_for_one_method_and_one_url() {
    let world = World::new();
    let token = world.token("atproto");
    let authorization = format!("DPoP {token}");
    for (method, url) in [
        ("POST", format!("{ORIGIN}{SESSION}")),
        ("GET", format!("{ORIGIN}{CREATE}")),
        ("GET", format!("https://evil.example.com{SESSION}")),
        ("GET", format!("http://pds.example.com{SESSION}")),
    ] {
        let proof = world.proof(method, &url, &token);
        // What the request says about its host is not asked.
        let headers = [
            ("authorization", authorization.as_str()),
            ("dpop", &proof),
            ("host", "evil.example.com"),
            ("x-forwarded-host", "evil.example.com"),
            ("x-forwarded-proto", "http"),
        ];
        assert_eq!(
            world.send("GET", SESSION, &headers).await.error(),
            (401, "invalid_dpop_proof"),
            "{method} {url}"
        );
    }
    let proof = world.proof("GET", &format!("{ORIGIN}{SESSION}"), &token);
    let headers = [("authorization", authorization.as_str()), ("dpop", &proof), ("host", "evil.example.com")];
    assert_eq!(world.send("GET", &format!("{SESSION}?a=b"), &headers).await.status, 200);
}

#[tokio::test]
async fn sec_35_a_proof_is_fresh() {
    let world = World::new();
    let token = world.token("atproto");
    let authorization = format!("DPoP {token}");
    let url = format!("{ORIGIN}{SESSION}");
    for (offset, code) in [(-191, "invalid_dpop_proof"), (181, "invalid_dpop_proof")] {
        let made = UnixTime::from_seconds(NOW + offset);
        let proof = world.proof_with("GET", &url, &token, |claims| claims.now = made);
        let answer = world.send("GET", SESSION, &[("authorization", &authorization), ("dpop", &proof)]).await;
        assert_eq!(answer.error(), (401, code), "{offset}");
    }
    let old = world.nonce();
    world.pass(181);
    for nonce in [old.as_str(), "forged"] {
        let proof = world.proof_with("GET", &url, &token, |claims| claims.nonce = Some(nonce));
        let answer = world.send("GET", SESSION, &[("authorization", &authorization), ("dpop", &proof)]).await;
        assert_eq!(answer.error(), (401, "use_dpop_nonce"), "{nonce}");
        assert_ne!(answer.header("dpop-nonce"), nonce);
    }
    let without = world.proof_with("GET", &url, &token, |claims| claims.nonce = None);
    let answer = world.send("GET", SESSION, &[("authorization", &authorization), ("dpop", &without)]).await;
    assert_eq!(answer.error(), (401, "use_dpop_nonce"));
}

#[tokio::test]
async fn sec_36_a_proof_is_for_one_token() {
    let world = World::new();
    let (token, other) = (world.token("atproto"), world.token("atproto"));
    let authorization = format!("DPoP {token}");
    let url = format!("{ORIGIN}{SESSION}");
    for ath in [None, Some(other.as_str())] {
        let proof = world.proof_with("GET", &url, &token, |claims| claims.access_token = ath);
        let answer = world.send("GET", SESSION, &[("authorization", &authorization), ("dpop", &proof)]).await;
        assert_eq!(answer.error(), (401, "invalid_dpop_proof"), "{ath:?}");
    }
}

#[tokio::test]
async fn sec_37_a_token_works_with_its_own_key_only_and_never_as_bearer() {
    let mut world = World::new();
    let token = world.token("atproto");
    let bearer = world.send("GET", SESSION, &[("authorization", &format!("Bearer {token}"))]).await;
    assert_eq!(bearer.error(), (401, "invalid_token"));
    assert!(bearer.header("www-authenticate").starts_with("DPoP "));
    assert!(bearer.header("www-authenticate").contains("error=\"invalid_token\""));
    // A token that is bound to no key, as a legacy session's is.
    let unbound = world.token_with("atproto", |claims| {
        claims.as_object_mut().unwrap().remove("cnf");
    });
    assert_eq!(world.call("GET", SESSION, &unbound).await.error(), (401, "invalid_token"));
    let legacy =
        jws::sign_hs256(&[1; 32], &SignHeader { typ: "at+jwt", ..SignHeader::default() }, &json!({}));
    assert_eq!(world.call("GET", SESSION, &legacy).await.error(), (401, "invalid_token"));
    assert_eq!(world.call("GET", SESSION, &token).await.status, 200);
    world.client = PrivateKey::generate(Curve::P256, &world.random);
    assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn sec_38_there_is_one_proof_and_it_is_made_with_a_public_key_alone() {
    let world = World::new();
    let token = world.token("atproto");
    let authorization = format!("DPoP {token}");
    let url = format!("{ORIGIN}{SESSION}");
    let (one, two) = (world.proof("GET", &url, &token), world.proof("GET", &url, &token));
    let answer = world
        .send("GET", SESSION, &[("authorization", &authorization), ("dpop", &one), ("dpop", &two)])
        .await;
    assert_eq!(answer.error(), (401, "invalid_dpop_proof"));
    let answer = world.send("GET", SESSION, &[("authorization", &authorization)]).await;
    assert_eq!(answer.error(), (401, "invalid_dpop_proof"));
    // Proofs that are right in everything but their header, each signed over the header that it has.
    let claims = one.split('.').nth(1).unwrap();
    let signed = |header: &Value, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let input = format!("{}.{claims}", base64url_encode(header.to_string().as_bytes()));
        let signature = base64url_encode(&sign(input.as_bytes()));
        format!("{input}.{signature}")
    };
    let public = serde_json::to_value(Jwk::from(world.client.public().clone())).unwrap();
    let mut private = public.clone();
    private["d"] = base64url_encode(&sha256(b"d")).into();
    let symmetric = json!({ "kty": "oct", "k": base64url_encode(b"k") });
    let ecdsa = |input: &[u8]| world.client.sign(input).to_vec();
    let hmac = |input: &[u8]| hmac_sha256(b"k", &[input]).to_vec();
    let header = |alg: &str, jwk: &Value| json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk });
    for (proof, status) in [
        (signed(&header("ES256", &private), &ecdsa), 401),
        (signed(&header("HS256", &symmetric), &hmac), 401),
        (signed(&header("ES256K", &public), &ecdsa), 401),
        (signed(&header("none", &public), &|_| Vec::new()), 401),
        (signed(&header("ES256", &public), &ecdsa), 200),
    ] {
        let answer = world.send("GET", SESSION, &[("authorization", &authorization), ("dpop", &proof)]).await;
        assert_eq!(answer.status, status, "{proof}");
        assert!(status == 200 || answer.error() == (401, "invalid_dpop_proof"), "{proof}");
    }
}

#[tokio::test]
async fn sec_39_every_answer_to_a_proof_has_exactly_one_nonce_that_a_page_can_read() {
    let world = World::new();
    let token = world.token("atproto");
    for (method, path, status) in [
        ("GET", SESSION, 200),
        ("POST", CREATE, 403),
        ("POST", "/xrpc/com.atproto.server.createAppPassword", 403),
        ("GET", "/xrpc/com.example.unknown", 501),
        ("GET", "/xrpc/not-a-method", 400),
        ("GET", "/xrpc/com.atproto.repo.getRecord", 200),
        ("DELETE", SESSION, 405),
    ] {
        let answer = world.call(method, path, &token).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.all("dpop-nonce"), [world.nonce()], "{path}");
        assert!(answer.header("access-control-expose-headers").contains("DPoP-Nonce"), "{path}");
        assert_eq!(answer.all("access-control-allow-origin"), ["*"], "{path}");
    }
}
