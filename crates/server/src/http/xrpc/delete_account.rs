//! `POST /xrpc/com.atproto.server.deleteAccount`: nobody is signed in here, so password and code prove who asks.

use axum::extract::State;
use gatewright_protocol::secret::{FactorCode, Password};
use gatewright_protocol::syntax::Did;
use http::StatusCode;
use serde::Deserialize;

use super::body::JsonBody;
use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations::{self, DeleteAccountError, FindMailCodeError};

#[derive(Deserialize)]
pub(crate) struct Input {
    did: String,
    password: String,
    token: String,
}

pub(crate) async fn post(
    State(app): State<App>,
    peer: Peer,
    JsonBody(input): JsonBody<Input>,
) -> Result<StatusCode, XrpcRefusal> {
    let did: Did =
        input.did.parse().map_err(|error| XrpcRefusal::invalid_request(format!("`did`: {error}")))?;
    let now = app.ctx.now();
    app.limits.mail_code(peer.network(), now)?;
    app.limits.sign_in(peer.network(), did.as_str(), now)?;
    let password = Password::parse(&input.password).map_err(|_| DeleteAccountError::Wrong)?;
    let code = FactorCode::parse(&input.token).map_err(|_| FindMailCodeError::Unknown)?;
    operations::delete_account(&app.ctx, &did, password, &code).await?;
    Ok(StatusCode::OK)
}
