//! `POST /xrpc/com.atproto.server.requestEmailUpdate`.

use axum::Json;
use axum::extract::State;
use gatewright_guard::Granted;
use http::HeaderMap;
use serde::Serialize;

use super::errors::XrpcRefusal;
use crate::http::app::App;
use crate::http::extract::locale::accepted;
use crate::operations;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    token_required: bool,
}

pub(crate) async fn post(
    State(app): State<App>,
    granted: Granted,
    headers: HeaderMap,
) -> Result<Json<Output>, XrpcRefusal> {
    app.limits.mail_account(granted.account(), app.ctx.now())?;
    let token_required =
        operations::request_email_update(&app.ctx, granted.account(), accepted(&headers)).await?;
    Ok(Json(Output { token_required }))
}
