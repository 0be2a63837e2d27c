//! `/account/factors/recovery-codes`: new ones, in place of those of before.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::{back, fresh_form, refuse, show_codes};
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations::{self, RenewRecoveryCodesError};
use crate::pages::paths;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match fresh_form(&app, &headers, peer, body, paths::RENEW_RECOVERY).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    match operations::renew_recovery_codes(&app.ctx, &form.account).await {
        Ok(codes) => show_codes(&app, &headers, &form, &codes, false),
        Err(RenewRecoveryCodesError::NoFactor) => back(&app, &form.device, &form.account, None),
        Err(RenewRecoveryCodesError::Store(error)) => refuse(&app, &headers, form, error),
    }
}
