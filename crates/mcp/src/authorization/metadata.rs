//! What clients find the rest by.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::{Authorization, SCOPES};

/// RFC 9728; the path of the resource follows it.
pub(super) const RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// RFC 8414.
pub(super) const SERVER: &str = "/.well-known/oauth-authorization-server";
/// What this server says about itself to the hosts of people.
pub(super) const CLIENT: &str = "/oauth-client-metadata.json";

pub(super) fn resource(server: &Authorization, path: &str) -> Response {
    let origin = &server.0.origin;
    super::json(
        StatusCode::OK,
        &json!({
            "resource": format!("{origin}{path}"),
            "resource_name": "Gatewright MCP server",
            "authorization_servers": [origin],
            "scopes_supported": SCOPES,
            "bearer_methods_supported": ["header"],
        }),
    )
}

pub(super) async fn server(State(server): State<Authorization>) -> Response {
    let origin = &server.0.origin;
    super::json(
        StatusCode::OK,
        &json!({
            "issuer": origin,
            "authorization_endpoint": format!("{origin}/oauth/authorize"),
            "token_endpoint": format!("{origin}/oauth/token"),
            "registration_endpoint": format!("{origin}/oauth/register"),
            "revocation_endpoint": format!("{origin}/oauth/revoke"),
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "client_id_metadata_document_supported": true,
            "authorization_response_iss_parameter_supported": true,
        }),
    )
}

pub(super) async fn client(State(server): State<Authorization>) -> Response {
    match server.0.client.metadata_document() {
        Some(document) => super::json(StatusCode::OK, &document),
        None => {
            super::refuse(StatusCode::NOT_FOUND, "not_found", "this server is a client without a document")
        }
    }
}
