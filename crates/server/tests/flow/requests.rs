//! Pushing requests and opening them.

use crate::support::World;
use crate::support::app::{App, SCOPE, WEB, WEB_REDIRECT, confidential, form, loopback, public, replaced};
use crate::support::browser::{Browser, form_of, location, query};
use crate::support::log::Log;

/// A push with one value replaced (or taken out, if empty).
async fn push(app: &App<'_>, name: &str, value: &str) -> crate::support::machine::Reply {
    let verifier = app.verifier();
    app.post("/oauth/par", replaced(app.push_form(&verifier, SCOPE), name, value)).await
}

#[tokio::test]
async fn sec_01_only_pushed_requests_are_opened() {
    let world = World::new().await;
    let app = public(&world);
    let mut browser = Browser::new(&world);
    let plain = "/oauth/authorize?client_id=https%3A%2F%2Fapp.example.dev%2Foauth-client-metadata.json&response_type=code\
                 &redirect_uri=https%3A%2F%2Fapp.example.dev%2Fcb&scope=atproto&state=x";
    for path in
        [plain, "/oauth/authorize", "/oauth/authorize?request_uri=urn:ietf:params:oauth:request_uri:req-x"]
    {
        let page = browser.get(path).await;
        assert_eq!(page.status, 400, "{path}");
        assert!(page.header("location").is_none() && page.text.contains("<html"), "{path}");
    }
    assert!(browser.cookies.is_empty(), "nobody is remembered for a request that does not exist");
    push(&app, "request_uri", "urn:ietf:params:oauth:request_uri:req-1")
        .await
        .assert_refused(400, "invalid_request");
    push(&app, "request", "eyJ").await.assert_refused(400, "invalid_request");
}

#[tokio::test]
async fn sec_02_a_challenge_of_43_characters_made_with_s256_is_needed() {
    let world = World::new().await;
    let app = public(&world);
    for (name, value) in [
        ("code_challenge", ""),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c"),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
    ] {
        push(&app, name, value).await.assert_refused(400, "invalid_request");
    }
}

#[tokio::test]
async fn sec_04_a_challenge_is_taken_once_a_day_and_not_used_up_by_a_refusal() {
    let world = World::new().await;
    let app = public(&world);
    let verifier = app.verifier();
    let mut all = app.own();
    all.extend(app.push_form(&verifier, SCOPE));
    let without_nonce = app.send("/oauth/par", &all, Some(&app.proof_with("/oauth/par", None))).await;
    without_nonce.assert_refused(400, "use_dpop_nonce");
    app.post("/oauth/par", replaced(app.push_form(&verifier, SCOPE), "scope", "openid"))
        .await
        .assert_refused(400, "invalid_scope");
    app.post("/oauth/par", app.push_form(&verifier, SCOPE)).await.assert_ok();
    app.post("/oauth/par", app.push_form(&verifier, SCOPE)).await.assert_refused(400, "invalid_request");
    world.clock.seconds(23 * 60 * 60);
    app.post("/oauth/par", app.push_form(&verifier, SCOPE)).await.assert_refused(400, "invalid_request");
}

#[tokio::test]
async fn sec_05_only_a_registered_redirect_uri_is_taken() {
    let world = World::new().await;
    let app = public(&world);
    for uri in [
        "",
        "https://app.example.dev/cb/",
        "https://app.example.dev/cb?x=1",
        "https://app.example.dev/CB",
        "https://app.example.dev:8443/cb",
        "https://app.example.dev@evil.example.net/cb",
        "https://evil.example.net/cb",
        "http://app.example.dev/cb",
        "https://localhost/cb",
    ] {
        let reply = push(&app, "redirect_uri", uri).await;
        assert_eq!(reply.status, 400, "{uri}");
        assert!(["invalid_request", "invalid_redirect_uri"].contains(&reply.error().as_str()), "{uri}");
    }
    let local = loopback(&world);
    let verifier = local.verifier();
    for uri in ["http://localhost:4711/callback", "http://127.0.0.1:4711/other", "http://127.0.0.2/callback"]
    {
        let form = replaced(local.push_form(&verifier, SCOPE), "redirect_uri", uri);
        assert_eq!(local.post("/oauth/par", form).await.status, 400, "{uri}");
    }
    let other_port =
        replaced(local.push_form(&verifier, SCOPE), "redirect_uri", "http://127.0.0.1:9/callback");
    local.post("/oauth/par", other_port).await.assert_ok();
}

