//! Accounts and their passwords.

use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::syntax::{Did, Handle};
use rusqlite::{Row, params};

use super::cache::Change;
use super::row::{Columns, all, one};
use super::writer::Write;
use super::{Sqlite, factor, legacy_session, mail_code, request, statements, token};
use crate::StoreError;
use crate::account::{
    Account, AccountCreated, AccountStatus, AccountStore, HandleReplaced, NewAccount, PasswordHash,
};

#[async_trait]
impl AccountStore for Sqlite {
    async fn create_account(&self, new: NewAccount) -> Result<AccountCreated, StoreError> {
        self.write(move |write| create_in(write, &new)).await
    }

    async fn find_account(&self, did: &Did) -> Result<Option<Account>, StoreError> {
        let missed = match self.remembered.accounts.find(did) {
            Ok(account) => return Ok(Some(Account::clone(&account))),
            Err(missed) => missed,
        };
        let found = self.point(|connection| one(connection, FIND, [did.as_str()], read)).await?;
        if let Some(account) = &found {
            self.remembered.accounts.offer(did.clone(), Arc::new(account.clone()), missed);
        }
        Ok(found)
    }

    async fn find_account_by_handle(&self, handle: &Handle) -> Result<Option<Account>, StoreError> {
        self.point(|connection| one(connection, FIND_BY_HANDLE, [handle.as_str()], read)).await
    }

    async fn find_account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let email = email.to_lowercase();
        self.point(|connection| one(connection, FIND_BY_EMAIL, [email], read)).await
    }

    async fn list_accounts(&self, after: Option<&Did>, limit: usize) -> Result<Vec<Account>, StoreError> {
        let after = after.cloned();
        let after = move || after.as_ref().map_or("", Did::as_str).to_owned();
        self.scan(move |connection| all(connection, LIST, params![after(), clamp(limit)], read)).await
    }

    async fn count_accounts(&self, host: &Did) -> Result<u64, StoreError> {
        let host = host.clone();
        let count = |row: &Row<'_>| Columns::new("account", row).value::<i64>(0, "host");
        let counted = self.scan(move |connection| one(connection, COUNT_AT, [host.as_str()], count)).await?;
        Ok(counted.unwrap_or_default().unsigned_abs())
    }

    async fn find_password(&self, did: &Did) -> Result<Option<PasswordHash>, StoreError> {
        let password = |row: &Row<'_>| Columns::new("account", row).value::<Option<String>>(1, "password");
        let found = self.point(|connection| one(connection, FIND_PASSWORD, [did.as_str()], password)).await?;
        Ok(found.flatten().map(PasswordHash))
    }

    async fn replace_password(&self, did: &Did, password: PasswordHash) -> Result<bool, StoreError> {
        let did = did.clone();
        self.write(move |write| replace_password_in(write, &did, &password)).await
    }

    async fn rehash_password(
        &self,
        did: &Did,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError> {
        let (did, old) = (did.clone(), old.clone());
        self.write(move |write| Ok(write.execute(REHASH, params![did.as_str(), old.0, new.0])? > 0)).await
    }

    async fn set_account_status(&self, did: &Did, status: AccountStatus) -> Result<bool, StoreError> {
        let did = did.clone();
        let step = move |write: &mut Write<'_>| {
            let changed = write.execute(SET_STATUS, params![did.as_str(), status_column(status)])?;
            follow_status(write, changed, did, status)
        };
        self.write(step).await
    }

    async fn change_account_status(
        &self,
        did: &Did,
        from: AccountStatus,
        to: AccountStatus,
    ) -> Result<bool, StoreError> {
        let did = did.clone();
        let step = move |write: &mut Write<'_>| {
            let params = params![did.as_str(), status_column(from), status_column(to)];
            let changed = write.execute(CHANGE_STATUS, params)?;
            follow_status(write, changed, did, to)
        };
        self.write(step).await
    }

    async fn replace_handle(&self, did: &Did, handle: &Handle) -> Result<HandleReplaced, StoreError> {
        let (did, handle) = (did.clone(), handle.clone());
        let step = move |write: &mut Write<'_>| {
            let owner = one(write.connection, FIND_BY_HANDLE, [handle.as_str()], read)?;
            if owner.is_some_and(|owner| owner.did != did) {
                return Ok(HandleReplaced::Taken);
            }
            if write.execute(SET_HANDLE, params![did.as_str(), handle.as_str()])? == 0 {
                return Ok(HandleReplaced::NoAccount);
            }
            write.change(Change::AccountGone(did));
            Ok(HandleReplaced::Replaced)
        };
        self.write(step).await
    }

    async fn delete_account(&self, did: &Did) -> Result<bool, StoreError> {
        let did = did.clone();
        self.write(move |write| delete_in(write, did)).await
    }

    async fn find_signing_key(&self, did: &Did) -> Result<Option<Vec<u8>>, StoreError> {
        let key = |row: &Row<'_>| Columns::new("account", row).value::<Option<Vec<u8>>>(1, "signing_key");
        Ok(self.point(|connection| one(connection, FIND_SIGNING_KEY, [did.as_str()], key)).await?.flatten())
    }
}

