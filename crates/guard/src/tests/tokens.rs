//! Access tokens whose row is at hand.

use gatewright_store::token::AccessTokenId;

use super::*;

fn row(world: &World, token: &str, change: impl FnOnce(&mut Token)) {
    let claims: Value = jws::decode(token).unwrap().claims_unverified().unwrap();
    let id: AccessTokenId = claims["jti"].as_str().unwrap().parse().unwrap();
    change(world.rows.tokens.lock().get_mut(&id.token).unwrap());
}

#[tokio::test]
async fn a_good_token_reaches_the_handler() {
    let world = World::new();
    let token = world.token("atproto");
    for _ in 0..3 {
        let answer = world.call("GET", SESSION, &token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, Some(ALICE)));
    }
}

#[tokio::test]
async fn sec_50_tokens_of_another_kind_or_for_another_service_are_refused() {
    let world = World::new();
    let set = |name: &'static str, value: &'static str| move |claims: &mut Value| claims[name] = value.into();
    for token in [
        world.token_with("atproto", set("aud", "did:web:other.example.com")),
        world.token_with("atproto", set("iss", "https://other.example.com")),
        world.token_with("atproto", set("sub", "alice")),
        world.token_with("atproto", set("jti", "tok-1")),
        world.token_with("atproto", set("exp", "never")),
    ] {
        assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"));
    }
    let good = world.token("atproto");
    let claims: Value = jws::decode(&good).unwrap().claims_unverified().unwrap();
    for typ in ["JWT", "refresh+jwt", "dpop+jwt", ""] {
        let token = world.sign(typ, &claims);
        assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"), "{typ}");
    }
    let mut list = claims.clone();
    list["cnf"] = json!([claims["cnf"]["jkt"]]);
    let values = json!([ORIGIN, ALICE, SERVICE, claims["exp"], claims["jti"], CLIENT, claims["cnf"], null]);
    for claims in [list, values] {
        let token = world.sign("at+jwt", &claims);
        assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"), "{claims}");
    }
    // A service token as bearer: nothing that could be verified as a session.
    let service =
        world.sign("JWT", &json!({ "iss": ALICE, "aud": SERVICE, "lxm": "com.atproto.server.getSession" }));
    let answer = world.send("GET", SESSION, &[("authorization", &format!("Bearer {service}"))]).await;
    assert_eq!(answer.error(), (400, "InvalidToken"));
    assert_eq!(answer.body["message"], "Token could not be verified");
}

#[tokio::test]
async fn the_row_has_the_last_word_on_every_request() {
    let world = World::new();
    let token = world.token("atproto");
    assert_eq!(world.call("GET", SESSION, &token).await.status, 200);
    row(&world, &token, |row| row.rotation = 1);
    assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"));
    row(&world, &token, |row| row.rotation = 0);
    assert_eq!(world.call("GET", SESSION, &token).await.status, 200);
    row(&world, &token, |row| row.audience = "did:web:other.example.com".parse().unwrap());
    assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"));
    row(&world, &token, |row| row.audience = SERVICE.parse().unwrap());
    row(&world, &token, |row| row.granted = "repo:*".parse().unwrap());
    assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"), "no atproto");
    row(&world, &token, |row| row.granted = "atproto repo:*".parse().unwrap());
    assert_eq!(world.call("POST", CREATE, &token).await.status, 200);
    row(&world, &token, |row| row.granted = "atproto".parse().unwrap());
    assert_eq!(world.call("POST", CREATE, &token).await.status, 403);
    world.rows.tokens.lock().clear();
    let answer = world.call("GET", SESSION, &token).await;
    assert_eq!(answer.error(), (401, "invalid_token"));
    assert!(
        answer
            .header("www-authenticate")
            .starts_with("DPoP algs=\"ES256 ES256K\", error=\"invalid_token\", ")
    );
}

#[tokio::test]
async fn a_token_ends_at_its_time() {
    let world = World::new();
    let token = world.token("atproto");
    world.pass(899);
    assert_eq!(world.call("GET", SESSION, &token).await.status, 200);
    world.pass(1);
    assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn a_failing_store_is_never_the_clients_fault() {
    let world = World::new();
    let token = world.token("atproto");
    world.rows.failing.store(true, Ordering::Relaxed);
    let answer = world.call("GET", SESSION, &token).await;
    assert_eq!(answer.error(), (500, "InternalServerError"));
    assert!(!answer.body.to_string().contains("disk"), "what failed is for the log");
    assert_eq!(answer.header("www-authenticate"), "");
    world.rows.failing.store(false, Ordering::Relaxed);
    assert_eq!(world.call("GET", SESSION, &token).await.status, 200);
}

#[tokio::test]
async fn sec_49_takedown_counts_on_the_next_request() {
    let world = World::new();
    let token = world.token("atproto blob:*/*");
    let upload = "/xrpc/com.atproto.repo.uploadBlob";
    assert_eq!(world.call("POST", upload, &token).await.error(), (403, "AccountNotFound"));
    let did = world.create_account().await;
    assert_eq!(world.call("POST", upload, &token).await.status, 200);
    world.memory.set_account_status(&did, AccountStatus::TakenDown).await.unwrap();
    assert_eq!(world.call("POST", upload, &token).await.error(), (401, "AccountTakedown"));
    world.memory.set_account_status(&did, AccountStatus::Deactivated).await.unwrap();
    assert_eq!(world.call("POST", upload, &token).await.status, 200, "this row refuses takedown only");
}
