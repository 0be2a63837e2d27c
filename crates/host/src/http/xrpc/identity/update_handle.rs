//! `POST /xrpc/com.atproto.identity.updateHandle`.

use gatewright_protocol::syntax::Handle;
use serde::Deserialize;

use crate::http::asker::Asker;
use crate::http::body::JsonBody;
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::xrpc::App;
use crate::operations::update_handle::{AskedBy, update_handle};
use crate::settings::BODY_LIMIT;

#[derive(Deserialize)]
pub(crate) struct Input {
    handle: String,
}

pub(crate) async fn post(
    context: App,
    caller: Caller,
    Asker(peer): Asker,
    JsonBody(input): JsonBody<Input, BODY_LIMIT>,
) -> Result<(), XrpcError> {
    let handle: Handle = input.handle.parse().map_err(|_| XrpcError::invalid_handle())?;
    Ok(update_handle(&context, caller.did(), &handle, AskedBy::Owner(Some(peer.into()))).await?)
}
