//! A client's request to PAR, token or revoke: its parameters, its proof, and who it is (AS-52, steps 1 to 3).

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::assertion::{
    AbsentExp, AssertionError, AssertionRules, Authenticated, authenticate,
};
use gatewright_protocol::oauth::client_id::{ClientId, Development};
use gatewright_protocol::oauth::client_metadata::ClientMetadata;
use gatewright_protocol::oauth::error::{ErrorCode, OAuthError};
use gatewright_protocol::oauth::params::Params;
use gatewright_protocol::oauth::token::TokenRequest;
use gatewright_store::replay::Namespace;

use super::peer::Peer;
use super::{dpop_proof, form};
use crate::context::ClientsError;
use crate::http::app::App;
use crate::http::errors::Refusal;
use crate::operations::{self, ProvenClient};
use crate::router::PAR;

/// A client's request: nothing is used up by it until its proof and nonce were found right (AS-70).
#[derive(Debug)]
pub(crate) struct ClientRequest {
    /// What it says.
    pub(crate) params: Params,
    /// Who says it.
    pub(crate) client: ProvenClient,
    /// From where.
    pub(crate) peer: Peer,
}

impl FromRequest<App> for ClientRequest {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let Ok(peer) = Peer::from_request_parts(&mut parts, app).await;
        let params = form::params(&parts.headers, body).await?;
        if let Some(client) = params.get("client_id") {
            let checked = app.limits.check_insistent(peer.network(), client, app.ctx.now());
            checked.map_err(Refusal::too_many)?;
        }
        let path = parts.uri.path();
        let proof = dpop_proof::check(app, &parts.method, path, &parts.headers).await?;
        let is_push = path == PAR;
        let metadata = load(app, &params, peer, is_push).await?;
        let authenticated = match prove(app, &params, &metadata, &proof.jkt, peer).await {
            Ok(authenticated) => authenticated,
            Err(refused) => {
                // A key may also have been replaced by another of its name.
                if let NotProven::Assertion(AssertionError::Signature | AssertionError::UnknownKey) = refused
                {
                    end_removed_key(app, &params, &metadata).await?;
                }
                return Err(refused.into());
            }
        };
        if let Some(once) = authenticated.once {
            let now = app.ctx.now();
            if !app.ctx.store.remember(Namespace::Assertion, once.key, once.until, now).await? {
                return Err(AssertionError::Replayed.into());
            }
        }
        let client = ProvenClient { metadata, auth: authenticated.auth, jkt: proof.jkt, place: peer.place() };
        Ok(Self { params, client, peer })
    }
}

async fn load(app: &App, params: &Params, peer: Peer, is_push: bool) -> Result<Arc<ClientMetadata>, Refusal> {
    let text = params.require("client_id")?;
    if let Some(document) = app.loopbacks.find(text) {
        return Ok(document);
    }
    let development = if app.ctx.settings.development { Development::Allowed } else { Development::Refused };
    let id = ClientId::parse(text, development)
        .map_err(|error| OAuthError::new(ErrorCode::InvalidClientId, error.to_string()))?;
    if let Some(document) = app.loopbacks.load(&id) {
        return Ok(document);
    }
    let loaded = app.ctx.clients.client(&id, Some(peer.into())).await;
    loaded.map_err(|error| if is_push { Refusal::client_at_push(error) } else { error.into() })
}

enum NotProven {
    Assertion(AssertionError),
    Clients(ClientsError),
}

impl From<NotProven> for Refusal {
    fn from(error: NotProven) -> Self {
        match error {
            NotProven::Assertion(error) => error.into(),
            NotProven::Clients(error) => error.into(),
        }
    }
}

async fn prove(
    app: &App,
    params: &Params,
    client: &ClientMetadata,
    jkt: &Thumbprint,
    peer: Peer,
) -> Result<Authenticated, NotProven> {
    let tolerate = app.ctx.settings.tolerate_absent_assertion_expiry;
    let rules = AssertionRules {
        issuer: app.issuer(),
        dpop_jkt: jkt,
        absent_exp: if tolerate { AbsentExp::Minute } else { AbsentExp::Refused },
        now: app.ctx.now(),
    };
    if !client.is_confidential() {
        return authenticate(params, client, None, rules).map_err(NotProven::Assertion);
    }
    let keys =
        app.ctx.clients.keys(&client.client_id, Some(peer.into())).await.map_err(NotProven::Clients)?;
    match authenticate(params, client, Some(&keys), rules) {
        Err(AssertionError::UnknownKey) => {
            let again = app.ctx.clients.keys_again(&client.client_id, Some(peer.into())).await;
            authenticate(params, client, Some(&*again.map_err(NotProven::Clients)?), rules)
        }
        known => known,
    }
    .map_err(NotProven::Assertion)
}

/// A session whose key its client does not publish any more ends when it is to be refreshed (CM-31).
async fn end_removed_key(app: &App, params: &Params, client: &ClientMetadata) -> Result<(), Refusal> {
    if params.get("grant_type") != Some("refresh_token") {
        return Ok(());
    }
    if let Ok(TokenRequest::RefreshToken { refresh_token, .. }) = TokenRequest::from_params(params) {
        operations::end_removed_key(&app.ctx, &client.client_id, &refresh_token).await?;
    }
    Ok(())
}
