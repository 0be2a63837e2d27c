//! How refusals and answers read (RS-4 to RS-11).

use gatewright_store::security_event::{SecurityEvent, SecurityEventKind, SecurityEventStore as _};

use super::*;

#[tokio::test]
async fn a_request_without_credentials_is_told_both_schemes_dpop_first() {
    let world = World::new();
    let answer = world.send("GET", SESSION, &[]).await;
    assert_eq!(answer.error(), (401, "AuthMissing"));
    assert_eq!(
        answer.all("www-authenticate"),
        [
            "DPoP algs=\"ES256 ES256K\", \
             resource_metadata=\"https://pds.example.com/.well-known/oauth-protected-resource\"",
            "Bearer",
        ]
    );
}

#[tokio::test]
async fn headers_that_are_not_understood_are_the_clients_fault() {
    let world = World::new();
    for header in ["Digest x", "DPoP", "DPoP a b", "Bearer not-a-token", "Basic YWRtaW46eA==", "dpop"] {
        let answer = world.send("GET", SESSION, &[("authorization", header)]).await;
        assert_eq!(answer.error(), (400, "InvalidToken"), "{header}");
    }
    let twice = world.send("GET", SESSION, &[("authorization", "DPoP a"), ("authorization", "DPoP b")]).await;
    assert_eq!(twice.error(), (400, "InvalidToken"));
}

#[tokio::test]
async fn a_missing_scope_is_named_three_times() {
    let world = World::new();
    let token = world.token("atproto repo:com.example.note?action=update");
    let answer = world.call("POST", CREATE, &token).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.body,
        json!({
            "error": "ScopeMissingError",
            "message": "Missing required scope \"repo:com.example.note?action=create\"",
            "allowed": false,
            "by": null,
            "missing": "repo:com.example.note?action=create",
            "considered": [
                { "scope": "atproto", "why_not": "it tells who signed in and grants nothing else" },
                { "scope": "repo:com.example.note?action=update", "why_not": "action create is not granted" },
            ],
        })
    );
    assert_eq!(
        answer.all("www-authenticate"),
        ["DPoP error=\"insufficient_scope\", scope=\"repo:com.example.note?action=create\""]
    );
}

#[tokio::test]
async fn sec_71_the_owner_is_told_what_was_refused_and_by_whom() {
    let world = World::new();
    let token = world.token("atproto repo:com.example.note?action=update");
    let noted = async || world.memory.list_security_events(&ALICE.parse().unwrap()).await.unwrap();
    for status in [403, 403] {
        assert_eq!(world.call("POST", CREATE, &token).await.status, status);
    }
    let event = SecurityEvent::new(ALICE.parse().unwrap(), SecurityEventKind::ScopeRefused, world.now());
    let event = event.client(CLIENT).scope("repo:com.example.note?action=create");
    assert_eq!(noted().await, [event], "once, however often it is tried");
    // Where nothing is wrong with the token's scopes, there is nothing to tell.
    let token = world.token("atproto repo:com.example.note?action=create");
    assert_eq!(world.call("POST", CREATE, &token).await.status, 200);
    assert_eq!(world.send("POST", CREATE, &[("authorization", "DPoP x")]).await.status, 401);
    assert_eq!(noted().await.len(), 1);
}

#[tokio::test]
async fn a_refusal_says_of_each_scope_why_it_did_not_do() {
    let world = World::new();
    let token = world.token(
        "atproto repo:com.example.tag repo:COM.example.Note repo:org.other.note blob:image/* transition:email \
         include:com.example.authBasic",
    );
    let answer = world.call("POST", CREATE, &token).await;
    assert_eq!(answer.status, 403);
    let needed = "collection com.example.note is not granted";
    let expected = [
        ("atproto", "it tells who signed in and grants nothing else".to_owned()),
        ("repo:com.example.tag", format!("{needed}, com.example.tag is")),
        (
            "repo:COM.example.Note",
            format!("{needed}, COM.example.Note is; case matters in the last part of an NSID"),
        ),
        (
            "repo:org.other.note",
            format!("{needed}, org.other.note is; nothing in the namespace com.example.* is"),
        ),
        ("blob:image/*", "`blob` grants nothing of `repo`".to_owned()),
        ("transition:email", "`transition:email` grants nothing of `repo`".to_owned()),
        (
            "include:com.example.authBasic",
            "a permission set grants nothing until the server expands it".to_owned(),
        ),
    ];
    let expected: Vec<Value> =
        expected.iter().map(|(scope, why_not)| json!({"scope": scope, "why_not": why_not})).collect();
    assert_eq!(answer.body["considered"], json!(expected));
}

#[tokio::test]
async fn a_refused_call_says_how_the_services_differ() {
    let world = World::new();
    let token = world.token(
        "atproto rpc:com.example.get?aud=did:web:api.example.org%23app rpc:com.example.put?aud=* \
         rpc:com.example.get?aud=did:web:other.example.org%23api",
    );
    let why_not = async |aud: &str| {
        let path = format!("/xrpc/com.atproto.server.getServiceAuth?aud={aud}&lxm=com.example.get");
        let answer = world.call("GET", &path, &token).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        let considered = answer.body["considered"].as_array().cloned().unwrap_or_default();
        considered.iter().skip(1).map(|row| row["why_not"].to_string()).collect::<Vec<_>>()
    };
    let [fragment, method, did] = why_not("did:web:api.example.org%23api").await.try_into().unwrap();
    assert!(fragment.contains("#api is another of its services than #app"), "{fragment}");
    assert!(method.contains("method com.example.get is not granted, com.example.put is"), "{method}");
    assert!(did.ends_with("did:web:other.example.org#api is\""), "{did}");
    let [bare, ..] = <[String; 3]>::try_from(why_not("did:web:api.example.org").await).unwrap();
    assert!(bare.contains("only `aud=*` covers a DID without a service"), "{bare}");
}

