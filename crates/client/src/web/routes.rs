//! The routes.

use axum::Form;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Web;
use super::browser::LIFE;
use super::cookie::{BROWSER, FLOW};
use super::same_origin::own_path;
use crate::flow::{BrowserSecret, SignIn, SignInError};
use crate::session::Session;
use crate::sessions::SessionStoreError;
use crate::{CallError, Prompt};

/// How long the cookie of a sign-in lasts, in seconds: as long as the sign-in itself.
const FLOW_LIFE: u64 = 30 * 60;

#[derive(Deserialize)]
pub(super) struct Login {
    #[serde(default)]
    identifier: String,
    #[serde(default)]
    more: Option<String>,
    #[serde(default)]
    return_to: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    prompt: Option<Prompt>,
}

pub(super) async fn login(State(web): State<Web>, headers: HeaderMap, Form(form): Form<Login>) -> Response {
    if !web.is_own_form(&headers) {
        return foreign();
    }
    let secret = web.cookie(&headers, FLOW).map_or_else(
        || BrowserSecret::generate(web.client().sessions().random()),
        |cookie| BrowserSecret::from_cookie(&cookie),
    );
    let sign_in = match &form.more {
        None => SignIn::at(form.identifier),
        Some(more) => match current(&web, &headers).await {
            Ok(Some(session)) => web.client().ask_more(&session, more),
            Ok(None) => return failed(&web, &SignInError::UnknownState),
            Err(error) => return unavailable(&error),
        },
    };
    let mut sign_in = sign_in
        .redirect_uri(web.redirect_uri())
        .remember(form.return_to.as_deref().and_then(own_path).unwrap_or("/"));
    if let Some(scope) = form.scope.filter(|scope| !scope.is_empty()) {
        sign_in = sign_in.ask(scope);
    }
    if let Some(prompt) = form.prompt {
        sign_in = sign_in.prompt(prompt);
    }
    match web.client().start(sign_in, &secret).await {
        Ok(started) => {
            let mut response = see(started.url.as_str());
            let cookie = web.set_cookie(FLOW, Some(secret.expose()), FLOW_LIFE);
            response.headers_mut().append(SET_COOKIE, cookie);
            response
        }
        Err(error) => failed(&web, &error),
    }
}

/// The session of the current account.
async fn current(web: &Web, headers: &HeaderMap) -> Result<Option<Session>, SessionStoreError> {
    let Some(cookie) = web.cookie(headers, BROWSER) else { return Ok(None) };
    Ok(web.open_sessions(&web.find_browser(&cookie).await?).await?.into_iter().next())
}

pub(super) async fn callback(
    State(web): State<Web>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(secret) = web.cookie(&headers, FLOW) else { return failed(&web, &SignInError::UnknownState) };
    let secret = BrowserSecret::from_cookie(&secret);
    let finished = match web.client().finish(query.as_deref().unwrap_or_default(), &secret).await {
        Ok(finished) => finished,
        Err(error) => return failed(&web, &error),
    };
    match admit(&web, &headers, &finished.session).await {
        Ok(cookie) => {
            let back = finished.remembered.as_deref().and_then(own_path).unwrap_or("/").to_owned();
            let mut response = see(&back);
            let lasts = LIFE.as_secs();
            response.headers_mut().append(SET_COOKIE, web.set_cookie(BROWSER, Some(&cookie), lasts));
            response.headers_mut().append(SET_COOKIE, web.set_cookie(FLOW, None, 0));
            response
        }
        Err(error) => {
            let _ = finished.session.sign_out().await;
            failed(&web, &SignInError::Store(error))
        }
    }
}

/// Signs the browser in, under a new cookie. An earlier session of the same account makes room, and is given back.
async fn admit(web: &Web, headers: &HeaderMap, session: &Session) -> Result<String, SessionStoreError> {
    let old = web.cookie(headers, BROWSER);
    let mut browser = match &old {
        Some(cookie) => web.find_browser(cookie).await?,
        None => super::browser::Browser::default(),
    };
    for earlier in web.open_sessions(&browser).await? {
        if earlier.account() == session.account() && earlier.id() != session.id() {
            browser.sessions.retain(|id| id != earlier.id());
            if let Err(error) = earlier.sign_out().await {
                tracing::warn!(%error, "an earlier session could not be given back");
            }
        }
    }
    web.keep_browser(old.as_deref(), &browser.with(session.id())).await
}

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    all: Option<String>,
    #[serde(default)]
    return_to: Option<String>,
}

