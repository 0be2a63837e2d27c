//! What has to happen now and then.

use std::sync::Arc;
use std::time::Duration;

use gatewright_store::sweep::Horizon;
use tokio::time::{MissedTickBehavior, interval};

use crate::context::Context;
use crate::operations::sweep_client_keys;

/// How often rows that have ended are deleted.
const SWEEP: Duration = Duration::from_mins(1);
/// How often clients are asked whether the keys of their sessions are still theirs (CM-31, P11).
const KEYS: Duration = Duration::from_mins(15);
/// Rows of each kind that one step deletes, so that nobody waits long for it.
const BATCH: usize = 500;
/// Steps of one round at most.
const STEPS: usize = 200;

/// Deletes what has ended and ends what lost its key, for ever. A failure is logged, and tried again next time.
pub(crate) async fn run(ctx: Arc<Context>) {
    let (mut sweeps, mut keys) = (interval(SWEEP), interval(KEYS));
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    keys.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Nothing is due at the start.
    keys.reset();
    loop {
        tokio::select! {
            _ = sweeps.tick() => sweep(&ctx).await,
            _ = keys.tick() => match sweep_client_keys(&ctx).await {
                Ok(0) => {}
                Ok(ended) => tracing::info!(sessions = ended, "sessions ended: their client removed their key"),
                Err(error) => tracing::error!(%error, "the keys of clients could not be swept"),
            },
        }
    }
}

async fn sweep(ctx: &Context) {
    for _ in 0..STEPS {
        match ctx.store.sweep(horizon(ctx)).await {
            Ok(0) => return,
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => {
                tracing::error!(%error, "what has ended could not be deleted");
                return;
            }
        }
    }
}

fn horizon(ctx: &Context) -> Horizon {
    let lifetimes = &ctx.settings.lifetimes;
    // A row does not say whether its public client is trusted, so all are kept as long as the longest.
    let public = if ctx.settings.long_sessions_for_trusted_clients {
        lifetimes.confidential
    } else {
        lifetimes.public
    };
    Horizon {
        now: ctx.now(),
        public_session: public.session,
        public_refresh: public.refresh,
        confidential_session: lifetimes.confidential.session,
        confidential_refresh: lifetimes.confidential.refresh,
        device: lifetimes.device,
        batch: BATCH,
    }
}
