//! From a client id to the client's metadata and keys (CM-8, CM-31 … CM-33).

use std::sync::Arc;
use std::time::Duration;

use gatewright_protocol::jose::{Jwk, JwkSet};
use gatewright_protocol::oauth::client_id::{ClientId, InvalidClientId};
use gatewright_protocol::oauth::client_metadata::{Authentication, ClientMetadata, Keys};
use url::Url;

use crate::Resolver;
use crate::cache::{Found, Fresh, Need};
use crate::error::ResolveError;
use crate::fetch::{Document, Get};
use crate::jwks::{self, REFETCH, absent_or};
use crate::url_rules::UrlRules;

/// The longest that a document or key set needs no second look (0.1).
pub const FRESH: Duration = Duration::from_mins(10);
/// How old a last good copy may be for showing a client and taking its requests.
pub const DISPLAY_GRACE: Duration = Duration::from_hours(24);
/// How old a last good copy may be for checking a signature.
pub const KEY_GRACE: Duration = Duration::from_hours(1);

/// A client, as its document says now or said lately.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its checked document.
    pub metadata: Arc<ClientMetadata>,
    /// It is the last good copy: the publisher cannot be reached at the moment.
    pub stale: bool,
}

pub(crate) async fn client(
    resolver: &Resolver,
    id: &ClientId,
    need: Need,
    grace: Duration,
) -> Result<Client, ResolveError> {
    let found = metadata(resolver, id, need, grace).await?;
    Ok(Client { metadata: found.value, stale: found.stale })
}

async fn metadata(
    resolver: &Resolver,
    id: &ClientId,
    need: Need,
    grace: Duration,
) -> Result<Found<Arc<ClientMetadata>>, ResolveError> {
    if let Some(metadata) = ClientMetadata::loopback(id) {
        return Ok(Found { value: Arc::new(metadata), age: Duration::ZERO, stale: false });
    }
    let url = id.document_url()?.ok_or(InvalidClientId::Loopback)?;
    let fetch = || async {
        let document = fetch(resolver, &url).await?;
        let metadata =
            ClientMetadata::parse(id, &document.bytes, resolver.shared.client_rules).map_err(Box::new)?;
        let size = document.bytes.len().saturating_mul(4);
        Ok(Fresh { value: Arc::new(metadata), lasts: lasts(&document), size })
    };
    resolver.shared.clients.get(id, need, grace, fetch).await
}

/// The document's bytes: status exactly 200, `application/json`, no redirect (CM-8).
pub(crate) async fn fetch(resolver: &Resolver, url: &Url) -> Result<Document, ResolveError> {
    let get = Get { peer: resolver.peer, ..Get::json(url) };
    resolver.shared.fetcher.get(get).await.map_err(ResolveError::fetching("client's metadata"))
}

/// Ten minutes, or the shorter time that the publisher says.
pub(crate) fn lasts(document: &Document) -> Duration {
    document.max_age.unwrap_or(FRESH).min(FRESH)
}

pub(crate) async fn key(resolver: &Resolver, id: &ClientId, kid: &str) -> Result<Option<Jwk>, ResolveError> {
    let found = keys(resolver, id, Need::Fresh).await?;
    if let Some(key) = found.value.find(kid) {
        return Ok(Some(key.clone()));
    }
    absent_or(&keys(resolver, id, Need::YoungerThan(REFETCH)).await?, kid)
}

/// Whether the absence of a key has to be certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sure {
    No,
    Yes,
}

pub(crate) async fn all_keys(
    resolver: &Resolver,
    id: &ClientId,
    sure: Sure,
) -> Result<Arc<JwkSet>, ResolveError> {
    let need = if sure == Sure::Yes { Need::YoungerThan(REFETCH) } else { Need::Fresh };
    let found = keys(resolver, id, need).await?;
    if found.stale && sure == Sure::Yes {
        return Err(ResolveError::fetching("key set")(crate::FetchError::Unreachable));
    }
    Ok(found.value)
}

/// The keys of a client, wherever it publishes them. A client that does not authenticate has none.
async fn keys(resolver: &Resolver, id: &ClientId, need: Need) -> Result<Found<Arc<JwkSet>>, ResolveError> {
    let found = metadata(resolver, id, need, KEY_GRACE).await?;
    let (age, stale) = (found.age, found.stale);
    match &found.value.authentication {
        Authentication::None => Ok(Found { value: Arc::default(), age, stale }),
        Authentication::PrivateKeyJwt { keys: Keys::Inline(set), .. } => {
            Ok(Found { value: Arc::new(set.clone()), age, stale })
        }
        Authentication::PrivateKeyJwt { keys: Keys::Remote(url), .. } => {
            let fetch = || jwks::fetch(resolver, url, UrlRules::STRICT, resolver.peer);
            let keys = resolver.shared.client_keys.get(url, need, KEY_GRACE, fetch).await?;
            Ok(Found { stale: keys.stale || stale, ..keys })
        }
    }
}

#[cfg(test)]
mod tests;
