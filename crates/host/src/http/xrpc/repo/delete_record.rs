//! `POST /xrpc/com.atproto.repo.deleteRecord`.

use axum::Json;
use gatewright_protocol::scope::RepoAction;
use gatewright_protocol::syntax::{Nsid, RecordKey};
use serde::{Deserialize, Serialize};

use super::WriteBody;
use crate::http::body::JsonBody;
use crate::http::caller::Caller;
use crate::http::xrpc::{Answer, App, CidText, CommitShown};
use crate::operations::access::Identifier;
use crate::operations::delete_record::{DeleteRecord, delete_record};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    repo: Identifier,
    collection: Nsid,
    rkey: RecordKey,
    swap_record: Option<CidText>,
    swap_commit: Option<CidText>,
}

#[derive(Serialize)]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<CommitShown>,
}

pub(crate) async fn post(context: App, caller: Caller, JsonBody(input): WriteBody<Input>) -> Answer<Output> {
    caller.require_repo([(&input.collection, RepoAction::Delete)])?;
    let delete = DeleteRecord {
        repo: input.repo,
        collection: input.collection,
        key: input.rkey,
        swap_record: input.swap_record.map(|cid| cid.0),
        swap_commit: input.swap_commit.map(|cid| cid.0),
    };
    let commit = delete_record(&context, caller.did(), delete).await?;
    Ok(Json(Output { commit: commit.map(CommitShown::from) }))
}
