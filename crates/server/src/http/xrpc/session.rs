//! What `createSession` and `refreshSession` answer (SESS-6, SESS-10), and who asks.

use std::convert::Infallible;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_store::account::AccountStatus;
use http::header::USER_AGENT;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;

use crate::http::app::App;
use crate::http::extract::peer::Peer;
use crate::operations::{SessionClient, SessionTokens};

/// The two tokens, and what clients want to know of the account.
pub(crate) struct SessionAnswer(pub(crate) SessionTokens);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<'a> {
    access_jwt: &'a str,
    refresh_jwt: &'a str,
    handle: &'a Handle,
    did: &'a Did,
    #[serde(skip_serializing_if = "Option::is_none")]
    did_doc: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_auth_factor: Option<bool>,
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

impl IntoResponse for SessionAnswer {
    fn into_response(self) -> Response {
        let SessionTokens { access, refresh, account, document, sees_email, has_email_factor } = &self.0;
        let status = match account.status {
            AccountStatus::Active => None,
            AccountStatus::Deactivated => Some("deactivated"),
            AccountStatus::TakenDown => Some("takendown"),
        };
        Json(Output {
            access_jwt: access.expose(),
            refresh_jwt: refresh.expose(),
            handle: &account.handle,
            did: &account.did,
            did_doc: document.as_ref(),
            email: account.email.as_deref().filter(|_| *sees_email),
            email_confirmed: sees_email.then_some(account.email_confirmed),
            email_auth_factor: sees_email.then_some(*has_email_factor),
            active: account.status == AccountStatus::Active,
            status,
        })
        .into_response()
    }
}

impl FromRequestParts<App> for SessionClient {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { name: agent.and_then(product).map(str::to_owned), place: peer.place() })
    }
}

/// The first product that a client names (RFC 9110 section 10.1.5), without its version.
fn product(user_agent: &str) -> Option<&str> {
    const LONGEST: usize = 64;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let word = user_agent.split(['/', ' ', '(']).next()?;
    (!word.is_empty() && word.len() <= LONGEST && word.bytes().all(token)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_called_by_the_product_that_it_names() {
        for (agent, name) in [
            ("atproto/0.0.73 (python)", Some("atproto")),
            ("python-httpx/0.28.1", Some("python-httpx")),
            ("bot", Some("bot")),
            ("Mozilla/5.0 (X11; Linux)", Some("Mozilla")),
            ("", None),
            ("(nothing)", None),
            ("b\u{f6}t/1", None),
            ("a,b", None),
        ] {
            assert_eq!(product(agent), name, "{agent}");
        }
        assert_eq!(product(&"x".repeat(65)), None);
    }
}
