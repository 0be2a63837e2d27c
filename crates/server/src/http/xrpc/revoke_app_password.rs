//! `POST /xrpc/com.atproto.server.revokeAppPassword`.

use axum::extract::State;
use gatewright_guard::Granted;
use http::StatusCode;
use serde::Deserialize;

use super::body::JsonBody;
use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::operations;

#[derive(Deserialize)]
pub(crate) struct Input {
    name: String,
}

pub(crate) async fn post(
    State(app): State<App>,
    granted: Granted,
    JsonBody(input): JsonBody<Input>,
) -> Result<StatusCode, XrpcRefusal> {
    // A name that none can have is one that none has (APP-5).
    if let Ok(name) = input.name.parse() {
        operations::revoke_app_password(&app.ctx, granted.account(), &name).await?;
    }
    Ok(StatusCode::OK)
}
