//! Routes, the upload, and the headers of every answer. Signing in and out is the client's (`gatewright_client::web`).

use askama::Template as _;
use axum::Router;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Form, FromRef, FromRequestParts, Multipart, Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use gatewright_client::CallError;
use gatewright_client::web::{MaybeSignedIn, SignedIn, Web};
use serde::Deserialize;

use crate::library::{self, Draft};
use crate::pages::{Account, Notice, Page, Refusal, granted};
use crate::{App, SCOPE};

/// The largest file that is taken, with its form.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// What is added when no file was chosen: four notes.
const SAMPLE: &[u8] = include_bytes!("../assets/sample.wav");

impl FromRef<App> for Web {
    fn from_ref(app: &App) -> Self {
        app.0.web.clone()
    }
}

pub(crate) fn router(app: &App) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/tracks", post(add))
        .route("/tracks/remove", post(remove))
        .route("/elsewhere", post(elsewhere))
        .route(
            "/style.css",
            get(async || asset("text/css; charset=utf-8", include_bytes!("../assets/style.css"))),
        )
        .route("/icon.png", get(async || asset("image/png", include_bytes!("../assets/icon.png"))))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(app.clone())
        .merge(app.0.web.router())
        .layer(middleware::from_fn_with_state(app.clone(), at_own_origin))
}

/// Whoever sent a form of this app's own pages. Forms of others are refused; who is not signed in any more, in another
/// tab say, comes to the page that lets them.
struct OwnForm(SignedIn);

impl FromRequestParts<App> for OwnForm {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        if !app.0.web.is_own_form(&parts.headers) {
            return Err(foreign());
        }
        match MaybeSignedIn::from_request_parts(parts, app).await {
            Ok(MaybeSignedIn(Some(signed_in))) => Ok(Self(signed_in)),
            Ok(MaybeSignedIn(None)) => Err(see_other("/")),
            Err(unknown) => Err(unknown.into_response()),
        }
    }
}

#[derive(Deserialize)]
struct Said {
    auth_error: Option<String>,
    signed_out: Option<String>,
}

async fn home(
    State(app): State<App>,
    MaybeSignedIn(signed_in): MaybeSignedIn,
    Query(said): Query<Said>,
) -> Response {
    let notice = if said.signed_out.is_some() && signed_in.is_none() {
        Some(Notice { good: true, text: "You are signed out, and what this app was granted has ended." })
    } else {
        said.auth_error.as_deref().map(Notice::of_word)
    };
    page(&app, signed_in.as_ref(), notice, Ok(())).await
}

async fn add(
    State(app): State<App>,
    OwnForm(signed_in): OwnForm,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let draft = match form {
        Ok(form) => draft(form).await,
        Err(_) => None,
    };
    let Some(draft) = draft else {
        let text = "This form could not be read: a track needs a title, and its file may have 10 MB at most.";
        let mut response = page(&app, Some(&signed_in), Some(Notice { good: false, text }), Ok(())).await;
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    };
    let added = library::add(&signed_in.session, draft, app.0.clock.now()).await;
    after(&app, &signed_in, added).await
}

/// The fields of the form, whose order no browser changes.
async fn draft(mut form: Multipart) -> Option<Draft> {
    let mut draft = Draft {
        title: String::new(),
        artist: String::new(),
        mime: "audio/wav".to_owned(),
        file: Bytes::from_static(SAMPLE),
    };
    while let Some(field) = form.next_field().await.ok()? {
        match field.name() {
            Some("title") => draft.title = field.text().await.ok()?,
            Some("artist") => draft.artist = field.text().await.ok()?,
            Some("file") => {
                let mime = field.content_type().unwrap_or("application/octet-stream").to_owned();
                let file = field.bytes().await.ok()?;
                // Browsers send an empty file where none was chosen.
                if !file.is_empty() {
                    (draft.mime, draft.file) = (mime, file);
                }
            }
            _ => {}
        }
    }
    (!draft.title.trim().is_empty()).then_some(draft)
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    key: String,
}

async fn remove(State(app): State<App>, OwnForm(signed_in): OwnForm, Form(which): Form<Which>) -> Response {
    let removed = library::remove(&signed_in.session, &which.key).await;
    after(&app, &signed_in, removed).await
}

async fn elsewhere(State(app): State<App>, OwnForm(signed_in): OwnForm) -> Response {
    let tried = library::trespass(&signed_in.session, app.0.clock.now()).await;
    after(&app, &signed_in, tried).await
}

/// Back to the page, or the page with what was refused.
async fn after(app: &App, signed_in: &SignedIn, outcome: Result<(), CallError>) -> Response {
    match outcome {
        Ok(()) => see_other("/"),
        Err(error) if error.is_over() => page(app, None, None, Err(&error)).await,
        Err(error) => page(app, Some(signed_in), None, Err(&error)).await,
    }
}

async fn page(
    app: &App,
    signed_in: Option<&SignedIn>,
    notice: Option<Notice>,
    outcome: Result<(), &CallError>,
) -> Response {
    let mut refusal = outcome.err().map(Refusal::of);
    let mut host = String::new();
    let account = match signed_in {
        None => None,
        Some(signed_in) => {
            host = signed_in.session.host().unwrap_or_default();
            let tracks = library::list(&signed_in.session).await.unwrap_or_else(|error| {
                refusal.get_or_insert_with(|| Refusal::of(&error));
                Vec::new()
            });
            // It may be over only since this was asked.
            signed_in.session.host().is_some().then(|| Account::of(signed_in, tracks))
        }
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    let page = Page { account, asked: granted(SCOPE), notice, refusal };
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&policy(app, &host)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Browsers apply `form-action` to where a form's answer redirects, so the authorization server is named too; files
/// are played from the account's host.
fn policy(app: &App, host: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; media-src {host}; form-action 'self' {}; \
         base-uri 'none'; frame-ancestors 'none'",
        app.0.issuer
    )
}

fn foreign() -> Response {
    (StatusCode::FORBIDDEN, "This form was not sent from a page of this application.").into_response()
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
