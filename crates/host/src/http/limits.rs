//! Counting requests by where they come from, before anybody looks at them (RS-12).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gatewright_guard::cors;
use gatewright_guard::peer::Peer;
use http::Method;

use super::errors::XrpcError;
use crate::context::Context;

/// Answers 429 where there were too many.
pub(super) async fn count(State(context): State<Arc<Context>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // A preflight costs nothing and precedes a request that is counted; whether the host is well, its operator asks.
    if request.method() == Method::OPTIONS || path == "/xrpc/_health" {
        return next.run(request).await;
    }
    let connection = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let peer = Peer::of(request.headers(), connection, &context.settings.trusted_proxies);
    let network = peer.network();
    let counted = if path == "/xrpc/com.atproto.sync.getRepo" {
        context.limits.export(network, context.now())
    } else {
        context.limits.request(network, context.now())
    };
    match counted {
        Ok(()) => {
            // On whose behalf the guard looks keys up.
            request.extensions_mut().insert(peer);
            next.run(request).await
        }
        Err(too_many) => {
            let mut response = XrpcError::TooMany(too_many).into_response();
            cors::allow(response.headers_mut());
            response
        }
    }
}
