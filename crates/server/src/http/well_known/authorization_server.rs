//! `/.well-known/oauth-authorization-server`: what this server is and does (3.1).

use axum::extract::State;
use axum::response::Response;

use super::document;
use crate::http::app::App;

pub(crate) async fn get(State(app): State<App>) -> Response {
    document(app.metadata.clone())
}
