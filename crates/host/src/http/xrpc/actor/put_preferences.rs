//! `POST /xrpc/app.bsky.actor.putPreferences`.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::PREFERENCES_LIMIT;
use crate::http::body::JsonBody;
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::xrpc::App;
use crate::operations::put_preferences::put_preferences;

#[derive(Deserialize)]
pub(crate) struct Input {
    preferences: Vec<Value>,
}

pub(crate) async fn post(
    context: App,
    caller: Caller,
    JsonBody(input): JsonBody<Input, PREFERENCES_LIMIT>,
) -> Result<StatusCode, XrpcError> {
    put_preferences(&context, caller.did(), caller.access(), input.preferences).await?;
    Ok(StatusCode::OK)
}
