//! `/oauth/token`: a code becomes a session reference.

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use gatewright_client::per_request::NewReference;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{Authorization, TOKEN_LIFE, refuse};

#[derive(Deserialize)]
pub(super) struct Exchange {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: Option<String>,
    #[serde(default)]
    code_verifier: String,
    #[serde(default)]
    resource: Option<String>,
}

pub(super) async fn post(State(server): State<Authorization>, Form(asked): Form<Exchange>) -> Response {
    let bad = |error, description: &str| refuse(StatusCode::BAD_REQUEST, error, description);
    if asked.grant_type != "authorization_code" {
        return bad("unsupported_grant_type", "`grant_type` is `authorization_code`");
    }
    if asked.resource.as_deref().is_some_and(|resource| !server.is_resource(resource)) {
        return bad("invalid_target", "tokens of this server are good for its own MCP endpoint alone");
    }
    let now = server.0.clock.now();
    let Some(grant) = server.0.codes.take(&asked.code, now) else {
        return bad(
            "invalid_grant",
            "the code is not one of this server's, was used, or is older than a minute",
        );
    };
    let is_own = grant.request.client_id == asked.client_id
        && asked.redirect_uri.as_deref().is_none_or(|uri| uri == grant.request.redirect_uri.as_str());
    let verifier = asked.code_verifier.parse::<CodeVerifier>();
    let is_proven = verifier.is_ok_and(|verifier| verifier.answers(&grant.request.challenge));
    if !is_own || !is_proven {
        // Somebody else has the code: nothing comes of the sign-in.
        let _ = grant.session.sign_out().await;
        return bad(
            "invalid_grant",
            "the code was given to another client, for another place, or another verifier",
        );
    }
    let name = if grant.request.client_name.is_empty() { "MCP client" } else { &grant.request.client_name };
    let new = match NewReference::new(name, grant.scope.as_str(), TOKEN_LIFE) {
        Ok(new) => new,
        Err(error) => return failed(&error),
    };
    match server.0.references.mint(&grant.session, new).await {
        Ok(minted) => super::json(
            StatusCode::OK,
            &json!({
                "access_token": minted.token.expose(),
                "token_type": "Bearer",
                "expires_in": TOKEN_LIFE.as_secs(),
                "scope": minted.reference.scopes.as_str(),
            }),
        ),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> Response {
    tracing::error!(error = %error, "a session reference was not made");
    refuse(
        StatusCode::SERVICE_UNAVAILABLE,
        "temporarily_unavailable",
        "the server failed; sign in again later",
    )
}
