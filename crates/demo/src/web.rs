//! Routes, forms, cookie and headers.

use std::time::Duration;

use askama::Template as _;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use gatewright_protocol::crypto::{constant_time_eq, hmac_sha256};
use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::random::random_bytes;
use serde::Deserialize;

use crate::actions::{self, ACTIONS};
use crate::browsers::{Notice, View, key_of};
use crate::flow::{self, Callback, FlowError};
use crate::pages::{Account, Page};
use crate::{App, SCOPE};

const COOKIE_NAME: &str = "gatewright_demo";
const COOKIE_AGE: Duration = Duration::from_hours(24);
/// Forms have three fields.
const MOST_BYTES: usize = 16 * 1024;
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", post(sign_in))
        .route("/callback", get(callback))
        .route("/actions/{id}", post(action))
        .route("/sign-out", post(sign_out))
        .route(
            "/style.css",
            get(async || asset("text/css; charset=utf-8", include_bytes!("../assets/style.css"))),
        )
        .route("/icon.png", get(async || asset("image/png", include_bytes!("../assets/tile.png"))))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), at_own_origin))
        .with_state(app)
}

async fn home(State(app): State<App>, headers: HeaderMap) -> Response {
    let cookie = cookie(&headers);
    let view =
        cookie.map(|cookie| app.0.browsers.view(&key_of(cookie), app.0.clock.now())).unwrap_or_default();
    page(&app, &headers, view, "", StatusCode::OK).await
}

#[derive(Deserialize)]
struct SignIn {
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    identifier: String,
}

async fn sign_in(State(app): State<App>, headers: HeaderMap, Form(form): Form<SignIn>) -> Response {
    let Some(cookie) = own_form(&app, &headers, &form.form_token) else {
        return page(&app, &headers, stale_form(), &form.identifier, StatusCode::FORBIDDEN).await;
    };
    match flow::begin(&app, &form.identifier).await {
        Ok((pending, url)) => {
            app.0.browsers.begin(key_of(cookie), pending, app.0.clock.now());
            see_other(url.as_str())
        }
        Err(error) => {
            let view = View { notice: Some(failed(&error)), ..View::default() };
            page(&app, &headers, view, &form.identifier, StatusCode::BAD_REQUEST).await
        }
    }
}

async fn callback(State(app): State<App>, headers: HeaderMap, Query(back): Query<Callback>) -> Response {
    let now = app.0.clock.now();
    let pending = cookie(&headers).and_then(|cookie| {
        let key = key_of(cookie);
        app.0.browsers.take_pending(&key, &back.state, now).map(|pending| (key, pending))
    });
    let Some((key, pending)) = pending else {
        let view = View { notice: Some(failed(&FlowError::UnknownState)), ..View::default() };
        return page(&app, &headers, view, "", StatusCode::BAD_REQUEST).await;
    };
    // A browser that goes away now must not leave a grant behind that nobody knows.
    let finishing = {
        let app = app.clone();
        tokio::spawn(async move { flow::finish(&app, pending, back).await })
    };
    match finishing.await.unwrap_or(Err(FlowError::Answer)) {
        Ok(session) => {
            let fresh = new_cookie(&app);
            app.0.browsers.sign_in(&key, key_of(&fresh), session.into(), app.0.clock.now());
            let mut response = see_other("/");
            set_cookie(&mut response, &fresh);
            response
        }
        Err(error) => {
            app.0.browsers.say(key, failed(&error), app.0.clock.now());
            see_other("/")
        }
    }
}

#[derive(Deserialize)]
struct Button {
    #[serde(default)]
    form_token: String,
}

