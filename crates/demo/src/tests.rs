//! The whole flow against a host that a test holds in its hand.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{Request, StatusCode};
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_resolve::{Network, Resolver};
use serde_json::json;
use tower::ServiceExt as _;
use url::Url;

mod fake_host;

use fake_host::{ALICE, FakeHost, MALLORY, Names};

use crate::{App, Config, ConfigError, SCOPE};

const OWN: &str = "http://127.0.0.1:2584";

/// A browser at the app.
struct Browser {
    host: Arc<FakeHost>,
    router: Router,
    cookie: Option<String>,
    form_token: String,
}

struct Seen {
    status: StatusCode,
    location: String,
    policy: String,
    html: String,
}

fn config(host: &str, own: &str) -> Config {
    let plc = host.parse().unwrap();
    Config {
        host_url: host.parse().unwrap(),
        own_origin: own.parse().unwrap(),
        resolver: Resolver::builder(Arc::new(SystemClock))
            .network(Network::Development(Arc::new(Names)))
            .plc_url(plc)
            .build(),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    }
}

impl Browser {
    async fn new() -> Self {
        let host = FakeHost::start().await;
        let router = App::new(config(&host.origin, OWN)).unwrap().router();
        let mut browser = Self { host, router, cookie: None, form_token: String::new() };
        browser.get("/").await;
        browser
    }

    async fn send(&mut self, mut request: Request<Body>) -> Seen {
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(COOKIE, cookie.parse().unwrap());
        }
        request.headers_mut().entry(HOST).or_insert("127.0.0.1:2584".parse().unwrap());
        let response = self.router.clone().oneshot(request).await.unwrap();
        if let Some(set) = response.headers().get(SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (location, policy) = (header(LOCATION), header(CONTENT_SECURITY_POLICY));
        let status = response.status();
        let html =
            String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap();
        if let Some((_, rest)) = html.split_once("name=\"form_token\" value=\"") {
            self.form_token = rest.split('"').next().unwrap().to_owned();
        }
        Seen { status, location: location.unwrap_or_default(), policy: policy.unwrap_or_default(), html }
    }

    async fn get(&mut self, path: &str) -> Seen {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let token = self.form_token.clone();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let body = form.extend_pairs(fields).append_pair("form_token", &token).finish();
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Begins to sign in, and gives the state.
    async fn begin(&mut self) -> String {
        let seen = self.post("/sign-in", &[("identifier", "Alice.test")]).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.html);
        self.host.pushed.lock().last().unwrap()["state"].clone()
    }

    async fn come_back(&mut self, fields: &[(&str, &str)]) -> Seen {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.get(&format!("/callback?{query}")).await
    }

    async fn sign_in(&mut self) {
        let state = self.begin().await;
        let issuer = self.host.origin.clone();
        let seen = self.come_back(&[("state", &state), ("iss", &issuer), ("code", "the code")]).await;
        assert_eq!((seen.status, &*seen.location), (StatusCode::SEE_OTHER, "/"));
        let seen = self.get("/").await;
        assert!(seen.html.contains("Signed in as"), "{}", seen.html);
    }
}

