//! Accounts and their passwords.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use async_trait::async_trait;
use gatewright_protocol::syntax::{Did, Handle};

use super::{Memory, Tables};
use crate::StoreError;
use crate::account::{
    Account, AccountCreated, AccountStatus, AccountStore, HandleReplaced, NewAccount, PasswordHash,
};

#[derive(Debug, Default)]
pub(super) struct Accounts {
    rows: BTreeMap<Did, Row>,
    by_handle: HashMap<Handle, Did>,
    by_email: HashMap<String, Did>,
}

#[derive(Debug)]
struct Row {
    account: Account,
    password: Option<PasswordHash>,
    sealed_signing_key: Option<Vec<u8>>,
}

impl Accounts {
    pub(super) fn insert(&mut self, new: NewAccount) -> AccountCreated {
        let mut account = new.account;
        account.email = account.email.map(|email| email.to_lowercase());
        if self.rows.contains_key(&account.did) {
            return AccountCreated::DidTaken;
        }
        if self.by_handle.contains_key(&account.handle) {
            return AccountCreated::HandleTaken;
        }
        if let Some(email) = &account.email {
            if self.by_email.contains_key(email) {
                return AccountCreated::EmailTaken;
            }
            self.by_email.insert(email.clone(), account.did.clone());
        }
        self.by_handle.insert(account.handle.clone(), account.did.clone());
        let row = Row { password: new.password, sealed_signing_key: new.sealed_signing_key, account };
        self.rows.insert(row.account.did.clone(), row);
        AccountCreated::Created
    }

    fn remove(&mut self, did: &Did) -> bool {
        let Some(row) = self.rows.remove(did) else { return false };
        self.by_handle.remove(&row.account.handle);
        if let Some(email) = &row.account.email {
            self.by_email.remove(email);
        }
        true
    }

    /// The account, to change what is found by its DID alone.
    pub(super) fn get_mut(&mut self, did: &Did) -> Option<&mut Account> {
        self.rows.get_mut(did).map(|row| &mut row.account)
    }

    /// Whether another account has this address.
    pub(super) fn has_another(&self, did: &Did, email: &str) -> bool {
        self.by_email.get(email).is_some_and(|known| known != did)
    }

    /// Gives an account another address, which is not confirmed.
    pub(super) fn set_email(&mut self, did: &Did, email: String) {
        let Some(row) = self.rows.get_mut(did) else { return };
        if let Some(before) = row.account.email.replace(email.clone()) {
            self.by_email.remove(&before);
        }
        row.account.email_confirmed = false;
        self.by_email.insert(email, did.clone());
    }

    /// Whether this is the hash of the account's password.
    pub(super) fn has_password(&self, did: &Did, password: &PasswordHash) -> bool {
        self.rows.get(did).is_some_and(|row| row.password.as_ref() == Some(password))
    }

    fn find(&self, did: &Did) -> Option<Account> {
        self.rows.get(did).map(|row| row.account.clone())
    }
}

#[async_trait]
impl AccountStore for Memory {
    async fn create_account(&self, new: NewAccount) -> Result<AccountCreated, StoreError> {
        Ok(self.tables().accounts.insert(new))
    }

    async fn find_account(&self, did: &Did) -> Result<Option<Account>, StoreError> {
        Ok(self.tables().accounts.find(did))
    }

    async fn find_account_by_handle(&self, handle: &Handle) -> Result<Option<Account>, StoreError> {
        let accounts = &self.tables().accounts;
        Ok(accounts.by_handle.get(handle).and_then(|did| accounts.find(did)))
    }

