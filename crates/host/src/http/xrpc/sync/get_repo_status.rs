//! `GET /xrpc/com.atproto.sync.getRepoStatus`.

use axum::Json;
use gatewright_protocol::syntax::{Did, Tid};
use gatewright_store::account::AccountStatus;
use serde::Serialize;

use crate::http::params::Params;
use crate::http::xrpc::{Answer, App, status_word};
use crate::operations::repo_status::repo_status;

#[derive(Serialize)]
pub(crate) struct Output {
    did: Did,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rev: Option<Tid>,
}

pub(crate) async fn get(context: App, params: Params) -> Answer<Output> {
    let did = params.required("did")?;
    let (status, rev) = repo_status(&context, &did).await?;
    Ok(Json(Output { did, active: status == AccountStatus::Active, status: status_word(status), rev }))
}
