//! `/assets/…`: what pages load, under paths that name their content.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;

use super::app::App;
use super::headers;
use crate::pages::brand::SCRIPT;

pub(crate) async fn stylesheet(State(app): State<App>) -> Response {
    headers::asset("text/css; charset=utf-8", app.look.stylesheet.clone())
}

pub(crate) async fn script() -> Response {
    headers::asset("text/javascript; charset=utf-8", Bytes::from_static(SCRIPT.as_bytes()))
}
