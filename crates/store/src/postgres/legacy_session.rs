//! Legacy sessions.

use async_trait::async_trait;
use gatewright_protocol::legacy::{LegacyRefreshId, LegacySessionId};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::{PgConnection, PgRow};

use super::account::{has_password, own};
use super::row::{Columns, Params, all, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, app_password, read, security_event, statements};
use crate::StoreError;
use crate::app_password::AppPasswordId;
use crate::legacy_session::{
    AppPasswordAccess, LegacyAccess, LegacyRefresh, LegacyRefreshed, LegacySession, LegacySessionStore,
    NewLegacySession, RefreshLegacySession,
};

#[async_trait]
impl LegacySessionStore for Postgres {
    async fn create_legacy_session(&self, new: NewLegacySession) -> Result<bool, StoreError> {
        atomic!(self, write => create_in(write, &new).await)
    }

    async fn find_legacy_session(&self, id: LegacySessionId) -> Result<Option<LegacySession>, StoreError> {
        read!(self, connection => find(connection, id).await)
    }

    async fn refresh_legacy_session(
        &self,
        refresh: RefreshLegacySession,
    ) -> Result<LegacyRefreshed, StoreError> {
        atomic!(self, write => Ok(refresh_in(write, &refresh).await?.unwrap_or(LegacyRefreshed::Gone)))
    }

    async fn end_legacy_session(&self, id: LegacySessionId) -> Result<bool, StoreError> {
        atomic!(self, write => Ok(end_where(write, END, params![id.0]).await? > 0))
    }

    async fn list_legacy_sessions(&self, account: &Did) -> Result<Vec<LegacySession>, StoreError> {
        read!(self, connection => all(connection, LIST, params![account.as_str()], read).await)
    }
}

/// Ends the sessions of an account; how many there were.
pub(super) async fn end_all(write: &mut Write, account: &Did) -> Result<u64, StoreError> {
    end_where(write, END_BY_ACCOUNT, params![account.as_str()]).await
}

/// Ends the sessions that were begun with an app password; how many there were.
pub(super) async fn end_app_password(write: &mut Write, id: AppPasswordId) -> Result<u64, StoreError> {
    end_where(write, END_BY_APP_PASSWORD, params![id.0]).await
}

/// Deletes up to `batch` sessions and as many refresh tokens whose time has passed; how many rows those were.
pub(super) async fn sweep(write: &mut Write, now: i64, batch: i64) -> Result<u64, StoreError> {
    let refreshes = write.execute(SWEEP_REFRESHES, params![now, batch]).await? as u64;
    Ok(refreshes + end_where(write, SWEEP, params![now, batch]).await?)
}

async fn end_where(write: &mut Write, sql: &'static str, params: Params) -> Result<u64, StoreError> {
    Ok(write.execute(sql, params).await? as u64)
}

async fn create_in(write: &mut Write, new: &NewLegacySession) -> Result<bool, StoreError> {
    let NewLegacySession { session, refresh, used, proven, event } = new;
    if let Some(password) = proven
        && !has_password(write, &session.account, password).await?
    {
        return Ok(false);
    }
    let access = session.access.app_password();
    if let Some(access) = access {
        if !app_password::is_good(write, access.id, session.created_at).await? {
            return Ok(false);
        }
        if let Some(used) = used {
            app_password::touch(write, access.id, used).await?;
        }
    }
    own(write, &session.account).await?;
    write
        .execute(
            INSERT,
            params![
                session.id.0,
                session.account.as_str(),
                access.map(|access| access.id.0),
                session.access == LegacyAccess::TakenDown,
                access.and_then(|access| access.granted.as_ref()).map(Scopes::as_str),
                session.created_at.millis(),
                session.refreshed_at.millis(),
                session.ends_at.millis(),
            ],
        )
        .await?;
    if let Some(refresh) = refresh {
        write
            .execute(INSERT_REFRESH, params![refresh.id.0, session.id.0, refresh.expires_at.millis()])
            .await?;
    }
    if let Some(event) = event {
        security_event::insert(write, event).await?;
    }
    Ok(true)
}