#[tokio::test]
async fn sec_06_a_request_is_of_one_client() {
    let world = World::new().await;
    let app = public(&world);
    let other = "https://other.example.dev/oauth-client-metadata.json";
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let stolen = app.authorize_path(&push).replace("app.example.dev", "other.example.dev");
    assert!(stolen.contains(&other.replace(':', "%3A").replace('/', "%2F")));
    let page = browser.get(&stolen).await;
    assert_eq!(page.status, 400);
    assert!(page.header("location").is_none());
    assert_eq!(browser.get(&app.authorize_path(&push)).await.status, 400, "the request is deleted");
}

#[tokio::test]
async fn sec_06_a_request_is_of_one_browser() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let (mut first, mut second) = (Browser::new(&world), Browser::new(&world));
    assert_eq!(first.get(&app.authorize_path(&push)).await.status, 200);
    assert_eq!(first.get(&app.authorize_path(&push)).await.status, 200, "a reload is fine");
    let page = second.get(&app.authorize_path(&push)).await;
    assert_eq!(page.status, 400);
    assert!(page.header("location").is_none());
    assert_eq!(first.get(&app.authorize_path(&push)).await.status, 400, "the request is deleted");
}

#[tokio::test]
async fn sec_06_a_request_ends_after_five_minutes_without_a_browser_and_after_fifteen_with_one() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    world.clock.seconds(301);
    let expired = query(&location(&Browser::new(&world).get(&app.authorize_path(&push)).await));
    assert_eq!(
        (expired["error"].as_str(), expired["iss"].as_str()),
        ("access_denied", crate::support::ISSUER)
    );

    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    for _ in 0..3 {
        assert_eq!(browser.get(&app.authorize_path(&push)).await.status, 200);
        world.clock.seconds(280);
    }
    assert_eq!(browser.get(&app.authorize_path(&push)).await.status, 200);
    world.clock.seconds(100);
    let expired = query(&location(&browser.get(&app.authorize_path(&push)).await));
    assert_eq!(expired["error"], "access_denied");
}

#[tokio::test]
async fn sec_06_a_reload_after_approval_is_refused_and_the_code_stays_good() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let answer = query(&browser.approve(&app.authorize_path(&push)).await);
    let reload = query(&location(&browser.get(&app.authorize_path(&push)).await));
    assert_eq!(reload["error"], "access_denied");
    assert_eq!(
        Browser::new(&world).get(&app.authorize_path(&push)).await.header("location").map(|_| ()),
        Some(())
    );
    app.exchange(&answer["code"], &push.verifier).await.assert_ok();
}

#[tokio::test]
async fn sec_12_no_parameter_of_a_page_says_where_it_leads() {
    let world = World::new().await;
    let app = public(&world);
    let push = app.push(SCOPE).await;
    let mut browser = Browser::new(&world);
    let path = format!("{}&redirect_uri=https%3A%2F%2Fevil.example.net%2F", app.authorize_path(&push));
    let page = browser.sign_in(&path).await;
    let denied = location(&browser.decide(&page, "deny").await);
    assert!(denied.starts_with("https://app.example.dev/cb?"), "{denied}");
    assert_eq!(query(&denied)["error"], "access_denied");
}

#[tokio::test]
async fn sec_69_no_parameter_stands_twice() {
    let world = World::new().await;
    let app = public(&world);
    let verifier = app.verifier();
    let mut twice = app.push_form(&verifier, SCOPE);
    twice.extend(form(&[("state", "state-2")]));
    app.post("/oauth/par", twice).await.assert_refused(400, "invalid_request");
    for (path, grant) in [("/oauth/token", "refresh_token"), ("/oauth/revoke", "x")] {
        let twice = form(&[("grant_type", grant), ("token", "a"), ("token", "b"), ("refresh_token", "c")]);
        app.post(path, twice).await.assert_refused(400, "invalid_request");
    }
    let push = app.push(SCOPE).await;
    let page = Browser::new(&world).get(&format!("{}&client_id=x", app.authorize_path(&push))).await;
    assert_eq!(page.status, 400);
    let mut browser = Browser::new(&world);
    let page = browser.sign_in(&app.authorize_path(&app.push(SCOPE).await)).await;
    let consent = form_of(&page, "/oauth/authorize/consent");
    let mut twice = consent.fields.clone();
    twice.extend(form(&[("decision", "approve"), ("decision", "deny")]));
    assert_eq!(browser.post(&consent.action, &twice).await.status, 400);
    assert!(location(&browser.decide(&page, "approve").await).contains("code="), "nothing was decided");
}

