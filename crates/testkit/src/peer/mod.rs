//! A host, its authorization server and a directory of accounts in one, that a test holds in its hand: it counts what
//! it is asked, checks every proof, and misbehaves where it is told to.
//!
//! | module | what it holds |
//! |---|---|
//! | `documents` | who is who, and what the servers publish: all of it can be made to lie |
//! | `grants` | codes and tokens of OAuth, with the recovery of lost answers (AS-57) |
//! | `legacy` | sessions of app passwords |
//! | `faults` | answers that are lost, late, huge, elsewhere, or wrong |

#![expect(
    clippy::result_large_err,
    clippy::struct_field_names,
    clippy::unused_self,
    reason = "a refusal is an answer as it is sent, and a peer is asked for it"
)]

mod documents;
mod faults;
mod grants;
mod legacy;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::jose::{base64url_encode, jws};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::DevNetwork;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use faults::Fault;
pub use grants::Grant;

/// An account of the peer.
pub const ALICE: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
/// Another one.
pub const MALLORY: &str = "did:plc:mmmmmmmmmmmmmmmmmmmmmmmm";
/// The app password of all accounts.
pub const PASSWORD: &str = "abcd-efgh-2345-mnop";

/// A method that asks for nothing and does nothing.
pub const FREE: &str = "com.example.free";

/// The fields of a form.
pub type Fields = HashMap<String, String>;

/// A server on a free port of this machine.
#[derive(Debug)]
pub struct Peer {
    state: Arc<Inner>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) origin: String,
    pub(crate) told: Mutex<Told>,
    pub(crate) grants: Mutex<grants::Grants>,
    pub(crate) pairs: Mutex<legacy::Pairs>,
}

/// What the peer was told to be, and what it has seen.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Changed documents, by their path.
    pub(crate) documents: HashMap<String, Value>,
    pub(crate) handles: HashMap<String, String>,
    /// What the way back says in place of the truth.
    pub(crate) iss: Option<String>,
    pub(crate) sub: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) expires_in: Option<i64>,
    pub(crate) knows_sets: Option<bool>,
    /// Whether each answer has a nonce of its own, which is the only one that is good.
    pub(crate) nonce_of_each: bool,
    pub(crate) nonce: u64,
    pub(crate) seen: HashSet<String>,
    pub(crate) faults: HashMap<String, VecDeque<Fault>>,
    pub(crate) asked: HashMap<String, usize>,
    pub(crate) forms: Vec<(String, Fields)>,
    /// Whether no access token is taken, however fresh.
    pub(crate) distrusts: bool,
    /// The scope that calls need, if one is refused.
    pub(crate) missing: Option<String>,
    pub(crate) bodies: Vec<Bytes>,
}

impl Peer {
    /// Starts one, with [`ALICE`] as `alice.test` and [`MALLORY`] as `mallory.test`.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://localhost:{}", listener.local_addr()?.port());
        let told = Told {
            handles: [("alice.test", ALICE), ("mallory.test", MALLORY)]
                .map(|(handle, did)| (handle.to_owned(), did.to_owned()))
                .into(),
            ..Told::default()
        };
        let state = Arc::new(Inner {
            origin,
            told: Mutex::new(told),
            grants: Mutex::default(),
            pairs: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/oauth-protected-resource", get(documents::document))
            .route("/.well-known/oauth-authorization-server", get(documents::document))
            .route("/oauth/par", post(grants::push))
            .route("/oauth/token", post(grants::token))
            .route("/oauth/revoke", post(grants::revoke))
            .route("/xrpc/com.atproto.server.createSession", post(legacy::create))
            .route("/xrpc/com.atproto.server.refreshSession", post(legacy::refresh))
            .route("/xrpc/com.atproto.server.deleteSession", post(legacy::delete))
            .route("/xrpc/com.example.free", get(|| async { axum::Json(json!({})) }))
            .route("/xrpc/{nsid}", get(call).post(call))
            .route("/{did}", get(documents::document))
            .layer(axum::middleware::from_fn_with_state(Arc::clone(&state), faults::apply))
            .with_state(Arc::clone(&state));
        let serving = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { state, serving })
    }

    /// Its origin: the host, the issuer, and the directory of accounts.
    pub fn origin(&self) -> &str {
        &self.state.origin
    }

    /// The names of its network.
    pub fn names(&self) -> Arc<dyn DevNetwork> {
        Arc::new(Names(Arc::clone(&self.state)))
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.state.told.lock().asked.get(path).copied().unwrap_or(0)
    }

    /// The forms that were posted to a path, in order.
    pub fn forms(&self, path: &str) -> Vec<Fields> {
        let told = self.state.told.lock();
        told.forms.iter().filter(|(to, _)| to == path).map(|(_, form)| form.clone()).collect()
    }

    /// The bodies of the calls that were taken.
    pub fn bodies(&self) -> Vec<Bytes> {
        self.state.told.lock().bodies.clone()
    }

    /// How many calls were taken.
    pub fn calls(&self) -> usize {
        self.state.told.lock().bodies.len()
    }

