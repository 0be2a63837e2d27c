//! `POST /xrpc/com.atproto.server.activateAccount`.

use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::xrpc::App;
use crate::operations::activate_account::activate_account;

pub(crate) async fn post(context: App, caller: Caller) -> Result<(), XrpcError> {
    Ok(activate_account(&context, caller.did()).await?)
}
