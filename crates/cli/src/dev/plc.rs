//! A PLC directory for one machine: it checks every operation as the public one does, and keeps them in a file.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use gatewright_protocol::crypto::PrivateKey;
use gatewright_protocol::plc::{self, Entry, Operation};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::{Clock, UnixTime};
use http::StatusCode;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The largest operation, with room for its JSON.
const MOST_BYTES: usize = 16 * 1024;
/// How many identities a directory for one machine takes.
const MOST_IDENTITIES: usize = 100_000;

/// A PLC directory.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    state: Mutex<Logs>,
}

#[derive(Debug)]
struct Logs {
    file: File,
    /// How much of the file holds what was taken: whole lines.
    length: u64,
    identities: HashMap<Did, Vec<Entry>>,
}

impl Logs {
    /// Adds a line, on disk when this returns. What a crash or a full disk left of another is cut off first: it would be
    /// one line with this.
    fn append(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.write_all(line)?;
        self.file.sync_data()?;
        self.length += line.len() as u64;
        Ok(())
    }
}

/// A line of the file: an operation that was taken.
#[derive(Serialize, Deserialize)]
struct Line {
    did: Did,
    operation: Operation,
    at: UnixTime,
}

impl Directory {
    /// Opens the directory that is kept in `file`, or a new one.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something that was never taken.
    pub fn open(file: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        let kept = OpenOptions::new().create(true).read(true).append(true).open(file);
        let mut kept = kept.with_context(|| format!("cannot open {}", file.display()))?;
        let mut text = Vec::new();
        kept.read_to_end(&mut text).with_context(|| format!("cannot read {}", file.display()))?;
        // A last line without its end was cut off by a crash and never acknowledged. It is not read, and the next
        // operation takes its place.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        text.truncate(whole);
        let mut identities: HashMap<Did, Vec<Entry>> = HashMap::new();
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let Ok(line) = serde_json::from_slice::<Line>(line) else {
                tracing::warn!(
                    line = number + 1,
                    "an operation in {} cannot be read and is left out",
                    file.display()
                );
                continue;
            };
            let log = identities.entry(line.did.clone()).or_default();
            add(log, &line.did, line.operation, line.at)
                .with_context(|| format!("line {} of {} was never taken", number + 1, file.display()))?;
        }
        let logs = Logs { file: kept, length: whole as u64, identities };
        Ok(Self(Arc::new(Inner { clock, state: Mutex::new(logs) })))
    }

    /// The directory over HTTP, in the form of the public one.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(|| async { "A PLC directory for development" }))
            .route("/_health", get(|| async { Json(json!({"version": env!("CARGO_PKG_VERSION")})) }))
            .route("/{did}", get(document).post(submit))
            .route("/{did}/data", get(data))
            .route("/{did}/log", get(log))
            .route("/{did}/log/audit", get(audit))
            .route("/{did}/log/last", get(last))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    /// Takes an operation, or says why not. Once taken it is on disk.
    fn submit(&self, did: &Did, operation: Operation) -> Result<(), Refused> {
        let now = self.0.clock.now();
        let mut logs = self.0.state.lock();
        if !logs.identities.contains_key(did) && logs.identities.len() >= MOST_IDENTITIES {
            return Err(Refused::Full);
        }
        let mut changed = logs.identities.get(did).cloned().unwrap_or_default();
        add(&mut changed, did, operation.clone(), now)?;
        let mut line = serde_json::to_vec(&Line { did: did.clone(), operation, at: now })
            .map_err(std::io::Error::other)?;
        line.push(b'\n');
        logs.append(&line)?;
        logs.identities.insert(did.clone(), changed);
        Ok(())
    }

    /// Points every identity that `key` may change to the host at `url`: the network may have another port this time.
    ///
    /// # Errors
    /// When an operation cannot be kept.
    pub fn move_hosts(&self, url: &str, key: &PrivateKey) -> Result<()> {
        let logs: Vec<(Did, Vec<Entry>)> =
            self.0.state.lock().identities.iter().map(|(did, log)| (did.clone(), log.clone())).collect();
        for (did, log) in logs {
            let Some(mut state) = plc::current(&log) else { continue };
            let Some(host) = state.services.get_mut("atproto_pds").filter(|host| host.endpoint != url) else {
                continue;
            };
            url.clone_into(&mut host.endpoint);
            let last = log.iter().rfind(|entry| !entry.nullified).map(|entry| entry.cid);
            if state.rotation_keys.contains(&key.public().to_did_key()) {
                let operation = Operation::update(state, last.as_ref(), key);
                self.submit(&did, operation).with_context(|| format!("{did} cannot be moved to {url}"))?;
            }
        }
        Ok(())
    }

    fn read(&self, did: &str) -> Result<(Did, Vec<Entry>), Refused> {
        let did: Did = did.parse().map_err(|_| Refused::NotADid)?;
        let log = self.0.state.lock().identities.get(&did).cloned().ok_or(Refused::Unknown)?;
        Ok((did, log))
    }
}

