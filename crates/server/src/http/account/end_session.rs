//! `/account/end-session`: an application may act for the account no longer (SEC-71).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use super::back;
use crate::http::app::App;
use crate::http::extract::account_form::{AccountForm, account_form};
use crate::http::extract::peer::Peer;
use crate::operations;
use crate::pages::account::Done;

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let AccountForm { device, account, session, .. } = match account_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let Some(session) = session else { return back(&app, &device, Some(&account), None) };
    match operations::end_session(&app.ctx, &account, session).await {
        // One that ended meanwhile is as gone as the person wanted it.
        Ok(_) => back(&app, &device, Some(&account), Some(Done::Ended)),
        Err(error) => {
            crate::http::errors::PageRefusal::from(error).for_device(device).respond(&app, &headers)
        }
    }
}
