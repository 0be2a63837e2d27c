//! From a DID to its document (ID-9 … ID-11).

use std::sync::Arc;
use std::time::Duration;

use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::syntax::Did;
use url::Url;

use crate::Resolver;
use crate::cache::{Fresh, Need};
use crate::error::{FetchError, ResolveError};
use crate::fetch::Get;
use crate::url_rules::UrlRules;

/// Kept below the ten minutes of ID-16.
const FRESH: Duration = Duration::from_mins(5);
const TIMEOUT: Duration = Duration::from_secs(3);
const MOST_BYTES: usize = 64 * 1024;

pub(crate) async fn resolve(
    resolver: &Resolver,
    did: &Did,
    need: Need,
) -> Result<Arc<DidDocument>, ResolveError> {
    let (url, rules) = location(resolver, did)?;
    let fetch = || async {
        let bytes = fetch(resolver, &url, rules).await?;
        let document =
            DidDocument::parse(did, &bytes).map_err(|error| ResolveError::document("DID document", error))?;
        Ok(Fresh { value: Arc::new(document), lasts: FRESH, size: bytes.len().saturating_mul(4) })
    };
    let found = resolver.shared.documents.get(did, need, Duration::ZERO, fetch).await?;
    Ok(found.value)
}

/// Where the document is: at the PLC directory of the configuration, or at the host that a `did:web` names.
fn location(resolver: &Resolver, did: &Did) -> Result<(Url, UrlRules), ResolveError> {
    if !did.is_atproto() {
        return Err(ResolveError::UnsupportedDid);
    }
    let (base, path, rules) = if did.method() == "plc" {
        (resolver.shared.plc_url.clone(), did.as_str(), UrlRules::CONFIGURED)
    } else {
        let origin = did.web_origin(resolver.development()).ok_or(ResolveError::UnsupportedDid)?;
        (origin, ".well-known/did.json", UrlRules::STRICT)
    };
    let mut url = base;
    url.set_query(None);
    {
        // Segments, not `join`: `did:plc:…` would be read as a URL of its own.
        let mut segments = url.path_segments_mut().map_err(|()| ResolveError::UnsupportedDid)?;
        segments.pop_if_empty().extend(path.split('/'));
    }
    Ok((url, rules))
}

async fn fetch(resolver: &Resolver, url: &Url, rules: UrlRules) -> Result<bytes::Bytes, ResolveError> {
    let get = Get {
        types: &["application/did+ld+json", "application/json", "application/did+json"],
        most: MOST_BYTES,
        timeout: TIMEOUT,
        rules,
        peer: resolver.peer,
        ..Get::json(url)
    };
    let fetched = resolver.shared.fetcher.get(get).await.map_err(|error| match error {
        FetchError::Status(404 | 410) => ResolveError::DidNotFound,
        other => ResolveError::fetching("DID document")(other),
    })?;
    Ok(fetched.bytes)
}

#[cfg(test)]
mod tests;
