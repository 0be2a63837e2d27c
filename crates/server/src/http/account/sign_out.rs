//! `/account/sign-out`: the account is forgotten on this device.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::back;
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::account_form::{AccountForm, account_form};
use crate::http::extract::peer::Peer;
use crate::operations;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let AccountForm { device, account, .. } = match account_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    match operations::sign_out_here(&app.ctx, &device.id, &account).await {
        Ok(()) => back(&app, &device, None, None),
        Err(error) => PageRefusal::from(error).for_device(device).respond(&app, &headers),
    }
}