impl Which {
    fn back(&self) -> Response {
        see(self.return_to.as_deref().and_then(own_path).unwrap_or("/"))
    }
}

pub(super) async fn switch(State(web): State<Web>, headers: HeaderMap, Form(which): Form<Which>) -> Response {
    if !web.is_own_form(&headers) {
        return foreign();
    }
    let Some(cookie) = web.cookie(&headers, BROWSER) else { return which.back() };
    let switched = async {
        let browser = web.find_browser(&cookie).await?;
        let open = web.open_sessions(&browser).await?;
        let chosen = open.iter().find(|session| which.account.as_deref() == Some(session.account().as_str()));
        match chosen {
            Some(session) => web.keep_browser(Some(&cookie), &browser.with(session.id())).await.map(Some),
            None => Ok(None),
        }
    };
    with_cookie(&web, which.back(), switched.await)
}

pub(super) async fn logout(State(web): State<Web>, headers: HeaderMap, Form(which): Form<Which>) -> Response {
    if !web.is_own_form(&headers) {
        return foreign();
    }
    let Some(cookie) = web.cookie(&headers, BROWSER) else { return which.back() };
    match sign_out(&web, &cookie, &which).await {
        Ok(Some(cookie)) => with_cookie(&web, which.back(), Ok(Some(cookie))),
        Ok(None) => {
            let mut response = which.back();
            response.headers_mut().append(SET_COOKIE, web.set_cookie(BROWSER, None, 0));
            response
        }
        Err(error) => unavailable(&error),
    }
}

/// Signs out whoever was named; gives the new cookie if somebody is left.
async fn sign_out(web: &Web, cookie: &str, which: &Which) -> Result<Option<String>, SessionStoreError> {
    let mut browser = web.find_browser(cookie).await?;
    let open = web.open_sessions(&browser).await?;
    let current = open.first().map(|session| session.account().to_string());
    let named = which.account.clone().or(current);
    for session in &open {
        if which.all.is_some() || named.as_deref() == Some(session.account().as_str()) {
            match session.sign_out().await {
                Err(CallError::Store(error)) => return Err(error),
                _ => browser.sessions.retain(|id| id != session.id()),
            }
        }
    }
    if which.all.is_some() || web.open_sessions(&browser).await?.is_empty() {
        web.forget_browser(cookie).await?;
        return Ok(None);
    }
    web.keep_browser(Some(cookie), &browser).await.map(Some)
}

fn with_cookie(
    web: &Web,
    mut response: Response,
    cookie: Result<Option<String>, SessionStoreError>,
) -> Response {
    match cookie {
        Ok(Some(cookie)) => {
            let cookie = web.set_cookie(BROWSER, Some(&cookie), LIFE.as_secs());
            response.headers_mut().append(SET_COOKIE, cookie);
            response
        }
        Ok(None) => response,
        Err(error) => unavailable(&error),
    }
}

pub(super) async fn metadata(State(web): State<Web>) -> Response {
    document(web.client().metadata_document())
}

pub(super) async fn keys(State(web): State<Web>) -> Response {
    document(web.client().key_document())
}

fn document(document: Option<serde_json::Value>) -> Response {
    match document {
        Some(document) => ([(CACHE_CONTROL, "max-age=300")], axum::Json(document)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A 303: whatever was posted is not posted again (BCP section 4.12).
fn see(to: &str) -> Response {
    let Ok(to) = HeaderValue::from_str(to) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers = [
        (LOCATION, to),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn foreign() -> Response {
    (StatusCode::FORBIDDEN, "This form was not sent from a page of this application.").into_response()
}

fn unavailable(error: &SessionStoreError) -> Response {
    tracing::error!(%error, "who is signed in cannot be told");
    (StatusCode::SERVICE_UNAVAILABLE, "Please try again in a moment.").into_response()
}

/// Back to a page of the application, with a word for what happened (P19).
fn failed(web: &Web, error: &SignInError) -> Response {
    let word = match error {
        SignInError::Declined => "declined",
        SignInError::UnknownState => "expired",
        SignInError::Identifier => "identifier",
        SignInError::Account(_) => "account",
        SignInError::Network(_) | SignInError::Server(_) => "server",
        SignInError::RateLimited { .. } => "rate_limited",
        SignInError::Undeclared { .. } => "scope",
        _ => "failed",
    };
    tracing::warn!(%error, "a sign-in failed");
    let mark = if web.0.failure.contains('?') { '&' } else { '?' };
    see(&format!("{}{mark}auth_error={word}", web.0.failure))
}
