//! Accounts and their passwords.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use async_trait::async_trait;
use gatewright_protocol::syntax::{Did, Handle};

use super::{Memory, Tables};
use crate::StoreError;
use crate::account::{Account, AccountCreated, AccountStatus, AccountStore, NewAccount, PasswordHash};

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
    fn insert(&mut self, new: NewAccount) -> AccountCreated {
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
        let tables = &mut *self.tables();
        let Some(row) = tables.accounts.rows.get_mut(did) else { return Ok(false) };
        row.password = Some(password);
        tables.end_tokens(did);
        tables.legacy_sessions.remove_account(did);
        tables.requests.remove_open(|device| tables.devices.has_account(device, did));
        tables.devices.remove_account(did);
        tables.factors.end_waiting(did);
        Ok(true)
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
        let tables = &mut *self.tables();
        let Some(row) = tables.accounts.rows.get_mut(did) else { return Ok(false) };
        row.account.status = status;
        if status != AccountStatus::Active {
            tables.end_tokens(did);
        }
        if status == AccountStatus::TakenDown {
            tables.legacy_sessions.remove_account(did);
        }
        Ok(true)
    }

    async fn delete_account(&self, did: &Did) -> Result<bool, StoreError> {
        let tables = &mut *self.tables();
        let ended = tables.end_tokens(did);
        let signed_out = tables.devices.remove_account(did);
        let forgotten = [
            tables.consents.remove_account(did),
            tables.app_passwords.remove_account(did),
            tables.factors.remove_account(did),
            tables.legacy_sessions.remove_account(did),
            tables.preferences.remove_account(did),
            tables.repos.remove(did),
            tables.blobs.remove(did),
        ];
        Ok(tables.accounts.remove(did) || ended || signed_out || forgotten.contains(&true))
    }

    async fn find_signing_key(&self, did: &Did) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables().accounts.rows.get(did).and_then(|row| row.sealed_signing_key.clone()))
    }
}

impl Tables {
    /// Ends the codes and tokens of an account; whether there were any.
    fn end_tokens(&mut self, did: &Did) -> bool {
        let codes = self.requests.remove_account(did);
        self.tokens.remove_account(did) > 0 || codes
    }
}
