//! The guard before a small router, with a clock and a store that the tests move.

mod answers;
mod forwarding;
mod jwks;
mod legacy;
mod passed_on;
mod proofs;
mod service_tokens;
mod table;
mod tokens;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use gatewright_protocol::crypto::{Curve, PrivateKey, PublicKey};
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::dpop::proof::{self, Claims};
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::jose::jws::{self, SignHeader};
use gatewright_protocol::legacy::LegacyKeys;
use gatewright_protocol::oauth::client_auth::ClientAuth;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::random::Random;
use gatewright_protocol::scope::{Audience, Need, RepoAction, RepoNeed};
use gatewright_protocol::secret::RefreshTokenHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::{Clock, UnixTime};
use gatewright_store::StoreError;
use gatewright_store::account::{Account, AccountStatus, AccountStore, NewAccount};
use gatewright_store::memory::Memory;
use gatewright_store::token::{RotateToken, Rotation, Token, TokenId, TokenStore};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::*;

const ORIGIN: &str = "https://pds.example.com";
const SERVICE: &str = "did:web:pds.example.com";
const ALICE: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const CLIENT: &str = "https://app.example.com/client.json";
const NOW: i64 = 1_750_000_000;
/// What password sessions are signed with.
const SECRET: [u8; 32] = [9; 32];

#[derive(Debug)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

/// Rows of tokens, which can be made to fail.
#[derive(Default)]
struct Rows {
    tokens: Mutex<HashMap<TokenId, Token>>,
    failing: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl TokenStore for Rows {
    async fn find_token(&self, id: TokenId) -> Result<Option<Token>, StoreError> {
        if self.failing.load(Ordering::Relaxed) {
            return Err(StoreError::Backend { engine: "test", source: "the disk is gone".into() });
        }
        Ok(self.tokens.lock().get(&id).cloned())
    }
    async fn find_token_by_refresh(&self, _: &RefreshTokenHash) -> Result<Option<Token>, StoreError> {
        Ok(None)
    }
    async fn rotate_token(&self, _: RotateToken) -> Result<Rotation, StoreError> {
        Ok(Rotation::Gone)
    }
    async fn revoke_token(&self, id: TokenId) -> Result<bool, StoreError> {
        Ok(self.tokens.lock().remove(&id).is_some())
    }
    async fn revoke_tokens(&self, _: &Did) -> Result<u64, StoreError> {
        Ok(0)
    }
    async fn list_tokens(&self, _: &Did) -> Result<Vec<Token>, StoreError> {
        Ok(Vec::new())
    }
    async fn list_bound_keys(&self) -> Result<Vec<(ClientId, Thumbprint)>, StoreError> {
        Ok(Vec::new())
    }
    async fn revoke_tokens_by_key(&self, _: &ClientId, _: &Thumbprint) -> Result<u64, StoreError> {
        Ok(0)
    }
}

struct OneKey(PublicKey);

impl KeySource for OneKey {
    fn find(&self, kid: &str) -> Option<PublicKey> {
        (kid == "k1").then(|| self.0.clone())
    }
}

/// A resource server, an authorization server that signs, and a client.
struct World {
    clock: Arc<TestClock>,
    rows: Arc<Rows>,
    memory: Arc<Memory>,
    nonces: Arc<Nonces>,
    random: Counting,
    signing: PrivateKey,
    client: PrivateKey,
    guard: Guard,
    app: Router,
}

impl World {
    fn new() -> Self {
        Self::with(|keys, rows| StoreTokens::new(keys, rows).into())
    }

    fn with(tokens: impl FnOnce(Arc<dyn KeySource>, Arc<dyn TokenStore>) -> Tokens) -> Self {
        let random = Counting(1.into());
        let signing = PrivateKey::generate(Curve::P256, &random);
        let client = PrivateKey::generate(Curve::P256, &random);
        let rows = Arc::new(Rows::default());
        let clock = Arc::new(TestClock(NOW.into()));
        let memory = Arc::new(Memory::new());
        let nonces = Arc::new(Nonces::new([7; 32]));
        let tokens = tokens(Arc::new(OneKey(signing.public().clone())), rows.clone());
        let guard = Guard::builder(&ORIGIN.parse().unwrap(), SERVICE.parse().unwrap(), tokens)
            .accounts(memory.clone())
            .legacy_sessions(LegacySessions::new(Arc::new(LegacyKeys::new(SECRET, [])), memory.clone()))
            .security_events(memory.clone())
            .build(nonces.clone(), memory.clone(), clock.clone());
        let app = routes().layer(GuardLayer::new(guard.clone()));
        Self { clock, rows, memory, nonces, random, signing, client, guard, app }
    }

    /// Makes the account that all tokens are of.
    async fn create_account(&self) -> Did {
        let account = Account {
            did: ALICE.parse().unwrap(),
            handle: "alice.test".parse().unwrap(),
            email: None,
            email_confirmed: false,
            status: AccountStatus::Active,
            host: None,
            created_at: self.now(),
        };
        let did = account.did.clone();
        let new = NewAccount { account, password: None, sealed_signing_key: None };
        self.memory.create_account(new).await.unwrap();
        did
    }

