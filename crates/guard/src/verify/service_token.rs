//! Service tokens: an account or a service calls by a token that its own key signed (SA-7, SA-8).

use std::fmt;

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use gatewright_protocol::crypto::PublicKey;
use gatewright_protocol::jose::jws::{self, Unverified};
use gatewright_protocol::service_auth::{
    self, Expected, KeyName, Presented, Proven, Recipient, ServiceAuthError,
};
use gatewright_protocol::syntax::{Did, Nsid};
use gatewright_resolve::{Peer, ResolveError, Resolver};
use gatewright_store::replay::Namespace;
use http::Method;
use http::request::Parts;

use crate::guard::Inner;
use crate::table::{Kind, Row};
use crate::{GuardError, rules};

/// The keys of DID documents.
#[async_trait]
pub trait IssuerKeys: Send + Sync {
    /// A key of this issuer; none if its document has no such key. A document that was looked up lately will do, unless
    /// it is wanted `again`. `peer` is who made us ask, if that is known.
    ///
    /// # Errors
    /// The document cannot be had.
    async fn key(
        &self,
        issuer: &Did,
        key: KeyName,
        again: bool,
        peer: Option<Peer>,
    ) -> Result<Option<PublicKey>, ResolveError>;
}

#[async_trait]
impl IssuerKeys for Resolver {
    async fn key(
        &self,
        issuer: &Did,
        key: KeyName,
        again: bool,
        peer: Option<Peer>,
    ) -> Result<Option<PublicKey>, ResolveError> {
        let resolver = peer.map_or_else(|| self.clone(), |peer| self.on_behalf_of(peer));
        let document = if again { resolver.did_again(issuer).await } else { resolver.did(issuer).await };
        Ok(document?.key(key.fragment()))
    }
}

/// Which service tokens a resource server takes. Which of its methods they open is in its table: the rows that admit
/// [`Kind::ServiceToken`] or [`Kind::Moderation`].
pub struct ServiceTokens {
    keys: Box<dyn IssuerKeys>,
    pub(crate) recipients: Vec<Recipient>,
    moderation: Option<Did>,
    without_method: bool,
}

impl ServiceTokens {
    /// Tokens whose issuers' keys are found here.
    pub fn new(keys: impl IssuerKeys + 'static) -> Self {
        Self { keys: Box::new(keys), recipients: Vec::new(), moderation: None, without_method: false }
    }

    /// A name that tokens may be for (SA-5). Default: the resource server's DID alone, and once names are given, only
    /// those.
    #[must_use]
    pub fn recipient(mut self, recipient: Recipient) -> Self {
        self.recipients.push(recipient);
        self
    }

    /// Whose tokens are those of the moderation service. Default: nobody's.
    #[must_use]
    pub fn moderation(mut self, did: Did) -> Self {
        self.moderation = Some(did);
        self
    }

    /// Takes tokens that name no method, too: those of older software. Whoever holds one can call everything with it.
    #[must_use]
    pub fn without_method(mut self) -> Self {
        self.without_method = true;
        self
    }

    /// As what the issuer calls, before anything is looked up for it.
    fn kind(&self, row: &Row, presented: &Presented<'_>) -> Result<Kind, ServiceAuthError> {
        if row.admits(Kind::Moderation) && self.moderation.as_ref() == Some(presented.issuer()) {
            Ok(Kind::Moderation)
        } else if row.admits(Kind::ServiceToken) && presented.key() == KeyName::Account {
            Ok(Kind::ServiceToken)
        } else {
            Err(ServiceAuthError::Untrusted)
        }
    }

    /// Finds the key and checks the signature; once more with a key that may have changed meanwhile.
    pub(super) async fn prove(
        &self,
        presented: &Presented<'_>,
        peer: Option<Peer>,
    ) -> Result<Proven, GuardError> {
        let (issuer, name) = (presented.issuer(), presented.key());
        let known = self.keys.key(issuer, name, false, peer).await.map_err(unresolved)?;
        if let Some(proven) = known.as_ref().and_then(|key| presented.verify(key).ok()) {
            return Ok(proven);
        }
        match self.keys.key(issuer, name, true, peer).await.map_err(unresolved)? {
            None => Err(ServiceAuthError::Key.into()),
            same if same == known => Err(ServiceAuthError::Signature.into()),
            Some(changed) => Ok(presented.verify(&changed)?),
        }
    }
}