/// Makes sure that what is kept for a DID has something to belong to.
pub(super) fn own(write: &Write<'_>, did: &Did) -> Result<(), StoreError> {
    write.execute(OWN, [did.as_str()]).map(drop)
}

/// Whether this is the hash of the account's password.
pub(super) fn has_password(
    write: &Write<'_>,
    did: &Did,
    password: &PasswordHash,
) -> Result<bool, StoreError> {
    let params = params![did.as_str(), password.0];
    Ok(one(write.connection, HAS_PASSWORD, params, |_| Ok(()))?.is_some())
}

pub(super) fn create_in(write: &mut Write<'_>, new: &NewAccount) -> Result<AccountCreated, StoreError> {
    let account = &new.account;
    let email = account.email.as_ref().map(|email| email.to_lowercase());
    let (did, handle) = (account.did.as_str(), account.handle.as_str());
    let is_taken = |sql, name: Option<&str>| {
        Ok::<_, StoreError>(one(write.connection, sql, [name], |_| Ok(()))?.is_some())
    };
    if is_taken(FIND, Some(did))? {
        return Ok(AccountCreated::DidTaken);
    }
    if is_taken(FIND_BY_HANDLE, Some(handle))? {
        return Ok(AccountCreated::HandleTaken);
    }
    if is_taken(FIND_BY_EMAIL, email.as_deref())? {
        return Ok(AccountCreated::EmailTaken);
    }
    own(write, &account.did)?;
    write.execute(
        INSERT,
        params![
            did,
            handle,
            email,
            account.email_confirmed,
            status_column(account.status),
            account.created_at.millis(),
            new.password.as_ref().map(|password| password.0.as_str()),
            new.sealed_signing_key,
            account.host.as_ref().map(Did::as_str),
        ],
    )?;
    write.change(Change::AccountGone(account.did.clone()));
    Ok(AccountCreated::Created)
}

/// Replaces a password, and ends everything that was begun with the one before.
pub(super) fn replace_password_in(
    write: &mut Write<'_>,
    did: &Did,
    password: &PasswordHash,
) -> Result<bool, StoreError> {
    if write.execute(SET_PASSWORD, params![did.as_str(), password.0])? == 0 {
        return Ok(false);
    }
    end_in(write, did)?;
    legacy_session::end_all(write, did)?;
    request::end_open(write, did)?;
    write.execute(SIGN_OUT, [did.as_str()])?;
    factor::end_waiting(write, did)?;
    mail_code::end_all(write, did)?;
    Ok(true)
}

