//! Counting calls by where they come from, before anybody looks at them (RS-12).

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gatewright_guard::cors;
use gatewright_guard::rate::Budget;
use http::{Method, header};

use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::peer::Peer;

/// Answers 429 where there were too many, and says on every other answer what is left; nothing is kept anywhere.
pub(crate) async fn count(State(app): State<App>, peer: Peer, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let mut response = match app.limits.call(peer.network(), app.ctx.now()) {
        Ok(budget) => {
            let mut response = next.run(request).await;
            say(&mut response, budget);
            response
        }
        Err(too_many) => {
            let mut response = XrpcRefusal::TooMany(too_many).into_response();
            cors::allow(response.headers_mut());
            response
        }
    };
    // Tokens and passwords are among these answers.
    let no_store = http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// Says what is left, unless the answer says so of something tighter.
pub(super) fn say(response: &mut Response, budget: Option<Budget>) {
    let headers = response.headers_mut();
    if headers.contains_key("ratelimit-limit") {
        return;
    }
    for (name, value) in budget.iter().flat_map(Budget::headers) {
        headers.insert(name, value);
    }
}
