//! `/account/devices/sign-out`: the account is forgotten on another device.

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
        Ok(form) => {
            let device = Elsewhere::Device(form.fields.get("device").unwrap_or_default().to_owned());
            end(&app, &headers, form, device, DeviceDone::SignedOut).await
        }
        Err(refusal) => refusal.respond(&app, &headers),
    }
}
