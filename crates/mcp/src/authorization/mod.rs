//! Signing in to the MCP server with nothing but its URL: the server is an OAuth protected resource with an authorization
//! endpoint of its own, behind which the person signs in at their host.
//!
//! ```text
//! MCP client            this server                    the person's host
//!  POST /mcp/account ─▶ 401, where to learn more
//!  metadata, /oauth/register
//!  browser ───────────▶ /oauth/authorize  (who asks, for what, and who are you?)
//!                          └──────── AT Protocol OAuth ───────▶ consent
//!                       /oauth/callback ◀──────────────────────┘
//!  browser ◀─────────── code
//!  POST /oauth/token ─▶ a session reference, for this server alone
//! ```
//!
//! The access token is a [session reference](gatewright_client::per_request::References): opaque, kept as a hash, good at
//! this server only, with no more scopes than the MCP client asked for and the person granted. It is revoked like any
//! other. There is no refresh token: a reference lasts [a week](TOKEN_LIFE), and then the person is asked again.
//!
//! Clients describe themselves by a document at their id, or by dynamic registration. A registered client's id *is* its
//! registration, so nothing is kept of it and nobody fills anything.
//!
//! | file | what it holds |
//! |---|---|
//! | `metadata` | the two documents that clients find the rest by (RFC 9728, RFC 8414) |
//! | `clients` | who asks: documents, registrations, redirect URIs |
//! | `request` | what is asked for, parsed |
//! | `authorize`, `callback`, `token`, `register`, `revoke` | one endpoint each |
//! | `codes` | codes that are good once, for a minute |
//! | `page`, `words` | what the person sees |

mod authorize;
mod callback;
mod clients;
mod codes;
mod metadata;
mod page;
mod register;
mod request;
mod revoke;
mod token;
mod words;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use gatewright_client::per_request::References;
use gatewright_client::{Client, ClientDescription, InvalidDescription, Sessions};
use gatewright_protocol::random::Random;
use gatewright_protocol::time::Clock;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use http::{HeaderValue, StatusCode};
use url::Url;

use authorize::Begun;
use codes::Codes;

/// Everything that a tool may need, and so everything that an MCP client can ask for.
pub const SCOPES: [&str; 5] =
    ["atproto", "repo:*?action=create", "repo:*?action=update", "repo:*?action=delete", "blob:*/*"];

/// How long an access token is good.
pub const TOKEN_LIFE: Duration = Duration::from_hours(7 * 24);

/// Where the person's host sends the browser back to.
const CALLBACK: &str = "/oauth/callback";

/// The MCP server as its own authorization server. Cheap to clone.
#[derive(Clone)]
pub struct Authorization(Arc<Inner>);

struct Inner {
    /// `https://mcp.example.com`: the issuer.
    origin: String,
    /// The paths that tokens open.
    resources: &'static [&'static str],
    client: Client,
    references: References,
    codes: Codes,
    begun: Begun,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// How the server describes itself to the hosts of people: by a document at a public origin, or as a program on this
/// machine where its origin is a loopback one.
///
/// # Errors
/// The origin is none that a client can have.
pub fn client(origin: &Url, sessions: Sessions) -> Result<Client, InvalidDescription> {
    let base = origin.origin().ascii_serialization();
    let is_loopback = matches!(origin.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let description = if is_loopback {
        ClientDescription::loopback().redirect_uri(format!("http://127.0.0.1{CALLBACK}"))
    } else {
        ClientDescription::web(format!("{base}{}", metadata::CLIENT))
            .name("MCP server")
            .home(format!("{base}/"))
            .redirect_uri(format!("{base}{CALLBACK}"))
    };
    Client::new(SCOPES.into_iter().fold(description, ClientDescription::scope), sessions)
}

impl Authorization {
    /// The authorization server of the MCP server at `origin`, whose tokens open `resources` (paths such as `/mcp`).
    /// `client` signs people in; see [`client`].
    pub fn new(
        origin: &Url,
        resources: &'static [&'static str],
        client: Client,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self(Arc::new(Inner {
            origin: origin.origin().ascii_serialization(),
            resources,
            references: References::new(client.clone()),
            client,
            codes: Codes::default(),
            begun: Begun::default(),
            clock,
            random,
        }))
    }

    /// The references that are its access tokens, for [`PerRequest`](gatewright_client::per_request::PerRequest).
    pub fn references(&self) -> References {
        self.0.references.clone()
    }

    /// The routes, to be served at the origin beside the MCP endpoint.
    pub fn router(&self) -> Router {
        let mut router = Router::new()
            .route(metadata::SERVER, get(metadata::server).options(preflight))
            .route(metadata::CLIENT, get(metadata::client))
            .route("/oauth/register", post(register::post).options(preflight))
            .route("/oauth/authorize", get(authorize::get).post(authorize::post))
            .route(CALLBACK, get(callback::get))
            .route("/oauth/token", post(token::post).options(preflight))
            .route("/oauth/revoke", post(revoke::post).options(preflight))
            .route(page::STYLE, get(page::style));
        for path in self.0.resources {
            // A client that got no challenge asks for the document of the path, or of the origin.
            router = router.route(
                &format!("{}{path}", metadata::RESOURCE),
                get(async |State(server): State<Self>| metadata::resource(&server, path)).options(preflight),
            );
        }
        let first = self.0.resources.first().copied().unwrap_or("/");
        router = router.route(
            metadata::RESOURCE,
            get(async move |State(server): State<Self>| metadata::resource(&server, first))
                .options(preflight),
        );
        router.with_state(self.clone())
    }

    /// The challenge of an answer 401 or 403 at this path: where to learn how to sign in, and with which scopes.
    pub fn challenge(&self, path: &str, error: Option<&str>, scope: &str) -> HeaderValue {
        let error = error.map(|error| format!("error=\"{error}\", ")).unwrap_or_default();
        let scope: String =
            scope.chars().filter(|c| !matches!(c, '"' | '\\') && c.is_ascii_graphic() || *c == ' ').collect();
        let origin = &self.0.origin;
        let text = format!(
            "Bearer {error}scope=\"{scope}\", resource_metadata=\"{origin}{}{path}\"",
            metadata::RESOURCE
        );
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }

    /// Whether this names the server as what a token is to be good for (RFC 8707).
    fn is_resource(&self, resource: &str) -> bool {
        let path = resource.strip_prefix(self.0.origin.as_str());
        path.is_some_and(|path| path.trim_end_matches('/').is_empty() || self.0.resources.contains(&path))
    }

    /// Whether cookies need TLS.
    fn is_secure(&self) -> bool {
        self.0.origin.starts_with("https://")
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").field("origin", &self.0.origin).finish_non_exhaustive()
    }
}

/// An answer for programs, which may run in a browser too.
fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = axum::response::IntoResponse::into_response((status, axum::Json(body)));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// A refusal in the form of RFC 6749 section 5.2.
fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    json(status, &serde_json::json!({ "error": error, "error_description": description }))
}

/// What a browser asks before a program in it sends anything.
async fn preflight() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("access-control-allow-methods", HeaderValue::from_static("GET, POST"));
    headers.insert(
        "access-control-allow-headers",
        HeaderValue::from_static("content-type, authorization, mcp-protocol-version"),
    );
    headers.insert("access-control-max-age", HeaderValue::from_static("86400"));
    response
}
