//! Renewing tokens: one at a time for each session, across tasks, processes and machines (CL-25 … CL-31, CL-48).
//!
//! 1. Whoever needs new tokens says which access token is no good, and waits for their turn in this process
//!    ([`Shared::renew`]). The work is done by a task of its own: nobody who goes away breaks it off.
//! 2. With the turn, the lease of the session is taken from the store (`lease.rs`). What the store holds then is what
//!    counts: if somebody else renewed it, their tokens are taken over and nothing is sent.
//! 3. Otherwise the server is asked (`oauth.rs`, `app_password.rs`), and what it says decides: new tokens are written
//!    under the lease before anybody uses them; the end of the session is written too; anything else leaves it alone.
//! 4. Whoever waited meanwhile gets the outcome, a failure too.

mod app_password;
mod lease;
mod oauth;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) use app_password::method_url;
pub(crate) use lease::Held;

use crate::error::CallError;
use crate::event::Event;
use crate::keep::over;
use crate::record::{Ended, Grant, Record};
use crate::session::{Current, Session, Shared, Way};
use crate::sessions::{Saved, SessionStoreError};

/// After a renewal ahead of time failed, the tokens at hand serve this long before it is tried again.
const PAUSE: Duration = Duration::from_secs(5);

/// What the server said.
#[derive(Debug)]
pub(crate) enum Renewal {
    /// It has ended the session.
    Over(Ended),
    /// It has given new tokens.
    Renewed(Box<Record>),
    /// It has been signed in to anew.
    SignedIn(Box<Record>),
}

impl Shared {
    /// Tokens to make a call with: those at hand, or new ones if these are about to expire.
    pub(crate) async fn ready(self: &Arc<Self>) -> Result<Arc<Current>, CallError> {
        let current = match self.current() {
            Ok(current) => current,
            Err(error) if self.can_sign_in_again() && error.is_over() => return self.renew([0; 32]).await,
            Err(error) => return Err(error),
        };
        let now = self.sessions.now();
        if !current.is_due(now) {
            return Ok(current);
        }
        let expired = current.is_expired(now);
        if !expired && now.millis() < self.not_before.load(Ordering::Relaxed) {
            return Ok(current);
        }
        match self.renew(current.access).await {
            // They are still good for a moment, and so may the server be then.
            Err(error) if !expired && !error.is_over() => {
                self.not_before.store(now.plus(PAUSE).millis(), Ordering::Relaxed);
                Ok(current)
            }
            other => other,
        }
    }

    /// Tokens other than those whose access token has the hash `stale`.
    pub(crate) async fn renew(self: &Arc<Self>, stale: [u8; 32]) -> Result<Arc<Current>, CallError> {
        let (shared, seen) = (Arc::clone(self), self.landed.lock().0);
        // A task of its own: once the request is sent, nobody breaks it off (CL-28).
        let task = tokio::spawn(async move { shared.take_turn(stale, seen).await });
        task.await.unwrap_or(Err(CallError::Answer("the renewal was broken off with the program")))
    }

    async fn take_turn(self: Arc<Self>, stale: [u8; 32], seen: u64) -> Result<Arc<Current>, CallError> {
        let _turn = self.turn.lock().await;
        match self.current() {
            Ok(current) if current.access != stale => return Ok(current),
            Err(error) if !self.can_sign_in_again() => return Err(error),
            _ => {}
        }
        if let Some(error) = self.failed_since(seen) {
            return Err(error);
        }
        let outcome = self.renew_in_turn(stale).await;
        let mut landed = self.landed.lock();
        *landed = (landed.0 + 1, outcome.as_ref().err().cloned());
        outcome
    }

    /// How a renewal failed that was under way when this caller came.
    fn failed_since(&self, seen: u64) -> Option<CallError> {
        let landed = self.landed.lock();
        if landed.0 > seen { landed.1.clone() } else { None }
    }

    pub(crate) fn can_sign_in_again(&self) -> bool {
        matches!(&self.way, Way::AppPassword(Some(again)) if !again.refused.load(Ordering::Relaxed))
    }

    async fn renew_in_turn(&self, stale: [u8; 32]) -> Result<Arc<Current>, CallError> {
        let (held, sealed) = Held::take(&self.sessions, &self.key).await?;
        let outcome = self.renew_held(&held, sealed, stale).await;
        held.release().await;
        if let Err(error) = &outcome
            && !error.is_over()
        {
            self.tell(|subject| Event::Failed(subject, error.clone()));
        }
        outcome
    }

    async fn renew_held(
        &self,
        held: &Held,
        sealed: Option<Vec<u8>>,
        stale: [u8; 32],
    ) -> Result<Arc<Current>, CallError> {
        let kept = match sealed.map(|sealed| self.sessions.open_record(&self.key, &sealed)).transpose() {
            // Nothing that can be read any more: a bot can begin anew.
            Err(SessionStoreError::Damaged) if self.can_sign_in_again() => None,
            other => other?,
        };
        let renewal = match (&kept, &self.way) {
            (Some(record), _) if is_news(record, stale, self) => return self.adopt(record.clone()),
            (Some(record), Way::Oauth(client)) => match &record.grant {
                Grant::Oauth(grant) => oauth::renew(client, self, held, record, grant).await?,
                _ => return self.adopt(record.clone()),
            },
            (kept, Way::AppPassword(again)) => {
                app_password::renew(self, held, kept.as_ref(), again.as_ref()).await?
            }
            (None, Way::Oauth(_)) => {
                self.end(CallError::SignedOut);
                return Err(CallError::SignedOut);
            }
        };
        self.write(held, renewal, kept, stale).await
    }

