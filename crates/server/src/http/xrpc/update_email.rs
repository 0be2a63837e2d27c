//! `POST /xrpc/com.atproto.server.updateEmail`.

use axum::extract::State;
use gatewright_guard::Granted;
use gatewright_protocol::email::Email;
use gatewright_protocol::secret::FactorCode;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::body::JsonBody;
use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::locale::accepted;
use crate::http::extract::peer::Peer;
use crate::operations::{self, FindMailCodeError};

#[derive(Deserialize)]
pub(crate) struct Input {
    email: String,
    token: Option<String>,
}

pub(crate) async fn post(
    State(app): State<App>,
    granted: Granted,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(input): JsonBody<Input>,
) -> Result<StatusCode, XrpcRefusal> {
    app.limits.mail_code(peer.network(), app.ctx.now())?;
    let email: Email =
        input.email.parse().map_err(|error| XrpcRefusal::invalid_request(format!("`email`: {error}")))?;
    let code = input.token.map(|text| FactorCode::parse(&text)).transpose();
    let code = code.map_err(|_| FindMailCodeError::Unknown)?;
    let languages = accepted(&headers);
    operations::update_email(&app.ctx, granted.account(), &email, code.as_ref(), languages).await?;
    Ok(StatusCode::OK)
}
