//! From a handle to a DID (ID-3 … ID-8).

use std::time::Duration;

use futures::future::{Either, select};
use gatewright_protocol::syntax::{Did, Handle};
use url::Url;

use crate::Resolver;
use crate::cache::{Fresh, Need};
use crate::error::{FetchError, ResolveError};
use crate::fetch::Get;
use crate::url_rules::UrlRules;

/// Kept below the ten minutes of ID-16.
const FRESH: Duration = Duration::from_mins(5);
/// For both methods together (ID-24).
const TIMEOUT: Duration = Duration::from_secs(3);
/// A DID and some white space (ID-7).
const MOST_BYTES: usize = 2 * 1024;

pub(crate) async fn resolve(resolver: &Resolver, handle: &Handle, need: Need) -> Result<Did, ResolveError> {
    if handle.is_reserved(resolver.development()) {
        return Err(ResolveError::ReservedHandle);
    }
    if let Some(network) = resolver.shared.network.of(handle.as_str()) {
        return network.handle(handle).await.ok_or(ResolveError::HandleNotFound);
    }
    let fetch = || async {
        let did = both_ways(resolver, handle).await?;
        Ok(Fresh { size: did.as_str().len(), value: did, lasts: FRESH })
    };
    let found = resolver.shared.handles.get(handle, need, Duration::ZERO, fetch).await?;
    Ok(found.value)
}

/// Both methods at once; what DNS says wins, so HTTPS is waited for only if DNS has nothing (ID-8).
async fn both_ways(resolver: &Resolver, handle: &Handle) -> Result<Did, ResolveError> {
    let dns = std::pin::pin!(by_dns(resolver, handle));
    let https = std::pin::pin!(by_https(resolver, handle));
    let (by_dns, by_https) = match select(dns, https).await {
        Either::Left((Ok(None) | Err(ResolveError::Fetch { .. }), https)) => (Ok(None), https.await),
        Either::Left((found, _)) => (found, Err(ResolveError::HandleNotFound)),
        Either::Right((by_https, dns)) => (dns.await, by_https),
    };
    let did = match by_dns {
        Ok(Some(did)) => did,
        Ok(None) | Err(ResolveError::Fetch { .. }) => by_https?,
        Err(error) => return Err(error),
    };
    if did.is_atproto() { Ok(did) } else { Err(ResolveError::UnsupportedDid) }
}

async fn by_dns(resolver: &Resolver, handle: &Handle) -> Result<Option<Did>, ResolveError> {
    let name = format!("_atproto.{handle}");
    let values = tokio::time::timeout(TIMEOUT, txt(resolver, &name)).await;
    let values = values.unwrap_or_else(|_| Err(ResolveError::fetching("handle")(FetchError::TimedOut)))?;
    let did = one_did(&values).map_err(|Ambiguous| ResolveError::AmbiguousHandle)?;
    Ok(did.map(str::parse).transpose()?)
}

/// There are two `did=` values.
#[derive(Debug)]
pub(crate) struct Ambiguous;

/// The one `did=` value. Two of them, even equal ones, are none (ID-6, PS-10).
pub(crate) fn one_did(values: &[String]) -> Result<Option<&str>, Ambiguous> {
    let mut named = values.iter().filter_map(|value| value.strip_prefix("did="));
    let first = named.next();
    if named.next().is_some() { Err(Ambiguous) } else { Ok(first) }
}

async fn by_https(resolver: &Resolver, handle: &Handle) -> Result<Did, ResolveError> {
    let url = Url::parse(&format!("https://{handle}/.well-known/atproto-did"))
        .map_err(|_| ResolveError::HandleNotFound)?;
    let get = Get {
        url: &url,
        types: &[],
        most: MOST_BYTES,
        timeout: TIMEOUT,
        redirects: 3,
        any_success: true,
        rules: UrlRules::STRICT,
        peer: resolver.peer,
    };
    let document = resolver.shared.fetcher.get(get).await.map_err(|error| match error {
        FetchError::Status(404 | 410) => ResolveError::HandleNotFound,
        other => ResolveError::fetching("handle")(other),
    })?;
    let text = std::str::from_utf8(&document.bytes).map_err(|_| ResolveError::HandleNotFound)?;
    text.trim().parse().map_err(|_| ResolveError::HandleNotFound)
}

/// TXT values, from the network that the name belongs to.
pub(crate) async fn txt(resolver: &Resolver, name: &str) -> Result<Vec<String>, ResolveError> {
    let network = &resolver.shared.network;
    if let Some(network) = network.of(name) {
        return Ok(network.txt(name).await);
    }
    if let Some(network) = network.with_lexicons(name) {
        let values = network.txt(name).await;
        if !values.is_empty() {
            return Ok(values);
        }
    }
    resolver.shared.dns.txt(name).await.map_err(|_| ResolveError::fetching("TXT record")(FetchError::Lookup))
}

#[cfg(test)]
mod tests;
