//! What is kept of a browser: which sessions it has, sealed, under a keyed hash of its cookie.

use std::time::Duration;

use gatewright_protocol::jose::base64url_encode;
use gatewright_protocol::random::random_bytes;
use serde::{Deserialize, Serialize};

use super::Web;
use crate::record::SessionId;
use crate::session::Session;
use crate::sessions::{Keep, RowKey, RowKind, SessionStoreError};

/// How long a browser that does not come is remembered.
pub(super) const LIFE: Duration = Duration::from_hours(24 * 14);
/// The most accounts of one browser.
const MOST: usize = 16;

/// The sessions of one browser, the current one first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Browser {
    #[serde(rename = "v")]
    version: u32,
    pub(super) sessions: Vec<SessionId>,
}

impl Web {
    fn browser_key(&self, cookie: &str) -> RowKey {
        self.0.client.sessions().ring().row_key(RowKind::Browser, cookie)
    }

    /// What is kept for this cookie; nothing for one that nobody gave out.
    pub(super) async fn find_browser(&self, cookie: &str) -> Result<Browser, SessionStoreError> {
        let (sessions, key) = (self.0.client.sessions(), self.browser_key(cookie));
        let Some(sealed) = sessions.store().find(&key, sessions.now()).await? else {
            return Ok(Browser::default());
        };
        let json = sessions.ring().open(key.as_bytes(), &sealed)?;
        let browser: Browser = serde_json::from_slice(&json).map_err(|_| SessionStoreError::Damaged)?;
        if browser.version > 1 { Err(SessionStoreError::Newer) } else { Ok(browser) }
    }

    /// Keeps it under a new cookie, and forgets the old one: whoever knew that is not signed in by it (CL-4).
    pub(super) async fn keep_browser(
        &self,
        old: Option<&str>,
        browser: &Browser,
    ) -> Result<String, SessionStoreError> {
        let sessions = self.0.client.sessions();
        let cookie = base64url_encode(&random_bytes::<32>(sessions.random()));
        let key = self.browser_key(&cookie);
        let browser = Browser { version: 1, sessions: browser.sessions.clone() };
        let json = serde_json::to_vec(&browser).expect("a plain struct is always JSON");
        let sealed = sessions.ring().seal(key.as_bytes(), &json, sessions.random());
        let until = Some(sessions.now().plus(LIFE));
        sessions.store().put(&key, Keep { sealed: &sealed, until }, sessions.now()).await?;
        if let Some(old) = old {
            sessions.store().delete(&self.browser_key(old), sessions.now()).await?;
        }
        Ok(cookie)
    }

    pub(super) async fn forget_browser(&self, cookie: &str) -> Result<(), SessionStoreError> {
        let sessions = self.0.client.sessions();
        sessions.store().delete(&self.browser_key(cookie), sessions.now()).await.map(drop)
    }

    /// The sessions that can be used, the current one first. Those that are over are left out.
    pub(super) async fn open_sessions(&self, browser: &Browser) -> Result<Vec<Session>, SessionStoreError> {
        let mut open = Vec::new();
        for id in browser.sessions.iter().take(MOST) {
            match self.0.client.resume(id).await {
                Ok(session) => open.push(session),
                Err(crate::CallError::Store(error)) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(open)
    }
}

impl Browser {
    /// With one more session, which is the current one from now on.
    pub(super) fn with(mut self, session: &SessionId) -> Self {
        self.sessions.retain(|id| id != session);
        self.sessions.insert(0, session.clone());
        self.sessions.truncate(MOST);
        self
    }
}
