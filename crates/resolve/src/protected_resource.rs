//! From a host to its authorization server (ID-2, ID-17 … ID-23).

use std::sync::Arc;
use std::time::Duration;

use gatewright_protocol::oauth::resource_metadata::{self, ResourceMetadata};
use gatewright_protocol::oauth::server_metadata::{self, ServerMetadata};
use url::Url;

use crate::Resolver;
use crate::cache::{Fresh, Need};
use crate::error::{FetchError, ResolveError};
use crate::fetch::Get;

/// Metadata of servers is looked at again after a minute (ID-16).
const FRESH: Duration = Duration::from_mins(1);
const RESOURCE: &str = "host's metadata";
const SERVER: &str = "authorization server's metadata";

/// The authorization server of the host at `origin`.
pub(crate) async fn server_of_host(
    resolver: &Resolver,
    origin: &str,
    need: Need,
) -> Result<Arc<ServerMetadata>, ResolveError> {
    let Some(resource) = resource(resolver, origin, need).await? else {
        return server(resolver, origin, need).await;
    };
    let issuer =
        resource.authorization_server(origin).map_err(|error| ResolveError::document(RESOURCE, error))?;
    let server = server(resolver, issuer, need).await?;
    resource.check_listed(&server).map_err(|error| ResolveError::document(RESOURCE, error))?;
    Ok(server)
}

/// The authorization server that a person meant by naming a server: that of a host, or the one itself (ID-2).
pub(crate) async fn server_at(
    resolver: &Resolver,
    origin: &str,
) -> Result<Arc<ServerMetadata>, ResolveError> {
    match server_of_host(resolver, origin, Need::Fresh).await {
        Ok(server) => Ok(server),
        Err(error) => server(resolver, origin, Need::Fresh).await.map_err(|_| error),
    }
}

/// What the host publishes; `None` if it publishes nothing, and so is its own authorization server (ID-19).
async fn resource(
    resolver: &Resolver,
    origin: &str,
    need: Need,
) -> Result<Option<Arc<ResourceMetadata>>, ResolveError> {
    let fetch = || async {
        let url = well_known(RESOURCE, origin, resource_metadata::PATH)?;
        let bytes = match resolver.shared.fetcher.get(Get { peer: resolver.peer, ..Get::json(&url) }).await {
            Ok(document) => document.bytes,
            Err(FetchError::Status(404)) => return Ok(Fresh { value: None, lasts: FRESH, size: 0 }),
            Err(error) => return Err(ResolveError::fetching(RESOURCE)(error)),
        };
        let metadata = ResourceMetadata::parse(&bytes, resolver.development())
            .map_err(|error| ResolveError::document(RESOURCE, error))?;
        if metadata.resource != origin {
            return Err(ResolveError::document(RESOURCE, "it is about another host"));
        }
        Ok(Fresh { value: Some(Arc::new(metadata)), lasts: FRESH, size: bytes.len().saturating_mul(4) })
    };
    let found = resolver.shared.resources.get(&origin.to_owned(), need, Duration::ZERO, fetch).await?;
    Ok(found.value)
}

/// What the server publishes, checked in full (AS-1 … AS-13).
pub(crate) async fn server(
    resolver: &Resolver,
    issuer: &str,
    need: Need,
) -> Result<Arc<ServerMetadata>, ResolveError> {
    let fetch = || async {
        let url = well_known(SERVER, issuer, server_metadata::PATH)?;
        let get = Get { peer: resolver.peer, ..Get::json(&url) };
        let document = resolver.shared.fetcher.get(get).await.map_err(ResolveError::fetching(SERVER))?;
        let metadata = ServerMetadata::parse_profile(&document.bytes, issuer, resolver.development())
            .map_err(|error| ResolveError::document(SERVER, error))?;
        let size = document.bytes.len().saturating_mul(4);
        Ok(Fresh { value: Arc::new(metadata), lasts: FRESH, size })
    };
    let found = resolver.shared.servers.get(&issuer.to_owned(), need, Duration::ZERO, fetch).await?;
    Ok(found.value)
}

/// A document's URL at an origin that is written in the one way that origins are (ID-21). Which hosts are asked at
/// all is the fetcher's to say.
fn well_known(what: &'static str, origin: &str, path: &str) -> Result<Url, ResolveError> {
    let refused = || ResolveError::document(what, "its address is not an origin");
    let url = Url::parse(origin).map_err(|_| refused())?;
    if url.origin().ascii_serialization() != origin {
        return Err(refused());
    }
    url.join(path).map_err(|_| refused())
}

#[cfg(test)]
mod tests;
