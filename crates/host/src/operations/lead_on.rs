//! A call by a password session for what a host behind this one keeps: it goes on there as it came, and the answer comes
//! back, for programs that stay at the address they signed in at.

use gatewright_protocol::syntax::Did;
use gatewright_resolve::fetch::{Forward, Forwarded, Pieces};
use gatewright_resolve::{FetchError, Peer, UrlRules};
use gatewright_store::StoreError;
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, Method};

use crate::context::Context;
use crate::entryway::HostError;
use crate::proxy::{LIMITS, of_answer, of_call};

/// Which service an application calls: the host goes by it as this server would.
const ATPROTO_PROXY: HeaderName = HeaderName::from_static("atproto-proxy");

/// A call that may be the host's to answer.
pub struct LeadOn<'r> {
    /// Whose session it is.
    pub account: &'r Did,
    /// `GET`, `HEAD` or `POST`.
    pub verb: Method,
    /// The method with what follows: path and query.
    pub path: &'r str,
    /// The headers of the request.
    pub headers: &'r HeaderMap,
    /// Its body.
    pub body: Option<Pieces>,
}

/// Why a call did not come through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeadOnError {
    /// The host does not answer as it must.
    #[error("the host of the account did not answer as it must: {0}")]
    Answer(#[from] FetchError),
    /// There is no such host.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether another host keeps the records of this account.
pub async fn is_behind(context: &Context, account: &Did) -> Result<bool, StoreError> {
    if context.entryway.is_none() {
        return Ok(false);
    }
    Ok(context.store.find_account(account).await?.is_some_and(|account| account.host.is_some()))
}

/// Passes the call on with the credentials that it came with: the token is for that host, and good nowhere else. `None` if the
/// records are kept here.
pub async fn lead_on(context: &Context, call: LeadOn<'_>) -> Result<Option<Forwarded>, LeadOnError> {
    let Some(account) = context.store.find_account(call.account).await? else { return Ok(None) };
    let Some((entryway, host)) = context.behind(&account)? else { return Ok(None) };
    let mut headers = of_call(call.headers, &call.verb);
    for name in [AUTHORIZATION, ATPROTO_PROXY] {
        if let Some(value) = call.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let mut url = host.origin.clone();
    let (path, query) =
        call.path.split_once('?').map_or((call.path, None), |(path, query)| (path, Some(query)));
    url.set_path(path);
    url.set_query(query);
    let forward = Forward {
        method: call.verb,
        url: &url,
        headers,
        body: call.body,
        rules: UrlRules::CONFIGURED,
        peer: Peer::of_account(call.account),
        limits: LIMITS,
    };
    let answer = entryway.fetcher().forward(forward).await?;
    Ok(Some(Forwarded { headers: of_answer(&answer.headers), ..answer }))
}

impl std::fmt::Debug for LeadOn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LeadOn({} {})", self.verb, self.path.split('?').next().unwrap_or_default())
    }
}
