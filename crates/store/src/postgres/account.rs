//! Accounts and their passwords.

use async_trait::async_trait;
use gatewright_protocol::syntax::{Did, Handle};
use sqlx::postgres::PgRow;

use super::row::{Columns, all, count, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, crowd, factor, legacy_session, mail_code, read, request, statements, token};
use crate::StoreError;
use crate::account::{
    Account, AccountCreated, AccountStatus, AccountStore, HandleReplaced, NewAccount, PasswordHash,
};

#[async_trait]
impl AccountStore for Postgres {
    async fn create_account(&self, new: NewAccount) -> Result<AccountCreated, StoreError> {
        atomic!(self, write => create_in(write, &new).await)
    }

    async fn find_account(&self, did: &Did) -> Result<Option<Account>, StoreError> {
        let pool = self.pool.clone();
        let ask = move |dids| crowd::rows(pool.clone(), FIND_ALL, 0, dids);
        let found = self.accounts.ask(did.to_string(), ask).await?;
        found.first().map(read).transpose()
    }

    async fn find_account_by_handle(&self, handle: &Handle) -> Result<Option<Account>, StoreError> {
        read!(self, connection => one(connection, FIND_BY_HANDLE, params![handle.as_str()], read).await)
    }

    async fn find_account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> {
        let email = email.to_lowercase();
        read!(self, connection => one(connection, FIND_BY_EMAIL, params![email], read).await)
    }

    async fn list_accounts(&self, after: Option<&Did>, limit: usize) -> Result<Vec<Account>, StoreError> {
        let after = after.map_or("", Did::as_str);
        read!(self, connection => all(connection, LIST, params![after, clamp(limit)], read).await)
    }

    async fn count_accounts(&self, host: &Did) -> Result<u64, StoreError> {
        read!(self, connection => count(connection, COUNT_AT, params![host.as_str()]).await)
    }

    async fn find_password(&self, did: &Did) -> Result<Option<PasswordHash>, StoreError> {
        let password = |row: &PgRow| Columns::new("account", row).value::<Option<String>>(1, "password");
        let found =
            read!(self, connection => one(connection, FIND_PASSWORD, params![did.as_str()], password).await)?;
        Ok(found.flatten().map(PasswordHash))
    }

    async fn replace_password(&self, did: &Did, password: PasswordHash) -> Result<bool, StoreError> {
        atomic!(self, write => replace_password_in(write, did, &password).await)
    }

    async fn rehash_password(
        &self,
        did: &Did,
        old: &PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => Ok(write.execute(REHASH, params![did.as_str(), old.0, new.0]).await? > 0))
    }

    async fn set_account_status(&self, did: &Did, status: AccountStatus) -> Result<bool, StoreError> {
        atomic!(self, write => {
            let changed = write.execute(SET_STATUS, params![did.as_str(), status_column(status)]).await?;
            follow_status(write, changed, did, status).await
        })
    }

    async fn change_account_status(
        &self,
        did: &Did,
        from: AccountStatus,
        to: AccountStatus,
    ) -> Result<bool, StoreError> {
        atomic!(self, write => {
            let params = params![did.as_str(), status_column(from), status_column(to)];
            let changed = write.execute(CHANGE_STATUS, params).await?;
            follow_status(write, changed, did, to).await
        })
    }

    async fn replace_handle(&self, did: &Did, handle: &Handle) -> Result<HandleReplaced, StoreError> {
        atomic!(self, write => {
            let owner = one(&mut write.connection, FIND_BY_HANDLE, params![handle.as_str()], read).await?;
            if owner.is_some_and(|owner| owner.did != *did) {
                return Ok(HandleReplaced::Taken);
            }
            if write.execute(SET_HANDLE, params![did.as_str(), handle.as_str()]).await? == 0 {
                return Ok(HandleReplaced::NoAccount);
            }
            Ok(HandleReplaced::Replaced)
        })
    }

    async fn delete_account(&self, did: &Did) -> Result<bool, StoreError> {
        atomic!(self, write => delete_in(write, did).await)
    }

    async fn find_signing_key(&self, did: &Did) -> Result<Option<Vec<u8>>, StoreError> {
        let key = |row: &PgRow| Columns::new("account", row).value::<Option<Vec<u8>>>(1, "signing_key");
        Ok(read!(self, connection => one(connection, FIND_SIGNING_KEY, params![did.as_str()], key).await)?
            .flatten())
    }
}

/// Makes sure that what is kept for a DID has something to belong to.
pub(super) async fn own(write: &mut Write, did: &Did) -> Result<(), StoreError> {
    write.execute(OWN, params![did.as_str()]).await.map(drop)
}

