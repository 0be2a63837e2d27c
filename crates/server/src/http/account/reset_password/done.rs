//! `/account/reset-password/done`: that the password is another now.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{give, welcome};
use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::pages::Page as _;
use crate::pages::password_reset::PasswordResetPage;

pub(crate) async fn get(State(app): State<App>, peer: Peer, headers: HeaderMap) -> Response {
    match welcome(&app, &headers, peer).await {
        Ok(guest) => {
            let page = PasswordResetPage { shell: app.shell(&headers) };
            give(&app, &guest, page.respond(StatusCode::OK, app.is_secure()))
        }
        Err(refusal) => refusal.respond(&app, &headers),
    }
}
