//! `POST /xrpc/com.atproto.server.resetPassword`. App passwords stay, as clients expect.

use axum::extract::State;
use gatewright_protocol::secret::{FactorCode, Password};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::body::JsonBody;
use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::locale::accepted;
use crate::http::extract::peer::Peer;
use crate::operations::{self, ResetPassword, ResetPasswordError};

#[derive(Deserialize)]
pub(crate) struct Input {
    token: String,
    password: String,
}

pub(crate) async fn post(
    State(app): State<App>,
    peer: Peer,
    headers: HeaderMap,
    JsonBody(input): JsonBody<Input>,
) -> Result<StatusCode, XrpcRefusal> {
    let reset = ResetPassword {
        password: Password::parse_new(&input.password)
            .map_err(|error| XrpcRefusal::invalid_request(format!("`password`: {error}")))?,
        code: FactorCode::parse(&input.token).map_err(|_| ResetPasswordError::Unknown)?,
        end_app_passwords: false,
    };
    app.limits.mail_code(peer.network(), app.ctx.now())?;
    operations::reset_password(&app.ctx, reset, accepted(&headers)).await?;
    Ok(StatusCode::OK)
}
