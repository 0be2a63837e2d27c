//! Second factors, and sign-ins that wait for one.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use gatewright_protocol::factor::OneTimeCodeHash;
use gatewright_protocol::secret::DeviceSecretHash;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::Memory;
use crate::StoreError;
use crate::account::PasswordHash;
use crate::device::{ACCOUNT_PAGES, DeviceAccount, DeviceId};
use crate::factor::{
    Factor, FactorCreated, FactorId, FactorKind, FactorStore, FactorUse, MOST, NewFactor, WaitingSignIn,
};
use crate::request::RequestId;

#[derive(Debug, Default)]
pub(super) struct Factors {
    rows: HashMap<FactorId, Factor>,
    recovery_codes: HashMap<Did, HashSet<OneTimeCodeHash>>,
    waiting: HashMap<(DeviceId, RequestId), WaitingSignIn>,
}

impl Factors {
    /// Forgets what is kept for an account; whether there was anything.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        let before = self.rows.len();
        self.rows.retain(|_, factor| factor.account != *did);
        let codes = self.recovery_codes.remove(did).is_some();
        self.end_waiting(did) || codes || self.rows.len() < before
    }

    /// Ends what is under way with the factors of an account; whether there was anything.
    pub(super) fn end_waiting(&mut self, did: &Did) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|_, waiting| waiting.account != *did);
        self.waiting.len() < before
    }

    /// Forgets what waits on a device.
    pub(super) fn remove_device(&mut self, id: &DeviceId) {
        self.waiting.retain(|(device, _), _| device != id);
    }

    /// Deletes up to `batch` waiting sign-ins whose time has passed; how many those were.
    pub(super) fn sweep(&mut self, now: UnixTime, batch: usize) -> u64 {
        let waiting = self.waiting.iter().filter(|(_, waiting)| waiting.ends_at <= now);
        let waiting: Vec<_> = waiting.map(|(name, _)| name.clone()).take(batch).collect();
        for name in &waiting {
            self.waiting.remove(name);
        }
        waiting.len() as u64
    }

    fn of<'a>(&'a self, account: &'a Did) -> impl Iterator<Item = &'a Factor> {
        self.rows.values().filter(move |factor| factor.account == *account)
    }

    fn find_waiting(&self, device: &DeviceId, request: &RequestId, now: UnixTime) -> Option<&WaitingSignIn> {
        self.waiting.get(&(device.clone(), request.clone())).filter(|waiting| now < waiting.ends_at)
    }
}

#[async_trait]
impl FactorStore for Memory {
    async fn create_factor(&self, new: NewFactor) -> Result<FactorCreated, StoreError> {
        let NewFactor { factor, recovery_codes, device } = new;
        let tables = &mut *self.tables();
        let factors = &mut tables.factors;
        let is_single = factor.kind != FactorKind::Passkey;
        let has_kind = factors.of(&factor.account).any(|known| is_single && known.kind == factor.kind);
        if has_kind || factors.rows.contains_key(&factor.id) {
            return Ok(FactorCreated::Taken);
        }
        if factors.of(&factor.account).count() >= MOST {
            return Ok(FactorCreated::TooMany);
        }
        if !recovery_codes.is_empty() {
            factors.recovery_codes.insert(factor.account.clone(), recovery_codes.into_iter().collect());
        }
        tables.devices.unprove_elsewhere(&device, &factor.account);
        factors.rows.insert(factor.id, factor);
        Ok(FactorCreated::Created)
    }

    async fn find_factor(&self, id: FactorId) -> Result<Option<Factor>, StoreError> {
        Ok(self.tables().factors.rows.get(&id).cloned())
    }

    async fn list_factors(&self, account: &Did) -> Result<Vec<Factor>, StoreError> {
        let mut listed: Vec<Factor> = self.tables().factors.of(account).cloned().collect();
        listed.sort_by_key(|factor| (factor.created_at, factor.id));
        Ok(listed)
    }

