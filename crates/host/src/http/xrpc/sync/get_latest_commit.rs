//! `GET /xrpc/com.atproto.sync.getLatestCommit`.

use axum::Json;

use crate::http::caller::Reader;
use crate::http::params::Params;
use crate::http::xrpc::{Answer, App, CommitShown};
use crate::operations::find_commit::find_commit;

pub(crate) async fn get(context: App, reader: Reader, params: Params) -> Answer<CommitShown> {
    let did = params.required("did")?;
    Ok(Json(find_commit(&context, &did, reader.viewer()).await?.into()))
}
