//! `POST /xrpc/com.atproto.repo.uploadBlob`.

use axum::Json;
use axum::body::Body;
use gatewright_store::blob::Blob;
use http::HeaderMap;
use serde::Serialize;

use crate::http::body::{declared_length, declares_nothing, media_type};
use crate::http::caller::Caller;
use crate::http::errors::XrpcError;
use crate::http::xrpc::{Answer, App, CidText};
use crate::operations::upload_blob::{keep_blob, receive_blob};

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
    let declared = if declares_nothing(&headers) {
        None
    } else {
        let declared = media_type(&headers).ok_or_else(missing)?;
        caller.require_blob(&declared)?;
        Some(declared)
    };
    let limit = context.settings.blob_limit;
    if declared_length(&headers).is_some_and(|length| length > limit) {
        return Err(XrpcError::blob_too_large(limit));
    }
    let received = receive_blob(&context, caller.did(), body.into_data_stream()).await?;
    let media_type = if let Some(declared) = declared {
        declared
    } else {
        // What is not declared is what it looks like, and that is what must be granted.
        let looks_like = received.sniffed_type().unwrap_or("application/octet-stream");
        caller.require_blob(looks_like)?;
        looks_like.to_owned()
    };
    let blob = keep_blob(&context, received, media_type).await?;
    Ok(Json(Output { blob: blob.into() }))
}

impl From<Blob> for BlobShown {
    fn from(blob: Blob) -> Self {
        let r#ref = Link { cid: CidText(blob.cid) };
        Self { kind: "blob", r#ref, mime_type: blob.declared_type, size: blob.size }
    }
}
