//! `GET /xrpc/com.atproto.repo.describeRepo`.

use axum::Json;
use gatewright_protocol::syntax::{Did, Handle, Nsid};
use serde::Serialize;

use crate::http::asker::Asker;
use crate::http::params::Params;
use crate::http::xrpc::{Answer, App};
use crate::identity::AccountDocument;
use crate::operations::describe_repo::describe_repo;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    handle: Handle,
    did: Did,
    #[serde(skip_serializing_if = "Option::is_none")]
    did_doc: Option<AccountDocument>,
    collections: Vec<Nsid>,
    handle_is_correct: bool,
}

pub(crate) async fn get(context: App, Asker(peer): Asker, params: Params) -> Answer<Output> {
    let repo = describe_repo(&context, &params.required("repo")?, Some(peer.into())).await?;
    Ok(Json(Output {
        handle: repo.account.handle,
        did: repo.account.did,
        did_doc: repo.document,
        collections: repo.collections,
        handle_is_correct: repo.handle_is_correct,
    }))
}
