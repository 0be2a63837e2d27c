//! `POST /xrpc/com.atproto.server.refreshSession`.

use axum::extract::State;
use gatewright_guard::{Caller, GuardError};

use super::errors::XrpcRefusal;
use super::session::SessionAnswer;
use crate::http::app::App;
use crate::operations::{self, SessionClient};

pub(crate) async fn post(
    State(app): State<App>,
    caller: Caller,
    client: SessionClient,
) -> Result<SessionAnswer, XrpcRefusal> {
    let Caller::Refresh(claims) = caller else { return Err(GuardError::AuthMissing.into()) };
    Ok(SessionAnswer(operations::refresh_session(&app.ctx, &claims, client).await?))
}
