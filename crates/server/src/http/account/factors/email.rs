//! `/account/factors/email` and `…/email/confirm`: codes by mail, and the first of them.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gatewright_protocol::factor::MailPurpose;
use gatewright_protocol::secret::FactorCode;
use http::{HeaderMap, StatusCode};

use super::{back, fresh_form, refuse, show_codes, token};
use crate::http::app::App;
use crate::http::extract::account_form::AccountForm;
use crate::http::extract::locale::accepted;
use crate::http::extract::peer::Peer;
use crate::http::step_up::refused_too_many;
use crate::operations::{self, AddFactorError, Asked, FactorWays};
use crate::pages::factor::{Carried, FactorPage, FactorRefused, Reason};
use crate::pages::factors::FactorDone;
use crate::pages::{Page as _, paths};

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match fresh_form(&app, &headers, peer, body, paths::ADD_EMAIL_FACTOR).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let (account, purpose) = (&form.account, MailPurpose::ConfirmEmail);
    match operations::request_mail_code(&app.ctx, account, purpose, accepted(&headers)).await {
        Ok(()) => show(&app, &headers, &form, None),
        Err(error) => refuse(&app, &headers, form, error),
    }
}

/// The code that was sent. Somebody proved themselves to have it sent, and it is good for this account alone; whoever
/// guesses is counted.
pub(crate) async fn confirm(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    let form = match fresh_form(&app, &headers, peer, body, paths::ADD_EMAIL_FACTOR).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if let Err(too_many) = app.limits.sign_in(peer.network(), form.account.as_str(), app.ctx.now()) {
        return show(
            &app,
            &headers,
            &form,
            Some((refused_too_many(too_many), StatusCode::TOO_MANY_REQUESTS)),
        );
    }
    let wrong = Some((FactorRefused::Wrong, StatusCode::BAD_REQUEST));
    let Ok(code) = FactorCode::parse(form.fields.get("mail_code").unwrap_or_default()) else {
        return show(&app, &headers, &form, wrong);
    };
    match operations::add_email_factor(&app.ctx, &form.account, &form.device.id, &code).await {
        Ok(codes) if codes.is_empty() => back(&app, &form.device, &form.account, Some(FactorDone::Added)),
        Ok(codes) => show_codes(&app, &headers, &form, &codes, true),
        // It was added in another window: there is nothing left to do.
        Err(AddFactorError::Taken | AddFactorError::TooMany) => back(&app, &form.device, &form.account, None),
        Err(AddFactorError::Wrong) => show(&app, &headers, &form, wrong),
        Err(AddFactorError::Accounts(error)) => refuse(&app, &headers, form, error),
        Err(AddFactorError::Store(error)) => refuse(&app, &headers, form, error),
    }
}

fn show(
    app: &App,
    headers: &HeaderMap,
    form: &AccountForm,
    refused: Option<(FactorRefused, StatusCode)>,
) -> Response {
    let field = |name: &str, value: String| (name.to_owned(), value);
    let page = FactorPage {
        shell: app.shell(headers),
        action: paths::CONFIRM_EMAIL_FACTOR,
        carried: Carried(vec![
            field("csrf", token(app, &form.device)),
            field("account", form.account.to_string()),
        ]),
        handle: &form.handle,
        reason: Reason::AddEmail,
        asked: Asked::Factor(FactorWays { email: true, ..FactorWays::default() }),
        passkey: None,
        client: None,
        is_sent: refused.is_none(),
        refused: refused.map(|(refused, _)| refused),
        cancel: None,
    };
    let mut response = page.respond(refused.map_or(StatusCode::OK, |(_, status)| status), app.is_secure());
    form.device.set_cookies(app, response.headers_mut());
    response
}
