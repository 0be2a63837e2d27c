//! Addresses that forms are sent to, loaded again by a person: there is nothing to show, but something to say.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::http::app::App;
use crate::http::errors::PageRefusal;
use crate::pages::error::Trouble;

/// What any method but `POST` gets: a page with status 405. What was sent with the form is gone, so nothing tells which
/// request to go back to.
pub(crate) async fn not_a_page(State(app): State<App>, headers: HeaderMap) -> Response {
    refuse(&app, &headers)
}

/// The same where `GET` means something, but only with the query of a request.
pub(super) fn refuse(app: &App, headers: &HeaderMap) -> Response {
    PageRefusal::of(Trouble::NotAPage).respond(app, headers)
}
