//! `/account/approve`: what permission sets give more than a session has (PS-23).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::back;
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::account_form::{AccountForm, account_form};
use crate::http::extract::peer::Peer;
use crate::operations::{self, ApproveHeldError};
use crate::pages::account::Done;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match account_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let AccountForm { device, account, session, fields, .. } = form;
    let Some(session) = session else { return back(&app, &device, Some(&account), Some(Done::Changed)) };
    let shown = fields.get("shown").unwrap_or_default();
    match operations::approve_held(&app.ctx, &account, session, shown).await {
        Ok(()) => back(&app, &device, Some(&account), Some(Done::Approved)),
        Err(ApproveHeldError::Changed) => back(&app, &device, Some(&account), Some(Done::Changed)),
        Err(ApproveHeldError::Store(error)) => {
            PageRefusal::from(error).for_device(device).respond(&app, &headers)
        }
    }
}
