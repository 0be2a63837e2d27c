//! An API that acts for whoever sends the request: each brings credentials, and nothing is left of them afterwards.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::Result;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, serve};
use gatewright_client::Sessions;
use gatewright_client::per_request::{
    Caller, Credential, PerRequest, PerRequestLayer, Refused, ServiceTokens,
};
use gatewright_client::sessions::{KeyRing, sqlite::Sqlite};
use gatewright_protocol::syntax::Datetime;
use gatewright_protocol::time::Clock as _;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const COLLECTION: &str = "com.example.note";

#[tokio::main]
async fn main() -> Result<()> {
    let state = PathBuf::from(env::var("STATE").unwrap_or_else(|_| "state".to_owned()));
    fs::create_dir_all(&state)?;
    let ring = KeyRing::load_or_create(&state.join("session.keys"), &SystemRandom)?;
    let mut sessions = Sessions::builder(Sqlite::open(state.join("sessions.db"))?, ring);
    if let Ok(directory) = env::var("PLC_URL") {
        sessions = sessions.plc(directory.parse()?);
    }
    let mut per_request = PerRequest::builder(sessions.build()).app_passwords().session_tokens();
    // Hosts that callers may name though they are private: a development network's own.
    if let Ok(host) = env::var("ALLOW_HOST") {
        per_request = per_request.allow_host(&host)?;
    }
    // What this service is called by others, such as `did:web:api.example.com#notes`.
    if let Ok(name) = env::var("SERVICE") {
        per_request = per_request.service_tokens(ServiceTokens::new(name.parse()?));
    }
    let per_request = per_request.build();
    let listener =
        TcpListener::bind(env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned())).await?;
    println!("http://{}", listener.local_addr()?);
    let api = Router::new()
        .route("/me", get(me))
        .route("/notes", get(list).post(write))
        .layer(PerRequestLayer::new(per_request.clone()))
        // Numbers by kind of credentials, none by person.
        .route("/counts", get(|State(api): State<PerRequest>| async move { format!("{:?}", api.counts()) }));
    serve(listener, api.with_state(per_request)).await?;
    Ok(())
}

/// Whoever calls; nobody is somebody here.
async fn me(caller: Caller) -> Json<Value> {
    Json(json!({"did": caller.account(), "credential": caller.credential().map(Credential::as_str)}))
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

async fn write(caller: Caller, Json(note): Json<Note>) -> Result<Json<Value>, Failed> {
    let session = caller.require_session()?;
    let record =
        json!({"$type": COLLECTION, "text": note.text, "createdAt": Datetime::from(SystemClock.now())});
    let input = json!({"repo": session.account(), "collection": COLLECTION, "record": record});
    Ok(Json(session.procedure("com.atproto.repo.createRecord", &input).await?))
}

async fn list(caller: Caller) -> Result<Json<Value>, Failed> {
    let session = caller.require_session()?;
    let params = [("repo", session.account().as_str()), ("collection", COLLECTION)];
    Ok(Json(session.query("com.atproto.repo.listRecords", &params).await?))
}

/// One way out for what goes wrong: both kinds become the same sort of answer.
struct Failed(Refused);

impl<E: Into<Refused>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