/// Forgets a DID and everything that is kept for it; whether there was anything.
pub(super) fn delete_in(write: &mut Write<'_>, did: Did) -> Result<bool, StoreError> {
    end_in(write, &did)?;
    legacy_session::end_all(write, &did)?;
    write.execute(ORPHAN, [did.as_str()])?;
    let existed = write.execute(FORGET, [did.as_str()])? > 0;
    write.change(Change::AccountGone(did));
    Ok(existed)
}

/// What goes with a status that was changed in the same step; whether it was.
fn follow_status(
    write: &mut Write<'_>,
    changed: usize,
    did: Did,
    status: AccountStatus,
) -> Result<bool, StoreError> {
    if changed == 0 {
        return Ok(false);
    }
    if status != AccountStatus::Active {
        end_in(write, &did)?;
    }
    if status == AccountStatus::TakenDown {
        legacy_session::end_all(write, &did)?;
    }
    write.change(Change::AccountGone(did));
    Ok(true)
}

/// Ends the codes and tokens of an account.
fn end_in(write: &mut Write<'_>, did: &Did) -> Result<(), StoreError> {
    request::end_all(write, did)?;
    token::end_all(write, did)?;
    Ok(())
}

/// SQLite counts with signs.
pub(super) fn clamp(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn status_column(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "active",
        AccountStatus::Deactivated => "deactivated",
        AccountStatus::TakenDown => "takendown",
    }
}

fn read(row: &Row<'_>) -> Result<Account, StoreError> {
    let columns = Columns::new("account", row);
    let status = match columns.text(4, "status")? {
        "active" => Some(AccountStatus::Active),
        "deactivated" => Some(AccountStatus::Deactivated),
        "takendown" => Some(AccountStatus::TakenDown),
        _ => None,
    };
    Ok(Account {
        did: columns.parse(0, "did")?,
        handle: columns.parse(1, "handle")?,
        email: columns.value(2, "email")?,
        email_confirmed: columns.value(3, "email_confirmed")?,
        status: columns.read("status", status)?,
        created_at: columns.time(5, "created_at")?,
        host: match columns.optional_text(6, "host")? {
            None => None,
            Some(host) => columns.read("host", host.parse().ok()).map(Some)?,
        },
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT did, handle, email, email_confirmed, status, created_at, host FROM account ", $rest)
    };
}

statements! {
    OWN = "INSERT INTO owner (did) VALUES (?1) ON CONFLICT DO NOTHING";
    INSERT = "INSERT INTO account (did, handle, email, email_confirmed, status, created_at, password, signing_key, \
        host) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    FIND = select!("WHERE did = ?1");
    FIND_BY_HANDLE = select!("WHERE handle = ?1");
    FIND_BY_EMAIL = select!("WHERE email = ?1");
    LIST = select!("WHERE did > ?1 ORDER BY did LIMIT ?2");
    COUNT_AT = "SELECT count(*) FROM account WHERE host = ?1";
    FIND_PASSWORD = "SELECT did, password FROM account WHERE did = ?1";
    FIND_SIGNING_KEY = "SELECT did, signing_key FROM account WHERE did = ?1";
    HAS_PASSWORD = "SELECT 1 FROM account WHERE did = ?1 AND password = ?2";
    SET_PASSWORD = "UPDATE account SET password = ?2 WHERE did = ?1";
    REHASH = "UPDATE account SET password = ?3 WHERE did = ?1 AND password = ?2";
    SET_STATUS = "UPDATE account SET status = ?2 WHERE did = ?1";
    CHANGE_STATUS = "UPDATE account SET status = ?3 WHERE did = ?1 AND status = ?2";
    SET_HANDLE = "UPDATE account SET handle = ?2 WHERE did = ?1";
    SIGN_OUT = "DELETE FROM device_account WHERE account = ?1";
    /// Their bytes are not in the database.
    ORPHAN = "INSERT INTO orphan_blob (cid) SELECT cid FROM blob WHERE did = ?1 ON CONFLICT DO NOTHING";
    /// Everything else goes by its foreign key.
    FORGET = "DELETE FROM owner WHERE did = ?1";
}
