//! `/oauth/revoke`: a client ends a session (3.5).

use axum::Json;
use axum::extract::State;
use gatewright_protocol::oauth::revoke::RevokeRequest;
use serde::Serialize;

use crate::http::app::App;
use crate::http::errors::Refusal;
use crate::http::extract::client_auth::ClientRequest;
use crate::operations;

/// `{}`, whether or not there was anything to end (AS-64).
#[derive(Debug, Serialize)]
pub(crate) struct Done {}

pub(crate) async fn post(
    State(app): State<App>,
    ClientRequest { params, client, peer }: ClientRequest,
) -> Result<Json<Done>, Refusal> {
    let revoke = RevokeRequest::from_params(&params)?;
    if !operations::revoke(&app.ctx, &client, revoke.expose()).await? {
        app.limits.count_revoked_nothing(peer.network(), app.ctx.now());
    }
    Ok(Json(Done {}))
}
