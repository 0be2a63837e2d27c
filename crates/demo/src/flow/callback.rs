//! The browser comes back (CL-11 … CL-18).

use gatewright_protocol::crypto::constant_time_eq;
use gatewright_protocol::oauth::token::TokenResponse;
use gatewright_protocol::syntax::Handle;
use serde::Deserialize;

use super::session::{Tokens, refused, revoke_token};
use super::start::endpoint;
use super::{FlowError, Pending, Session, redirect_uri};
use crate::App;
use crate::call::{self, Call};

/// What the URL of the way back may hold. Anything else in it is passed over.
#[derive(Deserialize)]
pub(crate) struct Callback {
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    iss: String,
    code: Option<String>,
    error: Option<String>,
}

/// Everything between the way back and being signed in. `pending` is what this browser began with this state.
pub(crate) async fn finish(app: &App, pending: Pending, back: Callback) -> Result<Session, FlowError> {
    // Before anything is sent, and for refusals alike (CL-13): an answer of another server proves nothing.
    if !constant_time_eq(back.iss.as_bytes(), pending.server.issuer.as_bytes()) {
        return Err(FlowError::WrongIssuer);
    }
    let code = match (back.code, back.error) {
        (_, Some(error)) if error == "access_denied" => return Err(FlowError::Declined),
        (_, Some(error)) => {
            let code = error
                .parse()
                .map_or("an unknown reason", gatewright_protocol::oauth::error::ErrorCode::as_str);
            return Err(FlowError::Refused(code));
        }
        (Some(code), None) => code,
        (None, None) => return Err(FlowError::Answer),
    };
    let response = exchange(app, &pending, &code).await?;
    match account(app, &pending, &response).await {
        Ok(handle) => Ok(Session {
            did: response.sub.clone(),
            handle,
            scope: response.scope.clone(),
            tokens: tokio::sync::Mutex::new(Tokens::of(response, app.0.clock.now())),
            key: pending.key,
            server: pending.server,
        }),
        Err(error) => {
            let tokens = Tokens::of(response, app.0.clock.now());
            revoke_token(app, &pending.key, &pending.server, &tokens).await;
            Err(error)
        }
    }
}

async fn exchange(app: &App, pending: &Pending, code: &str) -> Result<TokenResponse, FlowError> {
    let url = endpoint(&pending.server, |server| Some(&server.token_endpoint))?;
    let redirect_uri = redirect_uri(&app.0.own);
    let params = [
        ("client_id", app.0.client_id.as_str()),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", pending.verifier.expose()),
    ];
    let answer =
        call::send(app, &pending.key, &Call::form(&url, &params)).await.map_err(FlowError::Unreachable)?;
    if answer.status.as_u16() != 200 {
        return Err(refused(&answer));
    }
    TokenResponse::parse(&answer.body).map_err(|_| FlowError::Answer)
}

/// Whether the server may speak for this account (CL-16). Without this check any server could sign in anybody.
async fn account(
    app: &App,
    pending: &Pending,
    response: &TokenResponse,
) -> Result<Option<Handle>, FlowError> {
    if pending.expected.as_ref().is_some_and(|expected| *expected != response.sub) {
        return Err(FlowError::OtherAccount);
    }
    app.0.resolver.did_now(&response.sub).await.map_err(FlowError::Account)?;
    let identity = app.0.resolver.identity(&response.sub).await.map_err(FlowError::Account)?;
    if identity.pds.as_deref() != Some(app.0.host.as_str()) {
        return Err(FlowError::OtherAccount);
    }
    let server = app.0.resolver.authorization_server_of(&app.0.host).await.map_err(FlowError::Server)?;
    if server.issuer == pending.server.issuer { Ok(identity.handle) } else { Err(FlowError::OtherAccount) }
}
