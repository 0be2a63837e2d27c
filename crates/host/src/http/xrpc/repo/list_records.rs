//! `GET /xrpc/com.atproto.repo.listRecords`.

use axum::Json;
use gatewright_protocol::syntax::RecordKey;
use gatewright_store::repo::ListRecords;
use serde::Serialize;

use super::Shown;
use crate::http::params::Params;
use crate::http::xrpc::{Answer, App};
use crate::operations::list_records::list_records;

#[derive(Serialize)]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<RecordKey>,
    records: Vec<Shown>,
}

pub(crate) async fn get(context: App, params: Params) -> Answer<Output> {
    let repo = params.required("repo")?;
    let list = ListRecords {
        collection: params.required("collection")?,
        cursor: params.optional("cursor")?,
        limit: params.limit(1..=100, 50)?,
        reverse: params.optional("reverse")?.unwrap_or(false),
    };
    let page = list_records(&context, &repo, list).await?;
    Ok(Json(Output { cursor: page.cursor, records: page.records.into_iter().map(Shown).collect() }))
}
