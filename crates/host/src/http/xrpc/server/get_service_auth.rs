//! `GET /xrpc/com.atproto.server.getServiceAuth`.

use axum::Json;
use gatewright_protocol::time::UnixTime;
use http::header::CACHE_CONTROL;
use http::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::params::Params;
use crate::http::xrpc::App;
use crate::operations::issue_service_token::{IssueServiceToken, issue_service_token};

#[derive(Serialize)]
pub(crate) struct Output {
    token: String,
}

pub(crate) async fn get(
    context: App,
    caller: Caller,
    params: Params,
) -> Result<([(HeaderName, HeaderValue); 1], Json<Output>), XrpcError> {
    let asked = IssueServiceToken {
        recipient: params.required("aud")?,
        method: params.optional("lxm")?,
        expires_at: params.optional("exp")?.map(UnixTime::from_seconds),
    };
    let token = issue_service_token(&context, caller.did(), asked).await?;
    let no_store = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, Json(Output { token: token.expose().to_owned() })))
}
