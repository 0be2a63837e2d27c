//! `/account/app-passwords/revoke`: an app password is good no longer, nor what came from it (APP-5).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::super::back_to;
use super::home::REVOKED;
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::account_form::{AccountForm, account_form};
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::paths;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let AccountForm { device, account, fields, .. } = match account_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let back = |done| back_to(&app, &device, paths::APP_PASSWORDS, Some(&account), done);
    let Some(name) = fields.get("app_password").and_then(|name| name.parse().ok()) else { return back(None) };
    match operations::revoke_app_password(&app.ctx, &account, &name).await {
        // One that ended meanwhile is as gone as the person wanted it.
        Ok(_) => back(Some(REVOKED)),
        Err(error) => PageRefusal::from(error).for_device(device).respond(&app, &headers),
    }
}
