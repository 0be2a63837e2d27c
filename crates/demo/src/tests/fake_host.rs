//! A host with its authorization server and PLC directory, that answers as a test tells it and notes what it was
//! asked.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json};
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::DevNetwork;
use parking_lot::Mutex;
use serde_json::{Value, json};

pub(super) const ALICE: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
pub(super) const MALLORY: &str = "did:plc:44ybard66vv44zksje25o7dz";

pub(super) type Fields = HashMap<String, String>;

/// What it answers and what it saw.
#[derive(Debug)]
pub(super) struct FakeHost {
    pub(super) origin: String,
    /// Where documents of accounts say that they are kept, by DID.
    pub(super) kept_at: Mutex<HashMap<String, String>>,
    pub(super) sub: Mutex<&'static str>,
    pub(super) expires_in: Mutex<i64>,
    /// What the next call at the host is answered.
    pub(super) answer: Mutex<(u16, Value)>,
    pub(super) pushed: Mutex<Vec<Fields>>,
    pub(super) exchanged: Mutex<Vec<Fields>>,
    pub(super) revoked: Mutex<Vec<Fields>>,
    pub(super) called: Mutex<Vec<(String, String)>>,
    proofs: Mutex<Vec<String>>,
}

impl FakeHost {
    pub(super) async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let kept_at = [ALICE, MALLORY].map(|did| (did.to_owned(), origin.clone())).into();
        let host = Arc::new(Self {
            origin,
            kept_at: Mutex::new(kept_at),
            sub: Mutex::new(ALICE),
            expires_in: Mutex::new(900),
            answer: Mutex::new((200, json!({"uri": "at://made"}))),
            pushed: Mutex::default(),
            exchanged: Mutex::default(),
            revoked: Mutex::default(),
            called: Mutex::default(),
            proofs: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/oauth-protected-resource", get(resource))
            .route("/.well-known/oauth-authorization-server", get(server))
            .route("/oauth/par", post(push))
            .route("/oauth/token", post(token))
            .route("/oauth/revoke", post(revoke))
            .route("/xrpc/{method}", get(call).post(call))
            .route("/{did}", get(document))
            .with_state(Arc::clone(&host));
        tokio::spawn(async move { axum::serve(listener, router).await });
        host
    }

    /// Every request has a proof of its own with the current nonce; without, it is asked to come again.
    fn refuse(&self, headers: &HeaderMap, status: StatusCode) -> Option<Response> {
        let proof = headers["dpop"].to_str().unwrap().to_owned();
        let payload = gatewright_protocol::jose::base64url_decode(proof.split('.').nth(1).unwrap()).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        assert!(!self.proofs.lock().contains(&proof), "a proof was sent twice");
        self.proofs.lock().push(proof);
        let stale = payload["nonce"] != "the nonce";
        stale.then(|| {
            (status, [("dpop-nonce", "the nonce")], Json(json!({"error": "use_dpop_nonce"}))).into_response()
        })
    }
}

type Host = State<Arc<FakeHost>>;

async fn resource(State(host): Host) -> Json<Value> {
    Json(json!({"resource": host.origin, "authorization_servers": [host.origin]}))
}

async fn server(State(host): Host) -> Json<Value> {
    Json(serde_json::to_value(ServerMetadata::of(&host.origin, None)).unwrap())
}

async fn document(State(host): Host, Path(did): Path<String>) -> Response {
    let Some(at) = host.kept_at.lock().get(&did).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let name = if did == ALICE { "alice" } else { "mallory" };
    let service = json!([{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": at}]);
    Json(json!({"id": did, "alsoKnownAs": [format!("at://{name}.test")], "service": service})).into_response()
}

async fn push(State(host): Host, headers: HeaderMap, Form(fields): Form<Fields>) -> Response {
    if let Some(refused) = host.refuse(&headers, StatusCode::BAD_REQUEST) {
        return refused;
    }
    host.pushed.lock().push(fields);
    (StatusCode::CREATED, Json(json!({"request_uri": "urn:the:request", "expires_in": 300}))).into_response()
}

async fn token(State(host): Host, headers: HeaderMap, Form(fields): Form<Fields>) -> Response {
    if let Some(refused) = host.refuse(&headers, StatusCode::BAD_REQUEST) {
        return refused;
    }
    host.exchanged.lock().push(fields);
    let n = host.exchanged.lock().len();
    Json(json!({
        "access_token": format!("access-{n}"),
        "refresh_token": format!("refresh-{n}"),
        "token_type": "DPoP",
        "expires_in": *host.expires_in.lock(),
        "scope": "atproto repo:com.example.note?action=create",
        "sub": *host.sub.lock(),
    }))
    .into_response()
}

async fn revoke(State(host): Host, headers: HeaderMap, Form(fields): Form<Fields>) -> Response {
    if let Some(refused) = host.refuse(&headers, StatusCode::BAD_REQUEST) {
        return refused;
    }
    host.revoked.lock().push(fields);
    StatusCode::OK.into_response()
}

async fn call(
    State(host): Host,
    Path(method): Path<String>,
    Query(_): Query<Fields>,
    request: Request,
) -> Response {
    if let Some(refused) = host.refuse(request.headers(), StatusCode::UNAUTHORIZED) {
        return refused;
    }
    let token = request.headers()["authorization"].to_str().unwrap().to_owned();
    host.called.lock().push((method, token));
    let (status, body) = host.answer.lock().clone();
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

/// The names of the development network.
#[derive(Debug)]
pub(super) struct Names;

#[async_trait]
impl DevNetwork for Names {
    async fn handle(&self, handle: &Handle) -> Option<Did> {
        match handle.as_str() {
            "alice.test" => ALICE.parse().ok(),
            "mallory.test" => MALLORY.parse().ok(),
            _ => None,
        }
    }

    async fn txt(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}
