//! `/xrpc/…`, whatever is not answered here: the service that the guard found for the call answers it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures::{StreamExt as _, TryStreamExt as _};
use gatewright_guard::{Destination, GuardError};
use gatewright_resolve::fetch::{Forwarded, Interrupted, Pieces};
use http::Method;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::{App, not_implemented, wrong_verb};
use crate::http::body::declared_length;
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::operations::proxy_call::{ProxyCall, proxy_call};

pub(crate) async fn any(
    context: App,
    destination: Option<Destination>,
    caller: Result<Caller, GuardError>,
    request: Request,
) -> Result<Response, XrpcError> {
    match destination {
        Some(destination) => forward(&context, &caller?, &destination, request).await,
        // Nor is what only an authorization server beside this host would answer, open to everybody or not.
        None => Err(not_implemented().await),
    }
}

/// Answers with what the service answers.
pub(super) async fn forward(
    context: &App,
    caller: &Caller,
    destination: &Destination,
    request: Request,
) -> Result<Response, XrpcError> {
    let (parts, body) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
        return Err(wrong_verb(parts.method).await);
    }
    let limit = usize::try_from(context.settings.blob_limit).unwrap_or(usize::MAX);
    let is_procedure = parts.method == Method::POST;
    if is_procedure && declared_length(&parts.headers).is_some_and(|length| length > limit as u64) {
        return Err(XrpcError::too_large(limit));
    }
    let is_too_large = Arc::new(AtomicBool::new(false));
    let call = ProxyCall {
        destination,
        verb: parts.method,
        query: parts.uri.query(),
        headers: &parts.headers,
        body: is_procedure.then(|| pieces(body, limit, Arc::clone(&is_too_large))),
    };
    match proxy_call(context, caller.did(), caller.kind(), call).await {
        Ok(answer) => Ok(response(answer)),
        Err(_) if is_too_large.load(Ordering::Relaxed) => Err(XrpcError::too_large(limit)),
        Err(error) => Err(error.into()),
    }
}

/// The body as it comes in. What is too large is cut off, and noted.
pub(in crate::http) fn pieces(body: Body, limit: usize, is_too_large: Arc<AtomicBool>) -> Pieces {
    Limited::new(body, limit)
        .into_data_stream()
        .map_err(move |error| {
            if error.is::<LengthLimitError>() {
                is_too_large.store(true, Ordering::Relaxed);
            }
            Interrupted
        })
        .boxed()
}

/// What a service of somebody's choosing answers is data, never a page of this origin.
pub(in crate::http) fn response(answer: Forwarded) -> Response {
    let mut response = Response::new(Body::from_stream(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}
