//! Reading what an account publishes, wherever it is kept.

use bytes::Bytes;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::fetch::Request;
use gatewright_resolve::{FetchError, Fetcher, Identity, Resolver};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use url::Url;

use crate::tools::ToolError;

/// The most of an answer that is read.
const MOST: usize = 4 << 20;

/// An account, and the host that has its repository.
pub(crate) struct Repo {
    pub(crate) identity: Identity,
    pub(crate) host: String,
}

impl Repo {
    /// Looks an account up by its handle or DID.
    pub(crate) async fn find(resolver: &Resolver, name: &str) -> Result<Self, ToolError> {
        let identity = identity(resolver, name).await?;
        let host = identity.pds.clone().ok_or_else(|| {
            ToolError::Said(format!("the account {name} names no host that can be asked for its records"))
        })?;
        Ok(Self { identity, host })
    }

    /// Asks its host a query.
    pub(crate) async fn query(
        &self,
        fetcher: &Fetcher,
        nsid: &str,
        params: &[(&str, &str)],
    ) -> Result<Value, ToolError> {
        match ask(fetcher, &self.host, nsid, params).await.map_err(|error| unreachable(&self.host, error))? {
            Asked::Json(value) => Ok(value),
            Asked::Refused { status, text, .. } => Err(ToolError::Refused { status, text }),
            Asked::NotJson => Err(ToolError::Said(format!("{} did not answer with JSON", self.host))),
        }
    }
}

/// An account by its handle or DID.
pub(crate) async fn identity(resolver: &Resolver, name: &str) -> Result<Identity, ToolError> {
    let name = name.trim().trim_start_matches('@');
    let found = if let Ok(did) = name.parse::<Did>() {
        resolver.identity(&did).await
    } else if let Ok(handle) = name.to_lowercase().parse::<Handle>() {
        resolver.identity_by_handle(&handle).await
    } else {
        return Err(ToolError::Said(format!("`{name}` is neither a handle nor a DID")));
    };
    found.map_err(|error| ToolError::Said(format!("{name} could not be looked up: {error}")))
}

/// What a host answered.
pub(crate) enum Asked {
    Json(Value),
    NotJson,
    Refused { status: StatusCode, text: String, url: String },
}

/// Asks a host a query: `GET`, without credentials, and no redirect is followed.
pub(crate) async fn ask(
    fetcher: &Fetcher,
    host: &str,
    nsid: &str,
    params: &[(&str, &str)],
) -> Result<Asked, FetchError> {
    let mut url = Url::parse(&format!("{}/xrpc/{nsid}", host.trim_end_matches('/')))
        .map_err(|_| FetchError::Url("it is not the URL of a host"))?;
    if !params.is_empty() {
        url.query_pairs_mut().extend_pairs(params);
    }
    let mut headers = HeaderMap::new();
    headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
    let request = Request { method: Method::GET, url: &url, headers, body: Bytes::new(), most: MOST };
    let answer = fetcher.send(request, None).await?;
    if !answer.status.is_success() {
        let text = String::from_utf8_lossy(&answer.body);
        let text = text.chars().filter(|c| !c.is_control()).take(500).collect();
        return Ok(Asked::Refused { status: answer.status, text, url: url.to_string() });
    }
    Ok(serde_json::from_slice(&answer.body).map_or(Asked::NotJson, Asked::Json))
}

fn unreachable(host: &str, error: FetchError) -> ToolError {
    ToolError::Said(format!("{host} could not be asked: {error}"))
}

/// A record: `at://repo/collection/rkey`, or `collection/rkey` of a repository that is named otherwise.
pub(crate) struct RecordName {
    pub(crate) repo: Option<String>,
    pub(crate) collection: String,
    pub(crate) rkey: String,
}

impl RecordName {
    pub(crate) fn parse(uri: &str) -> Result<Self, ToolError> {
        let parts: Vec<&str> = uri.trim().trim_start_matches("at://").split('/').collect();
        let (repo, collection, rkey) = match parts.as_slice() {
            [collection, rkey] if !uri.trim().starts_with("at://") => (None, *collection, *rkey),
            [repo, collection, rkey] => (Some((*repo).to_owned()), *collection, *rkey),
            _ => {
                return Err(ToolError::Said(format!(
                    "`{uri}` names no record: it is `at://did/collection/rkey`, or `collection/rkey`"
                )));
            }
        };
        Ok(Self { repo, collection: collection.to_owned(), rkey: rkey.to_owned() })
    }
}
