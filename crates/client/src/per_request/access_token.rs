//! `Authorization: DPoP`: access tokens whose audience is this service, each request with a proof of the key that the
//! token is bound to (RS-1, RS-2, DP-1 … DP-10). They open nothing at the account's host, and are never passed on (SC-40).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::dpop::verify::{self, MEMORY, Proof, ProofError, ProofRequest, only_header};
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::jose::jws;
use gatewright_protocol::json::Object;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_resolve::jwks::JwksSource;
use http::HeaderValue;
use serde::Deserialize;

use super::caller::{Credential, TokenCaller};
use super::{Refused, Request, once};
use crate::error::CallError;
use crate::keep::Sessions;

/// The `typ` of access tokens (RFC 9068 section 2.1).
const TYP: &str = "at+jwt";
/// How long an access token may live, as it says itself.
const LONGEST: Duration = Duration::from_hours(1);
/// How far the clock of the server that signed may be ahead.
const AHEAD: Duration = Duration::from_mins(1);

/// Which access tokens are taken: those of one authorization server, for this service.
#[derive(Clone)]
pub struct AccessTokens(Arc<Inner>);

struct Inner {
    origin: String,
    audience: Did,
    issuer: String,
    keys: JwksSource,
    nonces: Nonces,
}

impl AccessTokens {
    /// Tokens for `audience`, the DID of this service, from the authorization server `issuer` that publishes its keys as
    /// `keys` ([`Resolver::jwks`](gatewright_resolve::Resolver::jwks)). `origin` is where this service is reached, and
    /// so what proofs have to name. Processes that share a key ring take each other's nonces.
    ///
    /// # Errors
    /// The origin is none.
    pub fn new(
        sessions: &Sessions,
        origin: &str,
        audience: Did,
        issuer: impl Into<String>,
        keys: JwksSource,
    ) -> Result<Self, CallError> {
        let origin = crate::app_password::origin_of(origin)?;
        let nonces = Nonces::new(sessions.ring().lookup(&[b"per-request nonces", origin.as_bytes()]));
        Ok(Self(Arc::new(Inner { origin, audience, issuer: issuer.into(), keys, nonces })))
    }

    pub(super) fn nonce(&self, now: UnixTime) -> String {
        self.0.nonces.next(now).as_str().to_owned()
    }

    /// The proof with its nonce first, which costs nobody else anything; what must not come twice last.
    pub(super) async fn check(
        &self,
        sessions: &Sessions,
        token: &str,
        request: Request<'_>,
    ) -> Result<TokenCaller, Refused> {
        let now = sessions.now();
        let proof = self.proof(token, request, now)?;
        let (caller, jkt) = self.read(token, now).await?;
        if jkt != proof.jkt {
            return Err(Refused::Token);
        }
        if !once::is_first(sessions, b"per-request proof", &proof.jti_key, 2 * MEMORY).await? {
            return Err(ProofError::Replayed.into());
        }
        Ok(caller)
    }

    fn proof(&self, token: &str, request: Request<'_>, now: UnixTime) -> Result<Proof, Refused> {
        let values = request.headers.get_all("dpop").iter().map(HeaderValue::as_bytes);
        let proof = only_header(values)?.ok_or(ProofError::Missing)?;
        let asked = ProofRequest {
            proof,
            method: request.method.as_str(),
            origin: &self.0.origin,
            path: request.uri.path(),
            access_token: Some(token),
            now,
        };
        Ok(verify::check(&asked, &self.0.nonces)?)
    }

    async fn read(&self, token: &str, now: UnixTime) -> Result<(TokenCaller, Thumbprint), Refused> {
        let unverified = jws::decode(token).map_err(|_| Refused::Token)?;
        let header = unverified.header();
        let kid = header.kid.as_deref().filter(|_| header.is_typ(TYP)).ok_or(Refused::Token)?;
        let key = self.0.keys.key(kid).await.map_err(|error| {
            tracing::warn!(%error, "the keys of the authorization server cannot be had");
            Refused::Unavailable("the keys of the authorization server cannot be had")
        })?;
        let key = key.ok_or(Refused::Token)?;
        let verified = unverified.verify(key.key()).map_err(|_| Refused::Token)?;
        let claims: Claims = verified.claims().map_err(|_| Refused::Token)?;
        self.judge(claims, now)
    }

    fn judge(&self, claims: Claims, now: UnixTime) -> Result<(TokenCaller, Thumbprint), Refused> {
        if claims.iss != self.0.issuer {
            return Err(Refused::Token);
        }
        if !claims.aud.names(self.0.audience.as_str()) {
            return Err(Refused::Audience);
        }
        let (from, until) =
            (UnixTime::from_numeric_date(claims.iat), UnixTime::from_numeric_date(claims.exp));
        if until <= now {
            return Err(Refused::TokenExpired);
        }
        if from > now.plus(AHEAD) || until > from.plus(LONGEST) {
            return Err(Refused::Token);
        }
        // Without it anybody who saw the token could use it (RS-2).
        let jkt = claims.cnf.ok_or(Refused::Token)?.0.jkt;
        let scopes: Scopes = claims.scope.parse().map_err(|_| Refused::Token)?;
        let caller = TokenCaller {
            account: claims.sub.parse().map_err(|_| Refused::Token)?,
            credential: Credential::AccessToken,
            client: Some(claims.client_id),
            method: None,
            scopes: Some(scopes),
        };
        Ok((caller, jkt))
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audiences,
    exp: f64,
    iat: f64,
    client_id: String,
    #[serde(default)]
    cnf: Option<Object<Confirmation>>,
    #[serde(default)]
    scope: String,
}

#[derive(Deserialize)]
struct Confirmation {
    jkt: Thumbprint,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Several(Vec<String>),
}

impl Audiences {
    fn names(&self, service: &str) -> bool {
        match self {
            Self::One(aud) => aud == service,
            Self::Several(several) => several.iter().any(|aud| aud == service),
        }
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens")
            .field("audience", &self.0.audience)
            .field("issuer", &self.0.issuer)
            .finish_non_exhaustive()
    }
}