#[tokio::test]
async fn somebody_signs_in_tries_and_leaves() {
    let mut browser = Browser::new().await;
    let home = browser.get("/").await;
    assert!(home.policy.contains(&format!("form-action 'self' {};", browser.host.origin)), "{}", home.policy);
    assert!(!home.html.contains("<script"));

    let seen = browser.post("/sign-in", &[("identifier", " @Alice.test ")]).await;
    let to: Url = seen.location.parse().unwrap();
    let query: fake_host::Fields = to.query_pairs().into_owned().collect();
    assert_eq!((query.len(), &*query["request_uri"]), (2, "urn:the:request"));
    let pushed = browser.host.pushed.lock()[0].clone();
    assert_eq!(query["client_id"], pushed["client_id"]);
    assert_eq!(
        pushed["client_id"],
        "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A2584%2Fcallback\
         &scope=atproto%20repo%3Acom.example.note%3Faction%3Dcreate%20blob%3Aimage%2F*"
    );
    pushed["client_id"].parse::<gatewright_protocol::oauth::client_id::ClientId>().unwrap();
    assert_eq!((&*pushed["scope"], &*pushed["code_challenge_method"]), (SCOPE, "S256"));
    assert_eq!(
        (&*pushed["login_hint"], &*pushed["redirect_uri"]),
        ("alice.test", "http://127.0.0.1:2584/callback")
    );

    let cookie_before = browser.cookie.clone();
    browser.sign_in().await;
    assert_ne!(browser.cookie, cookie_before, "the cookie changes with the sign-in");
    let page = browser.get("/").await.html;
    for text in ["alice.test", ALICE, "repo:com.example.note?action=create"] {
        assert!(page.contains(text), "{text}");
    }

    let seen = browser.post("/actions/create-note", &[]).await;
    assert_eq!((seen.status, &*seen.location), (StatusCode::SEE_OTHER, "/#create-note"));
    assert!(browser.get("/").await.html.contains("at://made"));
    let called = browser.host.called.lock()[0].clone();
    assert_eq!(called, ("com.atproto.repo.createRecord".to_owned(), "DPoP access-1".to_owned()));

    let missing = "repo:com.example.note?action=update";
    let refusal = json!({"error": "ScopeMissing", "message": "no <b>", "missing": missing});
    *browser.host.answer.lock() = (403, refusal);
    browser.post("/actions/update-note", &[]).await;
    let page = browser.get("/").await.html;
    for text in ["403", "ScopeMissing", missing, "was not granted", "no &#60;b&#62;"] {
        assert!(page.contains(text), "{text} in {page}");
    }
    assert_eq!(browser.post("/actions/nothing", &[]).await.status, StatusCode::NOT_FOUND);

    browser.post("/sign-out", &[]).await;
    assert_eq!(browser.host.revoked.lock()[0]["token"], "refresh-1");
    let page = browser.get("/").await.html;
    assert!(page.contains("You are signed out") && page.contains("Sign in to try it"));
    browser.post("/actions/create-note", &[]).await;
    assert_eq!(browser.host.called.lock().len(), 2, "nothing is called for somebody who left");
}

#[tokio::test]
async fn sec_08_answers_that_are_not_the_one_awaited_are_refused() {
    let mut browser = Browser::new().await;
    let issuer = browser.host.origin.clone();
    let state = browser.begin().await;
    let other = Browser::new().await;
    let unknown = browser.come_back(&[("state", "another"), ("iss", &issuer), ("code", "c<i>")]).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    assert!(
        !unknown.html.contains("c<i>") && !unknown.html.contains("another"),
        "nothing of the URL is shown"
    );
    assert_eq!(browser.come_back(&[("iss", &issuer), ("code", "c")]).await.status, StatusCode::BAD_REQUEST);

    let cookie = std::mem::replace(&mut browser.cookie, other.cookie);
    let elsewhere = browser.come_back(&[("state", &state), ("iss", &issuer), ("code", "c")]).await;
    assert_eq!(elsewhere.status, StatusCode::BAD_REQUEST, "another browser");
    browser.cookie = cookie;
    browser.get("/").await;

    for iss in ["", "http://localhost:1", &format!("{issuer}/")] {
        let state = browser.begin().await;
        browser.come_back(&[("state", &state), ("iss", iss), ("code", "c")]).await;
        let page = browser.get("/").await.html;
        assert!(page.contains("did not come from the server") && page.contains("Sign in to try it"), "{iss}");
        let again = browser.come_back(&[("state", &state), ("iss", &issuer), ("code", "c")]).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST, "a state serves once");
    }
    assert!(browser.host.exchanged.lock().is_empty(), "no code was sent anywhere");

    browser.sign_in().await;
    let state = browser.host.pushed.lock().last().unwrap()["state"].clone();
    let again = browser.come_back(&[("state", &state), ("iss", &issuer), ("code", "c")]).await;
    assert_eq!((again.status, browser.host.exchanged.lock().len()), (StatusCode::BAD_REQUEST, 1));
}

#[tokio::test]
async fn sec_54_a_server_cannot_sign_in_an_account_that_it_does_not_keep() {
    for (sub, kept_elsewhere) in [(MALLORY, false), (ALICE, true)] {
        let mut browser = Browser::new().await;
        let issuer = browser.host.origin.clone();
        let state = browser.begin().await;
        *browser.host.sub.lock() = sub;
        if kept_elsewhere {
            browser.host.kept_at.lock().insert(ALICE.to_owned(), "http://localhost:1".to_owned());
        }
        browser.come_back(&[("state", &state), ("iss", &issuer), ("code", "c")]).await;
        let page = browser.get("/").await.html;
        assert!(page.contains("another account") && page.contains("Sign in to try it"), "{page}");
        assert_eq!(browser.host.revoked.lock().len(), 1, "what was got is revoked");
    }
}

