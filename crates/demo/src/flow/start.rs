//! From what a person typed to the URL that the browser is sent to.

use std::sync::Arc;

use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::json;
use gatewright_protocol::oauth::pkce::CodeVerifier;
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::ResolveError;
use serde::Deserialize;
use url::Url;

use super::{FlowError, Pending, redirect_uri};
use crate::call::{self, Call, ProofKey};
use crate::{App, SCOPE};

/// Pushes a request, and gives what is to be remembered of it and where the browser goes.
pub(crate) async fn begin(app: &App, typed: &str) -> Result<(Pending, Url), FlowError> {
    let typed = typed.trim();
    let expected = account(app, typed).await?;
    let server = app.0.resolver.authorization_server_of(&app.0.host).await.map_err(FlowError::Server)?;
    let pending = Pending {
        state: base64url_encode(&random_bytes::<16>(&*app.0.random)),
        created: app.0.clock.now(),
        expected,
        key: ProofKey::generate(app),
        verifier: CodeVerifier::from_bytes(&random_bytes(&*app.0.random)),
        server: Arc::clone(&server),
    };
    let request_uri = push(app, &pending, typed).await?;
    let mut url = Url::parse(&server.authorization_endpoint).map_err(|_| FlowError::Answer)?;
    url.query_pairs_mut().append_pair("client_id", &app.0.client_id).append_pair("request_uri", &request_uri);
    Ok((pending, url))
}

/// The account that was named. An account elsewhere is told so here, before anything is sent (CL-1).
async fn account(app: &App, typed: &str) -> Result<Option<Did>, FlowError> {
    if typed.trim_end_matches('/') == app.0.host {
        return Ok(None);
    }
    let identity = if typed.starts_with("did:") {
        let did: Did = typed.parse().map_err(|_| FlowError::Identifier)?;
        app.0.resolver.identity(&did).await
    } else {
        let handle = Handle::from_input(typed).map_err(|_| FlowError::Identifier)?;
        app.0.resolver.identity_by_handle(&handle).await
    };
    let identity = identity.map_err(|error: ResolveError| FlowError::Account(error))?;
    if identity.pds.as_deref() == Some(app.0.host.as_str()) {
        Ok(Some(identity.did))
    } else {
        Err(FlowError::OtherHost)
    }
}

async fn push(app: &App, pending: &Pending, typed: &str) -> Result<String, FlowError> {
    let url = endpoint(&pending.server, |server| server.pushed_authorization_request_endpoint.as_deref())?;
    let redirect_uri = redirect_uri(&app.0.own);
    let challenge = pending.verifier.challenge();
    let hint = typed.trim_start_matches('@').to_ascii_lowercase();
    let mut params = vec![
        ("client_id", app.0.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", &redirect_uri),
        ("scope", SCOPE),
        ("state", &pending.state),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    if let Some(did) = &pending.expected {
        // As it was typed (CL-8). A DID keeps its case.
        params.push(("login_hint", if typed.starts_with("did:") { did.as_str() } else { &hint }));
    }
    let answer =
        call::send(app, &pending.key, &Call::form(&url, &params)).await.map_err(FlowError::Unreachable)?;
    if answer.status.as_u16() != 201 {
        return Err(super::session::refused(&answer));
    }
    let pushed: Pushed = json::from_slice(&answer.body).map_err(|_| FlowError::Answer)?;
    Ok(pushed.request_uri)
}

#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

pub(super) fn endpoint(
    server: &ServerMetadata,
    which: impl FnOnce(&ServerMetadata) -> Option<&str>,
) -> Result<Url, FlowError> {
    which(server).and_then(|url| Url::parse(url).ok()).ok_or(FlowError::Answer)
}
