//! The directory of `did:plc`, over HTTP.

use async_trait::async_trait;
use bytes::Bytes;
use gatewright_protocol::plc::Operation;
use gatewright_protocol::syntax::Did;
use gatewright_resolve::fetch::{Fetcher, Request};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use crate::identity::{PlcDirectory, PlcError};

/// The most that is read of the directory's answer, which says nothing that is needed.
const MAX_ANSWER: usize = 16 * 1024;

/// A directory at a URL.
#[derive(Clone, Debug)]
pub struct HttpPlcDirectory {
    fetcher: Fetcher,
    url: Url,
}

impl HttpPlcDirectory {
    /// The directory at `url`, such as `https://plc.directory`.
    pub fn new(fetcher: Fetcher, url: Url) -> Self {
        Self { fetcher, url }
    }
}

#[async_trait]
impl PlcDirectory for HttpPlcDirectory {
    async fn submit(&self, did: &Did, operation: &Operation) -> Result<(), PlcError> {
        let unreachable = |error: Box<dyn std::error::Error + Send + Sync>| PlcError::Unreachable(error);
        // Joining would take the DID for a URL of its own.
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{did}", self.url.path().trim_end_matches('/')));
        let body = serde_json::to_vec(operation).map_err(|error| unreachable(error.into()))?;
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let request =
            Request { method: Method::POST, url: &url, headers, body: Bytes::from(body), most: MAX_ANSWER };
        let answer = self.fetcher.send(request, None).await.map_err(|error| unreachable(error.into()))?;
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(PlcError::Refused { status: answer.status.as_u16() })
        }
    }
}
