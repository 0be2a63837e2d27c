//! One XRPC call: what is sent, so that it can be sent again.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use gatewright_protocol::syntax::Nsid;
use gatewright_resolve::fetch::Content;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use parking_lot::Mutex;
use serde::Serialize;
use tokio::io::AsyncReadExt as _;

use crate::dpop::DPOP;
use crate::error::CallError;

/// The most of an answer that is read, unless the call says otherwise.
const MOST_BYTES: usize = 8 << 20;
/// The most time that a call may take, unless it says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of a file is read at once.
const PIECE: usize = 64 * 1024;
pub(crate) const PROXY: HeaderName = HeaderName::from_static("atproto-proxy");

/// Pieces of a body.
pub type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A call of a method, to be given to [`Session::call`](crate::Session::call).
///
/// ```
/// use gatewright_client::Call;
/// let call = Call::query("com.atproto.repo.listRecords").param("collection", "com.example.note").param("limit", "10");
/// ```
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) nsid: Result<Nsid, CallError>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) headers: Result<HeaderMap, CallError>,
    pub(crate) body: Body,
    pub(crate) most: usize,
    pub(crate) timeout: Duration,
}

impl Call {
    fn new(method: Method, nsid: &str) -> Self {
        Self {
            method,
            nsid: nsid.parse().map_err(|_| CallError::Request("the method is no NSID")),
            params: Vec::new(),
            headers: Ok(HeaderMap::new()),
            body: Body::default(),
            most: MOST_BYTES,
            timeout: TIMEOUT,
        }
    }

    /// A query: it reads.
    pub fn query(nsid: &str) -> Self {
        Self::new(Method::GET, nsid)
    }

    /// A procedure: it changes something.
    pub fn procedure(nsid: &str) -> Self {
        Self::new(Method::POST, nsid)
    }

    /// One more parameter; a list is one parameter several times.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body("application/json", Body::from(Bytes::from(bytes))),
            Err(_) => Self { headers: Err(CallError::Request("the body is no JSON")), ..self },
        }
    }

    /// A body of this media type.
    #[must_use]
    pub fn body(self, mime: &str, body: Body) -> Self {
        Self { body, ..self.header(CONTENT_TYPE, mime) }
    }

    /// Has the host pass the call on to a service, `did#serviceId` (CL-23).
    #[must_use]
    pub fn proxied_to(self, service: &str) -> Self {
        self.header(PROXY, service)
    }

    /// One more header. What proves who calls is not among those that can be set.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(headers) = &mut self.headers {
            match HeaderValue::from_str(value) {
                Ok(value) if name != AUTHORIZATION && name != DPOP && name != COOKIE => {
                    headers.insert(name, value);
                }
                _ => self.headers = Err(CallError::Request("a header cannot be set so")),
            }
        }
        self
    }

    /// The most bytes of the answer that are read. Default: 8 MiB.
    #[must_use]
    pub const fn most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// The most time that each try may take. Default: 30 seconds.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) fn is_proxied(&self) -> bool {
        self.headers.as_ref().is_ok_and(|headers| headers.contains_key(PROXY))
    }
}

/// The body of a call. It is made anew for each try, except where it can be had once only.
#[derive(Clone, Default)]
pub struct Body(Source);

type Maker = dyn Fn() -> (Option<u64>, Chunks) + Send + Sync;

#[derive(Clone, Default)]
enum Source {
    Again(Arc<Maker>),
    Bytes(Bytes),
    #[default]
    Empty,
    File(PathBuf),
    #[expect(clippy::type_complexity, reason = "a length and its chunks, taken once")]
    Once(Arc<Mutex<Option<(Option<u64>, Chunks)>>>),
}

impl Body {
    /// A body that `make` makes for each try: its length, if that is known, and its pieces (L6).
    pub fn again(make: impl Fn() -> (Option<u64>, Chunks) + Send + Sync + 'static) -> Self {
        Self(Source::Again(Arc::new(make)))
    }

    /// The content of a file, read anew for each try.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// A stream that can be read once. The call is not tried again once it was sent, so a session that is about to
    /// expire is renewed before, and the host is asked for its nonce before (CL-20, CL-21).
    pub fn once(length: Option<u64>, chunks: Chunks) -> Self {
        Self(Source::Once(Arc::new(Mutex::new(Some((length, chunks))))))
    }

    /// The bytes, if they are at hand.
    pub(crate) const fn bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Source::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) const fn is_once(&self) -> bool {
        matches!(self.0, Source::Once(_))
    }

    /// The body for one try; `None` if it was used up.
    pub(crate) async fn open(&self) -> Result<Option<Content>, CallError> {
        let stream = |(length, chunks)| Content::Stream { length, chunks };
        Ok(match &self.0 {
            Source::Again(make) => Some(stream(make())),
            Source::Bytes(bytes) => Some(Content::Bytes(bytes.clone())),
            Source::Empty => Some(Content::Bytes(Bytes::new())),
            Source::File(path) => {
                let unreadable = |_| CallError::Request("the file cannot be read");
                let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
                let length = file.metadata().await.map_err(unreadable)?.len();
                Some(Content::Stream { length: Some(length), chunks: pieces(file.take(length)) })
            }
            Source::Once(place) => place.lock().take().map(stream),
        })
    }
}

fn pieces(file: tokio::io::Take<tokio::fs::File>) -> Chunks {
    Box::pin(futures::stream::unfold(file, |mut file| async move {
        let mut piece = bytes::BytesMut::with_capacity(PIECE);
        match file.read_buf(&mut piece).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(piece.freeze()), file)),
            Err(error) => Some((Err(error), file)),
        }
    }))
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self(Source::Bytes(bytes))
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Source::Bytes(bytes.into()))
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Self(Source::Bytes(Bytes::from_static(bytes)))
    }
}

/// The kind only: bodies may hold secrets.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Source::Again(_) => "Body(made for each try)",
            Source::Bytes(_) => "Body(bytes)",
            Source::Empty => "Body(none)",
            Source::File(_) => "Body(a file)",
            Source::Once(_) => "Body(once)",
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_body_is_made_anew_for_each_try_unless_it_can_be_had_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, vec![7; 3 * PIECE + 1]).unwrap();
        let once = || -> Chunks { Box::pin(futures::stream::iter([Ok(Bytes::from_static(b"abc"))])) };
        for body in [Body::file(&path), Body::again(move || (Some(3), once()))] {
            for _ in 0..2 {
                let Some(Content::Stream { length, chunks }) = body.open().await.unwrap() else { panic!() };
                let read: Vec<Bytes> = chunks.map(Result::unwrap).collect().await;
                assert_eq!(read.concat().len() as u64, length.unwrap());
            }
        }
        let body = Body::once(None, once());
        assert!(
            body.is_once() && body.open().await.unwrap().is_some() && body.open().await.unwrap().is_none()
        );
        assert!(Body::file(folder.path().join("none")).open().await.is_err());
    }

    #[test]
    fn credentials_cannot_be_set_by_hand() {
        for name in ["authorization", "dpop", "cookie"] {
            let call = Call::query("com.example.get").header(name.parse().unwrap(), "x");
            assert!(call.headers.is_err(), "{name}");
        }
        assert!(Call::query("com.example.get").proxied_to("did:web:a.net#x").is_proxied());
        assert!(Call::query("no nsid").nsid.is_err());
        assert!(Call::query("com.example.get").header(PROXY, "a\nb").headers.is_err());
    }
}
