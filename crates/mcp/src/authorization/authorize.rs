//! `/oauth/authorize`: who asks, for what, and who are you? What is typed leads to the person's own host.

use std::time::Duration;

use axum::Form;
use axum::extract::{Query, State};
use axum::response::Response;
use gatewright_client::{BrowserSecret, SignIn};
use gatewright_protocol::time::UnixTime;
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use parking_lot::Mutex;
use serde::Deserialize;
use url::Url;

use super::page::{self, SignInPage};
use super::request::{BadRequest, Parameters, Request};
use super::{Authorization, CALLBACK};

/// The cookie that ties a sign-in to the browser that began it.
pub(super) const FLOW: &str = "mcp-flow";
/// How long it lasts, in seconds.
const FLOW_LIFE: u32 = 30 * 60;
/// In this time no more sign-ins begin than there are people at a desk.
const WINDOW: Duration = Duration::from_mins(10);
const MOST_BEGUN: u32 = 1000;
/// The longest name of an account.
const LONGEST_NAME: usize = 512;

pub(super) async fn get(
    State(server): State<Authorization>,
    headers: HeaderMap,
    Query(said): Query<Parameters>,
) -> Response {
    match Request::read(&server, &said).await {
        Ok(request) => SignInPage::new(&headers, &request, &said).respond(StatusCode::OK),
        Err(bad) => refuse(&server, &headers, bad),
    }
}

/// The form: the parameters once more, and who signs in.
#[derive(Deserialize)]
pub(super) struct Filled {
    #[serde(flatten)]
    said: Parameters,
    #[serde(default)]
    identifier: String,
    #[serde(default)]
    decision: String,
}

pub(super) async fn post(
    State(server): State<Authorization>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Response {
    if !is_own_form(&server, &headers) {
        return page::failed(&headers, StatusCode::FORBIDDEN, "foreign");
    }
    let request = match Request::read(&server, &filled.said).await {
        Ok(request) => request,
        Err(bad) => return refuse(&server, &headers, bad),
    };
    if filled.decision == "deny" {
        let description = "the person said no";
        return back(
            &server,
            &request.redirect_uri,
            request.state.as_deref(),
            Err(("access_denied", description)),
        );
    }
    let page =
        |refused| SignInPage::new(&headers, &request, &filled.said).refused(&filled.identifier, refused);
    let identifier = filled.identifier.trim();
    if identifier.is_empty() || identifier.len() > LONGEST_NAME {
        return page("empty").respond(StatusCode::BAD_REQUEST);
    }
    if !server.0.begun.count(server.0.clock.now()) {
        return page("busy").respond(StatusCode::TOO_MANY_REQUESTS);
    }
    let browser = BrowserSecret::generate(&*server.0.random);
    let Ok(remembered) = serde_json::to_string(&request) else {
        return page::failed(&headers, StatusCode::BAD_REQUEST, "over");
    };
    let sign_in = SignIn::at(identifier)
        .ask(request.scope.as_str())
        .redirect_uri(redirect_uri(&server))
        .remember(remembered);
    match server.0.client.start(sign_in, &browser).await {
        Ok(started) => {
            let mut response = see(started.url.as_str());
            let secure = if server.is_secure() { "; Secure" } else { "" };
            let cookie = format!(
                "{FLOW}={}; Path=/oauth; HttpOnly; SameSite=Lax; Max-Age={FLOW_LIFE}{secure}",
                browser.expose()
            );
            if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
                cookie.set_sensitive(true);
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => {
            tracing::info!(%error, "a sign-in for an MCP client did not begin");
            page("unknown").respond(StatusCode::BAD_REQUEST)
        }
    }
}

/// How many sign-ins were begun lately: each asks a host and is remembered for a while, so strangers get no more of them
/// than people need.
#[derive(Debug, Default)]
pub(super) struct Begun(Mutex<(UnixTime, u32)>);

impl Begun {
    /// Whether one more may begin.
    fn count(&self, now: UnixTime) -> bool {
        let mut begun = self.0.lock();
        if now.since(begun.0) >= WINDOW {
            *begun = (now, 0);
        }
        begun.1 = begun.1.saturating_add(1);
        begun.1 <= MOST_BEGUN
    }
}

/// Where the person's host sends the browser back to.
fn redirect_uri(server: &Authorization) -> String {
    // A loopback client comes back to an address, never to a name (CM-22); the port is its own.
    format!("{}{CALLBACK}", server.0.origin.replacen("//localhost", "//127.0.0.1", 1))
}

/// Whether a form comes from a page of ours: nobody else starts a sign-in in somebody's browser.
fn is_own_form(server: &Authorization, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == server.0.origin,
        (None, None) => false,
    }
}

fn refuse(server: &Authorization, headers: &HeaderMap, bad: BadRequest) -> Response {
    match bad {
        BadRequest::Page(error) => page::refused_client(headers, &error),
        BadRequest::Back { to, state, error, description } => {
            back(server, &to, state.as_deref(), Err((error, &description)))
        }
    }
}

/// Back to the MCP client, with a code or a reason (RFC 9207: and with who says so).
pub(super) fn back(
    server: &Authorization,
    to: &Url,
    state: Option<&str>,
    outcome: Result<&str, (&str, &str)>,
) -> Response {
    let mut url = to.clone();
    {
        let mut query = url.query_pairs_mut();
        match outcome {
            Ok(code) => query.append_pair("code", code),
            Err((error, description)) => {
                query.append_pair("error", error).append_pair("error_description", description)
            }
        };
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &server.0.origin);
    }
    see(url.as_str())
}

fn see(url: &str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    if let Ok(mut location) = HeaderValue::try_from(url) {
        location.set_sensitive(true);
        headers.insert(LOCATION, location);
    }
    headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
