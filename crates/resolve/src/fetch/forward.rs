//! Passing a call on to a service, both bodies as streams (PX-8, PX-13).
//!
//! The same checks as everything else that is fetched: the URL, the addresses where they are dialled, no redirect, the
//! number under way. What is different: nothing is read into memory, nothing is decompressed, and calls have places of
//! their own, so that no flood of them keeps documents from being fetched.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use futures::future::{Either, select};
use futures::stream::{BoxStream, StreamExt as _, try_unfold};
use http::{HeaderMap, Method, StatusCode};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::dial::of_reqwest;
use super::{Coding, Fetcher};
use crate::error::FetchError;
use crate::limits::{Peer, Permit};
use crate::url_rules::{self, UrlRules};

/// A body on its way, piece by piece.
pub type Pieces = BoxStream<'static, Result<Bytes, Interrupted>>;

/// The body of a call ended before it was whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body of the call ended before it was whole")]
pub struct Interrupted;

/// A call to pass on.
pub struct Forward<'a> {
    /// `GET`, `HEAD` or `POST`.
    pub method: Method,
    /// Where to.
    pub url: &'a Url,
    /// Every header that is sent, beside what HTTP itself needs. The caller chose each.
    pub headers: HeaderMap,
    /// The body, if there is one.
    pub body: Option<Pieces>,
    /// What the URL may look like.
    pub rules: UrlRules,
    /// On whose behalf.
    pub peer: Peer,
    /// How long it may take and how much may come back.
    pub limits: ForwardLimits,
}

/// How long a call may take and how much may come back.
#[derive(Clone, Copy, Debug)]
pub struct ForwardLimits {
    /// To the head of the answer: from the last byte of the call, or without a body from the beginning, a wait for a
    /// place and the connection included.
    pub head: Duration,
    /// For the body of the call, and again for that of the answer.
    pub body: Duration,
    /// The most bytes of an answer that are passed on.
    pub most: u64,
}

/// The answer to a call, its body still to come.
pub struct Forwarded {
    /// The status, never a redirect.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as it is sent, compressed or not. It fails when it is too large or too slow; whoever drops it ends the
    /// call.
    pub body: BoxStream<'static, Result<Bytes, FetchError>>,
}

impl Fetcher {
    /// Passes a call on. Never tried again, never led elsewhere.
    ///
    /// # Errors
    /// Nothing was answered, or with a redirect, or with more than is passed on.
    pub async fn forward(&self, call: Forward<'_>) -> Result<Forwarded, FetchError> {
        let Forward { method, url, headers, body, rules, peer, limits } = call;
        let host = url_rules::check(url, rules, self.0.development)?;
        let soon = Instant::now() + limits.head;
        let entered = timeout_at(soon, self.0.calls.enter(&host, rules.own, Some(peer))).await;
        let permit = entered.map_err(|_| FetchError::TimedOut)?.ok_or(FetchError::Busy)?;
        let (client, url) = self.client(url, Coding::AsSent)?;
        let mut request = client.request(method, url).headers(headers);
        let mut sent = None;
        if let Some(body) = body {
            let (body, when) = until_sent(body);
            request = request.body(reqwest::Body::wrap_stream(body));
            sent = Some(when);
        }
        let answer = async { request.send().await.map_err(|error| of_reqwest(&error)) };
        let response = in_time(answer, sent, soon, limits).await?;
        if response.status().is_redirection() {
            return Err(FetchError::Redirected);
        }
        if response.content_length().is_some_and(|length| length > limits.most) {
            return Err(FetchError::TooLarge);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let until = Instant::now() + limits.body;
        let body = Incoming { response, left: limits.most, until, _permit: permit }.into_stream().boxed();
        Ok(Forwarded { status, headers, body })
    }
}

/// The head of the answer: soon; or so long for the body of the call, and so long from then on.
async fn in_time<T>(
    answer: impl Future<Output = Result<T, FetchError>>,
    sent: Option<oneshot::Receiver<()>>,
    mut soon: Instant,
    limits: ForwardLimits,
) -> Result<T, FetchError> {
    let mut answer = pin!(answer);
    if let Some(sent) = sent {
        // The sender is dropped with the body, sent or given up.
        let sent = pin!(timeout(limits.body, sent));
        match select(&mut answer, sent).await {
            Either::Left((answered, _)) => return answered,
            Either::Right((Ok(_), _)) => {}
            Either::Right((Err(_), _)) => return Err(FetchError::TimedOut),
        }
        soon = Instant::now() + limits.head;
    }
    timeout_at(soon, answer).await.unwrap_or(Err(FetchError::TimedOut))
}

/// The body, and when it is gone.
fn until_sent(body: Pieces) -> (Noticed, oneshot::Receiver<()>) {
    let (noticed, when) = oneshot::channel();
    (Noticed { body, _noticed: noticed }, when)
}

/// A body whose end is noticed.
struct Noticed {
    body: Pieces,
    _noticed: oneshot::Sender<()>,
}

impl Stream for Noticed {
    type Item = Result<Bytes, Interrupted>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.body.as_mut().poll_next(context)
    }
}

/// The rest of an answer. Holds its place until it is dropped.
struct Incoming {
    response: reqwest::Response,
    left: u64,
    until: Instant,
    _permit: Permit,
}

impl Incoming {
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, FetchError>> {
        try_unfold(self, |mut incoming| async move {
            let piece = timeout_at(incoming.until, incoming.response.chunk());
            let piece = piece.await.map_err(|_| FetchError::TimedOut)?.map_err(|error| of_reqwest(&error))?;
            let Some(piece) = piece else { return Ok(None) };
            incoming.left = incoming.left.checked_sub(piece.len() as u64).ok_or(FetchError::TooLarge)?;
            Ok(Some((piece, incoming)))
        })
    }
}

/// The method only: URLs and headers may hold what is nobody's business.
impl fmt::Debug for Forward<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forward({})", self.method)
    }
}

/// The status only.
impl fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forwarded({})", self.status)
    }
}

#[cfg(test)]
mod tests;
