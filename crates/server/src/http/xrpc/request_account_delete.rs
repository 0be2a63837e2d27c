//! `POST /xrpc/com.atproto.server.requestAccountDelete`.

use axum::extract::State;
use gatewright_guard::Granted;
use http::{HeaderMap, StatusCode};

use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::locale::accepted;
use crate::operations;

pub(crate) async fn post(
    State(app): State<App>,
    granted: Granted,
    headers: HeaderMap,
) -> Result<StatusCode, XrpcRefusal> {
    app.limits.mail_account(granted.account(), app.ctx.now())?;
    operations::request_account_delete(&app.ctx, granted.account(), accepted(&headers)).await?;
    Ok(StatusCode::OK)
}
