//! From one HTTP request to a session that acts for exactly its caller: for a backend that serves many people, each of
//! whom sends credentials with every request.
//!
//! What a request presents is read from that request and from nothing else: not from the environment, not from the
//! connection, not from an earlier request. The order of precedence:
//!
//! 1. `x-atproto-handle` with `x-atproto-password`, an app password; `x-atproto-pds-url` beside them is never needed.
//!    Half a pair is refused and never completed from elsewhere.
//! 2. `Authorization: Bearer` with a reference that this service [gave out](References), recognised by its beginning.
//! 3. `Authorization: Bearer` with a JWT: an access token of a password session, or a service token for this service.
//! 4. `Authorization: DPoP` with an access token for this service, and a proof.
//!
//! The first that is there counts; what is behind it is not looked at. A request with none of them is anonymous. A
//! request with credentials that are not taken, or of a kind that is [not switched on](Builder), is refused, and never
//! anonymous.
//!
//! ```no_run
//! use gatewright_client::per_request::PerRequest;
//! use gatewright_client::Sessions;
//! # async fn example(sessions: Sessions, request: http::Request<()>) -> Result<(), Box<dyn std::error::Error>> {
//! let per_request = PerRequest::builder(sessions).app_passwords().build();
//! let caller = per_request.caller(request.headers(), request.method(), request.uri()).await?;
//! let session = caller.require_session()?;
//! let account: serde_json::Value = session.query("com.atproto.server.getSession", &[]).await?;
//! # Ok(()) }
//! ```
//!
//! With the feature `axum`, `PerRequestLayer` does this before a router, and `Caller` is an argument of its handlers.
//!
//! # What holds
//!
//! - Sessions are at hand under a keyed hash of host, identifier and secret; a warm request costs one such hash. One
//!   sign-in for a key is under way at a time, also between processes that share a store, and all of them together stay
//!   at a third of what hosts allow.
//! - Nothing goes to a host that the caller chose: it is the identity's own, or one of the [operator's](Builder::allow_host).
//! - Passwords are not kept. What is kept of a session is sealed, as everywhere in this crate.
//! - [`Counts`] are by kind of credentials, none by person.
//!
//! Credentials in headers need TLS, and no proxy on the way may log them.
//!
//! | file | what it holds |
//! |---|---|
//! | `credentials` | the headers, read |
//! | `app_password`, `session_token`, `references`, `service_token`, `access_token` | one kind of credentials each |
//! | `host` | which host may be named |
//! | `cache` | sessions at hand |
//! | `refused` | why not, and the one place that makes HTTP of it |
//! | `layer`, `extract` | for axum |

mod access_token;
mod app_password;
mod builder;
mod cache;
mod caller;
mod counters;
mod credentials;
#[cfg(feature = "axum")]
mod extract;
mod host;
#[cfg(feature = "axum")]
mod layer;
mod once;
mod references;
mod refused;
mod service_token;
mod session_token;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use gatewright_protocol::secret::SessionReference;
use http::{HeaderMap, Method, Uri};

pub use access_token::AccessTokens;
pub use builder::Builder;
pub use caller::{Caller, Credential, TokenCaller};
pub use counters::{Counts, KindCounts};
pub use credentials::{HANDLE, HOST, PASSWORD};
#[cfg(feature = "axum")]
pub use layer::{PerRequestFuture, PerRequestLayer, PerRequestService};
pub use references::{Minted, NewReference, Reference, ReferenceError, ReferenceId, References};
pub use refused::Refused;
pub use service_token::ServiceTokens;

use cache::Cache;
use counters::Counters;
use credentials::Credentials;
use host::AllowedHosts;

use crate::keep::Sessions;
use crate::secret::Secret;

/// Turns the credentials of a request into a ready session. Cheap to clone; all clones share what is at hand.
#[derive(Clone)]
pub struct PerRequest(Arc<Inner>);

pub(crate) struct Inner {
    sessions: Sessions,
    app_passwords: bool,
    main_passwords: bool,
    session_tokens: bool,
    references: Option<References>,
    service_tokens: Option<ServiceTokens>,
    access_tokens: Option<AccessTokens>,
    hosts: AllowedHosts,
    cache: Cache,
    counters: Arc<Counters>,
}

