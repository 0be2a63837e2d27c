//! An unfinished sign-in: kept before anything is sent, taken once, by the browser that began it (CL-4, CL-5, CL-12).

use std::time::Duration;

use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::{BrowserSecret, SignInError};
use crate::Sessions;
use crate::record::SessionId;
use crate::secret::Secret;
use crate::sessions::SessionStoreError;

/// How long a sign-in may take. Pages of servers do not stay open longer either.
const LIFE: Duration = Duration::from_mins(30);
/// How many are kept at once: each is an answer to somebody who is not signed in yet (SEC-72).
const MOST: u64 = 20_000;
const VERSION: u32 = 1;
const PLACE: &[u8] = b"unfinished sign-in";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    #[serde(rename = "v")]
    version: u32,
    pub(super) client_id: String,
    pub(super) issuer: String,
    #[serde(default)]
    pub(super) expected: Option<Did>,
    pub(super) asked: Scopes,
    /// The private half of the proof key.
    pub(super) key: Secret,
    #[serde(default)]
    pub(super) client_key: Option<String>,
    pub(super) verifier: Secret,
    pub(super) redirect_uri: String,
    #[serde(default)]
    pub(super) remembered: Option<String>,
    #[serde(default)]
    pub(super) replaces: Option<SessionId>,
    /// The nonce that the server gave last.
    #[serde(default)]
    pub(super) nonce: Option<String>,
    pub(super) created: UnixTime,
}

/// What a sign-in begins with.
pub(super) struct Beginning {
    pub(super) client_id: String,
    pub(super) issuer: String,
    pub(super) expected: Option<Did>,
    pub(super) asked: Scopes,
    pub(super) key: Secret,
    pub(super) client_key: Option<String>,
    pub(super) redirect_uri: String,
    pub(super) remembered: Option<String>,
    pub(super) replaces: Option<SessionId>,
}

impl Pending {
    pub(super) fn new(begin: Beginning, verifier: Secret, now: UnixTime) -> Self {
        Self {
            version: VERSION,
            client_id: begin.client_id,
            issuer: begin.issuer,
            expected: begin.expected,
            asked: begin.asked,
            key: begin.key,
            client_key: begin.client_key,
            verifier,
            redirect_uri: begin.redirect_uri,
            remembered: begin.remembered,
            replaces: begin.replaces,
            nonce: None,
            created: now,
        }
    }

    /// Keeps it, or what has changed of it.
    pub(super) async fn keep(
        &self,
        sessions: &Sessions,
        state: &str,
        browser: &BrowserSecret,
    ) -> Result<(), SessionStoreError> {
        let key = key(sessions, state, browser);
        let json = serde_json::to_vec(self).expect("a plain struct is always JSON");
        let sealed = sessions.ring().seal(PLACE, &zeroize::Zeroizing::new(json), sessions.random());
        let until = self.created.plus(LIFE);
        sessions.store().put_pending(&key, &sealed, sessions.now(), until, MOST).await
    }

    /// Takes it away, so that nobody gets it twice.
    pub(super) async fn take(
        sessions: &Sessions,
        state: &str,
        browser: &BrowserSecret,
    ) -> Result<Self, SignInError> {
        let key = key(sessions, state, browser);
        let taken = sessions.store().take_pending(&key, sessions.now()).await?;
        let sealed = taken.ok_or(SignInError::UnknownState)?;
        let json = sessions.ring().open(PLACE, &sealed)?;
        let pending: Self = serde_json::from_slice(&json).map_err(|_| SessionStoreError::Damaged)?;
        if pending.version == VERSION { Ok(pending) } else { Err(SessionStoreError::Newer.into()) }
    }
}

/// State and browser together: another browser with the same state finds nothing, and uses nothing up.
fn key(sessions: &Sessions, state: &str, browser: &BrowserSecret) -> [u8; 32] {
    sessions.ring().lookup(&[b"pending", state.as_bytes(), browser.expose().as_bytes()])
}