    fn now(&self) -> UnixTime {
        self.clock.now()
    }

    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn nonce(&self) -> String {
        self.nonces.next(self.now()).to_string()
    }

    /// A row and its access token.
    fn token(&self, scope: &str) -> String {
        self.token_with(scope, |_| ())
    }

    fn token_with(&self, scope: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut id = [0; 16];
        self.random.fill(&mut id);
        let jkt = Thumbprint::of(self.client.public());
        let expires_at = self.now().plus(Duration::from_mins(15));
        let token = Token {
            id: TokenId(id),
            account: ALICE.parse().unwrap(),
            client: ClientId::from_stored(CLIENT).unwrap(),
            client_auth: ClientAuth::None,
            began_public: true,
            dpop_jkt: jkt,
            audience: SERVICE.parse().unwrap(),
            approved: scope.parse().unwrap(),
            granted: scope.parse().unwrap(),
            device: None,
            created_at: self.now(),
            rotated_at: self.now(),
            rotation: 0,
            access_expires_at: expires_at,
            refresh: None,
            previous_refresh: None,
        };
        let mut claims = json!({
            "iss": ORIGIN, "sub": ALICE, "aud": SERVICE, "iat": self.now().seconds(), "exp": expires_at.seconds(),
            "jti": token.access_id().to_string(), "client_id": CLIENT, "cnf": { "jkt": jkt },
        });
        change(&mut claims);
        self.rows.tokens.lock().insert(token.id, token);
        self.sign("at+jwt", &claims)
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        jws::sign(&self.signing, &SignHeader { typ, kid: Some("k1"), jwk: None }, claims)
    }

    fn proof(&self, method: &str, url: &str, token: &str) -> String {
        self.proof_with(method, url, token, |_| ())
    }

    fn proof_with<'a>(
        &self,
        method: &'a str,
        url: &'a str,
        token: &'a str,
        change: impl FnOnce(&mut Claims<'a>),
    ) -> String {
        // Lives as long as the texts of the test.
        let nonce: &'static str = self.nonce().leak();
        let mut jti = [0; 16];
        self.random.fill(&mut jti);
        let mut claims =
            Claims { method, url, access_token: Some(token), nonce: Some(nonce), jti, now: self.now() };
        change(&mut claims);
        proof::build(&self.client, &claims)
    }

    /// A request as a good client makes it.
    async fn call(&self, method: &str, path: &str, token: &str) -> Answer {
        self.call_with(method, path, token, &[]).await
    }

    async fn call_with(&self, method: &str, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
        let proof = self.proof(method, &format!("{ORIGIN}{path}"), token);
        let authorization = format!("DPoP {token}");
        let mut all = vec![("authorization", authorization.as_str()), ("dpop", proof.as_str())];
        all.extend_from_slice(headers);
        self.send(method, path, &all).await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        Answer::read(response).await
    }
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

impl Answer {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

fn routes() -> Router {
    Router::new()
        .route("/xrpc/com.atproto.server.getSession", get(|granted: Granted| async move { granted.account().to_string() }))
        .route("/xrpc/com.atproto.repo.createRecord", post(create_note))
        .route("/xrpc/com.atproto.repo.putRecord", post(async || "a handler that asks for nothing"))
        .route("/xrpc/com.atproto.repo.uploadBlob", post(async || "uploaded"))
        .route("/xrpc/com.atproto.server.getServiceAuth", get(async || "a service token"))
        .route(
            "/xrpc/com.atproto.sync.getRepo",
            get(|caller: Caller| async move { if caller.granted().is_some() { "known" } else { "anonymous" } }),
        )
        .route(
            "/xrpc/com.atproto.server.createAppPassword",
            post(|granted: Granted| async move { granted.account().to_string() }),
        )
        .route("/xrpc/app.bsky.actor.getProfile", get(async || "a profile"))
        .route("/xrpc/com.atproto.server.refreshSession", post(refresh))
        .route("/xrpc/com.atproto.server.deleteSession", post(refresh))
        .route("/xrpc/com.atproto.repo.getRecord", get(async || "public"))
        .route("/page", get(async || "a page"))
        .route("/unguarded", get(async |_: Granted| "never"))
}

async fn create_note(granted: Granted) -> Result<&'static str, GuardError> {
    granted.require([Need::Repo(RepoNeed { collection: "com.example.note", action: RepoAction::Create })])?;
    Ok("created")
}

async fn refresh(caller: Caller) -> String {
    let Caller::Refresh(claims) = caller else { panic!("{caller:?}") };
    claims.account.to_string()
}

const SESSION: &str = "/xrpc/com.atproto.server.getSession";
const CREATE: &str = "/xrpc/com.atproto.repo.createRecord";
