//! `/.well-known/…`, and what these documents have in common.

pub(crate) mod authorization_server;
pub(crate) mod change_password;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::machine::allow_all_origins;

/// A document that was serialised before: 200, JSON, readable from everywhere (AS-16).
pub(crate) fn document(json: Bytes) -> Response {
    let mut response = Response::new(Body::from(json));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
    allow_all_origins(headers);
    response
}
