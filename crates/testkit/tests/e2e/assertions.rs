//! Client assertions: what proves nothing, and what may come again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use gatewright_protocol::crypto::{Curve, PrivateKey, hmac_sha256};
use gatewright_protocol::jose::{base64url_encode, jws};
use gatewright_protocol::oauth::assertion::ASSERTION_TYPE;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_testkit::app::{App, Pushed};
use gatewright_testkit::client_host::JWKS;
use gatewright_testkit::client_key::ClientKey;
use gatewright_testkit::form::Browser;
use gatewright_testkit::wire::Answer;
use serde_json::{Value, json};

use crate::hosted_clients::{Stage, refused, told};

/// One spoiled assertion: what is wrong with it, it, and the code it is refused with.
type Spoiled = (&'static str, String, &'static str);

fn spoiled(app: &App, key: &ClientKey) -> Vec<Spoiled> {
    let changed = |name: &str, value: Value| {
        let mut claims = app.assertion_claims();
        claims[name] = value;
        key.sign(&claims)
    };
    let claims = app.assertion_claims();
    let now = claims["iat"].as_i64().expect("a number");
    let header = |kid| jws::SignHeader { typ: "JWT", kid, ..Default::default() };
    let part = |value: &Value| base64url_encode(value.to_string().as_bytes());
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none", "kid": key.kid})), part(&claims));
    // The classic: the published key as the shared secret.
    let public = key.key.public().to_jwk();
    let secret = json!(public).to_string();
    let mixed = format!("{}.{}", part(&json!({"alg": "HS256", "kid": key.kid})), part(&claims));
    let mac = base64url_encode(&hmac_sha256(secret.as_bytes(), &[mixed.as_bytes()]));
    let mut aged = app.assertion_claims();
    aged["iat"] = json!(now - 100);
    let mut ended = app.assertion_claims();
    (ended["iat"], ended["exp"]) = (json!(now - 80), json!(now - 40));
    let mut long = app.assertion_claims();
    long["exp"] = json!(now + 301);
    let own = ClientKey { kid: key.kid.clone(), key: ClientKey::generate("other").key };
    vec![
        ("aud is the endpoint", changed("aud", json!(app.at_issuer("/oauth/token"))), "invalid_client"),
        (
            "aud is a list of two",
            changed("aud", json!([app.at_issuer(""), "https://b.test"])),
            "invalid_client",
        ),
        ("aud has a slash", changed("aud", json!(app.at_issuer("/"))), "invalid_client"),
        ("no kid", jws::sign(&key.key, &header(None), &claims), "invalid_client"),
        ("unknown kid", jws::sign(&key.key, &header(Some("key-9")), &claims), "invalid_client"),
        ("old iat", key.sign(&aged), "invalid_client"),
        ("exp past", key.sign(&ended), "invalid_client"),
        ("exp far off", key.sign(&long), "invalid_client"),
        ("iat ahead", changed("iat", json!(now + 60)), "invalid_client"),
        ("no exp", changed("exp", Value::Null), "invalid_client"),
        ("no jti", changed("jti", json!("")), "invalid_client"),
        ("another iss", changed("iss", json!("https://other.test/a")), "invalid_client"),
        ("another sub", changed("sub", json!("https://other.test/a")), "invalid_client"),
        (
            "another cnf",
            changed("cnf", json!({"jkt": public.thumbprint().to_string()})),
            "invalid_dpop_proof",
        ),
        ("signed by another key", own.sign(&claims), "invalid_client"),
        ("alg none", unsigned, "invalid_client"),
        ("HS256", jws::sign_hs256(b"secret", &header(Some(&key.kid)), &claims), "invalid_client"),
        ("HS256 of the public key", format!("{mixed}.{mac}"), "invalid_client"),
        ("no JWT", "assertion".to_owned(), "invalid_client"),
    ]
}

#[tokio::test]
async fn sec_32_assertions_that_prove_nothing() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.signed_in().await?;
    let refresh = app.tokens.clone().expect("signed in").refresh;
    let client_id = app.client_id.clone();
    let grant = [("grant_type", "refresh_token"), ("client_id", &client_id), ("refresh_token", &refresh)];
    for (what, assertion, code) in spoiled(&app, &stage.key) {
        let spoiled = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
        let named = [("client_id", client_id.as_str())];
        let pushed = app.post_form("/oauth/par", &[&named, &spoiled[..]].concat()).await?;
        assert_eq!(told(&pushed), refused(400, code), "{what} at PAR");
        let refreshed = app.post_form("/oauth/token", &[&grant, &spoiled[..]].concat()).await?;
        assert_eq!(told(&refreshed), refused(400, code), "{what} at token");
        let token = [("client_id", client_id.as_str()), ("token", &refresh)];
        let revoked = app.post_form("/oauth/revoke", &[&token, &spoiled[..]].concat()).await?;
        assert_eq!(told(&revoked), refused(400, code), "{what} at revoke");
    }
    let wrong_type =
        [("client_assertion_type", "jwt"), ("client_assertion", &stage.key.sign(&app.assertion_claims()))];
    let typed = app.post_form("/oauth/token", &[&grant, &wrong_type[..]].concat()).await?;
    assert_eq!(told(&typed), refused(400, "invalid_client"));

    let once = stage.key.sign(&app.assertion_claims());
    let reused = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", once.as_str())];
    let token = [("client_id", client_id.as_str()), ("token", "gatewright_rt_of_nobody")];
    let revoke = [&token, &reused[..]].concat();
    assert_eq!(app.post_form("/oauth/revoke", &revoke).await?.status, 200);
    assert_eq!(told(&app.post_form("/oauth/revoke", &revoke).await?), refused(400, "invalid_client"));
    let elsewhere = app.post_form("/oauth/token", &[&grant, &reused[..]].concat()).await?;
    assert_eq!(told(&elsewhere), refused(400, "invalid_client"), "used is used at every endpoint");
    stage.clock.advance(Duration::from_secs(85));
    let late = app.post_form("/oauth/token", &[&grant, &reused[..]].concat()).await?;
    let text = late.json()?["error_description"].to_string();
    assert!(text.contains("used before"), "for as long as it would be good: {text}");

    app.refresh().await.map_err(|error| error.context("none of this touched the session"))?;
    Ok(())
}