#[tokio::test]
async fn sec_11_forms_of_others_change_nothing() {
    let mut browser = Browser::new().await;
    let token = browser.form_token.clone();
    browser.form_token = "wrong".to_owned();
    assert_eq!(browser.post("/sign-in", &[("identifier", "alice.test")]).await.status, StatusCode::FORBIDDEN);
    let body = format!("identifier=alice.test&form_token={token}");
    for (name, value) in
        [(ORIGIN.as_str(), "http://127.0.0.1:9"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
    {
        let request = Request::post("/sign-in")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(name, value)
            .body(body.clone().into());
        assert_eq!(browser.send(request.unwrap()).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    browser.sign_in().await;
    browser.form_token = token;
    assert_eq!(
        browser.post("/sign-out", &[]).await.status,
        StatusCode::FORBIDDEN,
        "the token of another session"
    );
    assert!(browser.host.revoked.lock().is_empty());
}

#[tokio::test]
async fn other_names_of_this_machine_lead_to_the_one_name() {
    let mut browser = Browser::new().await;
    let by = |host: &str, method: &str| {
        Request::builder().method(method).uri("/").header(HOST, host).body(Body::empty()).unwrap()
    };
    let seen = browser.send(by("localhost:2584", "GET")).await;
    assert_eq!((seen.status, &*seen.location), (StatusCode::SEE_OTHER, "http://127.0.0.1:2584/"));
    assert_eq!(browser.send(by("rebound.net", "POST")).await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn an_access_token_that_is_about_to_end_is_renewed_first() {
    let mut browser = Browser::new().await;
    *browser.host.expires_in.lock() = 5;
    browser.sign_in().await;
    *browser.host.expires_in.lock() = 900;
    browser.post("/actions/create-note", &[]).await;
    browser.post("/actions/create-note", &[]).await;
    assert_eq!(browser.host.exchanged.lock()[1]["refresh_token"], "refresh-1");
    assert_eq!(browser.host.exchanged.lock().len(), 2);
    assert!(browser.host.called.lock().iter().all(|(_, token)| token == "DPoP access-2"));
}

#[tokio::test]
async fn what_cannot_begin_says_why() {
    let mut browser = Browser::new().await;
    browser.host.kept_at.lock().insert(MALLORY.to_owned(), "https://elsewhere.net".to_owned());
    for (typed, expected) in [
        ("no handle<script>", "not a handle"),
        ("", "not a handle"),
        ("nobody.test", "could not be found"),
        ("did:key:z", "could not be found"),
        ("mallory.test", "kept elsewhere"),
    ] {
        let seen = browser.post("/sign-in", &[("identifier", typed)]).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{typed}");
        assert!(seen.html.contains(expected) && !seen.html.contains("<script"), "{typed}: {}", seen.html);
    }
    let state = browser.begin().await;
    let issuer = browser.host.origin.clone();
    browser.come_back(&[("state", &state), ("iss", &issuer), ("error", "access_denied")]).await;
    assert!(browser.get("/").await.html.contains("was declined"));
}

#[tokio::test]
async fn the_host_itself_can_be_named() {
    let mut browser = Browser::new().await;
    let host = browser.host.origin.clone();
    assert_eq!(browser.post("/sign-in", &[("identifier", &host)]).await.status, StatusCode::SEE_OTHER);
    assert!(!browser.host.pushed.lock()[0].contains_key("login_hint"));
}

#[test]
fn origins_are_origins() {
    for (host, own, expected) in [
        ("http://localhost:2583/path", OWN, ConfigError::Host),
        ("http://localhost:2583", "http://localhost:2584", ConfigError::OwnOrigin),
        ("http://localhost:2583", "https://127.0.0.1:2584", ConfigError::OwnOrigin),
    ] {
        let mut config = config("http://localhost:2583", OWN);
        (config.host_url, config.own_origin) = (host.parse().unwrap(), own.parse().unwrap());
        assert_eq!(App::new(config).map(|_| ()).unwrap_err(), expected, "{host} {own}");
    }
}
