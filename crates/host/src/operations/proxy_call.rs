//! A call that goes on to another service, in the name of an account.

use gatewright_guard::Destination;
use gatewright_guard::table::Kind;
use gatewright_protocol::service_auth::USUAL_LIFE;
use gatewright_protocol::syntax::Did;
use gatewright_resolve::fetch::{Forward, Forwarded, Pieces};
use gatewright_resolve::{FetchError, Peer};
use gatewright_store::StoreError;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use super::access::{AccessError, writable};
use super::issue_service_token::issue;
use crate::context::Context;
use crate::proxy::{LIMITS, OriginError, find_origin, of_answer, of_call};

/// The method that somebody whose account was taken down may still call.
const CREATE_REPORT: &str = "com.atproto.moderation.createReport";

/// A call to pass on.
pub struct ProxyCall<'a> {
    /// Which method, at which service: what the guard checked.
    pub destination: &'a Destination,
    /// `GET`, `HEAD` or `POST`.
    pub verb: Method,
    /// The query, as it was sent.
    pub query: Option<&'a str>,
    /// All headers of the request; those that go along are chosen here.
    pub headers: &'a HeaderMap,
    /// The body, of a `POST`.
    pub body: Option<Pieces>,
}

/// Why a call was not answered by its service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyCallError {
    /// The account may not act.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// As many calls are under way as may be.
    #[error("too many calls of this account are under way")]
    Busy,
    /// The service itself failed.
    #[error("the service failed")]
    Failed,
    /// The account has no signing key here.
    #[error("the account has no signing key here")]
    NoKey,
    /// Calls do not go on from this host.
    #[error("this host does not know the method")]
    NotForwarding,
    /// There is no place to call.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The endpoint of the service is not one that is called.
    #[error("the endpoint of the service is not called: {0}")]
    Refused(FetchError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing could be had from the service.
    #[error("the service did not answer as it must: {0}")]
    Upstream(FetchError),
}

/// Passes a call on with a fresh service token in place of the caller's credentials, and its answer back, both as they
/// come. Whether the caller may call this method there was checked by the guard.
pub async fn proxy_call(
    context: &Context,
    caller: &Did,
    kind: Kind,
    call: ProxyCall<'_>,
) -> Result<Forwarded, ProxyCallError> {
    let forwarding = context.forwarding.as_ref().ok_or(ProxyCallError::NotForwarding)?;
    let (method, audience) = (call.destination.method(), call.destination.audience());
    check_account(context, caller, kind, method.as_str()).await?;
    let peer = Peer::of_account(caller);
    let resolver = forwarding.resolver.on_behalf_of(peer);
    let (origin, rules) = find_origin(&context.settings, &resolver, call.destination).await?;

    let recipient = forwarding.recipient.recipient(audience);
    let expires_at = context.now().plus(USUAL_LIFE);
    let token = issue(context, caller, &recipient, Some(method), expires_at).await?;
    let mut headers = of_call(call.headers, &call.verb);
    headers.insert(AUTHORIZATION, bearer(token.ok_or(ProxyCallError::NoKey)?.expose()));
    let url = url(origin, method.as_str(), call.query);
    let forward =
        Forward { method: call.verb, url: &url, headers, body: call.body, rules, peer, limits: LIMITS };
    let answer = resolver.fetcher().forward(forward).await.map_err(|error| match error {
        FetchError::Busy => ProxyCallError::Busy,
        FetchError::NotPublic | FetchError::Url(_) => ProxyCallError::Refused(error),
        _ => ProxyCallError::Upstream(error),
    })?;
    if answer.status == StatusCode::INTERNAL_SERVER_ERROR {
        return Err(ProxyCallError::Failed);
    }
    Ok(Forwarded { headers: of_answer(&answer.headers), ..answer })
}

/// Only active accounts call (PX-9); but whoever was taken down may still report.
async fn check_account(
    context: &Context,
    caller: &Did,
    kind: Kind,
    method: &str,
) -> Result<(), ProxyCallError> {
    match writable(context, caller, None).await {
        Err(AccessError::TakenDown) if kind == Kind::TakenDown && method == CREATE_REPORT => Ok(()),
        other => Ok(other.map(|_| ())?),
    }
}

/// The canonical path of the method, whatever the request's looked like; the query is the service's own matter.
fn url(mut origin: Url, method: &str, query: Option<&str>) -> Url {
    origin.set_path(&format!("/xrpc/{method}"));
    origin.set_query(query);
    origin
}

fn bearer(token: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .expect("a JWS is letters, digits, hyphens, underscores and dots");
    value.set_sensitive(true);
    value
}

/// The method only: headers and bodies are nobody's business.
impl std::fmt::Debug for ProxyCall<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProxyCall({} {})", self.verb, self.destination.method())
    }
}
