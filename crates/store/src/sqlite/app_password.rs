//! App passwords.

use async_trait::async_trait;
use gatewright_protocol::app_password::{AppPasswordHash, AppPasswordName};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use rusqlite::{Row, params};

use super::account::own;
use super::row::{Columns, all, one};
use super::writer::Write;
use super::{Sqlite, legacy_session, statements};
use crate::StoreError;
use crate::app_password::{
    AppPassword, AppPasswordCreated, AppPasswordId, AppPasswordStore, AppPasswordUse, MOST, NewAppPassword,
};

#[async_trait]
impl AppPasswordStore for Sqlite {
    async fn create_app_password(&self, new: NewAppPassword) -> Result<AppPasswordCreated, StoreError> {
        self.write(move |write| create_in(write, &new)).await
    }

    async fn find_app_password(
        &self,
        account: &Did,
        hash: &AppPasswordHash,
    ) -> Result<Option<AppPassword>, StoreError> {
        self.point(|connection| one(connection, FIND, params![account.as_str(), hash.0], read)).await
    }

    async fn list_app_passwords(&self, account: &Did) -> Result<Vec<AppPassword>, StoreError> {
        let account = account.clone();
        self.scan(move |connection| all(connection, LIST, [account.as_str()], read)).await
    }

    async fn revoke_app_password(&self, account: &Did, name: &AppPasswordName) -> Result<bool, StoreError> {
        let (account, name) = (account.clone(), name.clone());
        let step = move |write: &mut Write<'_>| {
            let names = [account.as_str(), name.as_str()];
            match one(write.connection, FIND_BY_NAME, names, id_of)? {
                Some(id) => end(write, id),
                None => Ok(false),
            }
        };
        self.write(step).await
    }
}

fn create_in(write: &mut Write<'_>, new: &NewAppPassword) -> Result<AppPasswordCreated, StoreError> {
    let NewAppPassword { app_password: row, hash } = new;
    let (account, name) = (row.account.as_str(), row.name.as_str());
    let created_at = row.created_at.millis();
    for id in all(write.connection, OVER, params![account, created_at], id_of)? {
        end(write, id)?;
    }
    if one(write.connection, FIND_BY_NAME, [account, name], id_of)?.is_some() {
        return Ok(AppPasswordCreated::NameTaken);
    }
    let count: i64 = write.prepare(COUNT)?.query_row([account], |row| row.get(0))?;
    if usize::try_from(count).is_ok_and(|count| count >= MOST) {
        return Ok(AppPasswordCreated::TooMany);
    }
    own(write, &row.account)?;
    let scope = row.scope.as_ref().map(Scopes::as_str);
    let expires_at = row.expires_at.map(UnixTime::millis);
    write.execute(
        INSERT,
        params![row.id.0, account, name, hash.0, row.privileged, scope, created_at, expires_at],
    )?;
    if let Some(used) = &row.last_use {
        touch(write, row.id, used)?;
    }
    Ok(AppPasswordCreated::Created)
}

/// Whether there is an app password of this name that is good now.
pub(super) fn is_good(write: &Write<'_>, id: AppPasswordId, now: UnixTime) -> Result<bool, StoreError> {
    Ok(one(write.connection, IS_GOOD, params![id.0, now.millis()], |_| Ok(()))?.is_some())
}

/// Notes a use.
pub(super) fn touch(write: &Write<'_>, id: AppPasswordId, used: &AppPasswordUse) -> Result<(), StoreError> {
    write.execute(TOUCH, params![id.0, used.at.millis(), used.client, used.network]).map(drop)
}

/// Ends up to `batch` app passwords whose time has passed, and their sessions; how many rows those were.
pub(super) fn sweep(write: &mut Write<'_>, now: i64, batch: i64) -> Result<u64, StoreError> {
    let over = all(write.connection, ALL_OVER, [now, batch], id_of)?;
    for id in &over {
        end(write, *id)?;
    }
    Ok(over.len() as u64)
}

/// Ends the app passwords of an account, and their sessions.
pub(super) fn end_all(write: &mut Write<'_>, account: &Did) -> Result<(), StoreError> {
    for id in all(write.connection, OF_ACCOUNT, [account.as_str()], id_of)? {
        end(write, id)?;
    }
    Ok(())
}

/// Ends an app password and its sessions; whether there was one.
fn end(write: &mut Write<'_>, id: AppPasswordId) -> Result<bool, StoreError> {
    legacy_session::end_app_password(write, id)?;
    Ok(write.execute(END, [id.0])? > 0)
}

fn id_of(row: &Row<'_>) -> Result<AppPasswordId, StoreError> {
    Columns::new("app_password", row).value(0, "id").map(AppPasswordId)
}

fn read(row: &Row<'_>) -> Result<AppPassword, StoreError> {
    let columns = Columns::new("app_password", row);
    let scope = columns.optional_text(4, "scope")?;
    let used_at = columns.value::<Option<i64>>(7, "used_at")?.map(UnixTime::from_millis);
    let last_use = match used_at {
        None => None,
        Some(at) => Some(AppPasswordUse {
            at,
            client: columns.value(8, "used_client")?,
            network: columns.value(9, "used_network")?,
        }),
    };
    Ok(AppPassword {
        id: AppPasswordId(columns.value(0, "id")?),
        account: columns.parse(1, "account")?,
        name: columns.parse(2, "name")?,
        privileged: columns.value(3, "privileged")?,
        scope: scope.map(|text| columns.read("scope", text.parse().ok())).transpose()?,
        created_at: columns.time(5, "created_at")?,
        expires_at: columns.value::<Option<i64>>(6, "expires_at")?.map(UnixTime::from_millis),
        last_use,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, account, name, privileged, scope, created_at, expires_at, used_at, used_client, used_network \
             FROM app_password ",
            $rest
        )
    };
}

statements! {
    FIND = select!("WHERE account = ?1 AND hash = ?2");
    FIND_BY_NAME = "SELECT id FROM app_password WHERE account = ?1 AND name = ?2";
    IS_GOOD = "SELECT id FROM app_password WHERE id = ?1 AND (expires_at IS NULL OR expires_at > ?2)";
    LIST = select!("WHERE account = ?1 ORDER BY created_at DESC, name");
    OF_ACCOUNT = "SELECT id FROM app_password WHERE account = ?1";
    OVER = "SELECT id FROM app_password WHERE account = ?1 AND expires_at <= ?2";
    ALL_OVER = "SELECT id FROM app_password WHERE expires_at <= ?1 LIMIT ?2";
    COUNT = "SELECT count(*) FROM app_password WHERE account = ?1";
    INSERT = "INSERT INTO app_password (id, account, name, hash, privileged, scope, created_at, expires_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    TOUCH = "UPDATE app_password SET used_at = ?2, used_client = ?3, used_network = ?4 WHERE id = ?1";
    END = "DELETE FROM app_password WHERE id = ?1";
}
