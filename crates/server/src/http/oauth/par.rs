//! `/oauth/par`: a client pushes an authorization request (3.2).

use axum::Json;
use axum::extract::State;
use gatewright_protocol::oauth::par::{AuthorizationRequest, ParRules, StateRule};
use http::StatusCode;
use serde::Serialize;

use crate::http::app::App;
use crate::http::errors::Refusal;
use crate::http::extract::client_auth::ClientRequest;
use crate::operations;

/// Where the request waits, and how long (RFC 9126 section 2.2).
#[derive(Debug, Serialize)]
pub(crate) struct Pushed {
    request_uri: String,
    expires_in: u64,
}

pub(crate) async fn post(
    State(app): State<App>,
    request: Result<ClientRequest, Refusal>,
) -> Result<(StatusCode, Json<Pushed>), Refusal> {
    push(&app, request).await.map(|pushed| (StatusCode::CREATED, Json(pushed))).map_err(Refusal::at_push)
}

async fn push(app: &App, request: Result<ClientRequest, Refusal>) -> Result<Pushed, Refusal> {
    let ClientRequest { params, client, peer } = request?;
    let now = app.ctx.now();
    if let Err(too_many) = app.limits.push(peer.network(), &client, now) {
        app.limits.count_insistent(peer.network(), &client, now);
        return Err(Refusal::too_many(too_many));
    }
    let settings = &app.ctx.settings;
    let rules = ParRules {
        dpop_jkt: &client.jkt,
        state: if settings.tolerate_absent_state { StateRule::Optional } else { StateRule::Required },
        trusted: settings.trusts(&client.metadata.client_id),
    };
    let parameters = AuthorizationRequest::from_params(&params, &client.metadata, rules)?;
    let pushed = operations::push_request(&app.ctx, &client, parameters).await?;
    Ok(Pushed { request_uri: operations::request_uri(&pushed.id), expires_in: pushed.expires_in.as_secs() })
}
