//! `POST /xrpc/com.atproto.server.requestPasswordReset`: the answer is the same whatever comes of it.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::body::JsonBody;
use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::locale::accepted;
use crate::http::extract::peer::Peer;
use crate::http::mail;
use crate::operations::RequestPasswordResetError;

#[derive(Deserialize)]
pub(crate) struct Input {
    email: String,
}

pub(crate) async fn post(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(input): JsonBody<Input>,
) -> Result<StatusCode, XrpcRefusal> {
    if app.ctx.accounts.kept_passwords().is_none() {
        return Err(RequestPasswordResetError::NotHere.into());
    }
    app.limits.mail(peer.network(), app.ctx.now())?;
    mail::send_reset_code(&app, input.email, accepted(&headers));
    Ok(StatusCode::OK)
}
