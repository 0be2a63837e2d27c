//! `GET /xrpc/com.atproto.server.getSession`.

use axum::Json;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_store::account::AccountStatus;
use serde::Serialize;

use crate::http::caller::Caller;
use crate::http::xrpc::{Answer, App, status_word};
use crate::identity::AccountDocument;
use crate::operations::find_session::{FoundSession, find_session};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    handle: Handle,
    did: Did,
    #[serde(skip_serializing_if = "Option::is_none")]
    did_doc: Option<AccountDocument>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

/// Shown only to those who may read it (SEC-48).
#[derive(Serialize)]
struct Email {
    #[serde(rename = "email", skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(rename = "emailConfirmed")]
    confirmed: bool,
    #[serde(rename = "emailAuthFactor")]
    auth_factor: bool,
}

pub(crate) async fn get(context: App, caller: Caller) -> Answer<Output> {
    let session = find_session(&context, caller.did()).await?;
    let FoundSession { account, document: did_doc, has_email_factor } = session;
    let email = caller.may_read_email().then_some(Email {
        address: account.email,
        confirmed: account.email_confirmed,
        auth_factor: has_email_factor,
    });
    Ok(Json(Output {
        handle: account.handle,
        did: account.did,
        did_doc,
        email,
        active: account.status == AccountStatus::Active,
        status: status_word(account.status),
    }))
}
