//! What a host says about the names it keeps, by the name it is asked under (ID-27). Readable from everywhere: the router
//! sees to that.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_store::account::AccountStatus;
use http::header::HOST;
use http::{HeaderMap, StatusCode, Uri};

use super::errors::XrpcError;
use crate::context::Context;
use crate::identity::HostDocument;
use crate::operations::describe_account::describe_account;
use crate::operations::resolve_handle::own_handle;

/// `GET /.well-known/atproto-did`: the DID of the handle that is the name of the host.
pub(super) async fn atproto_did(
    State(context): State<Arc<Context>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, XrpcError> {
    let handle = host(&uri, &headers).and_then(|host| host.split(':').next()?.parse::<Handle>().ok());
    let did = match handle {
        Some(handle) => own_handle(&context, &handle).await?,
        None => None,
    };
    Ok(match did {
        Some(did) => did.to_string().into_response(),
        None => not_found("no account here has this handle"),
    })
}

/// `GET /.well-known/did.json`: the document of the host, or of an account whose `did:web` is the name of the host.
pub(super) async fn did_json(
    State(context): State<Arc<Context>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, XrpcError> {
    let Some(did) = host(&uri, &headers).and_then(|host| Did::of_web_host(&host.to_ascii_lowercase()).ok())
    else {
        return Ok(not_found("no identity has this name"));
    };
    if did == context.settings.service_did {
        let document = HostDocument::new(&did, &context.settings.public_url);
        return Ok(Json(document).into_response());
    }
    let account = context.store.find_account(&did).await?;
    let Some(account) = account.filter(|account| account.status != AccountStatus::TakenDown) else {
        return Ok(not_found("no identity has this name"));
    };
    Ok(match describe_account(&context, &account).await? {
        Some(document) => Json(document).into_response(),
        None => not_found("no identity has this name"),
    })
}

/// The name that the request came for, perhaps with a port.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(HOST)?.to_str().ok(),
    }
}

fn not_found(message: &'static str) -> Response {
    (StatusCode::NOT_FOUND, message).into_response()
}
