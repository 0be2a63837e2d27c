//! A web site that publishes what clients say about themselves, and can be told to do that badly.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use gatewright_protocol::jose::{Jwk, JwkSet};
use gatewright_resolve::fetch::MOST_BYTES;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode, Uri};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// Where the key set is.
pub const JWKS: &str = "/jwks.json";
/// Where the clients published here send browsers back to.
pub const REDIRECT_URI: &str = "https://app.test/callback";
/// What a redirect puts before the path; the same is served there.
pub const MOVED: &str = "/moved";
/// The pause between two bytes of a slow answer.
const DRIP: Duration = Duration::from_millis(200);
/// What a gzip bomb grows to.
const BOMB: usize = 32 * MOST_BYTES;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;

/// What is done wrong. The document itself is always good (but for its `client_id` in one case): whoever overlooks
/// what is wrong takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Little to send, much to read.
    GzipBomb,
    /// Another content type.
    Html,
    /// Not there.
    NotFound,
    /// The document of another client.
    OtherClientId,
    /// Elsewhere.
    Redirect,
    /// A byte now and then, for ever.
    SlowDrip,
    /// One byte more than is read, and no `Content-Length` to tell.
    TooLarge,
    /// Just now it does not work.
    Unavailable,
}

/// A web site on a free port of 127.0.0.1, where client ids of developers may be (CM-37).
#[derive(Debug)]
pub struct ClientHost {
    address: SocketAddr,
    site: Arc<Site>,
    door: Door,
}

/// What there is.
#[derive(Debug, Default)]
struct Site {
    documents: Mutex<HashMap<String, Value>>,
    wrong: Mutex<HashMap<String, Misbehaviour>>,
    asked: Mutex<HashMap<String, usize>>,
}

#[derive(Debug)]
enum Door {
    /// Nobody listens, and nobody else can have the port.
    Closed(TcpSocket),
    Open(JoinHandle<()>),
    /// On the way from one to the other.
    Between,
}

impl ClientHost {
    /// Starts one that publishes nothing yet.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (address, site) = (listener.local_addr()?, Arc::new(Site::default()));
        let door = Door::Open(serve(listener, Arc::clone(&site)));
        Ok(Self { address, site, door })
    }

    /// The URL of a path; a client id if a document is published there.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The document of a public web client at this path, with all that it needs.
    pub fn public_client(&self, path: &str, scope: &str) -> Value {
        json!({
            "client_id": self.url(path),
            "client_name": "A client of the tests",
            "application_type": "web",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": scope,
            "redirect_uris": [REDIRECT_URI],
            "dpop_bound_access_tokens": true,
            "token_endpoint_auth_method": "none",
        })
    }

    /// The document of a confidential web client at this path, whose keys are at [`JWKS`].
    pub fn confidential_client(&self, path: &str, scope: &str) -> Value {
        let mut document = self.public_client(path, scope);
        document["token_endpoint_auth_method"] = json!("private_key_jwt");
        document["token_endpoint_auth_signing_alg"] = json!("ES256");
        document["jwks_uri"] = json!(self.url(JWKS));
        document
    }

    /// Publishes a document, in place of the one that was there.
    pub fn publish(&self, path: &str, document: Value) {
        self.site.documents.lock().insert(path.to_owned(), document);
    }

    /// Publishes these keys at [`JWKS`], and no others.
    pub fn publish_keys(&self, keys: impl IntoIterator<Item = Jwk>) {
        self.publish(JWKS, json!(JwkSet::new(keys)));
    }

    /// Does something wrong at this path from now on, or all as it should be.
    pub fn misbehave(&self, path: &str, wrong: impl Into<Option<Misbehaviour>>) {
        match wrong.into() {
            Some(wrong) => self.site.wrong.lock().insert(path.to_owned(), wrong),
            None => self.site.wrong.lock().remove(path),
        };
    }

    /// How often this path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.site.asked.lock().get(path).copied().unwrap_or_default()
    }

    /// Listens no more: connections are refused from now on.
    pub async fn close(&mut self) -> Result<()> {
        if let Door::Open(running) = std::mem::replace(&mut self.door, Door::Between) {
            running.abort();
            // It ends by being cancelled, and the port is free then.
            ensure!(running.await.is_err(), "the site stopped by itself");
        }
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        self.door = Door::Closed(socket);
        Ok(())
    }

    /// Listens again, on the same port.
    pub fn reopen(&mut self) -> Result<()> {
        if let Door::Closed(socket) = std::mem::replace(&mut self.door, Door::Between) {
            let listener = socket.listen(BACKLOG).context("the port cannot be had again")?;
            self.door = Door::Open(serve(listener, Arc::clone(&self.site)));
        }
        Ok(())
    }
}

