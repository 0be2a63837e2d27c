//! An author of lexicons with a host of its own, that can be told to answer badly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use futures::stream;
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::repo_proof::MAX_FILE;
use gatewright_protocol::repo_proof::testing::{Repository, Spoiled};
use gatewright_protocol::syntax::{Did, Nsid, Tid};
use gatewright_resolve::lexicon::{COLLECTION, txt_name};
use gatewright_resolve::system::SystemRandom;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::network::TestNetwork;

/// The type of an answer with a proof.
const CAR: (HeaderName, HeaderValue) = (CONTENT_TYPE, HeaderValue::from_static("application/vnd.ipld.car"));

/// What the host does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Another content type.
    Html,
    /// It has no such record.
    NotFound,
    /// Elsewhere.
    Redirect,
    /// Nothing, for ever.
    Silent,
    /// One byte more than is read, and no `Content-Length` to tell.
    TooLarge,
    /// Just now it does not work.
    Unavailable,
}

/// A `did:web` on this machine, its repository and its host.
#[derive(Debug)]
pub struct Author {
    did: Did,
    desk: Arc<Desk>,
    running: JoinHandle<()>,
}

#[derive(Debug)]
struct Desk {
    document: Value,
    repository: Mutex<Repository>,
    spoiled: Mutex<Option<Spoiled>>,
    wrong: Mutex<Option<Wrong>>,
    asked: AtomicUsize,
}

impl Author {
    /// One that publishes nothing yet.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let did: Did = format!("did:web:localhost%3A{}", address.port()).parse()?;
        let key = PrivateKey::generate(Curve::P256, &SystemRandom);
        let document = DidDocument::new(did.clone())
            .with_key("atproto", key.public())
            .with_pds(&origin(address))
            .to_json();
        let repository = Repository::new(did.clone(), key, Tid::new(1_800_000_000_000_000, 0));
        let desk = Arc::new(Desk {
            document,
            repository: Mutex::new(repository),
            spoiled: Mutex::default(),
            wrong: Mutex::default(),
            asked: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/.well-known/did.json", get(document_of))
            .route("/xrpc/com.atproto.sync.getRecord", get(record))
            .with_state(Arc::clone(&desk));
        let running = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the host of the author stopped");
            }
        });
        Ok(Self { did, desk, running })
    }

    /// Who publishes.
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// Has the network's name servers say that this author publishes the lexicons of the group of `nsid`.
    pub fn answer_for(&self, network: &TestNetwork, nsid: &Nsid) {
        network.network().set_txt(&txt_name(nsid), vec![format!("did={}", self.did)]);
    }

    /// Publishes a permission set with these entries, in a new revision.
    pub fn publish(&self, nsid: &Nsid, permissions: &Value) {
        let main =
            json!({"type": "permission-set", "title": "A set of the tests", "permissions": permissions});
        self.publish_record(
            nsid,
            &json!({"$type": COLLECTION, "lexicon": 1, "id": nsid, "defs": {"main": main}}),
        );
    }

    /// Publishes any record under the name, in a new revision.
    pub fn publish_record(&self, nsid: &Nsid, record: &Value) {
        let mut repository = self.desk.repository.lock();
        repository.rev = repository.rev.next();
        repository.put(&format!("{COLLECTION}/{nsid}"), record);
    }

    /// The revision of the repository.
    pub fn rev(&self) -> Tid {
        self.desk.repository.lock().rev.clone()
    }

    /// Signs the repository as it is in this revision from now on.
    pub fn set_rev(&self, rev: Tid) {
        self.desk.repository.lock().rev = rev;
    }

    /// Answers with files that are spoiled in this way from now on, or with good ones.
    pub fn spoil(&self, spoiled: impl Into<Option<Spoiled>>) {
        *self.desk.spoiled.lock() = spoiled.into();
    }

    /// Answers in this wrong way from now on, or as it should.
    pub fn misbehave(&self, wrong: impl Into<Option<Wrong>>) {
        *self.desk.wrong.lock() = wrong.into();
    }

    /// How often a record was asked for since the last call.
    pub fn asked(&self) -> usize {
        self.desk.asked.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Author {
    fn drop(&mut self) {
        self.running.abort();
    }
}

fn origin(address: SocketAddr) -> String {
    format!("http://localhost:{}", address.port())
}

async fn document_of(State(desk): State<Arc<Desk>>) -> Response {
    axum::Json(desk.document.clone()).into_response()
}

#[derive(Deserialize)]
struct Asked {
    collection: String,
    rkey: String,
}

async fn record(State(desk): State<Arc<Desk>>, Query(asked): Query<Asked>) -> Response {
    desk.asked.fetch_add(1, Ordering::SeqCst);
    let spoiled = *desk.spoiled.lock();
    let file = desk.repository.lock().file(&format!("{}/{}", asked.collection, asked.rkey), spoiled);
    let wrong = *desk.wrong.lock();
    match wrong {
        None => ([CAR], file).into_response(),
        Some(Wrong::Html) => ([(CONTENT_TYPE, "text/html")], file).into_response(),
        Some(Wrong::NotFound) => {
            (StatusCode::BAD_REQUEST, axum::Json(json!({"error": "RecordNotFound"}))).into_response()
        }
        Some(Wrong::Redirect) => Redirect::temporary("/xrpc/com.atproto.sync.getBlob").into_response(),
        Some(Wrong::Silent) => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            StatusCode::OK.into_response()
        }
        Some(Wrong::TooLarge) => {
            let bytes = Bytes::from(vec![0; MAX_FILE + 1]);
            let pieces: Vec<_> =
                bytes.chunks(64 * 1024).map(|piece| anyhow::Ok(bytes.slice_ref(piece))).collect();
            ([CAR], Body::from_stream(stream::iter(pieces))).into_response()
        }
        Some(Wrong::Unavailable) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
