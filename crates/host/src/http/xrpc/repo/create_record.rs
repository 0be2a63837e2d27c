//! `POST /xrpc/com.atproto.repo.createRecord`.

use axum::Json;
use gatewright_protocol::scope::RepoAction;
use gatewright_protocol::syntax::{Nsid, RecordKey};
use serde::Deserialize;
use serde_json::Value;

use super::{WriteBody, Written};
use crate::http::body::JsonBody;
use crate::http::caller::Caller;
use crate::http::xrpc::{Answer, App, CidText};
use crate::operations::access::Identifier;
use crate::operations::create_record::{CreateRecord, create_record};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    repo: Identifier,
    collection: Nsid,
    rkey: Option<RecordKey>,
    validate: Option<bool>,
    record: Value,
    swap_commit: Option<CidText>,
}

pub(crate) async fn post(context: App, caller: Caller, JsonBody(input): WriteBody<Input>) -> Answer<Written> {
    caller.require_repo([(&input.collection, RepoAction::Create)])?;
    let create = CreateRecord {
        repo: input.repo,
        collection: input.collection,
        key: input.rkey,
        validate: input.validate.into(),
        value: input.record,
        swap_commit: input.swap_commit.map(|cid| cid.0),
    };
    Ok(Json(create_record(&context, caller.did(), create).await?.into()))
}
