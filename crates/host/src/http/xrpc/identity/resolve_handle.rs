//! `GET /xrpc/com.atproto.identity.resolveHandle`.

use axum::Json;
use gatewright_protocol::syntax::Did;
use serde::Serialize;

use crate::http::asker::Asker;
use crate::http::params::Params;
use crate::http::xrpc::{Answer, App};
use crate::operations::resolve_handle::resolve_handle;

#[derive(Serialize)]
pub(crate) struct Output {
    did: Did,
}

pub(crate) async fn get(context: App, Asker(peer): Asker, params: Params) -> Answer<Output> {
    let did = resolve_handle(&context, &params.required("handle")?, Some(peer.into())).await?;
    Ok(Json(Output { did }))
}
