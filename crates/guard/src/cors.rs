//! CORS of a resource server: any origin, no cookies (RS-11).

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

const ALLOWED: &str = "Authorization, DPoP, Content-Type, atproto-proxy, atproto-accept-labelers";
/// By name: a wildcard does not cover what a client must read to refresh.
const EXPOSED: &str = "DPoP-Nonce, WWW-Authenticate, atproto-repo-rev, atproto-content-labelers, RateLimit-Limit, \
                       RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, Retry-After";
/// The longest list of header names that is reflected.
const LONGEST: usize = 1024;

/// What every answer says. The guard says it on every answer that it sees; this is for those given before it is asked.
pub fn allow(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}

/// Around documents that anybody may read, with nothing to protect: says so on every answer and answers preflights. To be
/// put around routes with [`axum::middleware::from_fn`].
pub async fn open(request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return preflight(request.headers());
    }
    let mut response = next.run(request).await;
    allow(response.headers_mut());
    response
}

/// The answer to a browser that asks what it may send.
pub(crate) fn preflight(asked: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    allow(headers);
    let wanted = asked.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|value| is_list_of_names(value));
    headers
        .insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.cloned().unwrap_or(HeaderValue::from_static(ALLOWED)));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    headers.insert(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    response
}

fn is_list_of_names(value: &HeaderValue) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b',' | b' ');
    value.len() <= LONGEST && value.as_bytes().iter().all(name)
}
