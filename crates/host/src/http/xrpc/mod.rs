//! `/xrpc/…`: the path of a file is the name of its method.

pub(super) mod actor;
pub(super) mod identity;
pub(super) mod proxy;
pub(super) mod repo;
pub(super) mod server;
pub(super) mod sync;

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use cid::Cid;
use gatewright_protocol::syntax::Tid;
use gatewright_store::account::AccountStatus;
use gatewright_store::repo::RepoHead;
use http::{Method, StatusCode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::errors::XrpcError;
use crate::context::Context;

/// What every handler is given.
pub(super) type App = State<Arc<Context>>;
/// What a handler answers.
pub(super) type Answer<T> = Result<Json<T>, XrpcError>;

/// `GET /xrpc/_health`.
pub(super) async fn health() -> Json<Health> {
    Json(Health { version: env!("CARGO_PKG_VERSION") })
}

#[derive(Serialize)]
pub(super) struct Health {
    version: &'static str,
}

/// Whatever nobody answers.
pub(super) async fn not_implemented() -> XrpcError {
    XrpcError::new(StatusCode::NOT_IMPLEMENTED, "MethodNotImplemented", "this host does not know the method")
}

/// A method that is there, asked for with the wrong verb.
pub(super) async fn wrong_verb(method: Method) -> XrpcError {
    let message = format!("the method is not asked for with {method}: queries are GET, procedures are POST");
    XrpcError::new(StatusCode::METHOD_NOT_ALLOWED, "InvalidRequest", message)
}

/// The address of a block, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CidText(pub(super) Cid);

/// A text is not the address of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct InvalidCid;

impl Display for InvalidCid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a valid CID: version 1, SHA-256, DAG-CBOR or raw")
    }
}

impl FromStr for CidText {
    type Err = InvalidCid;

    fn from_str(text: &str) -> Result<Self, InvalidCid> {
        let cid = text.parse().map_err(|_| InvalidCid)?;
        if crate::repo::cid::is_allowed(&cid) { Ok(Self(cid)) } else { Err(InvalidCid) }
    }
}

impl<'de> Deserialize<'de> for CidText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for CidText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A commit as answers show it.
#[derive(Serialize)]
pub(super) struct CommitShown {
    cid: CidText,
    rev: Tid,
}

impl From<RepoHead> for CommitShown {
    fn from(head: RepoHead) -> Self {
        Self { cid: CidText(head.commit), rev: head.rev }
    }
}

/// What answers call the state of an account; `None` for one that may act.
pub(super) fn status_word(status: AccountStatus) -> Option<&'static str> {
    match status {
        AccountStatus::Active => None,
        AccountStatus::Deactivated => Some("deactivated"),
        AccountStatus::TakenDown => Some("takendown"),
    }
}
