//! `POST /xrpc/com.atproto.repo.putRecord`.

use axum::Json;
use gatewright_protocol::scope::RepoAction;
use gatewright_protocol::syntax::{Nsid, RecordKey};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{WriteBody, Written};
use crate::http::body::JsonBody;
use crate::http::caller::Caller;
use crate::http::xrpc::{Answer, App, CidText};
use crate::operations::access::Identifier;
use crate::operations::put_record::{PutRecord, put_record};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    repo: Identifier,
    collection: Nsid,
    rkey: RecordKey,
    validate: Option<bool>,
    record: Value,
    /// Null asks that there be no record; absent asks nothing.
    #[serde(default, deserialize_with = "present")]
    #[expect(clippy::option_option, reason = "null and absent are two things")]
    swap_record: Option<Option<CidText>>,
    swap_commit: Option<CidText>,
}

pub(crate) async fn post(context: App, caller: Caller, JsonBody(input): WriteBody<Input>) -> Answer<Written> {
    // Whether it creates or updates is known only when it is done, so both must be allowed.
    caller
        .require_repo([RepoAction::Create, RepoAction::Update].map(|action| (&input.collection, action)))?;
    let put = PutRecord {
        repo: input.repo,
        collection: input.collection,
        key: input.rkey,
        validate: input.validate.into(),
        value: input.record,
        swap_record: input.swap_record.map(|swap| swap.map(|cid| cid.0)),
        swap_commit: input.swap_commit.map(|cid| cid.0),
    };
    Ok(Json(put_record(&context, caller.did(), put).await?.into()))
}

#[expect(clippy::option_option, reason = "null and absent are two things")]
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<CidText>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
