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
        let requests = tables.requests.sweep(now, batch);
        let (seen_by, unused_by) = (now.minus(horizon.device), now.minus(UNUSED_DEVICE));
        let devices = tables.devices.sweep(seen_by, unused_by, batch, |id| tables.requests.contains(id));
        let assertions = tables.replays.sweep(now, batch);
        let sessions = tables.legacy_sessions.sweep(now, batch);
        let app_passwords = tables.app_passwords.sweep(now, batch);
        for id in &app_passwords {
            tables.legacy_sessions.remove_app_password(*id);
        }
        let legacy = sessions + app_passwords.len() as u64;
        Ok(proofs + requests + devices + assertions + legacy + tables.tokens.sweep(&horizon))
    }
}
