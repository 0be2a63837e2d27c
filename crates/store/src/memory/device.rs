//! Devices and who signed in on them.

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::secret::DeviceSecretHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::{Memory, full, holds, name_taken};
use crate::StoreError;
use crate::account::PasswordHash;
use crate::device::{Device, DeviceAccount, DeviceId, DeviceStore};
use crate::request::RequestId;

#[derive(Debug, Default)]
pub(super) struct Devices {
    rows: HashMap<DeviceId, Row>,
}

#[derive(Debug)]
struct Row {
    device: Device,
    accounts: Vec<DeviceAccount>,
}

impl Devices {
    /// Forgets an account on every device; whether it was on any.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        let mut any = false;
        for row in self.rows.values_mut() {
            any |= row.remove(did);
        }
        any
    }

    /// Whether the account is signed in on the device.
    pub(super) fn has_account(&self, id: &DeviceId, did: &Did) -> bool {
        self.rows.get(id).is_some_and(|row| row.accounts.iter().any(|sign_in| sign_in.account == *did))
    }

    /// Whether there is such a device.
    pub(super) fn is_known(&self, id: &DeviceId) -> bool {
        self.rows.contains_key(id)
    }

    /// Keeps a sign-in; false if there is no such device.
    pub(super) fn sign_in(&mut self, sign_in: DeviceAccount, rotate_to: Option<DeviceSecretHash>) -> bool {
        let Some(row) = self.rows.get_mut(&sign_in.device) else { return false };
        if let Some(new) = rotate_to {
            row.rotate(new, sign_in.signed_in_at);
            row.device.previous_secret = None;
        }
        row.accounts.retain(|known| known.account != sign_in.account || known.request != sign_in.request);
        row.accounts.push(sign_in);
        true
    }

    /// Notes that an account proved itself on a device; false if it is not signed in there.
    pub(super) fn prove(&mut self, id: &DeviceId, did: &Did, at: UnixTime) -> bool {
        let accounts = self.rows.get_mut(id).map(|row| row.accounts.as_mut_slice()).unwrap_or_default();
        let mut any = false;
        for sign_in in accounts.iter_mut().filter(|sign_in| sign_in.account == *did) {
            sign_in.proven_at = at;
            any = true;
        }
        any
    }

    /// What an account proved on all other devices counts no more.
    pub(super) fn unprove_elsewhere(&mut self, id: &DeviceId, did: &Did) {
        for row in self.rows.values_mut().filter(|row| row.device.id != *id) {
            for sign_in in row.accounts.iter_mut().filter(|sign_in| sign_in.account == *did) {
                sign_in.proven_at = UnixTime::from_millis(0);
            }
        }
    }

    /// Forgets an account on one device.
    pub(super) fn sign_out(&mut self, id: &DeviceId, did: &Did) {
        if let Some(row) = self.rows.get_mut(id) {
            row.remove(did);
        }
    }

    /// Deletes up to `batch` devices that came last before `seen_by`, or before `unused_by` if nobody signed in, and
    /// as many sign-ins for requests that are gone; how many rows that were.
    pub(super) fn sweep(
        &mut self,
        seen_by: UnixTime,
        unused_by: UnixTime,
        batch: usize,
        is_open: impl Fn(&DeviceAccount) -> bool,
    ) -> u64 {
        let mut swept = 0;
        for row in self.rows.values_mut() {
            row.accounts.retain(|sign_in| {
                let keep = swept >= batch || is_open(sign_in);
                swept += usize::from(!keep);
                keep
            });
        }
        let is_over = |row: &Row| {
            row.device.seen_at <= if row.accounts.is_empty() { unused_by.max(seen_by) } else { seen_by }
        };
        let over: Vec<DeviceId> = self
            .rows
            .values()
            .filter(|row| is_over(row))
            .take(batch)
            .map(|row| row.device.id.clone())
            .collect();
        for id in &over {
            self.rows.remove(id);
        }
        (swept + over.len()) as u64
    }
}

impl Row {
    fn remove(&mut self, did: &Did) -> bool {
        let before = self.accounts.len();
        self.accounts.retain(|sign_in| sign_in.account != *did);
        self.accounts.len() < before
    }

