//! JSON bodies.

use axum::extract::{FromRequest, Request};
use gatewright_protocol::json;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::errors::XrpcRefusal;
use crate::http::app::App;

/// A JSON object.
pub(crate) struct JsonBody<T>(pub(crate) T);

/// More than any of these methods is sent.
const LIMIT: usize = 32 * 1024;

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = XrpcRefusal;

    async fn from_request(request: Request, _: &App) -> Result<Self, XrpcRefusal> {
        let (parts, body) = request.into_parts();
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let message = "the body must be JSON, with `Content-Type: application/json`";
            return Err(XrpcRefusal::invalid_request(message));
        }
        let bytes = axum::body::to_bytes(body, LIMIT).await.map_err(|_| XrpcRefusal::too_large(LIMIT))?;
        // The error names the place and never what stands there, which may be a password.
        let body = json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let what = match error.classify() {
                serde_json::error::Category::Data => "is not what the method takes",
                _ => "is not JSON",
            };
            XrpcRefusal::invalid_request(format!("the body {what} (line {line}, column {column})"))
        })?;
        Ok(Self(body))
    }
}