fn unresolved(error: ResolveError) -> GuardError {
    if error.is_transient() { GuardError::IssuerKeys(error) } else { ServiceAuthError::Issuer.into() }
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTokens").field("recipients", &self.recipients).finish_non_exhaustive()
    }
}

/// Who calls by a service token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceCaller {
    /// Who signed it: an account in whose name a service calls, or a service.
    pub issuer: Did,
    /// As what it was taken: [`Kind::ServiceToken`] or [`Kind::Moderation`].
    pub kind: Kind,
    /// The method that it is for; none only where [such tokens](ServiceTokens::without_method) are taken.
    pub method: Option<Nsid>,
}

impl<S: Sync> FromRequestParts<S> for ServiceCaller {
    type Rejection = GuardError;

    /// # Errors
    /// Nobody calls by a service token.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, GuardError> {
        match parts.extensions.get::<crate::Caller>() {
            Some(crate::Caller::Service(caller)) => Ok(caller.clone()),
            _ => Err(ServiceAuthError::Missing.into()),
        }
    }
}

/// Whether a bearer token is to be read as a service token, where such are taken. Where sessions may call too, a token is
/// one of them if it says so itself; each kind is refused by the other's rules (SA-12, RS-8).
pub(super) fn is_meant(guard: &Inner, row: &Row, text: &str) -> bool {
    if guard.service_tokens.is_none() || !(row.admits(Kind::ServiceToken) || row.admits(Kind::Moderation)) {
        return false;
    }
    let Ok(token) = jws::decode(text) else { return takes_no_sessions(row) };
    let header = token.header();
    let has_curve = header.alg.curve().is_some();
    // A secret of ours signed it, if anybody did: a password session learns what is the matter with it.
    if !has_curve && guard.legacy.is_some() {
        return false;
    }
    takes_no_sessions(row) || may_be(&token)
}

/// Whether an account or a service may have signed it, and not a server for its sessions.
pub(super) fn may_be(token: &Unverified<'_>) -> bool {
    let header = token.header();
    let kinds_of_sessions = ["at+jwt", "refresh+jwt", "dpop+jwt"];
    header.alg.curve().is_some() && !kinds_of_sessions.iter().any(|kind| header.is_typ(kind))
}

/// Whether nothing but a service token opens the method.
pub(super) fn is_required(row: &Row) -> bool {
    let only = |kind: &Kind| matches!(kind, Kind::ServiceToken | Kind::Moderation);
    !row.kinds.is_empty() && row.kinds.iter().all(only)
}

fn takes_no_sessions(row: &Row) -> bool {
    let others = |kind: &Kind| {
        matches!(kind, Kind::Admin | Kind::Moderation | Kind::Nobody | Kind::OAuth | Kind::ServiceToken)
    };
    row.kinds.iter().all(others)
}

/// Checks a service token against the request, in the order of SA-7; what must not come twice is used up last.
pub(super) async fn check(
    guard: &Inner,
    row: &Row,
    parts: &Parts,
    text: &str,
) -> Result<ServiceCaller, GuardError> {
    // Without a way to look keys up, no bearer token can be verified.
    let tokens = guard.service_tokens.as_ref().ok_or(GuardError::LegacyToken)?;
    let now = guard.clock.now();
    let expected = Expected {
        recipients: &tokens.recipients,
        method: rules::method(row, parts),
        without_method: tokens.without_method,
        label_key: row.admits(Kind::Moderation),
        now,
    };
    let presented = service_auth::read(text, &expected)?;
    let kind = tokens.kind(row, &presented)?;
    let peer = parts.extensions.get::<crate::peer::Peer>().map(|peer| (*peer).into());
    let proven = tokens.prove(&presented, peer).await?;
    super::check_account(guard, row, &proven.issuer).await?;
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let once = proven.once.ok_or(ServiceAuthError::Unnamed)?;
        if !guard.replays.remember(Namespace::ServiceToken, once.key, once.until, now).await? {
            return Err(ServiceAuthError::Replayed.into());
        }
    }
    Ok(ServiceCaller { issuer: proven.issuer, kind, method: proven.method })
}
