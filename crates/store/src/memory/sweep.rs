//! Deleting what has expired.

use async_trait::async_trait;

use super::Memory;
use crate::StoreError;
use crate::sweep::{Horizon, Sweep, UNUSED_DEVICE};

#[async_trait]
impl Sweep for Memory {
    async fn sweep(&self, horizon: Horizon) -> Result<u64, StoreError> {
        let Horizon { now, batch, .. } = horizon;
        let proofs = self.proofs.sweep(now);
        let tables = &mut *self.tables();
        let requests = tables.requests.sweep(now, batch, |token| tables.tokens.contains(token));
        let (seen_by, unused_by) = (now.minus(horizon.device), now.minus(UNUSED_DEVICE));
        let devices = tables.devices.sweep(seen_by, unused_by, batch, |id| tables.requests.contains(id));
        let assertions = tables.replays.sweep(now, batch);
        Ok(proofs + requests + devices + assertions + tables.tokens.sweep(&horizon))
    }
}