/// Whether this is the hash of the account's password.
pub(super) async fn has_password(
    write: &mut Write,
    did: &Did,
    password: &PasswordHash,
) -> Result<bool, StoreError> {
    let params = params![did.as_str(), password.0];
    Ok(one(&mut write.connection, HAS_PASSWORD, params, |_| Ok(())).await?.is_some())
}

pub(super) async fn create_in(write: &mut Write, new: &NewAccount) -> Result<AccountCreated, StoreError> {
    let account = &new.account;
    let email = account.email.as_ref().map(|email| email.to_lowercase());
    let (did, handle) = (account.did.as_str(), account.handle.as_str());
    for (sql, name, taken) in [
        (FIND, Some(did), AccountCreated::DidTaken),
        (FIND_BY_HANDLE, Some(handle), AccountCreated::HandleTaken),
        (FIND_BY_EMAIL, email.as_deref(), AccountCreated::EmailTaken),
    ] {
        if one(&mut write.connection, sql, params![name], |_| Ok(())).await?.is_some() {
            return Ok(taken);
        }
    }
    own(write, &account.did).await?;
    write
        .execute(
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
        )
        .await?;
    Ok(AccountCreated::Created)
}

/// Replaces a password, and ends everything that was begun with the one before.
pub(super) async fn replace_password_in(
    write: &mut Write,
    did: &Did,
    password: &PasswordHash,
) -> Result<bool, StoreError> {
    if write.execute(SET_PASSWORD, params![did.as_str(), password.0]).await? == 0 {
        return Ok(false);
    }
    end_in(write, did).await?;
    legacy_session::end_all(write, did).await?;
    request::end_open(write, did).await?;
    write.execute(SIGN_OUT, params![did.as_str()]).await?;
    factor::end_waiting(write, did).await?;
    mail_code::end_all(write, did).await?;
    Ok(true)
}

/// Forgets a DID and everything that is kept for it; whether there was anything.
pub(super) async fn delete_in(write: &mut Write, did: &Did) -> Result<bool, StoreError> {
    end_in(write, did).await?;
    legacy_session::end_all(write, did).await?;
    write.execute(ORPHAN, params![did.as_str()]).await?;
    let existed = write.execute(FORGET, params![did.as_str()]).await? > 0;
    Ok(existed)
}

/// What goes with a status that was changed in the same step; whether it was.
async fn follow_status(
    write: &mut Write,
    changed: usize,
    did: &Did,
    status: AccountStatus,
) -> Result<bool, StoreError> {
    if changed == 0 {
        return Ok(false);
    }
    if status != AccountStatus::Active {
        end_in(write, did).await?;
    }
    if status == AccountStatus::TakenDown {
        legacy_session::end_all(write, did).await?;
    }
    Ok(true)
}

/// Ends the codes and tokens of an account.
async fn end_in(write: &mut Write, did: &Did) -> Result<(), StoreError> {
    request::end_all(write, did).await?;
    token::end_all(write, did).await?;
    Ok(())
}

/// PostgreSQL counts with signs.
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

fn read(row: &PgRow) -> Result<Account, StoreError> {
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
    OWN = "INSERT INTO owner (did) VALUES ($1) ON CONFLICT DO NOTHING";
    INSERT = "INSERT INTO account (did, handle, email, email_confirmed, status, created_at, password, signing_key, \
        host) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = select!("WHERE did = $1");
    FIND_ALL = select!("WHERE did = ANY ($1)");
    FIND_BY_HANDLE = select!("WHERE handle = $1");
    FIND_BY_EMAIL = select!("WHERE email = $1");
    LIST = select!("WHERE did > $1 ORDER BY did LIMIT $2");
    COUNT_AT = "SELECT count(*) FROM account WHERE host = $1";
    FIND_PASSWORD = "SELECT did, password FROM account WHERE did = $1";
    FIND_SIGNING_KEY = "SELECT did, signing_key FROM account WHERE did = $1";
    HAS_PASSWORD = "SELECT 1 FROM account WHERE did = $1 AND password = $2";
    SET_PASSWORD = "UPDATE account SET password = $2 WHERE did = $1";
    REHASH = "UPDATE account SET password = $3 WHERE did = $1 AND password = $2";
    SET_STATUS = "UPDATE account SET status = $2 WHERE did = $1";
    CHANGE_STATUS = "UPDATE account SET status = $3 WHERE did = $1 AND status = $2";
    SET_HANDLE = "UPDATE account SET handle = $2 WHERE did = $1";
    SIGN_OUT = "DELETE FROM device_account WHERE account = $1";
    /// Their bytes are not in the database.
    ORPHAN = "INSERT INTO orphan_blob (cid) SELECT cid FROM blob WHERE did = $1 ON CONFLICT DO NOTHING";
    /// Everything else goes by its foreign key.
    FORGET = "DELETE FROM owner WHERE did = $1";
}
