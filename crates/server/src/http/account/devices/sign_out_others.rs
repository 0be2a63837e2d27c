//! `/account/devices/sign-out-others`: the account is forgotten on every device but this one.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::end;
use crate::http::app::App;
use crate::http::extract::account_form::account_form;
use crate::http::extract::peer::Peer;
use crate::operations::Elsewhere;
use crate::pages::devices::DeviceDone;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    match account_form(&app, &headers, peer, body).await {
        Ok(form) => end(&app, &headers, form, Elsewhere::OtherDevices, DeviceDone::SignedOutOthers).await,
        Err(refusal) => refusal.respond(&app, &headers),
    }
}
