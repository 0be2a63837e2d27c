//! A host to ask, its accounts, its clock, and what it handed in at the directory.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use gatewright_protocol::crypto::{Curve, PrivateKey, SealKey, sha256};
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::plc::{Entry, Operation, check_genesis, check_next, current, document};
use gatewright_protocol::random::Random;
use gatewright_protocol::scope::Permissions;
use gatewright_protocol::syntax::{Development, Did, Handle};
use gatewright_protocol::time::{Clock, UnixTime};
use gatewright_resolve::Peer;
use gatewright_store::account::Account;
use gatewright_store::blob::{Blob, BlobStore as _};
use gatewright_store::memory::Memory;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tower::ServiceExt as _;

use crate::http::Caller;
use crate::identity::{IdentityResolver, PlcDirectory, PlcError};
use crate::operations::create_account::{CreateAccount, NewIdentity};
use crate::proxy::Forwarding;
use crate::settings::Settings;
use crate::{Host, Keys};

#[derive(Debug)]
pub(super) struct TestClock(AtomicI64);

impl TestClock {
    pub(super) fn new() -> Self {
        Self(AtomicI64::new(1_700_000_000_000))
    }

    pub(super) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Debug, Default)]
pub(super) struct TestRandom(AtomicU64);

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            piece.copy_from_slice(&sha256(&number.to_be_bytes())[..piece.len()]);
        }
    }
}

/// A directory that checks what it is handed.
#[derive(Debug, Default)]
pub(super) struct TestPlc(pub(super) Mutex<Vec<(Did, Operation)>>);

impl TestPlc {
    async fn log(&self, did: &Did) -> Vec<Entry> {
        let taken = self.0.lock().await;
        let own = taken.iter().filter(|(whose, _)| whose == did);
        own.map(|(_, operation)| Entry::new(operation.clone(), UnixTime::from_millis(0))).collect()
    }
}

#[async_trait]
impl PlcDirectory for TestPlc {
    async fn submit(&self, did: &Did, operation: &Operation) -> Result<(), PlcError> {
        let log = self.log(did).await;
        let checked = if log.is_empty() {
            check_genesis(did, operation)
        } else {
            check_next(&log, operation, UnixTime::from_millis(0)).map(drop)
        };
        checked.map_err(|_| PlcError::Refused { status: 400 })?;
        self.0.lock().await.push((did.clone(), operation.clone()));
        Ok(())
    }

    async fn last(&self, did: &Did) -> Result<Operation, PlcError> {
        let last = self.log(did).await.pop();
        last.map(|entry| entry.operation).ok_or(PlcError::Refused { status: 404 })
    }
}

/// What DIDs and handles of others publish, and the documents of the directory where nothing else is set.
#[derive(Debug, Default)]
struct Published {
    plc: Arc<TestPlc>,
    documents: Mutex<HashMap<Did, Option<DidDocument>>>,
    handles: Mutex<HashMap<Handle, Did>>,
}

#[async_trait]
impl IdentityResolver for Published {
    async fn resolve(&self, handle: &Handle, _: Option<Peer>) -> Option<Did> {
        self.handles.lock().await.get(handle).cloned()
    }

    async fn document(&self, did: &Did) -> Option<Arc<DidDocument>> {
        if let Some(set) = self.documents.lock().await.get(did) {
            return set.clone().map(Arc::new);
        }
        let state = current(&self.plc.log(did).await)?;
        Some(Arc::new(document(did, &state)))
    }
}

pub(super) struct Network {
    pub(super) host: Host,
    pub(super) store: Arc<Memory>,
    pub(super) plc: Arc<TestPlc>,
    published: Arc<Published>,
    pub(super) clock: Arc<TestClock>,
    router: Router,
    folder: TempDir,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The JSON of an answer that must be 200.
    pub(super) fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()
    }

    /// Status and error name of an answer that must say what is wrong.
    pub(super) fn refusal(&self) -> (u16, String) {
        let json = self.json();
        assert!(json["message"].as_str().is_some_and(|message| !message.is_empty()), "{json}");
        (self.status.as_u16(), json["error"].as_str().unwrap_or_default().to_owned())
    }
}

/// The same pair, to compare with.
pub(super) fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

