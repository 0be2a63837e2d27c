//! `POST /xrpc/com.atproto.server.requestEmailConfirmation`.

use axum::extract::State;
use gatewright_guard::Granted;
use gatewright_protocol::factor::MailPurpose;
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
    let (account, languages) = (granted.account(), accepted(&headers));
    operations::request_mail_code(&app.ctx, account, MailPurpose::ConfirmEmail, languages).await?;
    Ok(StatusCode::OK)
}