async fn action(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Button>,
) -> Response {
    let Some(cookie) = own_form(&app, &headers, &form.form_token) else {
        return page(&app, &headers, stale_form(), "", StatusCode::FORBIDDEN).await;
    };
    let key = key_of(cookie);
    let Some(action) = ACTIONS.iter().find(|action| action.id == id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(session) = app.0.browsers.view(&key, app.0.clock.now()).session else {
        return see_other("/");
    };
    // To its end even if the browser goes away: a refresh may be part of it (CL-28).
    let running = {
        let app = app.clone();
        tokio::spawn(async move { actions::run(&app, &session, action).await })
    };
    if let Ok(outcome) = running.await {
        app.0.browsers.keep(&key, action.id, outcome);
    }
    see_other(&format!("/#{}", action.id))
}

async fn sign_out(State(app): State<App>, headers: HeaderMap, Form(form): Form<Button>) -> Response {
    let Some(cookie) = own_form(&app, &headers, &form.form_token) else {
        return page(&app, &headers, stale_form(), "", StatusCode::FORBIDDEN).await;
    };
    let key = key_of(cookie);
    if let Some(session) = app.0.browsers.forget(&key) {
        let revoking = {
            let app = app.clone();
            tokio::spawn(async move { flow::revoke(&app, &session).await })
        };
        let _ = revoking.await;
        let text = "You are signed out, and what this app was granted has ended.".to_owned();
        app.0.browsers.say(key, Notice { good: true, text }, app.0.clock.now());
    }
    see_other("/")
}

fn failed(error: &FlowError) -> Notice {
    Notice { good: false, text: error.to_string() }
}

fn stale_form() -> View {
    let text = "This form was not of this page, or too old. Please try again.".to_owned();
    View { notice: Some(Notice { good: false, text }), ..View::default() }
}

/// The page, with a cookie for browsers that have none yet.
async fn page(app: &App, headers: &HeaderMap, view: View, typed: &str, status: StatusCode) -> Response {
    let known = cookie(headers).map(str::to_owned);
    let cookie = known.clone().unwrap_or_else(|| new_cookie(app));
    let page = Page {
        host: &app.0.host,
        form_token: form_token(app, &cookie),
        account: Account::of(&view),
        notice: view.notice,
        typed,
        asked: SCOPE.split(' ').collect(),
    };
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&policy(app).await) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if known.is_none() {
        set_cookie(&mut response, &cookie);
    }
    response
}

/// Browsers apply `form-action` to where a form's answer redirects, so the authorization server is named too.
async fn policy(app: &App) -> String {
    let server = app.0.resolver.authorization_server_of(&app.0.host).await;
    let issuer = server.as_ref().map_or(app.0.host.as_str(), |server| &server.issuer);
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {issuer}; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

/// The cookie, if the form is one that this page made for it and the browser says that it was sent from here.
fn own_form<'a>(app: &App, headers: &'a HeaderMap, form_token_given: &str) -> Option<&'a str> {
    let from_here = headers.get(ORIGIN).is_none_or(|origin| origin.as_bytes() == app.0.own.as_bytes());
    let same_site =
        headers.get(SEC_FETCH_SITE).is_none_or(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    let cookie = cookie(headers)?;
    let expected = form_token(app, cookie);
    (from_here && same_site && constant_time_eq(expected.as_bytes(), form_token_given.as_bytes()))
        .then_some(cookie)
}

fn form_token(app: &App, cookie: &str) -> String {
    base64url_encode(&hmac_sha256(&app.0.form_key, &[b"form", cookie.as_bytes()]))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let mut pairs =
        headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(';'));
    let value = pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))?;
    // 32 bytes; anything else is not ours.
    (value.len() == 43).then_some(value)
}

fn new_cookie(app: &App) -> String {
    base64url_encode(&random_bytes::<32>(&*app.0.random))
}

/// Without `Secure`, which not every browser would keep on the plain HTTP of a loopback address. `Lax`, because the
/// way back from the authorization server is a navigation from another site.
fn set_cookie(response: &mut Response, value: &str) {
    let age = COOKIE_AGE.as_secs();
    let text = format!("{COOKIE_NAME}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

fn see_other(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn asset(mime: &'static str, bytes: &'static [u8]) -> Response {
    ([(CONTENT_TYPE, mime)], bytes).into_response()
}

/// Answers under the app's own name only: a browser that came by another (`localhost`) is sent to the one whose
/// cookie it will need, and nobody can point a name of theirs here. Sets the headers that every answer has.
async fn at_own_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).map(HeaderValue::as_bytes);
    let own = app.0.own.strip_prefix("http://").unwrap_or_default();
    let mut response = if host == Some(own.as_bytes()) {
        next.run(request).await
    } else if matches!(*request.method(), Method::GET | Method::HEAD) {
        see_other(&format!("{}/", app.0.own))
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("default-src 'none'"));
    response
}
