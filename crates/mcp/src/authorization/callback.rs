//! `/oauth/callback`: the person comes back from their host, and the MCP client gets its code.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use gatewright_client::{BrowserSecret, SignInError};
use http::header::COOKIE;
use http::{HeaderMap, StatusCode};

use super::Authorization;
use super::authorize::{FLOW, back};
use super::codes::Grant;
use super::page;
use super::request::Request;

pub(super) async fn get(
    State(server): State<Authorization>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(secret) = cookie(&headers) else {
        return page::failed(&headers, StatusCode::BAD_REQUEST, "over");
    };
    let browser = BrowserSecret::from_cookie(&secret);
    let finished = match server.0.client.finish(query.as_deref().unwrap_or_default(), &browser).await {
        Ok(finished) => finished,
        Err(SignInError::Declined) => return page::failed(&headers, StatusCode::OK, "declined"),
        Err(error) => {
            tracing::info!(%error, "a sign-in for an MCP client was not finished");
            return page::failed(&headers, StatusCode::BAD_REQUEST, "over");
        }
    };
    let request = finished.remembered.as_deref().and_then(|text| serde_json::from_str::<Request>(text).ok());
    let Some(request) = request else {
        let _ = finished.session.sign_out().await;
        return page::failed(&headers, StatusCode::BAD_REQUEST, "over");
    };
    let scope = request.scope.difference(&finished.missing);
    let (to, state) = (request.redirect_uri.clone(), request.state.clone());
    let grant = Grant { request, session: finished.session, scope };
    let code = server.0.codes.make(grant, &*server.0.random, server.0.clock.now());
    back(&server, &to, state.as_deref(), Ok(&code))
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == FLOW).map(|(_, value)| value.to_owned())
}
