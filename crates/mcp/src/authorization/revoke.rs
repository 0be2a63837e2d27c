//! `/oauth/revoke`: a token ends (RFC 7009).

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Authorization;

#[derive(Deserialize)]
pub(super) struct Revoke {
    #[serde(default)]
    token: String,
}

/// Whoever has a token may end it. One that is unknown is as ended as its holder wants it.
pub(super) async fn post(State(server): State<Authorization>, Form(asked): Form<Revoke>) -> Response {
    match server.0.references.end(&asked.token).await {
        Ok(()) => super::json(StatusCode::OK, &json!({})),
        Err(error) => {
            tracing::error!(%error, "a session reference was not ended");
            super::refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "try again later")
        }
    }
}
