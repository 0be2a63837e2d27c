//! `/assets/…`: what pages load, under paths that name their content.

use axum::extract::State;
use axum::response::Response;

use super::app::App;
use super::headers;

pub(crate) async fn stylesheet(State(app): State<App>) -> Response {
    headers::asset("text/css; charset=utf-8", app.look.stylesheet.clone())
}
