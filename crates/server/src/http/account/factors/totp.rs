//! `/account/factors/totp` and `…/totp/confirm`: an authenticator application is given a secret, and proves that it has
//! it.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{back, fresh_form, name, refuse, show_codes, token};
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::account_form::{AccountForm, account_form};
use crate::http::extract::peer::Peer;
use crate::operations::{self, AddFactorError, OfferedTotp};
use crate::pages::add_totp::AddTotpPage;
use crate::pages::factor::FactorRefused;
use crate::pages::factors::FactorDone;
use crate::pages::{Page as _, paths};

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match fresh_form(&app, &headers, peer, body, paths::ADD_TOTP).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let offered = operations::offer_totp(&app.ctx, &form.account, &form.device.id);
    show(&app, &headers, &form, &offered, None)
}

/// The first code of the application. Somebody proved themselves to be given the secret, and the offer is bound to that
/// browser and account, so what is asked here is only that they are fresh still.
pub(crate) async fn confirm(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match account_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let sealed = form.fields.get("sealed").unwrap_or_default();
    let offered = operations::open_offered_totp(&app.ctx, &form.account, &form.device.id, sealed);
    let Some(offered) = offered else { return refuse(&app, &headers, form, PageRefusal::stale()) };
    let code = form.fields.get("code").unwrap_or_default();
    match operations::add_totp(&app.ctx, &form.account, &form.device.id, &offered, code).await {
        Ok(codes) if codes.is_empty() => back(&app, &form.device, &form.account, Some(FactorDone::Added)),
        Ok(codes) => show_codes(&app, &headers, &form, &codes, true),
        // It was added in another window: there is nothing left to do.
        Err(AddFactorError::Taken | AddFactorError::TooMany) => back(&app, &form.device, &form.account, None),
        Err(AddFactorError::Wrong) => show(&app, &headers, &form, &offered, Some(FactorRefused::Wrong)),
        Err(AddFactorError::Accounts(error)) => refuse(&app, &headers, form, error),
        Err(AddFactorError::Store(error)) => refuse(&app, &headers, form, error),
    }
}

fn show(
    app: &App,
    headers: &HeaderMap,
    form: &AccountForm,
    offered: &OfferedTotp,
    refused: Option<FactorRefused>,
) -> Response {
    let csrf = token(app, &form.device);
    let page = AddTotpPage::new(app.shell(headers), &csrf, name(form), offered, refused);
    let status = if refused.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let mut response = page.respond(status, app.is_secure());
    form.device.set_cookies(app, response.headers_mut());
    response
}
