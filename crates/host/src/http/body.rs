//! JSON bodies, within a limit (RS-12).

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use gatewright_protocol::json::Object;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::errors::XrpcError;

/// A JSON object of at most `LIMIT` bytes.
#[derive(Debug)]
pub(crate) struct JsonBody<T, const LIMIT: usize>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned, const LIMIT: usize> FromRequest<S> for JsonBody<T, LIMIT> {
    type Rejection = XrpcError;

    async fn from_request(request: Request, _: &S) -> Result<Self, XrpcError> {
        let essence = media_type(request.headers());
        if essence.as_deref() != Some("application/json") {
            return Err(XrpcError::invalid_request(
                "the body must be JSON, with `Content-Type: application/json`",
            ));
        }
        if declared_length(request.headers()).is_some_and(|length| length > LIMIT as u64) {
            return Err(XrpcError::too_large(LIMIT));
        }
        let bytes = read(request.into_body(), LIMIT).await?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let Object(value) = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { "the body".to_owned() } else { format!("`{path}`") };
            XrpcError::invalid_request(format!("{place}: {}", error.into_inner()))
        })?;
        deserializer
            .end()
            .map_err(|_| XrpcError::invalid_request("something follows the JSON of the body"))?;
        Ok(Self(value))
    }
}

/// The type of the body without its parameters, in lower case (SC-16). `None` where there is none that is one.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default().trim();
    let (kind, subtype) = essence.split_once('/')?;
    let is_token = |word: &str| {
        !word.is_empty()
            && word.len() <= 127
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    (is_token(kind) && is_token(subtype)).then(|| essence.to_ascii_lowercase())
}

/// Whether the sender says that the body is of any type whatever: some libraries say so of everything.
pub(crate) fn declares_nothing(headers: &HeaderMap) -> bool {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim() == "*/*"
}

/// What the sender says about the length.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(body: Body, limit: usize) -> Result<Bytes, XrpcError> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(XrpcError::too_large(limit)),
        Err(_) => Err(XrpcError::invalid_request("the body broke off")),
    }
}
