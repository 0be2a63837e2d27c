//! The directory of `did:plc`, over HTTP.

use async_trait::async_trait;
use bytes::Bytes;
use gatewright_protocol::json;
use gatewright_protocol::plc::Operation;
use gatewright_protocol::syntax::Did;
use gatewright_resolve::fetch::{Fetcher, Request};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use crate::identity::{PlcDirectory, PlcError};

/// The most that is read of the directory's answer: an operation has 4000 bytes.
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

    fn at(&self, did: &Did, rest: &str) -> Url {
        // Joining would take the DID for a URL of its own.
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{did}{rest}", self.url.path().trim_end_matches('/')));
        url
    }

    /// The body of an answer that is a success.
    async fn send(&self, request: Request<'_>) -> Result<Bytes, PlcError> {
        let answer = self.fetcher.send(request, None).await;
        let answer = answer.map_err(|error| PlcError::Unreachable(error.into()))?;
        if answer.status.is_success() {
            Ok(answer.body)
        } else {
            Err(PlcError::Refused { status: answer.status.as_u16() })
        }
    }
}

#[async_trait]
impl PlcDirectory for HttpPlcDirectory {
    async fn submit(&self, did: &Did, operation: &Operation) -> Result<(), PlcError> {
        let url = self.at(did, "");
        let body = serde_json::to_vec(operation).map_err(|error| PlcError::Unreachable(error.into()))?;
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let request =
            Request { method: Method::POST, url: &url, headers, body: Bytes::from(body), most: MAX_ANSWER };
        self.send(request).await.map(drop)
    }

    async fn last(&self, did: &Did) -> Result<Operation, PlcError> {
        let url = self.at(did, "/log/last");
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let request =
            Request { method: Method::GET, url: &url, headers, body: Bytes::new(), most: MAX_ANSWER };
        json::from_slice(&self.send(request).await?).map_err(PlcError::Unreadable)
    }
}
