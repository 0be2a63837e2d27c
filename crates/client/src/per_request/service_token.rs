//! Service tokens: an account, or a service, calls this service by a token that its own key signed (SA-1 … SA-12).

use gatewright_protocol::service_auth::{
    self, Expected, MAX_LIFE, Presented, Proven, Recipient, SKEW, ServiceAuthError,
};
use gatewright_protocol::syntax::Nsid;
use gatewright_resolve::ResolveError;
use http::Method;

use super::caller::{Credential, TokenCaller};
use super::{Refused, Request, once};
use crate::keep::Sessions;

/// Which service tokens are taken: those that name this service, and the method of the request.
#[derive(Clone, Debug)]
pub struct ServiceTokens {
    recipients: Vec<Recipient>,
    method: Option<Nsid>,
    without_method: bool,
}

impl ServiceTokens {
    /// Tokens for this service, by the name that callers know: `did:web:api.example.com#notes`, or its DID.
    pub fn new(recipient: Recipient) -> Self {
        Self { recipients: vec![recipient], method: None, without_method: false }
    }

    /// One more name of this service.
    #[must_use]
    pub fn recipient(mut self, recipient: Recipient) -> Self {
        self.recipients.push(recipient);
        self
    }

    /// The method that tokens have to be for where a request is not to `/xrpc/` and a method: for services of another kind.
    #[must_use]
    pub fn method(mut self, method: Nsid) -> Self {
        self.method = Some(method);
        self
    }

    /// Takes tokens that name no method, too. Whoever holds one can call everything here with it.
    #[must_use]
    pub fn without_method(mut self) -> Self {
        self.without_method = true;
        self
    }

    /// Checks in the order of SA-7; what must not come twice is used up last.
    pub(super) async fn check(
        &self,
        sessions: &Sessions,
        token: &str,
        request: Request<'_>,
    ) -> Result<TokenCaller, Refused> {
        let called = method_of(request.uri.path());
        let method = called.as_ref().or(self.method.as_ref()).map_or("", Nsid::as_str);
        let expected = Expected {
            recipients: &self.recipients,
            method,
            without_method: self.without_method,
            label_key: false,
            now: sessions.now(),
        };
        let presented = service_auth::read(token, &expected)?;
        let proven = prove(sessions, &presented).await?;
        if !matches!(*request.method, Method::GET | Method::HEAD) {
            let used = proven.once.ok_or(ServiceAuthError::Unnamed)?;
            let within = MAX_LIFE + 4 * SKEW;
            if !once::is_first(sessions, b"per-request service token", &used.key, within).await? {
                return Err(ServiceAuthError::Replayed.into());
            }
        }
        Ok(TokenCaller {
            account: proven.issuer,
            credential: Credential::ServiceToken,
            client: None,
            method: proven.method,
            scopes: None,
        })
    }
}

/// The method that a path calls.
fn method_of(path: &str) -> Option<Nsid> {
    path.strip_prefix("/xrpc/")?.parse().ok()
}

/// Finds the issuer's key and checks the signature; once more with a key that may have changed meanwhile.
async fn prove(sessions: &Sessions, presented: &Presented<'_>) -> Result<Proven, Refused> {
    let (issuer, fragment) = (presented.issuer(), presented.key().fragment());
    let resolver = sessions.resolver();
    let known = resolver.did(issuer).await.map_err(|error| unresolved(&error))?.key(fragment);
    if let Some(proven) = known.as_ref().and_then(|key| presented.verify(key).ok()) {
        return Ok(proven);
    }
    match resolver.did_again(issuer).await.map_err(|error| unresolved(&error))?.key(fragment) {
        None => Err(ServiceAuthError::Key.into()),
        same if same == known => Err(ServiceAuthError::Signature.into()),
        Some(changed) => Ok(presented.verify(&changed)?),
    }
}

fn unresolved(error: &ResolveError) -> Refused {
    if error.is_transient() {
        Refused::Unavailable("the key of the token's issuer cannot be looked up")
    } else {
        ServiceAuthError::Issuer.into()
    }
}
