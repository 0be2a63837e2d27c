//! Deleting what has expired.

use async_trait::async_trait;

use super::Memory;
use crate::StoreError;
use crate::device::{ACCOUNT_PAGES, ACCOUNT_PAGES_MEMORY, DeviceAccount};
use crate::sweep::{Horizon, Sweep, UNUSED_DEVICE};

#[async_trait]
impl Sweep for Memory {
    async fn sweep(&self, horizon: Horizon) -> Result<u64, StoreError> {
        let Horizon { now, batch, .. } = horizon;
        let proofs = self.proofs.sweep(now);
        let tables = &mut *self.tables();
        let requests = tables.requests.sweep(now, batch, |token| tables.tokens.contains(token));
        let (seen_by, unused_by) = (now.minus(horizon.device), now.minus(UNUSED_DEVICE));
        let account_pages = now.minus(ACCOUNT_PAGES_MEMORY);
        let is_open = |sign_in: &DeviceAccount| match &sign_in.request {
            None => true,
            Some(request) if request.0 == ACCOUNT_PAGES => sign_in.signed_in_at > account_pages,
            Some(request) => tables.requests.contains(request),
        };
        let devices = tables.devices.sweep(seen_by, unused_by, batch, is_open);
        let assertions = tables.replays.sweep(now, batch);
        let lexicons = tables.lexicons.sweep(horizon.unseen_lexicon(), batch);
        let factors = tables.factors.sweep(now, batch);
        let mail_codes = tables.mail_codes.sweep(now, batch);
        let scopes = tables.scope_references.sweep(now, batch);
        let security_events = tables.security_events.sweep(now, batch);
        let sessions = tables.legacy_sessions.sweep(now, batch);
        let app_passwords = tables.app_passwords.sweep(now, batch);
        for id in &app_passwords {
            tables.legacy_sessions.remove_app_password(*id);
        }
        let legacy = sessions + app_passwords.len() as u64;
        Ok(proofs
            + requests
            + devices
            + assertions
            + lexicons
            + factors
            + mail_codes
            + scopes
            + security_events
            + legacy
            + tables.tokens.sweep(&horizon))
    }
}