#[tokio::test]
async fn a_push_names_what_it_lacks_in_the_codes_of_the_specification() {
    let world = World::new().await;
    let app = public(&world);
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("state", "", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "repo:com.example.note", "invalid_scope"),
        ("scope", "atproto openid", "invalid_scope"),
        ("scope", "atproto repo:com.example.undeclared", "invalid_scope"),
        ("nonce", "n", "invalid_request"),
        ("claims", "{}", "invalid_request"),
        ("id_token_hint", "x", "invalid_request"),
        ("authorization_details", "[]", "invalid_authorization_details"),
        ("login_hint", "not a handle", "invalid_request"),
        ("prompt", "none", "invalid_request"),
        ("prompt", "login consent", "invalid_request"),
        ("response_mode", "web_message", "invalid_request"),
        ("dpop_jkt", "0000000000000000000000000000000000000000000", "invalid_dpop_proof"),
    ] {
        push(&app, name, value).await.assert_refused(400, error);
    }
    push(&app, "client_secret", "ignored").await.assert_ok();
    push(&app, "dpop_jkt", &app.jkt().to_string()).await.assert_ok();
    let no_proof = app.send("/oauth/par", &app.own(), None).await;
    no_proof.assert_refused(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn a_permission_set_that_does_not_resolve_is_named() {
    let world = World::new().await;
    let app = confidential(&world);
    let mut document = app.document();
    document["scope"] = "atproto include:com.example.basic".into();
    world.clients.publish(WEB, document);
    let verifier = app.verifier();
    let reply = app.post("/oauth/par", app.push_form(&verifier, "atproto include:com.example.basic")).await;
    reply.assert_refused(400, "invalid_scope");
    assert!(reply.text.contains("com.example.basic"), "{}", reply.text);
}

#[tokio::test]
async fn clients_that_cannot_be_loaded_are_refused() {
    let world = World::new().await;
    for (id, error) in [
        ("", "invalid_request"),
        ("app.example.dev", "invalid_client_id"),
        ("https://app.example.dev/", "invalid_client_id"),
        ("http://127.0.0.1/", "invalid_client_id"),
        ("http://localhost:2583/client.json", "invalid_client_id"),
        ("https://app.example.dev/nothing.json", "invalid_client_metadata"),
    ] {
        let app = App::new(&world, id, WEB_REDIRECT, false);
        let verifier = app.verifier();
        app.post("/oauth/par", app.push_form(&verifier, SCOPE)).await.assert_refused(400, error);
    }
}

#[tokio::test]
async fn bodies_are_forms_or_json_and_not_too_large() {
    use axum::body::Body;
    let world = World::new().await;
    let app = public(&world);
    let verifier = app.verifier();
    let mut all = app.own();
    all.extend(app.push_form(&verifier, SCOPE));
    let object: serde_json::Map<_, _> =
        all.into_iter().map(|(k, v)| (k, serde_json::Value::from(v))).collect();
    let request = |body: String, content_type: &str| {
        http::Request::post("/oauth/par")
            .header("content-type", content_type)
            .header("dpop", app.proof("/oauth/par"))
            .body(Body::from(body))
            .unwrap()
    };
    let json = serde_json::Value::from(object).to_string();
    let call = crate::support::machine::call;
    call(&world.router, request(json, "application/json; charset=utf-8")).await.assert_ok();
    call(&world.router, request("a=b".to_owned(), "text/plain")).await.assert_refused(400, "invalid_request");
    let large = format!("a={}", "x".repeat(70_000));
    call(&world.router, request(large, "application/x-www-form-urlencoded"))
        .await
        .assert_refused(413, "invalid_request");
    for bad in ["{\"a\":", "[]", "a"] {
        call(&world.router, request(bad.to_owned(), "application/json"))
            .await
            .assert_refused(400, "invalid_request");
    }
}

#[tokio::test]
async fn scopes_that_mean_nothing_are_dropped_and_that_is_logged() {
    let world = World::new().await;
    let app = public(&world);
    let long = format!("bogus:{}", "x".repeat(500));
    let many: Vec<String> = (0..60).map(|number| format!("bogus:number{number}")).collect();
    let scope = format!("atproto bogus:one {long} {}", many.join(" "));
    let mut document = app.document();
    document["scope"] = scope.as_str().into();
    world.clients.publish(&app.id, document);
    let logged = Log::start();
    app.push("atproto").await;
    assert!(logged.find("dropped").is_empty());
    app.push(&scope).await;
    let lines = logged.find("dropped");
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert!(
        line.contains("bogus:one") && line.contains(&app.id) && line.contains("scope.count=62"),
        "{line}"
    );
    assert!(line.len() < 1000 && !line.contains(&"x".repeat(130)) && !line.contains("number59"), "{line}");
}