impl Drop for ClientHost {
    fn drop(&mut self) {
        if let Door::Open(running) = &self.door {
            running.abort();
        }
    }
}

fn serve(listener: TcpListener, site: Arc<Site>) -> JoinHandle<()> {
    let router = Router::new().fallback(answer).with_state(site);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the site of the clients stopped");
        }
    })
}

async fn answer(State(site): State<Arc<Site>>, uri: Uri) -> Response {
    let asked = uri.path();
    *site.asked.lock().entry(asked.to_owned()).or_default() += 1;
    let path = asked.strip_prefix(MOVED).unwrap_or(asked);
    let wrong = if path == asked { site.wrong.lock().get(path).copied() } else { None };
    let document = site.documents.lock().get(path).cloned();
    let mut response = match document {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(document) => publish(path, document, wrong),
    };
    // A connection that is kept would outlive the closing of the port.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn publish(path: &str, mut document: Value, wrong: Option<Misbehaviour>) -> Response {
    if wrong == Some(Misbehaviour::OtherClientId) {
        let other = format!("{}-of-another", document["client_id"].as_str().unwrap_or_default());
        document["client_id"] = json!(other);
    }
    let text = document.to_string();
    let body = match wrong {
        Some(Misbehaviour::GzipBomb) => gzip(&padded(text, BOMB)).into(),
        Some(Misbehaviour::SlowDrip) => drip(text),
        Some(Misbehaviour::TooLarge) => stream_of(&padded(text, MOST_BYTES + 1)),
        _ => Body::from(text),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let status = match wrong {
        Some(Misbehaviour::GzipBomb) => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            StatusCode::OK
        }
        Some(Misbehaviour::Html) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            StatusCode::OK
        }
        Some(Misbehaviour::NotFound) => StatusCode::NOT_FOUND,
        Some(Misbehaviour::Redirect) => {
            let target = format!("{MOVED}{path}");
            headers.insert(LOCATION, target.parse().expect("a path is a header's value"));
            StatusCode::FOUND
        }
        Some(Misbehaviour::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        Some(Misbehaviour::OtherClientId | Misbehaviour::SlowDrip | Misbehaviour::TooLarge) | None => {
            StatusCode::OK
        }
    };
    *response.status_mut() = status;
    response
}

/// The document and white space after it: still JSON.
fn padded(text: String, length: usize) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    bytes.resize(length, b' ');
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes all that is written")
}

/// In pieces, so that no length is told beforehand.
fn stream_of(bytes: &[u8]) -> Body {
    let pieces: Vec<_> =
        bytes.chunks(16 * 1024).map(|piece| anyhow::Ok(Bytes::copy_from_slice(piece))).collect();
    Body::from_stream(stream::iter(pieces))
}

/// Byte by byte; when the document is over, white space follows.
fn drip(text: String) -> Body {
    Body::from_stream(stream::unfold((text.into_bytes(), 0), |(bytes, at)| async move {
        tokio::time::sleep(DRIP).await;
        let byte = bytes.get(at).copied().unwrap_or(b' ');
        Some((anyhow::Ok(Bytes::copy_from_slice(&[byte])), (bytes, at + 1)))
    }))
}
