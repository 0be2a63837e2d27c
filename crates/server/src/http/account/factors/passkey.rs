//! `/account/factors/passkey` and `…/passkey/confirm`: a browser is asked to make a passkey, and shows that it did.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{back, fresh_form, name, refuse, show_codes, token};
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::account_form::{AccountForm, account_form};
use crate::http::extract::factor_proof::passkey_proof;
use crate::http::extract::peer::Peer;
use crate::operations::{self, AddFactorError, OfferPasskeyError};
use crate::pages::add_passkey::AddPasskeyPage;
use crate::pages::factors::FactorDone;
use crate::pages::{Page as _, paths};

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    match fresh_form(&app, &headers, peer, body, paths::ADD_PASSKEY).await {
        Ok(form) => show(&app, &headers, form, false).await,
        Err(response) => response,
    }
}

/// What the browser made. Somebody proved themselves to be asked, and the question is bound to that browser and account.
pub(crate) async fn confirm(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match account_form(&app, &headers, peer, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let Some(proof) = passkey_proof(&form.fields) else {
        return refuse(&app, &headers, form, PageRefusal::stale());
    };
    let called = form.fields.get("name").unwrap_or_default();
    match operations::add_passkey(&app.ctx, &form.account, &form.device.id, called, &proof).await {
        Ok(codes) if codes.is_empty() => back(&app, &form.device, &form.account, Some(FactorDone::Added)),
        Ok(codes) => show_codes(&app, &headers, &form, &codes, true),
        Err(AddFactorError::Taken | AddFactorError::TooMany) => back(&app, &form.device, &form.account, None),
        // Only whoever is fresh still is asked once more.
        Err(AddFactorError::Wrong) => show_again(&app, &headers, form).await,
        Err(AddFactorError::Accounts(error)) => refuse(&app, &headers, form, error),
        Err(AddFactorError::Store(error)) => refuse(&app, &headers, form, error),
    }
}

async fn show_again(app: &App, headers: &HeaderMap, form: AccountForm) -> Response {
    match operations::asked_again(&app.ctx, &form.device.id, &form.account, None).await {
        Ok(None) => show(app, headers, form, true).await,
        Ok(Some(_)) => back(app, &form.device, &form.account, None),
        Err(error) => refuse(app, headers, form, error),
    }
}

async fn show(app: &App, headers: &HeaderMap, form: AccountForm, is_refused: bool) -> Response {
    let asked = match operations::offer_passkey(&app.ctx, &form.account, &form.handle, &form.device.id).await
    {
        Ok(asked) => asked,
        Err(OfferPasskeyError::NotHere) => return back(app, &form.device, &form.account, None),
        Err(OfferPasskeyError::Store(error)) => return refuse(app, headers, form, error),
    };
    let page = AddPasskeyPage {
        shell: app.shell(headers),
        csrf: &token(app, &form.device),
        account: name(&form),
        asked,
        name: form.fields.get("name").unwrap_or_default(),
        is_refused,
    };
    let status = if is_refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let mut response = page.respond(status, app.is_secure());
    form.device.set_cookies(app, response.headers_mut());
    response
}
