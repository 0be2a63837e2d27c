//! App passwords.

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::app_password::{AppPasswordHash, AppPasswordName};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::{Memory, name_taken};
use crate::StoreError;
use crate::app_password::{
    AppPassword, AppPasswordCreated, AppPasswordId, AppPasswordStore, AppPasswordUse, MOST, NewAppPassword,
};

#[derive(Debug, Default)]
pub(super) struct AppPasswords {
    rows: HashMap<AppPasswordId, Row>,
}

#[derive(Debug)]
struct Row {
    app_password: AppPassword,
    hash: AppPasswordHash,
}

impl AppPasswords {
    /// The app password that is good now.
    pub(super) fn find(&self, id: AppPasswordId, now: UnixTime) -> Option<&AppPassword> {
        self.rows.get(&id).map(|row| &row.app_password).filter(|found| !found.is_over(now))
    }

    /// Notes a use.
    pub(super) fn touch(&mut self, id: AppPasswordId, used: Option<AppPasswordUse>) {
        if let (Some(row), Some(used)) = (self.rows.get_mut(&id), used) {
            row.app_password.last_use = Some(used);
        }
    }

    /// Forgets the app passwords of an account; whether there were any.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        let before = self.rows.len();
        self.rows.retain(|_, row| row.app_password.account != *did);
        self.rows.len() < before
    }

    /// Takes out up to `batch` whose time has passed.
    pub(super) fn sweep(&mut self, now: UnixTime, batch: usize) -> Vec<AppPasswordId> {
        let over = self.rows.values().map(|row| &row.app_password).filter(|found| found.is_over(now));
        let over: Vec<AppPasswordId> = over.map(|found| found.id).take(batch).collect();
        for id in &over {
            self.rows.remove(id);
        }
        over
    }

    fn of<'a>(&'a self, account: &'a Did) -> impl Iterator<Item = &'a Row> {
        self.rows.values().filter(move |row| row.app_password.account == *account)
    }
}

#[async_trait]
impl AppPasswordStore for Memory {
    async fn create_app_password(&self, new: NewAppPassword) -> Result<AppPasswordCreated, StoreError> {
        let NewAppPassword { app_password, hash } = new;
        let tables = &mut *self.tables();
        let (account, now) = (&app_password.account, app_password.created_at);
        let over = tables.app_passwords.of(account).map(|row| &row.app_password);
        let over: Vec<AppPasswordId> =
            over.filter(|found| found.is_over(now)).map(|found| found.id).collect();
        for id in over {
            tables.app_passwords.rows.remove(&id);
            tables.legacy_sessions.remove_app_password(id);
        }
        let rows = &mut tables.app_passwords;
        if rows.of(account).any(|row| row.app_password.name == app_password.name) {
            return Ok(AppPasswordCreated::NameTaken);
        }
        if rows.of(account).count() >= MOST {
            return Ok(AppPasswordCreated::TooMany);
        }
        if rows.rows.contains_key(&app_password.id) || rows.of(account).any(|row| row.hash == hash) {
            return Err(name_taken("app password"));
        }
        rows.rows.insert(app_password.id, Row { app_password, hash });
        Ok(AppPasswordCreated::Created)
    }

    async fn find_app_password(
        &self,
        account: &Did,
        hash: &AppPasswordHash,
    ) -> Result<Option<AppPassword>, StoreError> {
        let tables = self.tables();
        let mut rows = tables.app_passwords.of(account);
        Ok(rows.find(|row| row.hash == *hash).map(|row| row.app_password.clone()))
    }

    async fn list_app_passwords(&self, account: &Did) -> Result<Vec<AppPassword>, StoreError> {
        let tables = self.tables();
        let mut listed: Vec<AppPassword> =
            tables.app_passwords.of(account).map(|row| row.app_password.clone()).collect();
        listed.sort_by(|a, b| (Reverse(a.created_at), &a.name).cmp(&(Reverse(b.created_at), &b.name)));
        Ok(listed)
    }

    async fn revoke_app_password(&self, account: &Did, name: &AppPasswordName) -> Result<bool, StoreError> {
        let tables = &mut *self.tables();
        let found = tables.app_passwords.of(account).map(|row| &row.app_password);
        let Some(id) = found.filter(|found| found.name == *name).map(|found| found.id).next() else {
            return Ok(false);
        };
        tables.app_passwords.rows.remove(&id);
        tables.legacy_sessions.remove_app_password(id);
        Ok(true)
    }
}
