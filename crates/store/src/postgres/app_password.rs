//! App passwords.

use async_trait::async_trait;
use gatewright_protocol::app_password::{AppPasswordHash, AppPasswordName};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::PgRow;

use super::account::own;
use super::row::{Columns, all, count, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, legacy_session, read, statements};
use crate::StoreError;
use crate::app_password::{
    AppPassword, AppPasswordCreated, AppPasswordId, AppPasswordStore, AppPasswordUse, MOST, NewAppPassword,
};

#[async_trait]
impl AppPasswordStore for Postgres {
    async fn create_app_password(&self, new: NewAppPassword) -> Result<AppPasswordCreated, StoreError> {
        atomic!(self, write => create_in(write, &new).await)
    }

    async fn find_app_password(
        &self,
        account: &Did,
        hash: &AppPasswordHash,
    ) -> Result<Option<AppPassword>, StoreError> {
        read!(self, connection => one(connection, FIND, params![account.as_str(), hash.0], read).await)
    }

    async fn list_app_passwords(&self, account: &Did) -> Result<Vec<AppPassword>, StoreError> {
        read!(self, connection => all(connection, LIST, params![account.as_str()], read).await)
    }

    async fn revoke_app_password(&self, account: &Did, name: &AppPasswordName) -> Result<bool, StoreError> {
        atomic!(self, write => {
            let names = params![account.as_str(), name.as_str()];
            match one(&mut write.connection, FIND_BY_NAME, names, id_of).await? {
                Some(id) => end(write, id).await,
                None => Ok(false),
            }
        })
    }
}

async fn create_in(write: &mut Write, new: &NewAppPassword) -> Result<AppPasswordCreated, StoreError> {
    let NewAppPassword { app_password: row, hash } = new;
    let (account, name) = (row.account.as_str(), row.name.as_str());
    let created_at = row.created_at.millis();
    for id in all(&mut write.connection, OVER, params![account, created_at], id_of).await? {
        end(write, id).await?;
    }
    if one(&mut write.connection, FIND_BY_NAME, params![account, name], id_of).await?.is_some() {
        return Ok(AppPasswordCreated::NameTaken);
    }
    let kept = count(&mut write.connection, COUNT, params![account]).await?;
    if usize::try_from(kept).is_ok_and(|kept| kept >= MOST) {
        return Ok(AppPasswordCreated::TooMany);
    }
    own(write, &row.account).await?;
    let scope = row.scope.as_ref().map(Scopes::as_str);
    let expires_at = row.expires_at.map(UnixTime::millis);
    write
        .execute(
            INSERT,
            params![row.id.0, account, name, hash.0, row.privileged, scope, created_at, expires_at],
        )
        .await?;
    if let Some(used) = &row.last_use {
        touch(write, row.id, used).await?;
    }
    Ok(AppPasswordCreated::Created)
}

/// Whether there is an app password of this name that is good now.
pub(super) async fn is_good(write: &mut Write, id: AppPasswordId, now: UnixTime) -> Result<bool, StoreError> {
    Ok(one(&mut write.connection, IS_GOOD, params![id.0, now.millis()], |_| Ok(())).await?.is_some())
}

/// Notes a use.
pub(super) async fn touch(
    write: &mut Write,
    id: AppPasswordId,
    used: &AppPasswordUse,
) -> Result<(), StoreError> {
    write.execute(TOUCH, params![id.0, used.at.millis(), used.client, used.network]).await.map(drop)
}

/// Ends up to `batch` app passwords whose time has passed, and their sessions; how many rows those were.
pub(super) async fn sweep(write: &mut Write, now: i64, batch: i64) -> Result<u64, StoreError> {
    let over = all(&mut write.connection, ALL_OVER, params![now, batch], id_of).await?;
    for id in &over {
        end(write, *id).await?;
    }
    Ok(over.len() as u64)
}

/// Ends the app passwords of an account, and their sessions.
pub(super) async fn end_all(write: &mut Write, account: &Did) -> Result<(), StoreError> {
    for id in all(&mut write.connection, OF_ACCOUNT, params![account.as_str()], id_of).await? {
        end(write, id).await?;
    }
    Ok(())
}

/// Ends an app password and its sessions; whether there was one.
async fn end(write: &mut Write, id: AppPasswordId) -> Result<bool, StoreError> {
    legacy_session::end_app_password(write, id).await?;
    Ok(write.execute(END, params![id.0]).await? > 0)
}

fn id_of(row: &PgRow) -> Result<AppPasswordId, StoreError> {
    Columns::new("app_password", row).value(0, "id").map(AppPasswordId)
}

fn read(row: &PgRow) -> Result<AppPassword, StoreError> {
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
    FIND = select!("WHERE account = $1 AND hash = $2");
    FIND_BY_NAME = "SELECT id FROM app_password WHERE account = $1 AND name = $2";
    IS_GOOD = "SELECT id FROM app_password WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    LIST = select!("WHERE account = $1 ORDER BY created_at DESC, name");
    OF_ACCOUNT = "SELECT id FROM app_password WHERE account = $1";
    OVER = "SELECT id FROM app_password WHERE account = $1 AND expires_at <= $2";
    ALL_OVER = "SELECT id FROM app_password WHERE expires_at <= $1 LIMIT $2";
    COUNT = "SELECT count(*) FROM app_password WHERE account = $1";
    INSERT = "INSERT INTO app_password (id, account, name, hash, privileged, scope, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    TOUCH = "UPDATE app_password SET used_at = $2, used_client = $3, used_network = $4 WHERE id = $1";
    END = "DELETE FROM app_password WHERE id = $1";
}
