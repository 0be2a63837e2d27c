//! `/account/factors…`: what an account proves itself with. Whatever changes it asks for a fresh proof first.

pub(crate) mod email;
pub(crate) mod home;
pub(crate) mod passkey;
pub(crate) mod recovery_codes;
pub(crate) mod remove;
pub(crate) mod totp;

use axum::body::Body;
use axum::response::Response;
use gatewright_protocol::factor::OneTimeCode;
use gatewright_protocol::syntax::Did;
use http::{HeaderMap, StatusCode};

use super::{PURPOSE, back_to};
use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::http::extract::account_form::{AccountForm, account_form};
use crate::http::extract::device::Device;
use crate::http::extract::peer::Peer;
use crate::http::step_up;
use crate::pages::account_picker::AccountName;
use crate::pages::factor::{FactorPage, Reason};
use crate::pages::factors::FactorDone;
use crate::pages::recovery_codes::RecoveryCodesPage;
use crate::pages::said::Said as _;
use crate::pages::{Page as _, paths};

/// The form of somebody who proved themselves lately, or the answer to anybody else. `action` is where the form goes.
pub(super) async fn fresh_form(
    app: &App,
    headers: &HeaderMap,
    peer: Peer,
    body: Body,
    action: &str,
) -> Result<AccountForm, Response> {
    let form =
        account_form(app, headers, peer, body).await.map_err(|refusal| refusal.respond(app, headers))?;
    let asked = step_up::check(app, peer, headers, &form.device, &form.account, None, &form.fields).await;
    let ask = match asked {
        Ok(None) => return Ok(form),
        Ok(Some(ask)) => ask,
        Err(refusal) => return Err(refusal.for_device(form.device).respond(app, headers)),
    };
    let page = FactorPage {
        shell: app.shell(headers),
        action,
        carried: ask.carried,
        handle: &form.handle,
        reason: Reason::StepUp,
        asked: ask.asked,
        passkey: step_up::passkey_question(app, &form.device, ask.asked),
        client: None,
        is_sent: ask.is_sent,
        refused: ask.refused,
        cancel: None,
    };
    let mut response = page.respond(ask.status, app.is_secure());
    form.device.set_cookies(app, response.headers_mut());
    Err(response)
}

fn name(form: &AccountForm) -> AccountName {
    AccountName { did: form.account.to_string(), handle: form.handle.clone() }
}

/// The token of the forms of these pages.
fn token(app: &App, device: &Device) -> String {
    csrf::token(app.ctx.keys.device_key(), &device.id, PURPOSE)
}

/// Back to the page of the factors, which says what was done.
fn back(app: &App, device: &Device, account: &Did, done: Option<FactorDone>) -> Response {
    back_to(app, device, paths::FACTORS, Some(account), done.map(FactorDone::word))
}

/// The page that shows recovery codes this once.
fn show_codes(
    app: &App,
    headers: &HeaderMap,
    form: &AccountForm,
    codes: &[OneTimeCode],
    has_added: bool,
) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account", form.account.as_str());
    let page = RecoveryCodesPage {
        shell: app.shell(headers),
        account: name(form),
        codes,
        has_added,
        back: format!("{}?{}", paths::FACTORS, query.finish()),
    };
    let mut response = page.respond(StatusCode::OK, app.is_secure());
    form.device.set_cookies(app, response.headers_mut());
    response
}

/// The page that says why there is nothing else.
fn refuse(app: &App, headers: &HeaderMap, form: AccountForm, error: impl Into<PageRefusal>) -> Response {
    error.into().for_device(form.device).respond(app, headers)
}