/// `None` if there is nothing to refresh.
async fn refresh_in(
    write: &mut Write,
    refresh: &RefreshLegacySession,
) -> Result<Option<LegacyRefreshed>, StoreError> {
    let RefreshLegacySession { id, presented, successor, granted, grace, used, now } = refresh;
    if end_of(write, *id, *presented).await?.is_none_or(|end| end <= *now) {
        return Ok(None);
    }
    let Some(mut session) = find(&mut write.connection, *id).await?.filter(|session| !session.is_over(*now))
    else {
        return Ok(None);
    };
    write.execute(SHORTEN, params![presented.0, now.plus(*grace).millis()]).await?;
    write.execute(INSERT_REFRESH, params![successor.id.0, id.0, successor.expires_at.millis()]).await?;
    // It may have been there before; of another session it cannot be, for its name is derived from this one's.
    let Some(expires_at) = end_of(write, *id, successor.id).await? else { return Ok(None) };
    if let LegacyAccess::AppPassword(access) = &mut session.access {
        access.granted.clone_from(granted);
        if let Some(used) = used {
            app_password::touch(write, access.id, used).await?;
        }
    }
    session.refreshed_at = *now;
    session.ends_at = session.ends_at.max(expires_at);
    let granted = session.access.app_password().and_then(|access| access.granted.as_ref());
    write
        .execute(REFRESH, params![id.0, granted.map(Scopes::as_str), now.millis(), session.ends_at.millis()])
        .await?;
    let successor = LegacyRefresh { id: successor.id, expires_at };
    Ok(Some(LegacyRefreshed::Refreshed(Box::new(session), successor)))
}

/// When a refresh token of a session ends, if it is one.
async fn end_of(
    write: &mut Write,
    session: LegacySessionId,
    refresh: LegacyRefreshId,
) -> Result<Option<UnixTime>, StoreError> {
    let end = |row: &PgRow| Columns::new("legacy_refresh", row).time(1, "expires_at");
    one(&mut write.connection, FIND_REFRESH, params![refresh.0, session.0], end).await
}

async fn find(
    connection: &mut PgConnection,
    id: LegacySessionId,
) -> Result<Option<LegacySession>, StoreError> {
    one(connection, FIND, params![id.0], read).await
}

fn read(row: &PgRow) -> Result<LegacySession, StoreError> {
    let columns = Columns::new("legacy_session", row);
    let app_password: Option<[u8; 16]> = columns.value(2, "app_password")?;
    let access = match (app_password, columns.value(3, "taken_down")?) {
        (None, false) => LegacyAccess::Full,
        (None, true) => LegacyAccess::TakenDown,
        (Some(_), true) => return Err(columns.corrupt("taken_down")),
        (Some(id), false) => {
            let scopes = |at, column| {
                let text = columns.optional_text(at, column)?;
                text.map(|text| columns.read(column, text.parse().ok())).transpose()
            };
            LegacyAccess::AppPassword(AppPasswordAccess {
                id: AppPasswordId(id),
                approved: scopes(10, "scope")?,
                granted: scopes(4, "granted")?,
                privileged: columns.value(8, "privileged")?,
                expires_at: columns.value::<Option<i64>>(9, "expires_at")?.map(UnixTime::from_millis),
            })
        }
    };
    Ok(LegacySession {
        id: LegacySessionId(columns.value(0, "id")?),
        account: columns.parse(1, "account")?,
        access,
        created_at: columns.time(5, "created_at")?,
        refreshed_at: columns.time(6, "refreshed_at")?,
        ends_at: columns.time(7, "ends_at")?,
    })
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT legacy_session.id, legacy_session.account, app_password, taken_down, granted, \
             legacy_session.created_at, refreshed_at, ends_at, privileged, expires_at, scope FROM legacy_session \
             LEFT JOIN app_password ON app_password.id = legacy_session.app_password ",
            $rest
        )
    };
}

statements! {
    FIND = select!("WHERE legacy_session.id = $1");
    LIST = select!("WHERE legacy_session.account = $1 ORDER BY legacy_session.created_at DESC, legacy_session.id");
    FIND_REFRESH = "SELECT id, expires_at FROM legacy_refresh WHERE id = $1 AND session = $2";
    INSERT = "INSERT INTO legacy_session (id, account, app_password, taken_down, granted, created_at, refreshed_at, \
        ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    INSERT_REFRESH = "INSERT INTO legacy_refresh (id, session, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    SHORTEN = "UPDATE legacy_refresh SET expires_at = least(expires_at, $2) WHERE id = $1";
    REFRESH = "UPDATE legacy_session SET granted = $2, refreshed_at = $3, ends_at = $4 WHERE id = $1";
    END = "DELETE FROM legacy_session WHERE id = $1";
    END_BY_ACCOUNT = "DELETE FROM legacy_session WHERE account = $1";
    END_BY_APP_PASSWORD = "DELETE FROM legacy_session WHERE app_password = $1";
    SWEEP = "DELETE FROM legacy_session WHERE id IN \
        (SELECT id FROM legacy_session WHERE ends_at <= $1 LIMIT $2)";
    SWEEP_REFRESHES = "DELETE FROM legacy_refresh WHERE id IN \
        (SELECT id FROM legacy_refresh WHERE expires_at <= $1 LIMIT $2)";
}