impl PerRequest {
    /// A builder over these sessions. Nothing is taken until it is switched on.
    pub fn builder(sessions: Sessions) -> Builder {
        Builder::new(sessions)
    }

    /// Who this request comes from.
    ///
    /// # Errors
    /// See [`Refused`], which knows the [answer](Refused::answer).
    pub async fn caller(&self, headers: &HeaderMap, method: &Method, uri: &Uri) -> Result<Caller, Refused> {
        let presented = match Credentials::read(headers) {
            Ok(Credentials::None) => {
                self.0.counters.anonymous();
                return Ok(Caller::Anonymous);
            }
            Ok(presented) => presented,
            Err(refused) => {
                self.0.counters.malformed();
                return Err(refused);
            }
        };
        let (credential, caller) = self.0.caller(presented, Request { headers, method, uri }).await;
        match credential {
            Some(credential) => self.0.counters.done(credential, caller.is_ok()),
            None => self.0.counters.malformed(),
        }
        caller
    }

    /// What has happened since the start, by kind of credentials.
    pub fn counts(&self) -> Counts {
        self.0.counters.read()
    }

    /// How many sessions are at hand.
    pub fn at_hand(&self) -> usize {
        self.0.cache.len()
    }

    /// The references that this service gives out; none where they are not switched on.
    pub fn references(&self) -> Option<&References> {
        self.0.references.as_ref()
    }

    /// The nonce that the next proof has to carry: every answer of a service that takes
    /// [access tokens](Builder::access_tokens) has it as `DPoP-Nonce`. None where they are not taken.
    pub fn nonce(&self) -> Option<String> {
        self.0.access_tokens.as_ref().map(|tokens| tokens.nonce(self.0.sessions.now()))
    }
}

/// What the tokens of a request are checked against.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    headers: &'a HeaderMap,
    method: &'a Method,
    uri: &'a Uri,
}

impl Inner {
    /// The kind that was presented, if that can be told, and what came of it.
    async fn caller(
        &self,
        presented: Credentials,
        request: Request<'_>,
    ) -> (Option<Credential>, Result<Caller, Refused>) {
        let (credential, caller) = match presented {
            Credentials::None => return (None, Ok(Caller::Anonymous)),
            Credentials::Pair { identifier, password, host } => {
                let credential = Credential::AppPassword;
                let caller = if self.app_passwords {
                    let session = app_password::session(self, &identifier, password, host.as_deref()).await;
                    session.map(|session| Caller::Account { session, credential })
                } else {
                    Err(Refused::SwitchedOff(credential))
                };
                (credential, caller)
            }
            Credentials::Bearer(token) => {
                let credential = match bearer_kind(token.expose()) {
                    Ok(credential) => credential,
                    Err(refused) => return (None, Err(refused)),
                };
                (credential, self.bearer(credential, token, request).await)
            }
            Credentials::Dpop(token) => {
                let caller = match &self.access_tokens {
                    Some(tokens) => tokens.check(&self.sessions, token.expose(), request).await,
                    None => Err(Refused::SwitchedOff(Credential::AccessToken)),
                };
                (Credential::AccessToken, caller.map(Caller::Token))
            }
        };
        (Some(credential), caller)
    }

    async fn bearer(
        &self,
        credential: Credential,
        token: Secret,
        request: Request<'_>,
    ) -> Result<Caller, Refused> {
        let session = match (credential, &self.references, &self.service_tokens) {
            (Credential::SessionReference, Some(references), _) => {
                references.session(&self.cache, token.expose()).await?
            }
            (Credential::ServiceToken, _, Some(tokens)) => {
                return tokens.check(&self.sessions, token.expose(), request).await.map(Caller::Token);
            }
            (Credential::SessionToken, ..) if self.session_tokens => {
                session_token::session(self, token).await?
            }
            _ => return Err(Refused::SwitchedOff(credential)),
        };
        Ok(Caller::Account { session, credential })
    }
}

/// What a bearer token says that it is. Each kind is checked by its own rules, and refused by those of the others.
fn bearer_kind(token: &str) -> Result<Credential, Refused> {
    if token.starts_with(SessionReference::PREFIX) {
        return Ok(Credential::SessionReference);
    }
    session_token::kind_of_jwt(token)
}

/// Nothing of whom it serves.
impl fmt::Debug for PerRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerRequest").field("cache", &self.0.cache).finish_non_exhaustive()
    }
}