    /// Writes what the server said before anybody acts by it.
    async fn write(
        &self,
        held: &Held,
        renewal: Renewal,
        kept: Option<Record>,
        stale: [u8; 32],
    ) -> Result<Arc<Current>, CallError> {
        let (record, event): (Record, fn(_) -> Event) = match renewal {
            Renewal::Renewed(record) => (*record, Event::Refreshed),
            Renewal::SignedIn(record) => (*record, Event::Created),
            Renewal::Over(cause) => {
                let Some(kept) = kept else { return Err(cause.into()) };
                let ended = kept.ended(cause, self.sessions.now());
                if held.save(&ended).await? == Saved::Late {
                    return self.take_over(stale).await;
                }
                self.end(cause.into());
                self.tell(|subject| Event::Expired(subject, cause));
                return Err(cause.into());
            }
        };
        match held.save(&record).await {
            Ok(Saved::Saved) => {
                let current = self.adopt(record)?;
                self.tell(event);
                Ok(current)
            }
            Ok(Saved::Late) => self.take_over(stale).await,
            Err(error) => {
                // What cannot be kept is given back: nobody could come back to it (CL-28).
                tracing::error!(%error, "new tokens could not be kept and are given back");
                self.give_back(&record).await;
                Err(error.into())
            }
        }
    }

    /// Somebody else has the lease by now: what they wrote counts (CL-30).
    async fn take_over(&self, stale: [u8; 32]) -> Result<Arc<Current>, CallError> {
        let sealed = self.sessions.store().find(&self.key, self.sessions.now()).await?;
        let Some(sealed) = sealed else {
            self.end(CallError::SignedOut);
            return Err(CallError::SignedOut);
        };
        let record = self.sessions.open_record(&self.key, &sealed)?;
        if record.tokens().is_some_and(|tokens| tokens.access.hash() == stale) {
            return Err(CallError::Busy);
        }
        self.adopt(record)
    }

    pub(crate) fn tell(&self, event: impl FnOnce(crate::Subject) -> Event) {
        let subject = crate::Subject { session: self.id.clone(), account: self.account.clone() };
        self.sessions.tell(&event(subject));
    }

    /// The account's own host does not take a token that its server has just given: the session is over, unless somebody
    /// has changed it meanwhile (CL-21).
    pub(crate) async fn lost_trust(self: &Arc<Self>, access: [u8; 32]) -> CallError {
        let shared = Arc::clone(self);
        let task = tokio::spawn(async move { shared.end_if_unchanged(access, Ended::Revoked).await });
        match task.await {
            Ok(Ok(())) => CallError::Revoked,
            Ok(Err(error)) => error,
            Err(_) => CallError::Answer("the renewal was broken off with the program"),
        }
    }

    async fn end_if_unchanged(&self, access: [u8; 32], cause: Ended) -> Result<(), CallError> {
        let _turn = self.turn.lock().await;
        let (held, sealed) = Held::take(&self.sessions, &self.key).await?;
        let ended = async {
            let Some(sealed) = sealed else { return Ok(()) };
            let record = self.sessions.open_record(&self.key, &sealed)?;
            if record.tokens().is_none_or(|tokens| tokens.access.hash() != access) {
                return Err(over(&record).unwrap_or(CallError::Busy));
            }
            if held.save(&record.ended(cause, self.sessions.now())).await? == Saved::Saved {
                self.end(cause.into());
                self.tell(|subject| Event::Expired(subject, cause));
            }
            Ok(())
        }
        .await;
        held.release().await;
        ended
    }

    /// Whether the account is kept elsewhere by now. If its server is still the same, calls go to the new host.
    pub(crate) async fn look_for_host(self: &Arc<Self>) -> Result<(), CallError> {
        let current = self.current()?;
        let account = match &current.record.grant {
            Grant::Oauth(_) => self.sessions.resolver().account_now(&self.account).await,
            _ => return Ok(()),
        };
        let account = account.map_err(CallError::Resolve)?;
        let Grant::Oauth(grant) = &current.record.grant else { return Ok(()) };
        if account.server.issuer != grant.issuer {
            self.end_if_unchanged(current.access, Ended::HostMoved).await?;
            return Err(CallError::HostMoved);
        }
        if account.host != current.record.host {
            // The next renewal writes it; until then it is known here.
            let mut record = current.record.clone();
            record.host = account.host;
            self.adopt(record)?;
        }
        Ok(())
    }
}

impl Session {
    /// Renews the tokens now, whether they are about to expire or not: for a `scope` that may have changed, or to find
    /// out whether the session is still good.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn renew_now(&self) -> Result<(), CallError> {
        let current = self.0.current()?;
        self.0.renew(current.access).await.map(drop)
    }
}

/// Is what the store holds something else than what is known to be no good? Also the end of the session is news, unless
/// it can be begun anew.
fn is_news(record: &Record, stale: [u8; 32], shared: &Shared) -> bool {
    match record.tokens() {
        Some(tokens) => {
            let over = tokens.expires.is_some_and(|expires| expires <= shared.sessions.now());
            tokens.access.hash() != stale && !over
        }
        None => !shared.can_sign_in_again(),
    }
}
