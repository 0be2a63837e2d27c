//! `POST /xrpc/com.atproto.repo.applyWrites`.

use std::collections::BTreeSet;

use axum::Json;
use gatewright_protocol::json::Object;
use gatewright_protocol::scope::RepoAction;
use gatewright_protocol::syntax::{AtUri, Nsid, RecordKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::WriteBody;
use crate::http::body::JsonBody;
use crate::http::caller::Caller;
use crate::http::xrpc::{Answer, App, CidText, CommitShown};
use crate::operations::access::Identifier;
use crate::operations::apply_writes::{Applied, ApplyWrites, Applying, Write, apply_writes};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    repo: Identifier,
    validate: Option<bool>,
    writes: Vec<Object<InputWrite>>,
    swap_commit: Option<CidText>,
}

#[derive(Deserialize)]
#[serde(tag = "$type")]
enum InputWrite {
    #[serde(rename = "com.atproto.repo.applyWrites#create")]
    Create { collection: Nsid, rkey: Option<RecordKey>, value: Value },
    #[serde(rename = "com.atproto.repo.applyWrites#delete")]
    Delete { collection: Nsid, rkey: RecordKey },
    #[serde(rename = "com.atproto.repo.applyWrites#update")]
    Update { collection: Nsid, rkey: RecordKey, value: Value },
}

#[derive(Serialize)]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<CommitShown>,
    results: Vec<OutputWrite>,
}

#[derive(Serialize)]
#[serde(tag = "$type", rename_all_fields = "camelCase")]
enum OutputWrite {
    #[serde(rename = "com.atproto.repo.applyWrites#createResult")]
    Create {
        uri: AtUri,
        cid: CidText,
        #[serde(skip_serializing_if = "Option::is_none")]
        validation_status: Option<&'static str>,
    },
    #[serde(rename = "com.atproto.repo.applyWrites#deleteResult")]
    Delete {},
    #[serde(rename = "com.atproto.repo.applyWrites#updateResult")]
    Update {
        uri: AtUri,
        cid: CidText,
        #[serde(skip_serializing_if = "Option::is_none")]
        validation_status: Option<&'static str>,
    },
}

pub(crate) async fn post(context: App, caller: Caller, JsonBody(input): WriteBody<Input>) -> Answer<Output> {
    let needed: BTreeSet<(&Nsid, RepoAction)> = input.writes.iter().map(|write| write.0.needs()).collect();
    caller.require_repo(needed)?;
    let apply = ApplyWrites {
        repo: input.repo,
        validate: input.validate.into(),
        writes: input.writes.into_iter().map(|Object(write)| Write::from(write)).collect(),
        swap_commit: input.swap_commit.map(|cid| cid.0),
    };
    Ok(Json(apply_writes(&context, caller.did(), apply).await?.into()))
}

impl InputWrite {
    fn needs(&self) -> (&Nsid, RepoAction) {
        match self {
            Self::Create { collection, .. } => (collection, RepoAction::Create),
            Self::Delete { collection, .. } => (collection, RepoAction::Delete),
            Self::Update { collection, .. } => (collection, RepoAction::Update),
        }
    }
}

impl From<InputWrite> for Write {
    fn from(write: InputWrite) -> Self {
        match write {
            InputWrite::Create { collection, rkey, value } => Self::Create { collection, key: rkey, value },
            InputWrite::Delete { collection, rkey } => Self::Delete { collection, key: rkey },
            InputWrite::Update { collection, rkey, value } => Self::Update { collection, key: rkey, value },
        }
    }
}

impl From<Applied> for Output {
    fn from(applied: Applied) -> Self {
        let validation_status = applied.validation_status;
        let results = applied.results.into_iter().map(|result| match result {
            Applying::Created { uri, cid } => {
                OutputWrite::Create { uri, cid: CidText(cid), validation_status }
            }
            Applying::Deleted => OutputWrite::Delete {},
            Applying::Updated { uri, cid } => {
                OutputWrite::Update { uri, cid: CidText(cid), validation_status }
            }
        });
        Self { results: results.collect(), commit: applied.commit.map(CommitShown::from) }
    }
}
