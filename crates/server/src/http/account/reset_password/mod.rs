//! `/account/reset-password…`: a new password for whoever forgot theirs, by way of their mail. Nobody is signed in here.

pub(crate) mod code;
pub(crate) mod done;
pub(crate) mod home;

use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

use crate::http::app::App;
use crate::http::csrf;
use crate::http::errors::PageRefusal;
use crate::http::extract::guest::Guest;
use crate::http::extract::peer::Peer;

/// Checks that somebody comes here on purpose, and not too often; whoever it is.
async fn welcome(app: &App, headers: &HeaderMap, peer: Peer) -> Result<Guest, PageRefusal> {
    csrf::check_navigation(headers, app.issuer())?;
    app.limits.open(peer.network(), app.ctx.now())?;
    if app.ctx.accounts.kept_passwords().is_none() {
        return Err(PageRefusal::not_here());
    }
    Guest::welcome(app, headers, peer).await
}

/// A page for this guest.
fn give(app: &App, guest: &Guest, mut response: Response) -> Response {
    guest.set_cookies(app, response.headers_mut());
    response
}

/// On to the next page: by 303, so that loading it again does nothing again.
fn on(app: &App, guest: &Guest, path: &'static str) -> Response {
    let mut response = Redirect::to(path).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    give(app, guest, response)
}
