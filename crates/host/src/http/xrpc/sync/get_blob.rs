//! `GET /xrpc/com.atproto.sync.getBlob`.

use axum::response::{IntoResponse, Response};
use gatewright_store::blob::Blob;
use http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use crate::http::caller::Reader;
use crate::http::errors::XrpcError;
use crate::http::params::Params;
use crate::http::stream::file_body;
use crate::http::xrpc::{App, CidText};
use crate::operations::read_blob::read_blob;

pub(crate) async fn get(context: App, reader: Reader, params: Params) -> Result<Response, XrpcError> {
    let did = params.required("did")?;
    let CidText(cid) = params.required("cid")?;
    let (blob, file) = read_blob(&context, &did, &cid, reader.viewer()).await?;
    Ok((headers(&blob), file_body(file, ())).into_response())
}

/// Strangers' bytes under the host's own name: a browser must neither guess a type nor run anything (SEC-42).
fn headers(blob: &Blob) -> HeaderMap {
    let text = |text: String| HeaderValue::from_str(&text).ok();
    let unknown = HeaderValue::from_static("application/octet-stream");
    let shown = if may_be_shown(blob) { "inline" } else { "attachment" };
    let disposition = text(format!("{shown}; filename=\"{}\"", blob.cid));
    HeaderMap::from_iter([
        (CONTENT_TYPE, text(blob.declared_type.clone()).unwrap_or(unknown)),
        (CONTENT_LENGTH, HeaderValue::from(blob.size)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment"))),
    ])
}

/// Media that look like what they are declared to be, and cannot hold a script.
fn may_be_shown(blob: &Blob) -> bool {
    let declared = blob.declared_type.as_str();
    let (kind, subtype) = declared.split_once('/').unwrap_or_default();
    matches!(kind, "image" | "video" | "audio")
        && !subtype.contains("xml")
        && blob.sniffed_type.as_deref().is_some_and(|sniffed| sniffed == declared)
}
