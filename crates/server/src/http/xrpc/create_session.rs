//! `POST /xrpc/com.atproto.server.createSession`.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use gatewright_protocol::secret::{FactorCode, Password};
use serde::Deserialize;

use super::body::JsonBody;
use super::count::say;
use super::errors::XrpcRefusal;
use super::session::SessionAnswer;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations::{self, CreateSession, SessionClient};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    identifier: String,
    password: String,
    auth_factor_token: Option<String>,
    #[serde(default)]
    allow_takendown: bool,
}

/// As long as a DID may be is more than any identifier.
const LONGEST_IDENTIFIER: usize = 2048;

pub(crate) async fn post(
    State(app): State<App>,
    peer: Peer,
    client: SessionClient,
    JsonBody(input): JsonBody<Input>,
) -> Response {
    // What is longer than anybody's is nobody's, and told at once: no account was looked for.
    let Ok(password) = Password::parse(&input.password) else {
        return XrpcRefusal::long_password().into_response();
    };
    if input.identifier.len() > LONGEST_IDENTIFIER {
        return XrpcRefusal::wrong_password().into_response();
    }
    let budget = match app.limits.sign_in(peer.network(), &input.identifier, app.ctx.now()) {
        Ok(budget) => budget,
        Err(too_many) => return XrpcRefusal::TooMany(too_many).into_response(),
    };
    let new = CreateSession {
        identifier: input.identifier,
        password,
        factor: factor(input.auth_factor_token.as_deref()),
        allow_taken_down: input.allow_takendown,
        client,
    };
    let begun = operations::create_session(&app.ctx, new).await;
    let mut response = begun.map(SessionAnswer).map_err(XrpcRefusal::from).into_response();
    say(&mut response, budget);
    response
}

/// What clients send that have none to send may be empty.
fn factor(token: Option<&str>) -> Option<FactorCode> {
    token.filter(|token| !token.trim().is_empty()).and_then(|token| FactorCode::parse(token).ok())
}
