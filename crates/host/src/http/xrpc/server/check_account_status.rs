//! `GET /xrpc/com.atproto.server.checkAccountStatus`.

use axum::Json;
use gatewright_protocol::syntax::Tid;
use serde::Serialize;

use crate::http::caller::Caller;
use crate::http::xrpc::{Answer, App, CidText};
use crate::operations::check_account_status::check_account_status;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    activated: bool,
    valid_did: bool,
    repo_commit: CidText,
    repo_rev: Tid,
    repo_blocks: u64,
    indexed_records: u64,
    private_state_values: usize,
    expected_blobs: u64,
    imported_blobs: u64,
}

pub(crate) async fn get(context: App, caller: Caller) -> Answer<Output> {
    let progress = check_account_status(&context, caller.did()).await?;
    Ok(Json(Output {
        activated: progress.active,
        valid_did: progress.identity_leads_here,
        repo_commit: CidText(progress.commit),
        repo_rev: progress.rev,
        repo_blocks: progress.counts.blocks,
        indexed_records: progress.counts.records,
        private_state_values: progress.preferences,
        expected_blobs: progress.counts.named_blobs,
        imported_blobs: progress.counts.blobs,
    }))
}