    fn rotate(&mut self, new: DeviceSecretHash, now: UnixTime) {
        self.device.previous_secret = Some(self.device.secret);
        self.device.secret = new;
        self.device.rotated_at = now;
        self.device.seen_at = now;
    }
}

#[async_trait]
impl DeviceStore for Memory {
    async fn create_device(&self, device: Device) -> Result<(), StoreError> {
        let rows = &mut self.tables().devices.rows;
        if !holds(rows.len(), self.limits.devices) {
            return Err(full("devices"));
        }
        if rows.contains_key(&device.id) {
            return Err(name_taken("device"));
        }
        rows.insert(device.id.clone(), Row { device, accounts: Vec::new() });
        Ok(())
    }

    async fn find_device(&self, id: &DeviceId) -> Result<Option<Device>, StoreError> {
        Ok(self.tables().devices.rows.get(id).map(|row| row.device.clone()))
    }

    async fn rotate_device(
        &self,
        id: &DeviceId,
        old: &DeviceSecretHash,
        new: &DeviceSecretHash,
        fingerprint: [u8; 32],
        place: Option<String>,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let Some(row) = tables.devices.rows.get_mut(id).filter(|row| row.device.secret.matches(old)) else {
            return Ok(false);
        };
        row.rotate(*new, now);
        row.device.fingerprint = fingerprint;
        row.device.place = place;
        Ok(true)
    }

    async fn delete_device(&self, id: &DeviceId) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.devices.rows.remove(id);
        tables.factors.remove_device(id);
        Ok(())
    }

    async fn sign_in_device(
        &self,
        sign_in: DeviceAccount,
        proven: Option<PasswordHash>,
        rotate_to: Option<DeviceSecretHash>,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if proven.is_some_and(|password| !tables.accounts.has_password(&sign_in.account, &password)) {
            return Ok(false);
        }
        Ok(tables.devices.sign_in(sign_in, rotate_to))
    }

    async fn sign_out_device(&self, id: &DeviceId, account: &Did) -> Result<(), StoreError> {
        self.tables().devices.sign_out(id, account);
        Ok(())
    }

    async fn list_device_accounts(
        &self,
        id: &DeviceId,
        request: Option<&RequestId>,
    ) -> Result<Vec<DeviceAccount>, StoreError> {
        let tables = self.tables();
        let all = tables.devices.rows.get(id).map(|row| row.accounts.as_slice()).unwrap_or_default();
        let is_listed = |sign_in: &&DeviceAccount| match &sign_in.request {
            None => true,
            Some(own) => Some(own) == request,
        };
        let mut listed: Vec<DeviceAccount> = all.iter().filter(is_listed).cloned().collect();
        listed.sort_by_key(|sign_in| Reverse(sign_in.signed_in_at));
        Ok(listed)
    }

    async fn sign_out_elsewhere(&self, id: &DeviceId, account: &Did) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let others = tables.devices.rows.values_mut().filter(|row| row.device.id != *id);
        Ok(others.map(|row| u64::from(row.remove(account))).sum())
    }

    async fn list_sign_ins(&self, account: &Did) -> Result<Vec<DeviceAccount>, StoreError> {
        let tables = self.tables();
        let all = tables.devices.rows.values().flat_map(|row| &row.accounts);
        let mut listed: Vec<DeviceAccount> =
            all.filter(|sign_in| sign_in.account == *account).cloned().collect();
        listed.sort_by_key(|sign_in| Reverse(sign_in.signed_in_at));
        Ok(listed)
    }

    async fn list_devices(&self, account: &Did) -> Result<Vec<Device>, StoreError> {
        let tables = self.tables();
        let remembers = |row: &&Row| {
            row.accounts.iter().any(|known| known.account == *account && known.request.is_none())
        };
        let mut listed: Vec<Device> =
            tables.devices.rows.values().filter(remembers).map(|row| row.device.clone()).collect();
        listed.sort_by_key(|device| Reverse(device.seen_at));
        Ok(listed)
    }
}
