//! A service of a stranger: it publishes who it is, and keeps what it is sent.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Json, Response};
use http::{HeaderMap, Method, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The most of a body that is kept.
const MOST_BYTES: usize = 1 << 20;

/// A service on a free port of this machine, whose DID is a `did:web` of that port.
#[derive(Debug)]
pub struct Stranger {
    origin: String,
    did: String,
    calls: Arc<Mutex<Vec<Call>>>,
    running: JoinHandle<()>,
}

/// A call that arrived.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `POST`…
    pub method: Method,
    /// Path and query, as they were sent.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Call {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token in its `Authorization: Bearer`.
    pub fn bearer(&self) -> Result<&str> {
        let header = self.header("authorization").context("no Authorization header")?;
        header.strip_prefix("Bearer ").with_context(|| format!("not a bearer token: {header}"))
    }
}

impl Stranger {
    /// Starts one that answers every call with `{"ok": true}`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> Result<Self> {
        let (listener, origin, did) = bind().await?;
        let calls = Arc::new(Mutex::new(Vec::new()));
        let site = Router::new().fallback(keep).with_state(Arc::clone(&calls));
        Ok(Self { running: serve(listener, &origin, &did, site), origin, did, calls })
    }

    /// Starts one whose calls this router answers. It is given the origin and the DID.
    ///
    /// # Errors
    /// When no port is free, or the router cannot be made.
    pub async fn start_with(router: impl FnOnce(&str, &str) -> Result<Router>) -> Result<Self> {
        let (listener, origin, did) = bind().await?;
        let running = serve(listener, &origin, &did, router(&origin, &did)?);
        Ok(Self { running, origin, did, calls: Arc::default() })
    }

    /// Its origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Its DID.
    pub fn did(&self) -> &str {
        &self.did
    }

    /// Its service of this name, as a header names it.
    pub fn service(&self, name: &str) -> String {
        format!("{}#{name}", self.did)
    }

    /// The same as the `aud` of a scope has it.
    pub fn audience(&self, name: &str) -> String {
        format!("{}%23{name}", self.did.replace('%', "%25"))
    }

    /// The calls that arrived since this was last asked.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock())
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn bind() -> Result<(TcpListener, String, String)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, format!("http://localhost:{port}"), format!("did:web:localhost%3A{port}")))
}

fn serve(listener: TcpListener, origin: &str, did: &str, router: Router) -> JoinHandle<()> {
    let document = document(origin, did);
    let router =
        router.route("/.well-known/did.json", axum::routing::get(move || async move { Json(document) }));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the service stopped");
        }
    })
}

/// One endpoint for every service that the tests name.
fn document(origin: &str, did: &str) -> Value {
    let services: Vec<Value> = ["notes", "bsky_appview", "atproto_labeler"]
        .iter()
        .map(|name| json!({"id": format!("#{name}"), "type": "Service", "serviceEndpoint": origin}))
        .collect();
    json!({"id": did, "service": services})
}

async fn keep(State(calls): State<Arc<Mutex<Vec<Call>>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let target = parts.uri.to_string();
    calls.lock().push(Call { method: parts.method, target, headers: parts.headers, body: body.to_vec() });
    Json(json!({"ok": true})).into_response()
}
