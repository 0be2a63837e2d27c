//! `/oauth/register`: dynamic registration (RFC 7591). Nothing is kept: the id is the registration.

use axum::body::Bytes;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::clients::{ClientError, McpClient};
use super::refuse;

pub(super) async fn post(body: Bytes) -> Response {
    let registered = match serde_json::from_slice(&body) {
        Ok(said) => McpClient::register(said),
        Err(_) => Err(ClientError::Metadata("the registration is not a JSON object of RFC 7591")),
    };
    match registered {
        Ok(client) => super::json(
            StatusCode::CREATED,
            &json!({
                "client_id": client.id,
                "client_name": client.name,
                "redirect_uris": client.redirect_uris(),
                "grant_types": ["authorization_code"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }),
        ),
        Err(error @ ClientError::RedirectUri(_)) => {
            refuse(StatusCode::BAD_REQUEST, "invalid_redirect_uri", &error.to_string())
        }
        Err(error) => refuse(StatusCode::BAD_REQUEST, "invalid_client_metadata", &error.to_string()),
    }
}
