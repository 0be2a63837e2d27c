//! Where a call goes that a password session of an account makes whose records another host keeps.
//!
//! Applications are not led on: their proofs name the address that they call, and the host would refuse them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use gatewright_guard::Caller;
use http::Method;

use super::errors::XrpcError;
use super::xrpc::App;
use super::xrpc::proxy::{pieces, response};
use crate::operations::lead_on::{LeadOn, is_behind, lead_on};

/// What an entryway answers for the accounts of all hosts.
const OWN: [&str; 5] = [
    "/xrpc/com.atproto.identity.updateHandle",
    "/xrpc/com.atproto.server.activateAccount",
    "/xrpc/com.atproto.server.deactivateAccount",
    "/xrpc/com.atproto.server.getAccountInviteCodes",
    "/xrpc/com.atproto.server.getSession",
];

/// Passes the call on, or lets it be answered here.
pub(super) async fn layer(context: App, request: Request, next: Next) -> Response {
    let granted = match request.extensions().get() {
        Some(Caller::Legacy(granted)) if !OWN.contains(&request.uri().path()) => granted.clone(),
        _ => return next.run(request).await,
    };
    match is_behind(&context, granted.account()).await {
        Ok(false) => return next.run(request).await,
        Ok(true) => {}
        Err(error) => return XrpcError::from(error).into_response(),
    }
    // The host asks for what the body needs: it has the same token.
    if let Err(error) = granted.require([]) {
        return error.into_response();
    }
    let State(context) = context;
    let limit = usize::try_from(context.settings.blob_limit).unwrap_or(usize::MAX);
    let (parts, body) = request.into_parts();
    let call = LeadOn {
        account: granted.account(),
        path: parts.uri.path_and_query().map_or("", |path| path.as_str()),
        headers: &parts.headers,
        body: (parts.method == Method::POST).then(|| pieces(body, limit, Arc::new(AtomicBool::new(false)))),
        verb: parts.method,
    };
    match lead_on(&context, call).await {
        Ok(Some(answer)) => response(answer),
        // It was deleted meanwhile.
        Ok(None) => XrpcError::invalid_request("there is no such account here").into_response(),
        Err(error) => XrpcError::from(error).into_response(),
    }
}
