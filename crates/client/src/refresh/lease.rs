//! Holding the lease of a session, and writing under it.

use std::time::Duration;

use gatewright_protocol::random::random_bytes;
use gatewright_protocol::time::UnixTime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::error::CallError;
use crate::keep::Sessions;
use crate::record::Record;
use crate::sessions::{Fence, Holder, Keep, Lease, RowKey, Saved, SessionStoreError};

/// How long a lease lasts unless it is renewed: what a process that was killed costs the others at most.
const LASTS: Duration = Duration::from_secs(4);
/// How often it is renewed.
const RENEW: Duration = Duration::from_millis(1300);
/// How long somebody waits for a lease that is another's.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pauses between two questions, shortest and longest.
const PAUSES: (u64, u64) = (25, 120);
/// How often it is tried to write new tokens, and the pause between: longer than a store takes to start anew.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(750);

/// A lease. It is renewed until it is given back.
pub(crate) struct Held {
    sessions: Sessions,
    key: RowKey,
    holder: Holder,
    fence: Fence,
    stop: Option<oneshot::Sender<()>>,
    renewing: Option<JoinHandle<()>>,
}

impl Held {
    /// Takes the lease of a session, waiting for whoever has it. Gives what the store holds then.
    pub(crate) async fn take(
        sessions: &Sessions,
        key: &RowKey,
    ) -> Result<(Self, Option<Vec<u8>>), CallError> {
        let holder = Holder::generate(sessions.random());
        let begun = Instant::now();
        let mut waiting: Option<(UnixTime, Instant)> = None;
        loop {
            let now = match waiting {
                // It has not been renewed for as long as it lasts, whatever the clocks of the two machines say.
                Some((until, since)) if since.elapsed() > LASTS => sessions.now().max(until),
                _ => sessions.now(),
            };
            match sessions.store().lease(key, holder, now, LASTS).await? {
                Lease::Granted { fence, sealed } => {
                    return Ok((Self::new(sessions, key, holder, fence), sealed));
                }
                Lease::Held { until } if begun.elapsed() < PATIENCE => {
                    if waiting.is_none_or(|(known, _)| known != until) {
                        waiting = Some((until, Instant::now()));
                    }
                    tokio::time::sleep(pause(sessions)).await;
                }
                Lease::Held { .. } => return Err(CallError::Busy),
            }
        }
    }

    fn new(sessions: &Sessions, key: &RowKey, holder: Holder, fence: Fence) -> Self {
        let (stop, stopped) = oneshot::channel();
        let renewing = tokio::spawn(keep_renewing(sessions.clone(), *key, holder, fence, stopped));
        Self {
            sessions: sessions.clone(),
            key: *key,
            holder,
            fence,
            stop: Some(stop),
            renewing: Some(renewing),
        }
    }

    /// Writes a record under the lease. Tried for a while if the store is away: new tokens are worth that.
    pub(crate) async fn save(&self, record: &Record) -> Result<Saved, SessionStoreError> {
        let (sealed, until) = self.sessions.seal_record(&self.key, record);
        let keep = Keep { sealed: &sealed, until };
        for _ in 1..TRIES {
            match self.sessions.store().save(&self.key, self.fence, keep, self.sessions.now()).await {
                Err(error @ SessionStoreError::Backend { .. }) => {
                    tracing::warn!(%error, "a session could not be kept and is tried again");
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                other => return other,
            }
        }
        self.sessions.store().save(&self.key, self.fence, keep, self.sessions.now()).await
    }

    /// Is the lease still ours? Asking renews it.
    pub(crate) async fn is_ours(&self) -> bool {
        let lease = self.sessions.store().lease(&self.key, self.holder, self.sessions.now(), LASTS).await;
        matches!(lease, Ok(Lease::Granted { fence, .. }) if fence == self.fence)
    }

    /// Gives the lease back. A failure costs others the time that it still lasts.
    pub(crate) async fn release(mut self) {
        self.stop.take();
        if let Some(renewing) = self.renewing.take() {
            // A renewal that is under way must not come after this.
            let _ = renewing.await;
        }
        if let Err(error) = self.sessions.store().release(&self.key, self.fence).await {
            tracing::warn!(%error, "a lease could not be given back");
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(renewing) = self.renewing.take() {
            renewing.abort();
        }
    }
}

async fn keep_renewing(
    sessions: Sessions,
    key: RowKey,
    holder: Holder,
    fence: Fence,
    mut stopped: oneshot::Receiver<()>,
) {
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            () = tokio::time::sleep(RENEW) => {}
        }
        match sessions.store().lease(&key, holder, sessions.now(), LASTS).await {
            Ok(Lease::Granted { fence: now, .. }) if now == fence => {}
            // Somebody took over: whatever is written under this lease is refused.
            Ok(_) => return,
            Err(error) => tracing::warn!(%error, "a lease could not be renewed"),
        }
    }
}

fn pause(sessions: &Sessions) -> Duration {
    let (shortest, longest) = PAUSES;
    let draw = u64::from_be_bytes(random_bytes(sessions.random()));
    Duration::from_millis(shortest + draw % (longest - shortest))
}
