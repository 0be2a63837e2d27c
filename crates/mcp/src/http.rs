//! The server over HTTP.
//!
//! `/mcp` is for anybody: it reads for anonymous callers, and acts for those who bring credentials. `/mcp/account` is for
//! clients that have nothing but the URL: it asks everybody to sign in ([`authorization`](crate::authorization)).
//!
//! Credentials in `Authorization` are looked at here, before a message is: what is not taken is 401 with the challenge of
//! RFC 6750 and RFC 9728, and a tool that needs more scopes than the token has is 403 and names them. What is found goes
//! with the request as [`Caller`], and nowhere else.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use gatewright_client::per_request::{Caller, Credential, HANDLE, PASSWORD, PerRequest};
use http::StatusCode;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::authorization::{Authorization, SCOPES};
use crate::{McpServer, Tools, tools};

/// Where anybody calls.
pub const OPEN: &str = "/mcp";
/// Where everybody is asked to sign in.
pub const ACCOUNT: &str = "/mcp/account";
/// What tokens open.
pub const RESOURCES: &[&str] = &[OPEN, ACCOUNT];

/// The longest message, in bytes: a file of six megabytes in base64.
const LONGEST: usize = 8 << 20;

#[derive(Clone)]
struct Door {
    per_request: PerRequest,
    authorization: Authorization,
}

/// The routes of the MCP server at `origin`: both doors, and what it takes to sign in. Requests under another host name,
/// and those of pages from elsewhere, are refused (DNS rebinding).
pub fn router(origin: &Url, tools: Tools, per_request: PerRequest, authorization: &Authorization) -> Router {
    let authority = |url: &Url| {
        let host = url.host_str().unwrap_or_default().to_owned();
        url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
    };
    let mut hosts = vec![authority(origin)];
    let mut origins = vec![origin.origin().ascii_serialization()];
    if matches!(origin.host_str(), Some("127.0.0.1" | "localhost")) {
        let port = origin.port_or_known_default().unwrap_or(80);
        hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        origins = hosts.iter().map(|host| format!("http://{host}")).collect();
    }
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins)
        .with_max_request_body_bytes(LONGEST);
    let server = McpServer::new(tools);
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(LocalSessionManager::default()),
        config,
    );
    let door = Door { per_request, authorization: authorization.clone() };
    let mcp = Router::new()
        .route_service(OPEN, service.clone())
        .route_service(ACCOUNT, service)
        .layer(from_fn_with_state(door, admit));
    mcp.merge(authorization.router())
}

/// Finds out who asks, where it is said in `Authorization`. The pair of headers is left to the tools that need it: reading
/// needs none, whatever a client sends along.
async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let headers = request.headers();
    let has_pair = headers.contains_key(HANDLE) || headers.contains_key(PASSWORD);
    if has_pair {
        return next.run(request).await;
    }
    if !headers.contains_key(AUTHORIZATION) {
        return if path == ACCOUNT {
            door.refuse(&path, StatusCode::UNAUTHORIZED, None, "atproto", "sign in to use this address")
        } else {
            next.run(request).await
        };
    }
    let caller = match door.per_request.caller(headers, request.method(), request.uri()).await {
        Ok(caller) => caller,
        Err(refused) => {
            let answer = refused.answer(door.per_request.nonce().as_deref());
            if answer.status() == StatusCode::UNAUTHORIZED {
                let (error, message) = (Some("invalid_token"), refused.to_string());
                return door.refuse(&path, StatusCode::UNAUTHORIZED, error, "atproto", &message);
            }
            return answer.map(Body::from);
        }
    };
    let (mut parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    if let Some((needed, scopes)) = missing(&caller, &bytes) {
        let message = format!("this tool needs the scope {needed}");
        return door.refuse(&path, StatusCode::FORBIDDEN, Some("insufficient_scope"), &scopes, &message);
    }
    parts.extensions.insert(caller);
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// What a message calls.
#[derive(Deserialize)]
struct Message {
    method: String,
    #[serde(default)]
    params: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: Option<String>,
}

/// The scope that a tool needs and a token of ours does not have, and all that it then has to have.
fn missing(caller: &Caller, body: &[u8]) -> Option<(&'static str, String)> {
    if caller.credential() != Some(Credential::SessionReference) {
        return None;
    }
    let message: Message =
        serde_json::from_slice(body).ok().filter(|message: &Message| message.method == "tools/call")?;
    let needed = tools::needs(&message.params?.name?)?;
    let held = caller.scopes()?;
    if held.contains(needed) {
        return None;
    }
    let all = SCOPES.into_iter().filter(|scope| held.contains(scope) || *scope == needed);
    Some((needed, all.collect::<Vec<_>>().join(" ")))
}

impl Door {
    fn refuse(
        &self,
        path: &str,
        status: StatusCode,
        error: Option<&str>,
        scope: &str,
        message: &str,
    ) -> Response {
        let code = if status == StatusCode::FORBIDDEN {
            "insufficient_scope"
        } else {
            error.unwrap_or("unauthorized")
        };
        let body = json!({ "error": code, "error_description": message });
        let mut response = (status, axum::Json(body)).into_response();
        let challenge = self.authorization.challenge(path, error, scope);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        response
    }
}
