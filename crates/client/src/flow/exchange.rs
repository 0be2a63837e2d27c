//! The token endpoint, with a code; and giving tokens back (CL-14, CL-15, CL-32).

use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::oauth::token::TokenResponse;

use super::SignInError;
use crate::client::Client;
use crate::dpop::ProofKey;
use crate::endpoint::{Asker, refusal, retry_after};
use crate::record::OauthGrant;

/// One session's dealings with its authorization server.
pub(crate) struct Exchange<'a> {
    pub(crate) client: &'a Client,
    pub(crate) proof: &'a ProofKey,
    pub(crate) server: &'a ServerMetadata,
    /// The name of the key that the client proved itself with when the session began.
    pub(crate) client_key: Option<&'a str>,
}

impl<'a> Exchange<'a> {
    /// `None` if the key that the session began with is not at hand any more.
    pub(crate) fn asker(&self) -> Option<Asker<'a>> {
        let described = self.client.described();
        let client_key = match self.client_key {
            Some(kid) => Some(described.keys.find(kid)?),
            None => None,
        };
        Some(Asker {
            sessions: self.client.sessions(),
            proof: self.proof,
            client_id: described.client_id(),
            client_key,
            issuer: &self.server.issuer,
        })
    }

    pub(crate) async fn code(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<TokenResponse, SignInError> {
        let asker = self.asker().ok_or(SignInError::Client("the key that the sign-in began with is gone"))?;
        let params = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        let answer = asker.post(&self.server.token_endpoint, &params).await.map_err(SignInError::Network)?;
        match answer.status.as_u16() {
            200 => TokenResponse::parse(&answer.body)
                .map_err(|_| SignInError::Answer("it is no token response of this protocol")),
            429 => Err(SignInError::RateLimited { retry_after: retry_after(&answer) }),
            status @ 500.. => Err(SignInError::Network(gatewright_resolve::FetchError::Status(status))),
            _ => Err(SignInError::refused(refusal(&answer))),
        }
    }

    /// Gives a token back, and the session with it. A failure is logged and no more: it is over here in any case.
    pub(crate) async fn revoke(&self, token: &str) {
        let Some(url) = self.server.revocation_endpoint.as_deref() else {
            tracing::warn!("the authorization server has no way to give a token back");
            return;
        };
        let Some(asker) = self.asker() else {
            tracing::warn!("a token could not be given back: the client's key is gone");
            return;
        };
        match asker.post(url, &[("token", token)]).await {
            Ok(answer) if answer.status.is_success() => {}
            Ok(answer) => {
                tracing::warn!(status = answer.status.as_u16(), "the server did not take a token back");
            }
            Err(error) => tracing::warn!(%error, "a token could not be given back"),
        }
    }
}

/// Gives back what a grant holds, as far as that can be done.
pub(crate) async fn revoke(client: &Client, grant: &OauthGrant) {
    let Some(proof) = ProofKey::from_secret(&grant.key) else { return };
    let server = match client.sessions().resolver().authorization_server(&grant.issuer).await {
        Ok(server) => server,
        Err(error) => {
            tracing::warn!(%error, "a token could not be given back");
            return;
        }
    };
    let exchange =
        Exchange { client, proof: &proof, server: &server, client_key: grant.client_key.as_deref() };
    let token = grant.tokens.refresh.as_ref().unwrap_or(&grant.tokens.access);
    exchange.revoke(token.expose()).await;
}
