//! `GET /xrpc/com.atproto.sync.listRepos`.

use axum::Json;
use gatewright_protocol::syntax::{Did, Tid};
use gatewright_store::account::AccountStatus;
use serde::Serialize;

use crate::http::params::Params;
use crate::http::xrpc::{Answer, App, CidText, status_word};
use crate::operations::list_repos::list_repos;

#[derive(Serialize)]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Did>,
    repos: Vec<Repo>,
}

#[derive(Serialize)]
struct Repo {
    did: Did,
    head: CidText,
    rev: Tid,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

pub(crate) async fn get(context: App, params: Params) -> Answer<Output> {
    let after = params.optional("cursor")?;
    let page = list_repos(&context, after.as_ref(), params.limit(1..=1000, 500)?).await?;
    let repos = page.repos.into_iter().map(|(did, head, status)| Repo {
        did,
        head: CidText(head.commit),
        rev: head.rev,
        active: status == AccountStatus::Active,
        status: status_word(status),
    });
    Ok(Json(Output { cursor: page.cursor, repos: repos.collect() }))
}