    async fn find_account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let accounts = &self.tables().accounts;
        Ok(accounts.by_email.get(&email.to_lowercase()).and_then(|did| accounts.find(did)))
    }

    async fn count_accounts(&self, host: &Did) -> Result<u64, StoreError> {
        let tables = self.tables();
        let there = tables.accounts.rows.values().filter(|row| row.account.host.as_ref() == Some(host));
        Ok(there.count() as u64)
    }

    async fn list_accounts(&self, after: Option<&Did>, limit: usize) -> Result<Vec<Account>, StoreError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let tables = self.tables();
        let rows = tables.accounts.rows.range::<Did, _>((start, Bound::Unbounded));
        Ok(rows.take(limit).map(|(_, row)| row.account.clone()).collect())
    }

    async fn find_password(&self, did: &Did) -> Result<Option<PasswordHash>, StoreError> {
        Ok(self.tables().accounts.rows.get(did).and_then(|row| row.password.clone()))
    }

    async fn replace_password(&self, did: &Did, password: PasswordHash) -> Result<bool, StoreError> {
        Ok(self.tables().replace_password(did, password))
    }

    async fn rehash_password(
        &self,
        did: &Did,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let row = tables.accounts.rows.get_mut(did).filter(|row| row.password.as_ref() == Some(old));
        let Some(row) = row else { return Ok(false) };
        row.password = Some(new);
        Ok(true)
    }

    async fn set_account_status(&self, did: &Did, status: AccountStatus) -> Result<bool, StoreError> {
        Ok(self.tables().set_status(did, status))
    }

    async fn change_account_status(
        &self,
        did: &Did,
        from: AccountStatus,
        to: AccountStatus,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let is_from = tables.accounts.rows.get(did).is_some_and(|row| row.account.status == from);
        Ok(is_from && tables.set_status(did, to))
    }

    async fn replace_handle(&self, did: &Did, handle: &Handle) -> Result<HandleReplaced, StoreError> {
        let accounts = &mut self.tables().accounts;
        let Some(row) = accounts.rows.get_mut(did) else { return Ok(HandleReplaced::NoAccount) };
        if accounts.by_handle.get(handle).is_some_and(|owner| owner != did) {
            return Ok(HandleReplaced::Taken);
        }
        let former = std::mem::replace(&mut row.account.handle, handle.clone());
        accounts.by_handle.remove(&former);
        accounts.by_handle.insert(handle.clone(), did.clone());
        Ok(HandleReplaced::Replaced)
    }

    async fn delete_account(&self, did: &Did) -> Result<bool, StoreError> {
        Ok(self.tables().delete_account(did))
    }

    async fn find_signing_key(&self, did: &Did) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables().accounts.rows.get(did).and_then(|row| row.sealed_signing_key.clone()))
    }
}

impl Tables {
    /// Replaces a password, and ends everything that was begun with the one before.
    pub(super) fn replace_password(&mut self, did: &Did, password: PasswordHash) -> bool {
        let Some(row) = self.accounts.rows.get_mut(did) else { return false };
        row.password = Some(password);
        self.end_tokens(did);
        self.legacy_sessions.remove_account(did);
        self.requests.remove_open(|device| self.devices.has_account(device, did));
        self.devices.remove_account(did);
        self.factors.end_waiting(did);
        self.mail_codes.remove_account(did);
        true
    }

    /// Forgets a DID and everything that is kept for it; whether there was anything.
    pub(super) fn delete_account(&mut self, did: &Did) -> bool {
        let ended = self.end_tokens(did);
        let signed_out = self.devices.remove_account(did);
        let forgotten = [
            self.consents.remove_account(did),
            self.app_passwords.remove_account(did),
            self.factors.remove_account(did),
            self.invitations.remove_account(did),
            self.legacy_sessions.remove_account(did),
            self.mail_codes.remove_account(did),
            self.preferences.remove_account(did),
            self.security_events.remove_account(did),
            self.repos.remove(did),
            self.blobs.remove(did),
        ];
        self.accounts.remove(did) || ended || signed_out || forgotten.contains(&true)
    }

    fn set_status(&mut self, did: &Did, status: AccountStatus) -> bool {
        let Some(row) = self.accounts.rows.get_mut(did) else { return false };
        row.account.status = status;
        if status != AccountStatus::Active {
            self.end_tokens(did);
        }
        if status == AccountStatus::TakenDown {
            self.legacy_sessions.remove_account(did);
        }
        true
    }

    /// Ends the codes and tokens of an account; whether there were any.
    fn end_tokens(&mut self, did: &Did) -> bool {
        let codes = self.requests.remove_account(did);
        self.tokens.remove_account(did) > 0 || codes
    }
}
