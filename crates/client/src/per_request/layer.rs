//! The tower layer: who calls is found out before the router is asked, and travels with the request and nowhere else.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Method};
use tower_layer::Layer;
use tower_service::Service;

use super::{PASSWORD, PerRequest, Refused};

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Puts a [`PerRequest`] before a service. Handlers take [`Caller`](super::Caller) as an argument.
///
/// Behind the layer a request has no password and no `Authorization` header any more, so that nothing there can log or
/// pass on either.
///
/// ```no_run
/// use axum::{Router, routing::get};
/// use gatewright_client::per_request::{Caller, PerRequest, PerRequestLayer, Refused};
/// async fn me(caller: Caller) -> Result<String, Refused> {
///     Ok(caller.require_account()?.to_string())
/// }
/// fn app(per_request: PerRequest) -> Router {
///     Router::new().route("/me", get(me)).layer(PerRequestLayer::new(per_request))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct PerRequestLayer {
    per_request: PerRequest,
}

impl PerRequestLayer {
    /// The layer.
    pub const fn new(per_request: PerRequest) -> Self {
        Self { per_request }
    }
}

impl<S> Layer<S> for PerRequestLayer {
    type Service = PerRequestService<S>;

    fn layer(&self, inner: S) -> PerRequestService<S> {
        PerRequestService { inner, per_request: self.per_request.clone() }
    }
}

/// A service behind a [`PerRequestLayer`].
#[derive(Clone, Debug)]
pub struct PerRequestService<S> {
    inner: S,
    per_request: PerRequest,
}

impl<S> Service<Request> for PerRequestService<S>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = PerRequestFuture<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The clone may not be ready; the one that was asked is.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        PerRequestFuture(Box::pin(answer(inner, self.per_request.clone(), request)))
    }
}

async fn answer<S>(mut inner: S, per_request: PerRequest, request: Request) -> Result<Response, S::Error>
where
    S: Service<Request>,
    S::Response: IntoResponse,
{
    if request.method() == Method::OPTIONS {
        // A browser asks before it sends anything, without credentials.
        return inner.call(request).await.map(IntoResponse::into_response);
    }
    let (mut parts, body) = request.into_parts();
    let nonce = per_request.nonce();
    match per_request.caller(&parts.headers, &parts.method, &parts.uri).await {
        Err(refused) => Ok(refused.answer(nonce.as_deref()).map(Into::into)),
        Ok(caller) => {
            parts.headers.remove(PASSWORD);
            parts.headers.remove(AUTHORIZATION);
            parts.extensions.insert(caller);
            let mut response = inner.call(Request::from_parts(parts, body)).await?.into_response();
            // What a handler refused for want of credentials carries the nonce too.
            if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
                response.headers_mut().insert(DPOP_NONCE, nonce);
            }
            Ok(response)
        }
    }
}

/// What [`PerRequestService`] answers with.
pub struct PerRequestFuture<E>(Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>);

impl<E> Future for PerRequestFuture<E> {
    type Output = Result<Response, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<E> fmt::Debug for PerRequestFuture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerRequestFuture").finish_non_exhaustive()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.answer(None).map(Into::into)
    }
}