    /// Misbehaves at the next request for a path; several wait in line.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.state.told.lock().faults.entry(path.to_owned()).or_default().push_back(fault);
    }

    /// Misbehaves no more.
    pub fn mend(&self) {
        self.state.told.lock().faults.clear();
    }

    /// Every answer brings a new nonce, and only the newest is good.
    pub fn nonce_of_each(&self) {
        self.state.told.lock().nonce_of_each = true;
    }

    /// Names another issuer on the way back; an empty one leaves it out.
    pub fn say_iss(&self, iss: &str) {
        self.state.told.lock().iss = Some(iss.to_owned());
    }

    /// Names another account in token responses.
    pub fn say_sub(&self, sub: &str) {
        self.state.told.lock().sub = Some(sub.to_owned());
    }

    /// Grants this, whatever is asked for.
    pub fn grant_only(&self, scope: &str) {
        self.state.told.lock().scope = Some(scope.to_owned());
    }

    /// How long access tokens are said to last.
    pub fn say_expires_in(&self, seconds: i64) {
        self.state.told.lock().expires_in = Some(seconds);
    }

    /// Refuses requests for permission sets.
    pub fn knows_no_sets(&self) {
        self.state.told.lock().knows_sets = Some(false);
    }

    /// Takes no access token any more, however fresh: as a host does that an account has left.
    pub fn distrust(&self) {
        self.state.told.lock().distrusts = true;
    }

    /// Refuses every call for want of this scope; nothing: takes them again.
    pub fn refuse_for(&self, scope: Option<&str>) {
        self.state.told.lock().missing = scope.map(str::to_owned);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Debug)]
struct Names(Arc<Inner>);

#[async_trait]
impl DevNetwork for Names {
    async fn handle(&self, handle: &Handle) -> Option<Did> {
        self.0.told.lock().handles.get(handle.as_str())?.parse().ok()
    }

    async fn txt(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

impl Inner {
    /// Checks the proof of a request, and that it carries the nonce that is good now. Gives the thumbprint of its key.
    pub(crate) fn proven(
        &self,
        headers: &HeaderMap,
        method: &str,
        path: &str,
        token: Option<&str>,
    ) -> Result<String, Response> {
        let status = if token.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let refuse = |error: &str| self.refuse(status, error);
        let proofs: Vec<_> = headers.get_all("dpop").iter().collect();
        let [proof] = proofs.as_slice() else { return Err(refuse("invalid_dpop_proof")) };
        let proof = proof.to_str().map_err(|_| refuse("invalid_dpop_proof"))?;
        let unverified = jws::decode(proof).map_err(|_| refuse("invalid_dpop_proof"))?;
        let jwk = unverified.header().jwk.clone().ok_or_else(|| refuse("invalid_dpop_proof"))?;
        let verified = unverified.verify(jwk.key()).map_err(|_| refuse("invalid_dpop_proof"))?;
        let claims: Value =
            serde_json::from_slice(verified.bytes()).map_err(|_| refuse("invalid_dpop_proof"))?;
        let ath = token.map(|token| base64url_encode(&sha256(token.as_bytes())));
        let right = claims["htm"] == method
            && claims["htu"] == format!("{}{path}", self.origin)
            && claims["ath"].as_str() == ath.as_deref();
        let mut told = self.told.lock();
        let nonce = format!("nonce-{}", told.nonce);
        if !right || !told.seen.insert(claims["jti"].to_string()) {
            drop(told);
            return Err(refuse("invalid_dpop_proof"));
        }
        if claims["nonce"] != nonce {
            drop(told);
            return Err(refuse("use_dpop_nonce"));
        }
        Ok(jwk.thumbprint().to_string())
    }

    pub(crate) fn refuse(&self, status: StatusCode, error: &str) -> Response {
        let body = axum::Json(json!({"error": error, "error_description": error, "message": error}));
        let challenge = format!(r#"DPoP algs="ES256", error="{error}""#);
        let mut response = (status, body).into_response();
        if status == StatusCode::UNAUTHORIZED
            && let Ok(challenge) = challenge.parse()
        {
            response.headers_mut().insert("www-authenticate", challenge);
        }
        response
    }
}

/// Any method that is not spelled out: takes a token of either kind, and answers with what it knows.
async fn call(
    State(peer): State<Arc<Inner>>,
    Path(nsid): Path<String>,
    method: axum::http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let did = match authorization.split_once(' ') {
        Some(("DPoP", token)) => {
            let jkt = match peer.proven(&headers, method.as_str(), uri.path(), Some(token)) {
                Ok(jkt) => jkt,
                Err(refused) => return refused,
            };
            peer.grants.lock().account_of(token, &jkt)
        }
        Some(("Bearer", token)) => match peer.pairs.lock().account_of(token) {
            Some(did) => Some(did),
            None => return peer.refuse(StatusCode::BAD_REQUEST, "ExpiredToken"),
        },
        _ => return peer.refuse(StatusCode::UNAUTHORIZED, "AuthMissing"),
    };
    let distrusts = peer.told.lock().distrusts;
    let Some(did) = did.filter(|_| !distrusts) else {
        return peer.refuse(StatusCode::UNAUTHORIZED, "invalid_token");
    };
    let mut told = peer.told.lock();
    if let Some(scope) = &told.missing {
        let message = format!("Missing required scope \"{scope}\"");
        let body = json!({"error": "ScopeMissingError", "message": message});
        return (StatusCode::FORBIDDEN, axum::Json(body)).into_response();
    }
    told.bodies.push(body);
    axum::Json(json!({"did": did, "nsid": nsid})).into_response()
}
