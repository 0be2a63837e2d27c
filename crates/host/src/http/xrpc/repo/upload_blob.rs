//! `POST /xrpc/com.atproto.repo.uploadBlob`.

use axum::Json;
use axum::body::Body;
use gatewright_store::blob::Blob;
use http::HeaderMap;
use serde::Serialize;

use crate::http::body::{declared_length, media_type};
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::xrpc::{Answer, App, CidText};
use crate::operations::upload_blob::upload_blob;

#[derive(Serialize)]
pub(crate) struct Output {
    blob: BlobShown,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobShown {
    #[serde(rename = "$type")]
    kind: &'static str,
    r#ref: Link,
    mime_type: String,
    size: u64,
}

#[derive(Serialize)]
struct Link {
    #[serde(rename = "$link")]
    cid: CidText,
}

pub(crate) async fn post(context: App, caller: Caller, headers: HeaderMap, body: Body) -> Answer<Output> {
    let missing = || XrpcError::invalid_request("the type of the blob must be said in `Content-Type`");
    let declared = media_type(&headers).ok_or_else(missing)?;
    caller.require_blob(&declared)?;
    let limit = context.settings.blob_limit;
    if declared_length(&headers).is_some_and(|length| length > limit) {
        return Err(XrpcError::blob_too_large(limit));
    }
    let blob = upload_blob(&context, caller.did(), declared, body.into_data_stream()).await?;
    Ok(Json(Output { blob: blob.into() }))
}

impl From<Blob> for BlobShown {
    fn from(blob: Blob) -> Self {
        let r#ref = Link { cid: CidText(blob.cid) };
        Self { kind: "blob", r#ref, mime_type: blob.declared_type, size: blob.size }
    }
}
