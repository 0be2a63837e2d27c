//! `POST /xrpc/com.atproto.server.deactivateAccount`.

use gatewright_protocol::syntax::Datetime;
use serde::Deserialize;

use crate::http::body::JsonBody;
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::xrpc::App;
use crate::operations::deactivate_account::deactivate_account;
use crate::settings::BODY_LIMIT;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    delete_after: Option<Datetime>,
}

pub(crate) async fn post(
    context: App,
    caller: Caller,
    JsonBody(input): JsonBody<Input, BODY_LIMIT>,
) -> Result<(), XrpcError> {
    Ok(deactivate_account(&context, caller.did(), input.delete_after.as_ref()).await?)
}
