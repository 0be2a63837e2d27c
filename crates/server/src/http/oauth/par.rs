//! `/oauth/par`: a client pushes an authorization request (3.2).

use axum::Json;
use axum::extract::State;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::par::{AuthorizationRequest, ParRules, StateRule, dropped_scopes};
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
    let dropped = dropped_scopes(params.get("scope").unwrap_or_default(), &parameters.scope);
    log_dropped(&client.metadata.client_id, &dropped);
    let pushed = operations::push_request(&app.ctx, &client, parameters).await?;
    Ok(Pushed { request_uri: operations::request_uri(&pushed.id), expires_in: pushed.expires_in.as_secs() })
}

/// Scopes that mean nothing here are granted to nobody, and their number and the first of them are noted (SC-8): what a
/// stranger wrote, so it is cut and escaped.
fn log_dropped(client: &ClientId, dropped: &[&str]) {
    if dropped.is_empty() {
        return;
    }
    let cut = |scope: &&str| scope.chars().take(LONGEST_SHOWN).collect::<String>();
    let first: Vec<String> = dropped.iter().take(MOST_SHOWN).map(cut).collect();
    tracing::info!(
        client.id = %client,
        scope.dropped = ?first,
        scope.count = dropped.len(),
        "scopes that mean nothing here were dropped from a request of `{client}`",
    );
}

/// Of the scopes that were dropped, so many are named.
const MOST_SHOWN: usize = 8;
/// So much of each is named.
const LONGEST_SHOWN: usize = 120;
