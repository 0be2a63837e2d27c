//! A client of password sessions: what today's bots and libraries do.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use gatewright_protocol::jose::jws;
use http::Request;
use serde_json::{Value, json};

use super::World;
use super::machine::{Reply, call};

pub(crate) const CREATE_SESSION: &str = "com.atproto.server.createSession";
pub(crate) const REFRESH_SESSION: &str = "com.atproto.server.refreshSession";
pub(crate) const DELETE_SESSION: &str = "com.atproto.server.deleteSession";
pub(crate) const CREATE_APP_PASSWORD: &str = "com.atproto.server.createAppPassword";
pub(crate) const LIST_APP_PASSWORDS: &str = "com.atproto.server.listAppPasswords";
pub(crate) const REVOKE_APP_PASSWORD: &str = "com.atproto.server.revokeAppPassword";

/// The tokens of a session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Session {
    #[track_caller]
    pub(crate) fn of(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text);
        let json = reply.json();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Self { access: text("accessJwt"), refresh: text("refreshJwt") }
    }

    /// The claims of the access token.
    pub(crate) fn claims(&self) -> Value {
        claims(&self.access)
    }

    /// The name of the refresh token.
    pub(crate) fn jti(&self) -> Value {
        claims(&self.refresh)["jti"].clone()
    }
}

pub(crate) fn claims(token: &str) -> Value {
    jws::decode(token).unwrap().claims_unverified().unwrap()
}

impl World {
    /// Calls a procedure, or a query if there is no body.
    pub(crate) async fn xrpc(&self, method: &str, token: Option<&str>, body: Option<&Value>) -> Reply {
        self.xrpc_from("192.0.2.77:4711", method, token, body).await
    }

    pub(crate) async fn xrpc_from(
        &self,
        address: &str,
        method: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Reply {
        let path = format!("/xrpc/{method}");
        let is_query = method == LIST_APP_PASSWORDS;
        let mut request = if is_query { Request::get(path) } else { Request::post(path) };
        request = request
            .header("user-agent", "testbot/1.0 (flow)")
            .extension(ConnectInfo(address.parse::<SocketAddr>().unwrap()));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        call(&self.router, request.body(body).unwrap()).await
    }

    pub(crate) async fn log_in(&self, identifier: &str, password: &str) -> Reply {
        let body = json!({ "identifier": identifier, "password": password });
        self.xrpc(CREATE_SESSION, None, Some(&body)).await
    }

    /// Alice's session, by her password.
    pub(crate) async fn session(&self) -> Session {
        Session::of(&self.log_in("alice.example.net", super::ALICE_PASSWORD).await)
    }

    pub(crate) async fn refresh_session(&self, refresh: &str) -> Reply {
        self.xrpc(REFRESH_SESSION, Some(refresh), None).await
    }

    /// An app password of alice with these fields, and the answer that shows it.
    pub(crate) async fn app_password(&self, fields: Value) -> Reply {
        let session = self.session().await;
        self.xrpc(CREATE_APP_PASSWORD, Some(&session.access), Some(&fields)).await
    }

    /// The secret of a new app password of alice.
    pub(crate) async fn new_app_password(&self, fields: Value) -> String {
        let reply = self.app_password(fields).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["password"].as_str().unwrap().to_owned()
    }

    /// Whether the access token opens anything.
    pub(crate) async fn is_open(&self, session: &Session) -> bool {
        self.xrpc(LIST_APP_PASSWORDS, Some(&session.access), None).await.status == 200
    }
}

/// Status, `error` and `message` of a refusal.
#[track_caller]
pub(crate) fn refusal(reply: &Reply) -> (u16, String, String) {
    let json = reply.json();
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    (reply.status.as_u16(), text("error"), text("message"))
}

/// The same triple, to compare with.
pub(crate) fn refused(status: u16, error: &str, message: &str) -> (u16, String, String) {
    (status, error.to_owned(), message.to_owned())
}
