//! `GET /xrpc/app.bsky.actor.getProfile`. Accounts of this host are answered for here, whichever service is named; others
//! by the service, if there is one for the call.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use gatewright_guard::Destination;

use super::{ProfileShown, elsewhere};
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::params::Params;
use crate::http::xrpc::App;
use crate::operations::find_profile::{FindProfileError, find_profile};

pub(crate) async fn get(
    context: App,
    caller: Caller,
    destination: Option<Destination>,
    params: Params,
    request: Request,
) -> Result<Response, XrpcError> {
    match find_profile(&context, caller.did(), &params.required("actor")?).await {
        Ok(profile) => Ok(Json(ProfileShown::new(&context, profile)).into_response()),
        Err(FindProfileError::Elsewhere) => elsewhere(&context, &caller, destination, request).await,
        Err(error) => Err(error.into()),
    }
}