    async fn use_factor(&self, used: FactorUse) -> Result<bool, StoreError> {
        let FactorUse { id, counter, sealed, at } = used;
        let mut tables = self.tables();
        let counts = |factor: &&mut Factor| factor.counter < counter || (factor.counter, counter) == (0, 0);
        let Some(factor) = tables.factors.rows.get_mut(&id).filter(counts) else { return Ok(false) };
        factor.counter = counter;
        factor.used_at = Some(at);
        if let Some(sealed) = sealed {
            factor.sealed = sealed;
        }
        Ok(true)
    }

    async fn delete_factor(&self, account: &Did, id: FactorId) -> Result<bool, StoreError> {
        let factors = &mut self.tables().factors;
        if factors.rows.get(&id).is_none_or(|factor| factor.account != *account) {
            return Ok(false);
        }
        factors.rows.remove(&id);
        if factors.of(account).next().is_none() {
            factors.recovery_codes.remove(account);
        }
        Ok(true)
    }

    async fn replace_recovery_codes(
        &self,
        account: &Did,
        codes: Vec<OneTimeCodeHash>,
    ) -> Result<bool, StoreError> {
        let factors = &mut self.tables().factors;
        if factors.of(account).next().is_none() {
            return Ok(false);
        }
        factors.recovery_codes.insert(account.clone(), codes.into_iter().collect());
        Ok(true)
    }

    async fn count_recovery_codes(&self, account: &Did) -> Result<usize, StoreError> {
        Ok(self.tables().factors.recovery_codes.get(account).map_or(0, HashSet::len))
    }

    async fn consume_recovery_code(&self, account: &Did, code: OneTimeCodeHash) -> Result<bool, StoreError> {
        let factors = &mut self.tables().factors;
        Ok(factors.recovery_codes.get_mut(account).is_some_and(|codes| codes.remove(&code)))
    }

    async fn await_factor(
        &self,
        waiting: WaitingSignIn,
        proven: Option<PasswordHash>,
    ) -> Result<bool, StoreError> {
        let tables = &mut *self.tables();
        if proven.is_some_and(|password| !tables.accounts.has_password(&waiting.account, &password)) {
            return Ok(false);
        }
        if !tables.devices.is_known(&waiting.device) {
            return Ok(false);
        }
        let name = (waiting.device.clone(), waiting.request.clone());
        tables.factors.waiting.insert(name, waiting);
        Ok(true)
    }

    async fn find_waiting_sign_in(
        &self,
        device: &DeviceId,
        request: &RequestId,
        now: UnixTime,
    ) -> Result<Option<WaitingSignIn>, StoreError> {
        Ok(self.tables().factors.find_waiting(device, request, now).cloned())
    }

    async fn try_waiting_sign_in(
        &self,
        device: &DeviceId,
        request: &RequestId,
        most: u32,
        now: UnixTime,
    ) -> Result<Option<WaitingSignIn>, StoreError> {
        let rows = &mut self.tables().factors.waiting;
        let name = (device.clone(), request.clone());
        if let Some(waiting) = rows.get_mut(&name)
            && now < waiting.ends_at
            && waiting.tries < most
        {
            waiting.tries += 1;
            return Ok(Some(waiting.clone()));
        }
        rows.remove(&name);
        Ok(None)
    }

    async fn complete_waiting_sign_in(
        &self,
        waiting: &WaitingSignIn,
        rotate_to: DeviceSecretHash,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let tables = &mut *self.tables();
        let WaitingSignIn { device, request, account, .. } = waiting;
        let found = tables.factors.find_waiting(device, request, now);
        let Some(found) = found.filter(|found| found.account == *account) else { return Ok(false) };
        if request.0 != ACCOUNT_PAGES && !tables.requests.contains(request) {
            return Ok(false);
        }
        let sign_in = DeviceAccount {
            device: device.clone(),
            account: account.clone(),
            signed_in_at: now,
            proven_at: now,
            request: (!found.remember).then(|| request.clone()),
        };
        if !tables.devices.sign_in(sign_in, Some(rotate_to)) {
            return Ok(false);
        }
        tables.factors.waiting.remove(&(device.clone(), request.clone()));
        Ok(true)
    }

    async fn prove_device(&self, device: &DeviceId, account: &Did, at: UnixTime) -> Result<bool, StoreError> {
        Ok(self.tables().devices.prove(device, account, at))
    }
}