#[tokio::test]
async fn sec_32_the_client_key_is_no_dpop_key() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.client()?;
    let verifier = CodeVerifier::from_bytes(&[5; 32]);
    let parameters = app.parameters(&verifier, "state");
    let form: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let same = PrivateKey::from_bytes(Curve::P256, &app.key.to_bytes())?;
    let same = ClientKey { kid: "key-2".to_owned(), key: Arc::new(same) };
    stage.host.publish_keys([stage.key.jwk(), same.jwk()]);
    let own = app.client_key.replace(same);
    let answer = app.post_form("/oauth/par", &form).await?;
    assert_eq!(told(&answer), refused(400, "invalid_request"));
    app.client_key = own;
    assert_eq!(app.post_form("/oauth/par", &form).await?.status, 201, "all else of it was right");
    Ok(())
}

#[tokio::test]
async fn sec_32_a_published_private_key_proves_nothing() -> Result<()> {
    let stage = Stage::set().await?;
    let mut leaked = json!(stage.key.jwk());
    leaked["kid"] = json!("key-1");
    leaked["d"] = json!(base64url_encode(&stage.key.key.to_bytes()[..]));
    stage.host.publish(JWKS, json!({"keys": [leaked]}));
    let mut app = stage.client()?;
    let client_id = app.client_id.clone();
    let answer = app.post_form("/oauth/par", &[("client_id", &client_id)]).await?;
    assert_eq!(told(&answer), refused(400, "invalid_client"));
    Ok(())
}

/// Sends a body without a nonce, then the same with one, then once more.
async fn three_times(app: &mut App, path: &str, body: &str) -> Result<[Answer; 3]> {
    app.forget_nonces();
    let first = app.post_body(path, body).await?;
    let second = app.post_body(path, body).await?;
    Ok([first, second, app.post_body(path, body).await?])
}

#[tokio::test]
async fn sec_75_the_same_body_is_good_after_the_nonce_and_once() -> Result<()> {
    let stage = Stage::set().await?;
    let mut app = stage.client()?;
    let (nonce, used) = (refused(400, "use_dpop_nonce"), refused(400, "invalid_client"));

    let verifier = CodeVerifier::from_bytes(&[7; 32]);
    let parameters = app.parameters(&verifier, "a-state-of-the-test");
    let form: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let body = app.body(&form);
    let [first, second, third] = three_times(&mut app, "/oauth/par", &body).await?;
    assert_eq!((told(&first), second.status, told(&third)), (nonce.clone(), 201, used.clone()), "PAR");
    let request_uri = second.json()?["request_uri"].as_str().expect("a text").to_owned();
    let pushed = Pushed { request_uri, verifier, state: "a-state-of-the-test".to_owned() };
    let back = app.approve(&mut Browser::new(), &pushed, &stage.alice).await?;
    let code = app.code(&back, &pushed)?;

    let (client_id, redirect_uri) = (app.client_id.clone(), app.redirect_uri.clone());
    let body = app.body(&[
        ("grant_type", "authorization_code"),
        ("client_id", &client_id),
        ("redirect_uri", &redirect_uri),
        ("code", &code),
        ("code_verifier", pushed.verifier.expose()),
    ]);
    let [first, second, third] = three_times(&mut app, "/oauth/token", &body).await?;
    assert_eq!((told(&first), second.status, told(&third)), (nonce.clone(), 200, used.clone()), "code");
    let refresh = app.keep(&second)?.refresh;

    let body =
        app.body(&[("grant_type", "refresh_token"), ("client_id", &client_id), ("refresh_token", &refresh)]);
    let [first, second, third] = three_times(&mut app, "/oauth/token", &body).await?;
    assert_eq!((told(&first), second.status, told(&third)), (nonce.clone(), 200, used.clone()), "refresh");
    let access = app.keep(&second)?.access;
    assert_eq!(stage.session(&mut app).await?, 200, "a body that came again ended nothing");

    let body = app.body(&[("client_id", &client_id), ("token", &access)]);
    let [first, second, third] = three_times(&mut app, "/oauth/revoke", &body).await?;
    assert_eq!((told(&first), second.status, told(&third)), (nonce, 200, used), "revoke");
    assert_eq!(stage.session(&mut app).await?, 401);
    Ok(())
}
