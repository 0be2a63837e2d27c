//! `/account/devices/end-session`: a password session ends.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::{back, end};
use crate::http::app::App;
use crate::http::extract::account_form::account_form;
use crate::http::extract::peer::Peer;
use crate::operations::Elsewhere;
use crate::pages::devices::DeviceDone;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match account_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    match form.fields.get("session").and_then(|session| session.parse().ok()) {
        Some(session) => end(&app, &headers, form, Elsewhere::Session(session), DeviceDone::Ended).await,
        None => back(&app, &form, None),
    }
}
