//! `POST /xrpc/com.atproto.server.confirmEmail`.

use axum::extract::State;
use gatewright_guard::Granted;
use gatewright_protocol::secret::FactorCode;
use http::StatusCode;
use serde::Deserialize;

use super::body::JsonBody;
use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations::{self, FindMailCodeError};

#[derive(Deserialize)]
pub(crate) struct Input {
    email: String,
    token: String,
}

pub(crate) async fn post(
    State(app): State<App>,
    granted: Granted,
    peer: Peer,
    JsonBody(input): JsonBody<Input>,
) -> Result<StatusCode, XrpcRefusal> {
    app.limits.mail_code(peer.network(), app.ctx.now())?;
    let code = FactorCode::parse(&input.token).map_err(|_| FindMailCodeError::Unknown)?;
    operations::confirm_email(&app.ctx, granted.account(), &input.email, &code).await?;
    Ok(StatusCode::OK)
}
