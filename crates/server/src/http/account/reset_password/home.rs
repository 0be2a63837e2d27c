//! `/account/reset-password`: whose password is to be another.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{give, on, welcome};
use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::http::extract::guest::guest_form;
use crate::http::extract::locale::accepted;
use crate::http::extract::peer::Peer;
use crate::http::mail;
use crate::pages::reset_password::ResetPasswordPage;
use crate::pages::{Page as _, paths};

pub(crate) async fn get(State(app): State<App>, peer: Peer, headers: HeaderMap) -> Response {
    let guest = match welcome(&app, &headers, peer).await {
        Ok(guest) => guest,
        Err(refusal) => return refusal.respond(&app, &headers),
    };
    let page = ResetPasswordPage { shell: app.shell(&headers), csrf: &guest.token(&app), is_refused: false };
    give(&app, &guest, page.respond(StatusCode::OK, app.is_secure()))
}

/// Leads on to where the code is typed, whether or not anybody was sent one.
pub(crate) async fn post(State(app): State<App>, peer: Peer, headers: HeaderMap, body: Body) -> Response {
    send(&app, peer, &headers, body).await.unwrap_or_else(|refusal| refusal.respond(&app, &headers))
}

async fn send(app: &App, peer: Peer, headers: &HeaderMap, body: Body) -> Result<Response, PageRefusal> {
    let (guest, fields) = guest_form(app, headers, peer, body).await?;
    let identifier = fields.get("identifier").unwrap_or_default().trim();
    if identifier.is_empty() || identifier.len() > LONGEST {
        let page = ResetPasswordPage { shell: app.shell(headers), csrf: &guest.token(app), is_refused: true };
        return Ok(give(app, &guest, page.respond(StatusCode::BAD_REQUEST, app.is_secure())));
    }
    app.limits.mail(peer.network(), app.ctx.now())?;
    mail::send_reset_code(app, identifier.to_owned(), accepted(headers));
    Ok(on(app, &guest, paths::USE_RESET_CODE))
}

/// As long as a DID may be.
const LONGEST: usize = 2048;