impl Network {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// One whose operator decided something else.
    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Arc::new(Memory::new()), change, None)
    }

    /// One that asks this one about handles of others.
    pub(super) fn asking(identities: Arc<dyn IdentityResolver>, change: impl FnOnce(&mut Settings)) -> Self {
        Self::made(Arc::new(Memory::new()), Some(identities), change, None)
    }

    /// Another host on the same store.
    pub(super) fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.store), |_| {}, None)
    }

    /// One whose calls go on.
    pub(super) fn forwarding(forwarding: Forwarding, change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Arc::new(Memory::new()), change, Some(forwarding))
    }

    fn on(store: Arc<Memory>, change: impl FnOnce(&mut Settings), forwarding: Option<Forwarding>) -> Self {
        Self::made(store, None, change, forwarding)
    }

    fn made(
        store: Arc<Memory>,
        identities: Option<Arc<dyn IdentityResolver>>,
        change: impl FnOnce(&mut Settings),
        forwarding: Option<Forwarding>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::new(
            "https://host.example.com".parse().unwrap(),
            "did:web:host.example.com".parse().unwrap(),
            folder.path().join("blobs"),
        );
        settings.handle_domains = vec![".test".to_owned()];
        settings.development = Development::Allowed;
        settings.blob_limit = 1000;
        change(&mut settings);
        let random = Arc::new(TestRandom::default());
        let keys =
            Keys { seal: SealKey::new([7; 32]), rotation: PrivateKey::generate(Curve::K256, &*random) };
        let plc = Arc::new(TestPlc::default());
        let published = Arc::new(Published { plc: plc.clone(), ..Published::default() });
        let identities = identities.unwrap_or_else(|| published.clone());
        let clock = Arc::new(TestClock::new());
        let mut host = Host::builder(settings, store.clone(), keys, plc.clone(), clock.clone(), random);
        if let Some(forwarding) = forwarding {
            host = host.forwarding(forwarding);
        }
        let host = host.identities(identities).build().unwrap();
        Self { router: host.unguarded(), host, store, plc, published, clock, folder }
    }

    pub(super) async fn account(&self, name: &str) -> Account {
        let new = CreateAccount {
            handle: format!("{name}.test").parse().unwrap(),
            email: Some(format!("{name}@example.com")),
            password: None,
            identity: NewIdentity::Plc { recovery_key: None },
        };
        self.host.create_account(new).await.unwrap()
    }

    /// What the DID publishes at present.
    pub(super) async fn publishes(&self, did: &Did) -> DidDocument {
        DidDocument::clone(&*self.published.document(did).await.unwrap())
    }

    /// Sets what the DID publishes, in the place of what the directory has; `None` for nothing.
    pub(super) async fn publish(&self, did: &Did, document: Option<DidDocument>) {
        self.published.documents.lock().await.insert(did.clone(), document);
    }

    /// Sets whose handle, of none of the host's domains, it is.
    pub(super) async fn publish_handle(&self, handle: &str, did: &Did) {
        self.published.handles.lock().await.insert(handle.parse().unwrap(), did.clone());
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Asks a query without credentials.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Asks a query as an account.
    pub(super) async fn get_as(&self, did: &Did, scope: &str, path: &str) -> Answer {
        let request = Request::get(path).extension(caller(did, scope));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Asks a procedure as an account.
    pub(super) async fn post_as(&self, did: &Did, scope: &str, method: &str, body: &Value) -> Answer {
        let request = Request::post(format!("/xrpc/{method}"))
            .header("content-type", "application/json")
            .extension(caller(did, scope));
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Asks a procedure that takes no body as an account.
    pub(super) async fn post_bare_as(&self, did: &Did, scope: &str, method: &str) -> Answer {
        let request = Request::post(format!("/xrpc/{method}")).extension(caller(did, scope));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Creates a note, with every permission.
    pub(super) async fn note(&self, did: &Did, key: &str, text: &str) -> Value {
        let body = json!({
            "repo": did, "collection": "com.example.note", "rkey": key, "record": {"text": text},
        });
        self.post_as(did, EVERYTHING, "com.atproto.repo.createRecord", &body).await.ok()
    }

    /// How many files of blobs there are, received whole or not.
    pub(super) fn files(&self) -> usize {
        let entries = |path: &Path| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries(&self.folder.path().join("blobs")).map(|folder| entries(&folder).count()).sum()
    }

    pub(super) async fn blob(&self, did: &Did, cid: &str) -> Blob {
        self.store.find_blob(did, &cid.parse().unwrap()).await.unwrap().unwrap()
    }

    pub(super) async fn upload(&self, did: &Did, scope: &str, kind: &str, bytes: &[u8]) -> Answer {
        let request = Request::post("/xrpc/com.atproto.repo.uploadBlob")
            .header("content-type", kind)
            .extension(caller(did, scope));
        self.send(request.body(Body::from(bytes.to_vec())).unwrap()).await
    }
}

pub(super) const EVERYTHING: &str = "atproto repo:* blob:*/* account:email";

pub(super) fn caller(did: &Did, scope: &str) -> Caller {
    Caller::Tested(did.clone(), Arc::new(Permissions::of(&scope.parse().unwrap())))
}