fn add(log: &mut Vec<Entry>, did: &Did, operation: Operation, now: UnixTime) -> Result<(), plc::PlcError> {
    if log.is_empty() {
        plc::check_genesis(did, &operation)?;
    } else {
        let undone = plc::check_next(log, &operation, now)?;
        log.iter_mut().filter(|entry| undone.contains(&entry.cid)).for_each(|entry| entry.nullified = true);
    }
    log.push(Entry::new(operation, now));
    Ok(())
}

/// Why the directory did not do what was asked.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("this directory is for one machine and has no room left")]
    Full,
    #[error("that identity has ended")]
    Gone,
    #[error("not a DID")]
    NotADid,
    #[error("not an operation: {0}")]
    NotAnOperation(serde_json::Error),
    #[error("{0}")]
    Operation(#[from] plc::PlcError),
    #[error("the operation could not be kept")]
    Disk(#[from] std::io::Error),
    #[error("no such identity here")]
    Unknown,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Disk(error) => {
                tracing::error!(%error, "the PLC directory cannot write");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Gone => StatusCode::GONE,
            Self::NotADid | Self::NotAnOperation(_) | Self::Operation(_) => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
        };
        (status, Json(json!({"message": self.to_string()}))).into_response()
    }
}

async fn submit(
    State(directory): State<Directory>,
    UrlPath(did): UrlPath<String>,
    body: Bytes,
) -> Result<(), Refused> {
    let did: Did = did.parse().map_err(|_| Refused::NotADid)?;
    let operation = gatewright_protocol::json::from_slice(&body).map_err(Refused::NotAnOperation)?;
    directory.submit(&did, operation)
}

async fn document(
    State(directory): State<Directory>,
    UrlPath(did): UrlPath<String>,
) -> Result<Response, Refused> {
    let (did, log) = directory.read(&did)?;
    let document = plc::document(&did, &plc::current(&log).ok_or(Refused::Gone)?);
    let body = serde_json::to_vec(&document.to_json()).map_err(std::io::Error::other)?;
    Ok((
        [
            (http::header::CONTENT_TYPE, "application/did+ld+json"),
            (http::header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        ],
        body,
    )
        .into_response())
}

async fn data(
    State(directory): State<Directory>,
    UrlPath(did): UrlPath<String>,
) -> Result<Json<Value>, Refused> {
    let (did, log) = directory.read(&did)?;
    Ok(Json(plc::data(&did, &plc::current(&log).ok_or(Refused::Gone)?)))
}

async fn log(
    State(directory): State<Directory>,
    UrlPath(did): UrlPath<String>,
) -> Result<Json<Vec<Operation>>, Refused> {
    let (_, log) = directory.read(&did)?;
    Ok(Json(log.into_iter().filter(|entry| !entry.nullified).map(|entry| entry.operation).collect()))
}

async fn audit(
    State(directory): State<Directory>,
    UrlPath(did): UrlPath<String>,
) -> Result<Json<Vec<Value>>, Refused> {
    let (did, log) = directory.read(&did)?;
    let row = |entry: Entry| {
        json!({"did": did, "operation": entry.operation, "cid": entry.cid.to_string(), "nullified": entry.nullified,
            "createdAt": iso(entry.created_at)})
    };
    Ok(Json(log.into_iter().map(row).collect()))
}

async fn last(
    State(directory): State<Directory>,
    UrlPath(did): UrlPath<String>,
) -> Result<Json<Operation>, Refused> {
    let (_, log) = directory.read(&did)?;
    let last = log.into_iter().rfind(|entry| !entry.nullified).ok_or(Refused::Unknown)?;
    Ok(Json(last.operation))
}

fn iso(time: UnixTime) -> String {
    gatewright_protocol::syntax::Datetime::from(time).to_string()
}

#[cfg(test)]
mod tests;
