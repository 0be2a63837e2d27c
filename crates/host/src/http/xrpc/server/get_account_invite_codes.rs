//! `GET /xrpc/com.atproto.server.getAccountInviteCodes`.

use axum::Json;
use gatewright_protocol::syntax::{Datetime, Did};
use gatewright_store::invite_code::Invitation;
use serde::Serialize;

use crate::http::caller::Caller;
use crate::http::params::Params;
use crate::http::xrpc::{Answer, App};

/// What the operator is called where an account could stand.
pub(crate) const OPERATOR: &str = "admin";

#[derive(Serialize)]
pub(crate) struct Output {
    codes: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    code: String,
    available: u32,
    disabled: bool,
    for_account: String,
    created_by: String,
    created_at: Datetime,
    uses: Vec<Use>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Use {
    used_by: Did,
    used_at: Datetime,
}

/// New codes are the operator's to make, so `createAvailable` makes none.
pub(crate) async fn get(context: App, caller: Caller, params: Params) -> Answer<Output> {
    let include_used = params.optional("includeUsed")?.unwrap_or(true);
    let mut found = context.store.list_invitations(caller.did()).await?;
    found.retain(|code| include_used || code.uses_left() > 0);
    Ok(Json(Output { codes: found.into_iter().map(Shown::of).collect() }))
}

impl Shown {
    fn of(code: Invitation) -> Self {
        let name = |did: Option<Did>| did.map_or_else(|| OPERATOR.to_owned(), |did| did.to_string());
        let uses = code.used.into_iter().filter_map(|used| {
            // Of an account that is not here any more nothing is told.
            used.account.map(|used_by| Use { used_by, used_at: used.at.into() })
        });
        Self {
            code: code.code.expose().to_owned(),
            available: code.uses,
            disabled: code.disabled,
            for_account: name(code.for_account),
            created_by: name(code.created_by),
            created_at: code.created_at.into(),
            uses: uses.collect(),
        }
    }
}
