//! What the person sees: one form, and one page that says what went wrong.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use gatewright_protocol::scope::sentences;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, StatusCode};

use super::clients::ClientError;
use super::request::{Parameters, Request};
use super::words::Words;

/// Where the stylesheet is.
pub(super) const STYLE: &str = "/oauth/style.css";

/// Who asks, for what, and who are you?
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    words: &'static Words,
    client: String,
    /// Where the code goes: who gets it, whatever it calls itself.
    destination: String,
    sentences: Vec<String>,
    carried: Vec<(&'static str, String)>,
    identifier: String,
    refused: Option<&'static str>,
}

impl SignInPage {
    pub(super) fn new(headers: &HeaderMap, request: &Request, said: &Parameters) -> Self {
        let uri = &request.redirect_uri;
        let destination = match (uri.scheme(), uri.host_str()) {
            ("https" | "http", Some(host)) => host.to_owned(),
            (scheme, _) => format!("{scheme}:"),
        };
        let fields = [
            ("response_type", &said.response_type),
            ("client_id", &said.client_id),
            ("redirect_uri", &said.redirect_uri),
            ("code_challenge", &said.code_challenge),
            ("code_challenge_method", &said.code_challenge_method),
            ("state", &said.state),
            ("scope", &said.scope),
            ("resource", &said.resource),
        ];
        let permissions = request.scope.permissions().filter_map(|(_, permission)| permission.ok());
        Self {
            words: Words::of(headers),
            client: request.client_name.clone(),
            destination,
            sentences: permissions
                .flat_map(|permission| sentences(&permission))
                .map(|sentence| sentence.to_string())
                .collect(),
            carried: fields.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect(),
            identifier: String::new(),
            refused: None,
        }
    }

    /// The same page, which says what was wrong with what was typed.
    pub(super) fn refused(self, identifier: &str, why: &str) -> Self {
        let refused = match why {
            "busy" => self.words.busy,
            "empty" => self.words.empty,
            _ => self.words.unknown,
        };
        Self { identifier: identifier.chars().take(300).collect(), refused: Some(refused), ..self }
    }

    pub(super) fn respond(&self, status: StatusCode) -> Response {
        respond(self, status)
    }
}

/// Something cannot go on.
#[derive(Template)]
#[template(path = "failed.html")]
struct FailedPage {
    words: &'static Words,
    text: String,
}

/// The page that says why it ends here: `declined`, `foreign` or `over`.
pub(super) fn failed(headers: &HeaderMap, status: StatusCode, why: &str) -> Response {
    let words = Words::of(headers);
    let text = if why == "declined" { words.declined } else { words.over };
    respond(&FailedPage { words, text: text.to_owned() }, status)
}

/// The page that says what is wrong with a client: for whoever wrote it, so in English.
pub(super) fn refused_client(headers: &HeaderMap, error: &ClientError) -> Response {
    respond(&FailedPage { words: Words::of(headers), text: error.to_string() }, StatusCode::BAD_REQUEST)
}

fn respond(page: &impl Template, status: StatusCode) -> Response {
    let html = page.render().unwrap_or_default();
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    (status, headers, html).into_response()
}

pub(super) async fn style() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    (headers, include_str!("../../templates/style.css")).into_response()
}
