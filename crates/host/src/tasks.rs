//! What has to happen now and then.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::context::Context;
use crate::operations::sweep_blobs::sweep_blobs;

/// How often uploads that no record named are looked for.
const SWEEP: Duration = Duration::from_hours(1);
/// Steps of one round at most.
const STEPS: usize = 100;

/// Sweeps for ever. A failure is logged, and tried again next time.
pub(crate) async fn run(context: Arc<Context>) {
    let mut sweeps = interval(SWEEP);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        sweeps.tick().await;
        sweep(&context).await;
    }
}

async fn sweep(context: &Context) {
    for _ in 0..STEPS {
        match sweep_blobs(context).await {
            Ok(0) => return,
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => {
                tracing::error!(%error, "uploads that no record named could not be swept");
                return;
            }
        }
    }
}
