//! `Authorization: Bearer` with the access token of a password session. Whether it is good, only its host can tell: it
//! is asked once, and the session is at hand from then on, for as long as the token says.

use std::time::Duration;

use gatewright_protocol::jose::jws;
use gatewright_protocol::json;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_protocol::time::UnixTime;
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::cache::Begun;
use super::host::is_same_origin;
use super::{Credential, Inner, Refused};
use crate::dpop::text;
use crate::error::CallError;
use crate::keep::Sessions;
use crate::record::{AppPasswordGrant, Grant, Record, SessionId, Tokens};
use crate::refresh::method_url;
use crate::secret::Secret;
use crate::session::Session;
use crate::xrpc::bearer;

/// How long a session is at hand before its host is asked again.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

/// What a token says; its signature is its host's to check.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    aud: Option<String>,
    #[serde(default)]
    exp: Option<f64>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    cnf: Option<IgnoredAny>,
}

/// Which kind of bearer token a JWT says that it is.
///
/// # Errors
/// It is none, or one that is never sent so (RS-2, SEC-50).
pub(super) fn kind_of_jwt(token: &str) -> Result<Credential, Refused> {
    // The header of a host's token is the host's own; only what is read here has to be in order.
    let unverified = jws::decode(token).map_err(|_| Refused::Token)?;
    let claims: Claims = unverified.claims_unverified().map_err(|_| Refused::Token)?;
    if claims.cnf.is_some() {
        return Err(Refused::TokenNeedsProof);
    }
    let header = unverified.header();
    let scope = claims.scope.as_deref().unwrap_or_default();
    if header.is_typ("refresh+jwt") || header.is_typ("dpop+jwt") || scope == "com.atproto.refresh" {
        return Err(Refused::Token);
    }
    if header.is_typ("at+jwt") || scope.starts_with("com.atproto.") {
        return Ok(Credential::SessionToken);
    }
    Ok(Credential::ServiceToken)
}

/// The session of a token.
pub(super) async fn session(inner: &Inner, token: Secret) -> Result<Session, Refused> {
    let key = inner.sessions.ring().lookup(&[b"per-request session token", token.expose().as_bytes()]);
    let sessions = inner.sessions.clone();
    inner.cache.session(key, || begin(sessions, key, token)).await
}

async fn begin(sessions: Sessions, key: [u8; 32], token: Secret) -> Result<Begun, Refused> {
    let unverified = jws::decode(token.expose()).map_err(|_| Refused::Token)?;
    let claims: Claims = unverified.claims_unverified().map_err(|_| Refused::Token)?;
    let now = sessions.now();
    let until = UnixTime::from_numeric_date(claims.exp.ok_or(Refused::Token)?);
    if until <= now {
        return Err(Refused::TokenExpired);
    }
    let account: Did = claims.sub.as_deref().and_then(|sub| sub.parse().ok()).ok_or(Refused::Token)?;
    let host = sessions.resolver().identity(&account).await?.pds.ok_or(Refused::UnknownAccount)?;
    check_audience(&sessions, claims.aud.as_deref(), &host)?;
    let handle = ask(&sessions, &host, &token, &account).await?;
    // Nothing to renew it with, so it is not renewed ahead of time: it lasts until its host says that it is over.
    let tokens = Tokens { access: token, refresh: None, obtained: now, expires: None };
    let grant = Grant::AppPassword(AppPasswordGrant { tokens });
    let mut record = Record::new(SessionId::of_caller(&key), account, host, now, grant);
    record.handle = handle;
    // In memory only: whoever has the token brings it again.
    let session = Session::share_app_password(&sessions, record, None);
    Ok(Begun { session, until: until.min(now.plus(LOOK_AGAIN)) })
}

/// A token for one host is not shown to another. Some hosts go by a name that says nothing of where they are; their
/// own refusal has to do.
fn check_audience(sessions: &Sessions, aud: Option<&str>, host: &str) -> Result<(), Refused> {
    let named = aud
        .and_then(|aud| aud.parse::<Did>().ok())
        .and_then(|did| did.web_origin(sessions.resolver().development()));
    match named {
        Some(origin) if !is_same_origin(origin.as_str(), host) => Err(Refused::Audience),
        _ => Ok(()),
    }
}

/// Has the host say whose token it is.
async fn ask(
    sessions: &Sessions,
    host: &str,
    token: &Secret,
    account: &Did,
) -> Result<Option<Handle>, Refused> {
    #[derive(Deserialize)]
    struct Account {
        did: Did,
        #[serde(default)]
        handle: Option<String>,
    }
    let url = method_url(host, "com.atproto.server.getSession")?;
    let answer = bearer(sessions, Method::GET, &url, Some(token.expose()), None).await;
    let answer = answer.map_err(CallError::Network)?;
    let name = text(&answer, "error").unwrap_or_default();
    match (answer.status.as_u16(), name.as_str()) {
        (200, _) => {}
        (_, "ExpiredToken") => return Err(Refused::TokenExpired),
        (_, "AccountTakedown" | "AccountDeactivated" | "AccountSuspended") => return Err(Refused::Account),
        (400 | 401 | 403, _) => return Err(Refused::Token),
        (429, _) => return Err(Refused::RateLimited { retry_after: crate::endpoint::retry_after(&answer) }),
        (status, _) => return Err(CallError::Server { status }.into()),
    }
    let known: Account = json::from_slice(&answer.body).map_err(|_| CallError::Answer("it is no session"))?;
    if known.did != *account {
        return Err(Refused::Token);
    }
    Ok(known.handle.and_then(|handle| handle.parse().ok()))
}
