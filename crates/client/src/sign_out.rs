//! Ending a session: at the server as far as that can be done, and here in any case (CL-32, CL-33, D3).

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::error::CallError;
use crate::event::Event;
use crate::flow;
use crate::record::{Grant, Record};
use crate::refresh::Held;
use crate::session::{Session, Shared, Way};
use crate::xrpc::bearer;

/// How long somebody who renews the session is waited for.
const PATIENCE: Duration = Duration::from_secs(6);

impl Session {
    /// Signs out: gives the tokens back to the server, and forgets them. That the server cannot be reached is logged and
    /// is no failure: the session is over here.
    ///
    /// # Errors
    /// The store cannot be written, so that the session is still kept.
    pub async fn sign_out(&self) -> Result<(), CallError> {
        let shared = Arc::clone(&self.0);
        let task = tokio::spawn(async move { shared.sign_out().await });
        task.await.unwrap_or(Err(CallError::Answer("signing out was broken off with the program")))
    }
}

impl Shared {
    async fn sign_out(&self) -> Result<(), CallError> {
        let _turn = self.turn.lock().await;
        let held = tokio::time::timeout(PATIENCE, Held::take(&self.sessions, &self.key)).await;
        let (held, sealed) = match held {
            Ok(Ok((held, sealed))) => (Some(held), sealed),
            Ok(Err(CallError::Store(error))) => return Err(error.into()),
            _ => (None, self.sessions.store().find(&self.key, self.sessions.now()).await?),
        };
        if let Some(record) = sealed.and_then(|sealed| self.sessions.open_record(&self.key, &sealed).ok()) {
            self.give_back(&record).await;
        }
        let there = self.sessions.store().delete(&self.key, self.sessions.now()).await?;
        if let Some(held) = held {
            held.release().await;
        }
        self.end(CallError::SignedOut);
        if there {
            self.tell(Event::Deleted);
        }
        Ok(())
    }

    /// Ends at the server what a record holds, as far as that can be done.
    pub(crate) async fn give_back(&self, record: &Record) {
        match (&record.grant, &self.way) {
            (Grant::Oauth(grant), Way::Oauth(client)) => flow::revoke(client, grant).await,
            (Grant::AppPassword(grant), _) => {
                // Only the refresh token ends a session; the access token is the usual mistake (SESS-11).
                let Some(token) = &grant.tokens.refresh else { return };
                let Ok(url) = crate::refresh::method_url(&record.host, "com.atproto.server.deleteSession")
                else {
                    return;
                };
                match bearer(&self.sessions, Method::POST, &url, Some(token.expose()), None).await {
                    Ok(answer) if answer.status.is_success() => {}
                    Ok(answer) => {
                        tracing::warn!(status = answer.status.as_u16(), "the host did not end a session");
                    }
                    Err(error) => tracing::warn!(%error, "a session could not be ended at its host"),
                }
            }
            _ => {}
        }
    }
}
