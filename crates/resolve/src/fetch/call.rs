//! Calls of sessions: many to the same few hosts, with bodies that may be streams.
//!
//! Guarded like everything else here. What differs from a document: connections are kept, more of them may be open to
//! one host, and the time that a call may take is its caller's to say.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, Method};
use url::Url;

use super::{Answer, Coding, Fetcher, Opened, of_reqwest};
use crate::error::FetchError;
use crate::url_rules::{self, UrlRules};

/// For a host that an account is kept at: strict, but for the number of calls at once.
const RULES: UrlRules = UrlRules { literals: false, ports: false, own: true };

/// One call.
#[derive(Debug)]
pub struct Call<'a> {
    /// `GET`, `POST`, …
    pub method: Method,
    /// Where to.
    pub url: &'a Url,
    /// Headers beside what HTTP needs.
    pub headers: HeaderMap,
    /// The body.
    pub content: Content,
    /// The most bytes of the answer that are read.
    pub most: usize,
    /// The most time that it may take, from the first lookup to the last byte.
    pub timeout: Duration,
}

/// The body of a call.
pub enum Content {
    /// Bytes at hand; none for no body.
    Bytes(Bytes),
    /// Bytes that come piece by piece.
    Stream {
        /// How many there are, if that is known.
        length: Option<u64>,
        /// The pieces.
        chunks: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    },
}

/// The kind only: bodies may hold secrets.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Content({} bytes)", bytes.len()),
            Self::Stream { length: Some(length), .. } => write!(f, "Content(a stream of {length} bytes)"),
            Self::Stream { length: None, .. } => f.write_str("Content(a stream)"),
        }
    }
}

impl Fetcher {
    /// Makes one call and reads the answer, whatever its status. Redirects are not followed: a token goes nowhere but
    /// where it was sent (CL-19).
    ///
    /// # Errors
    /// The URL is not one that is asked, the host leads into a private network or cannot be reached, the answer is too
    /// large, or it took too long.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer, FetchError> {
        let (most, timeout) = (call.most, call.timeout);
        let called = async {
            let opened = self.open_call(call).await?;
            let (status, headers) = (opened.response.status(), opened.response.headers().clone());
            let body = opened.read(most).await?;
            Ok(Answer { status, headers, body })
        };
        tokio::time::timeout(timeout, called).await.unwrap_or(Err(FetchError::TimedOut))
    }

    async fn open_call(&self, call: Call<'_>) -> Result<Opened, FetchError> {
        let host = url_rules::check(call.url, RULES, self.0.development)?;
        // Places of their own: many calls under way must not hold up the look-ups that they wait for.
        let permit = self.0.calls.enter(&host, RULES.own, None).await.ok_or(FetchError::Busy)?;
        let (client, url) = self.client(call.url, Coding::Kept)?;
        let mut request = client.request(call.method, url).headers(call.headers);
        match call.content {
            Content::Bytes(bytes) if bytes.is_empty() => {}
            Content::Bytes(bytes) => request = request.body(bytes),
            Content::Stream { length, chunks } => {
                if let Some(length) = length {
                    request = request.header(http::header::CONTENT_LENGTH, length);
                }
                request = request.body(reqwest::Body::wrap_stream(chunks));
            }
        }
        let response = request.send().await.map_err(|error| of_reqwest(&error))?;
        if response.content_length().is_some_and(|length| length > call.most as u64) {
            return Err(FetchError::TooLarge);
        }
        Ok(Opened { response, _permit: permit })
    }
}
