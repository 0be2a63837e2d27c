//! `GET /xrpc/com.atproto.repo.getRecord`.

use axum::Json;

use super::Shown;
use crate::http::params::Params;
use crate::http::xrpc::{Answer, App, CidText};
use crate::operations::read_record::read_record;

pub(crate) async fn get(context: App, params: Params) -> Answer<Shown> {
    let repo = params.required("repo")?;
    let collection = params.required("collection")?;
    let key = params.required("rkey")?;
    let cid = params.optional::<CidText>("cid")?.map(|cid| cid.0);
    Ok(Json(Shown(read_record(&context, &repo, collection, key, cid).await?)))
}