#[tokio::test]
async fn credentials_that_fail_never_become_nobody() {
    let world = World::new();
    let path = "/xrpc/com.atproto.sync.getRepo";
    assert_eq!(world.send("GET", path, &[]).await.body, "anonymous");
    assert_eq!(world.call("GET", path, &world.token("atproto")).await.body, "known");
    assert_eq!(
        world.send("GET", path, &[("authorization", "Bearer x")]).await.error(),
        (400, "InvalidToken")
    );
    world.rows.tokens.lock().clear();
    let revoked = world.token("atproto");
    world.rows.tokens.lock().clear();
    assert_eq!(world.call("GET", path, &revoked).await.error(), (401, "invalid_token"));
    // Where no credentials are taken at all, they are not looked at (RS-9).
    let public = "/xrpc/com.atproto.repo.getRecord";
    assert_eq!(world.send("GET", public, &[("authorization", "Bearer x")]).await.body, "public");
}

#[tokio::test]
async fn answers_are_private_and_vary_by_credentials() {
    let world = World::new();
    for answer in
        [world.send("GET", SESSION, &[]).await, world.call("GET", SESSION, &world.token("atproto")).await]
    {
        assert_eq!(answer.header("cache-control"), "private");
        assert!(answer.all("vary").contains(&"Authorization"));
    }
}

#[tokio::test]
async fn a_browser_may_ask_first_without_credentials() {
    let world = World::new();
    let asked = [
        ("access-control-request-headers", "authorization, dpop, x-mine"),
        ("origin", "https://app.example.com"),
    ];
    let answer = world.send("OPTIONS", CREATE, &asked).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-headers"), "authorization, dpop, x-mine");
    assert_eq!(answer.header("access-control-max-age"), "86400");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let refused = world.send("GET", SESSION, &[]).await;
    for name in ["DPoP-Nonce", "WWW-Authenticate", "RateLimit-Limit", "Retry-After", "atproto-repo-rev"] {
        assert!(refused.header("access-control-expose-headers").contains(name), "{name}");
    }
}

#[tokio::test]
async fn a_handler_that_asks_for_nothing_tells_nothing() {
    let world = World::new();
    let answer = world.call("POST", "/xrpc/com.atproto.repo.putRecord", &world.token("atproto repo:*")).await;
    assert_eq!(answer.error(), (500, "InternalServerError"));
}

#[tokio::test]
async fn outside_of_xrpc_the_guard_lets_pass_and_its_extractors_refuse() {
    let world = World::new();
    assert_eq!(world.send("GET", "/page", &[]).await.body, "a page");
    let token = world.token("atproto");
    assert_eq!(world.call("GET", "/unguarded", &token).await.error(), (401, "AuthMissing"));
}

#[tokio::test]
async fn the_metadata_names_the_authorization_server() {
    let world = World::new();
    let app = world.guard.well_known::<()>();
    let request = Request::get("/.well-known/oauth-protected-resource").body(Body::empty()).unwrap();
    let answer = Answer::read(app.oneshot(request).await.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("www-authenticate"), "");
    assert_eq!(answer.body["resource"], ORIGIN);
    assert_eq!(answer.body["authorization_servers"], json!([ORIGIN]));
    assert_eq!(answer.body["bearer_methods_supported"], json!(["header"]));
}

#[tokio::test]
async fn a_browser_may_ask_for_the_metadata_whatever_it_sends_along() {
    let world = World::new();
    let asked = Request::builder()
        .method("OPTIONS")
        .uri("/.well-known/oauth-protected-resource")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "x-own")
        .body(Body::empty());
    let app = world.guard.well_known::<()>();
    let answer = Answer::read(app.clone().oneshot(asked.unwrap()).await.unwrap()).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, "*"));
    assert_eq!(answer.header("access-control-allow-headers"), "x-own");
    let posted = Request::post("/.well-known/oauth-protected-resource").body(Body::empty()).unwrap();
    let answer = Answer::read(app.oneshot(posted).await.unwrap()).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, "*"));
}

#[tokio::test]
async fn one_row_can_hold_for_a_route_that_is_not_xrpc() {
    let world = World::new();
    let row =
        Row::new("notes", &[Kind::OAuth], Rule::Scope("repo:com.example.note?action=create")).answered_here();
    let app = Router::new()
        .route("/notes", get(async |granted: Granted| granted.account().to_string()))
        .layer(GuardLayer::route(world.guard.clone(), row));
    for (scope, status) in [("atproto", 403), ("atproto repo:com.example.note", 200)] {
        let token = world.token(scope);
        let proof = world.proof("GET", &format!("{ORIGIN}/notes"), &token);
        let request =
            Request::get("/notes").header("authorization", format!("DPoP {token}")).header("dpop", proof);
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{scope}");
    }
}
