//! `GET /xrpc/com.atproto.sync.listBlobs`. `since` is not heeded: the whole list has what came since, too.

use axum::Json;
use serde::Serialize;

use crate::http::caller::Reader;
use crate::http::params::Params;
use crate::http::xrpc::{Answer, App, CidText};
use crate::operations::list_blobs::list_blobs;

#[derive(Serialize)]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<CidText>,
    cids: Vec<CidText>,
}

pub(crate) async fn get(context: App, reader: Reader, params: Params) -> Answer<Output> {
    let did = params.required("did")?;
    let after = params.optional::<CidText>("cursor")?;
    let limit = params.limit(1..=1000, 500)?;
    let cids = list_blobs(&context, &did, after.as_ref().map(|cid| &cid.0), limit, reader.viewer()).await?;
    let cids: Vec<_> = cids.into_iter().map(CidText).collect();
    let cursor = if cids.len() < limit { None } else { cids.last().copied() };
    Ok(Json(Output { cursor, cids }))
}
