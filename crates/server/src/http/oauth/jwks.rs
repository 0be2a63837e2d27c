//! `/oauth/jwks`: the public keys that access tokens are checked with (AS-18).

use axum::extract::State;
use axum::response::Response;

use crate::http::app::App;
use crate::http::well_known::document;

pub(crate) async fn get(State(app): State<App>) -> Response {
    document(app.ctx.keys.jwks())
}
