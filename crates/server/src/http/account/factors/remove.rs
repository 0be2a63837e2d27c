//! `/account/factors/remove`: a factor is asked for no longer.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::{back, fresh_form, refuse};
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::factors::FactorDone;
use crate::pages::paths;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match fresh_form(&app, &headers, peer, body, paths::REMOVE_FACTOR).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let id = form.fields.get("factor").and_then(|text| text.parse().ok());
    let Some(id) = id else { return back(&app, &form.device, &form.account, None) };
    match operations::remove_factor(&app.ctx, &form.account, id).await {
        // One that was removed meanwhile is as gone as the person wanted it.
        Ok(_) => back(&app, &form.device, &form.account, Some(FactorDone::Removed)),
        Err(error) => refuse(&app, &headers, form, error),
    }
}
