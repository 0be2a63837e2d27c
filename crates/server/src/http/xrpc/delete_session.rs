//! `POST /xrpc/com.atproto.server.deleteSession`.

use axum::extract::State;
use gatewright_guard::{Caller, GuardError};
use http::StatusCode;

use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::operations;

pub(crate) async fn post(State(app): State<App>, caller: Caller) -> Result<StatusCode, XrpcRefusal> {
    let Caller::Refresh(claims) = caller else { return Err(GuardError::AuthMissing.into()) };
    operations::delete_session(&app.ctx, &claims).await?;
    Ok(StatusCode::OK)
}
