//! `POST /xrpc/com.atproto.server.createInviteCodes`.

use axum::Json;
use gatewright_protocol::syntax::Did;
use serde::{Deserialize, Serialize};

use super::get_account_invite_codes::OPERATOR;
use crate::http::body::JsonBody;
use crate::http::xrpc::{Answer, App};
use crate::operations::create_invite_codes::{CreateInviteCodes, create_invite_codes};
use crate::settings::BODY_LIMIT;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(default = "one")]
    code_count: u32,
    use_count: u32,
    #[serde(default)]
    for_accounts: Vec<Did>,
}

const fn one() -> u32 {
    1
}

#[derive(Serialize)]
pub(crate) struct Output {
    codes: Vec<AccountCodes>,
}

#[derive(Serialize)]
struct AccountCodes {
    account: String,
    codes: Vec<String>,
}

pub(crate) async fn post(context: App, JsonBody(input): JsonBody<Input, BODY_LIMIT>) -> Answer<Output> {
    let Input { code_count: count, use_count: uses, for_accounts } = input;
    let made = create_invite_codes(&context, CreateInviteCodes { count, uses, for_accounts }).await?;
    let codes = made.into_iter().map(|(account, codes)| AccountCodes {
        account: account.map_or_else(|| OPERATOR.to_owned(), |did| did.to_string()),
        codes: codes.iter().map(|code| code.expose().to_owned()).collect(),
    });
    Ok(Json(Output { codes: codes.collect() }))
}
