//! One guarded request, from its first header to the last one of its answer.

use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::Method;
use tower_service::Service;

use crate::error::ScopeMissing;
use crate::extract::Caller;
use crate::table::{Found, Onward, Row};
use crate::{Guard, GuardError, GuardFuture, cors, rules};

/// A service behind a [`Guard`].
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    inner: S,
    guard: Guard,
    row: Option<Row>,
}

impl<S> GuardService<S> {
    pub(crate) const fn new(inner: S, guard: Guard, row: Option<Row>) -> Self {
        Self { inner, guard, row }
    }
}

impl<S> Service<Request> for GuardService<S>
where
    S: Service<Request> + Clone + Send + 'static,
    S::Response: IntoResponse,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = GuardFuture<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The clone may not be ready; the one that was asked is.
        let clone = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, clone);
        let (guard, row) = (self.guard.clone(), self.row);
        GuardFuture::new(answer(inner, guard, row, request))
    }
}

async fn answer<S>(
    mut inner: S,
    guard: Guard,
    fixed: Option<Row>,
    request: Request,
) -> Result<Response, S::Error>
where
    S: Service<Request>,
    S::Response: IntoResponse,
{
    if request.method() == Method::OPTIONS {
        // A browser asks before it sends anything, without credentials (RS-11).
        return Ok(cors::preflight(request.headers()));
    }
    let is_dpop = is_dpop(&request);
    let row = match fixed.map_or_else(|| guard.find_path(request.uri().path()), Found::Row) {
        Found::Row(row) => row,
        // Without a `Caller` in its extensions, nothing that asks for one is answered.
        Found::NotXrpc => return inner.call(request).await.map(IntoResponse::into_response),
        Found::Misspelt(why) => return Ok(refuse(&guard, GuardError::InvalidRequest(why), is_dpop)),
        Found::Unknown => match guard.find_elsewhere(request.uri(), request.headers()) {
            Some(row) => row,
            None => return Ok(refuse(&guard, GuardError::NotImplemented, is_dpop)),
        },
    };
    let mut response = match admit(&guard, &row, request).await {
        Err(error) => error.into_response(),
        Ok((caller, mut request)) => {
            let granted = caller.granted().filter(|_| row.is_asked_by_handler()).cloned();
            request.extensions_mut().insert(caller);
            let response = inner.call(request).await?.into_response();
            match granted {
                // Nothing that a handler forgot to ask about is told, and a test finds it at once.
                Some(granted) if response.status().is_success() && !granted.was_asked() => {
                    GuardError::Unasked(row.nsid.to_owned()).into_response()
                }
                _ => response,
            }
        }
    };
    if let Some(missing) = response.extensions_mut().remove::<Arc<ScopeMissing>>() {
        guard.note_refusal(&missing).await;
    }
    finish(&guard, &mut response, row.takes_credentials(), is_dpop);
    Ok(response)
}

fn refuse(guard: &Guard, error: GuardError, is_dpop: bool) -> Response {
    let mut response = error.into_response();
    finish(guard, &mut response, false, is_dpop);
    response
}

/// Credentials first, then the row's rule, then whether the method is answered here, or by a service elsewhere.
async fn admit(guard: &Guard, row: &Row, request: Request) -> Result<(Caller, Request), GuardError> {
    let (mut parts, body) = request.into_parts();
    let caller = guard.identify(row, &parts).await?;
    let destination = guard.find_destination(row, &parts)?;
    rules::check(row, &caller, destination.as_ref(), &parts)?;
    let destination = destination.filter(|_| row.onward == Onward::IfThereIsOne && guard.forwards());
    if !row.answered && destination.is_none() {
        return Err(GuardError::NotImplemented);
    }
    if let Some(destination) = destination {
        parts.extensions.insert(destination);
    }
    Ok((caller, Request::from_parts(parts, body)))
}

fn is_dpop(request: &Request) -> bool {
    request.headers().contains_key("dpop")
        || request
            .headers()
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.as_bytes().get(..5))
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"DPoP "))
}

/// The headers that every answer has, whoever wrote it (RS-4, RS-6, RS-11, DP-7).
fn finish(guard: &Guard, response: &mut Response, guarded: bool, is_dpop: bool) {
    use http::header::{CACHE_CONTROL, VARY, WWW_AUTHENTICATE};
    let status = response.status();
    let headers = response.headers_mut();
    if status == http::StatusCode::UNAUTHORIZED && !headers.contains_key(WWW_AUTHENTICATE) {
        let challenges = guard.challenges();
        headers.append(WWW_AUTHENTICATE, challenges.dpop.clone());
        headers.append(WWW_AUTHENTICATE, challenges.bearer.clone());
    }
    if guarded {
        let is_private = |value: &http::HeaderValue| {
            value.to_str().is_ok_and(|text| text.contains("private") || text.contains("no-store"))
        };
        if !headers.get(CACHE_CONTROL).is_some_and(is_private) {
            headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("private"));
        }
        headers.append(VARY, http::HeaderValue::from_static("Authorization"));
    }
    if (guarded || is_dpop)
        && let Ok(nonce) = http::HeaderValue::from_str(guard.next_nonce().as_str())
    {
        headers.insert(http::HeaderName::from_static("dpop-nonce"), nonce);
    }
    cors::allow(headers);
}
