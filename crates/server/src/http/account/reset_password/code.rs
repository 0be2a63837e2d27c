//! `/account/reset-password/code`: the code that was sent, and the new password.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gatewright_protocol::secret::{FactorCode, Password};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{give, on, welcome};
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::guest::{Guest, guest_form};
use crate::http::extract::locale::accepted;
use crate::http::extract::page_form::Fields;
use crate::http::extract::peer::Peer;
use crate::operations::{self, ResetPassword, ResetPasswordError};
use crate::pages::use_reset_code::{ResetRefused, UseResetCodePage};
use crate::pages::{Page as _, paths};

pub(crate) async fn get(State(app): State<App>, peer: Peer, headers: HeaderMap) -> Response {
    match welcome(&app, &headers, peer).await {
        Ok(guest) => show(&app, &headers, &guest, false, None),
        Err(refusal) => refusal.respond(&app, &headers),
    }
}

pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    reset(&app, peer, &headers, body).await.unwrap_or_else(|refusal| refusal.respond(&app, &headers))
}

async fn reset(app: &App, peer: Peer, headers: &HeaderMap, body: Body) -> Result<Response, PageRefusal> {
    let (guest, fields) = guest_form(app, headers, peer, body).await?;
    let ends = fields.get("end_app_passwords").is_some_and(|value| !value.is_empty());
    let again = |refused| Ok(show(app, headers, &guest, ends, Some(refused)));
    let reset = match read(&fields, ends) {
        Ok(reset) => reset,
        Err(refused) => return again(refused),
    };
    if let Err(too_many) = app.limits.mail_code(peer.network(), app.ctx.now()) {
        return again(ResetRefused::TooMany { seconds: too_many.retry_after.as_secs().max(1) });
    }
    match operations::reset_password(&app.ctx, reset, accepted(headers)).await {
        Ok(()) => Ok(on(app, &guest, paths::PASSWORD_RESET)),
        Err(ResetPasswordError::Expired) => again(ResetRefused::Expired),
        Err(ResetPasswordError::Unknown) => again(ResetRefused::Wrong),
        Err(error) => Err(error.into()),
    }
}

fn read(fields: &Fields, end_app_passwords: bool) -> Result<ResetPassword, ResetRefused> {
    let code = fields.get("code").unwrap_or_default().trim();
    if code.is_empty() {
        return Err(ResetRefused::Empty);
    }
    let password = Password::parse_new(fields.get("password").unwrap_or_default());
    Ok(ResetPassword {
        password: password.map_err(|_| ResetRefused::Unfit)?,
        code: FactorCode::parse(code).map_err(|_| ResetRefused::Wrong)?,
        end_app_passwords,
    })
}

/// What was typed is not shown again: both are secrets.
fn show(
    app: &App,
    headers: &HeaderMap,
    guest: &Guest,
    ends_app_passwords: bool,
    refused: Option<ResetRefused>,
) -> Response {
    let page =
        UseResetCodePage { shell: app.shell(headers), csrf: &guest.token(app), ends_app_passwords, refused };
    let status = match refused {
        None => StatusCode::OK,
        Some(ResetRefused::TooMany { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let mut response = page.respond(status, app.is_secure());
    if let Some(ResetRefused::TooMany { seconds }) = refused {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    give(app, guest, response)
}
