//! What answers to programs have in common: CORS, no caching, a nonce (AS-17, AS-50, DP-7).

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, HeaderName, PRAGMA,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::app::App;
use super::errors::Refusal;
use super::extract::peer::Peer;
use crate::router::REVOKE;

/// Lets scripts of other origins read an answer. Without credentials, so there is nothing to protect from them.
pub(crate) fn allow_all_origins(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("DPoP-Nonce, WWW-Authenticate"));
}

/// Answers a preflight: anybody may ask, with the headers that the endpoints read.
pub(crate) async fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    allow_all_origins(headers);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST"));
    headers
        .insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type, DPoP"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// A method that an endpoint for programs does not have.
pub(crate) async fn method_not_allowed() -> Refusal {
    Refusal::method_not_allowed()
}

/// Around PAR, token and revoke: every answer, success or error, is readable from everywhere, kept nowhere, and carries
/// the nonce for the next proof. Networks that are refused all the time have to wait.
pub(crate) async fn dpop_endpoint(
    State(app): State<App>,
    peer: Peer,
    request: Request,
    next: Next,
) -> Response {
    let now = app.ctx.now();
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let mut within = app.limits.check_refused(peer.network(), now);
    if request.uri().path() == REVOKE {
        within = within.and_then(|()| app.limits.check_revoked_nothing(peer.network(), now));
    }
    let mut response = match within {
        Ok(()) => next.run(request).await,
        Err(too_many) => Refusal::too_many(too_many).into_response(),
    };
    if response.extensions_mut().remove::<Counts>().is_some() {
        app.limits.count_refused(peer.network(), now);
    }
    let headers = response.headers_mut();
    allow_all_origins(headers);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(nonce) = HeaderValue::from_str(app.ctx.nonces.next(now).as_str()) {
        headers.insert(DPOP_NONCE, nonce);
    }
    response
}

/// Marks an answer that counts as a refusal of the network it goes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts;

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
