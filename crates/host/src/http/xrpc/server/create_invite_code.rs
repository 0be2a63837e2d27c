//! `POST /xrpc/com.atproto.server.createInviteCode`.

use axum::Json;
use gatewright_protocol::syntax::Did;
use serde::{Deserialize, Serialize};

use crate::http::body::JsonBody;
use crate::http::xrpc::{Answer, App};
use crate::operations::create_invite_codes::{CreateInviteCodes, create_invite_codes};
use crate::settings::BODY_LIMIT;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    use_count: u32,
    for_account: Option<Did>,
}

#[derive(Serialize)]
pub(crate) struct Output {
    code: String,
}

pub(crate) async fn post(context: App, JsonBody(input): JsonBody<Input, BODY_LIMIT>) -> Answer<Output> {
    let Input { use_count: uses, for_account } = input;
    let new = CreateInviteCodes { count: 1, uses, for_accounts: for_account.into_iter().collect() };
    let made = create_invite_codes(&context, new).await?;
    let code = made.into_iter().flat_map(|(_, codes)| codes).map(|code| code.expose().to_owned()).collect();
    Ok(Json(Output { code }))
}
