//! Legacy sessions.

use std::cmp::Reverse;
use std::collections::HashMap;

use async_trait::async_trait;
use gatewright_protocol::legacy::{LegacyRefreshId, LegacySessionId};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use super::{Memory, Tables, name_taken};
use crate::StoreError;
use crate::app_password::AppPasswordId;
use crate::legacy_session::{
    LegacyAccess, LegacyRefresh, LegacyRefreshed, LegacySession, LegacySessionStore, NewLegacySession,
    RefreshLegacySession,
};

#[derive(Debug, Default)]
pub(super) struct LegacySessions {
    rows: HashMap<LegacySessionId, Row>,
}

#[derive(Debug)]
struct Row {
    session: LegacySession,
    /// When each of its refresh tokens ends.
    refreshes: HashMap<LegacyRefreshId, UnixTime>,
}

impl LegacySessions {
    /// Ends the sessions of an account; whether there were any.
    pub(super) fn remove_account(&mut self, did: &Did) -> bool {
        self.remove_where(|session| session.account == *did)
    }

    /// Ends the sessions that were begun with an app password.
    pub(super) fn remove_app_password(&mut self, id: AppPasswordId) {
        self.remove_where(|session| session.access.app_password().is_some_and(|access| access.id == id));
    }

    /// Deletes up to `batch` sessions and as many refresh tokens whose time has passed; how many rows those were.
    pub(super) fn sweep(&mut self, now: UnixTime, batch: usize) -> u64 {
        let mut swept = 0;
        for row in self.rows.values_mut() {
            row.refreshes.retain(|_, end| {
                let keep = swept >= batch || now < *end;
                swept += usize::from(!keep);
                keep
            });
        }
        let over = self.rows.values().map(|row| &row.session).filter(|session| session.ends_at <= now);
        let over: Vec<LegacySessionId> = over.map(|session| session.id).take(batch).collect();
        for id in &over {
            self.rows.remove(id);
        }
        (swept + over.len()) as u64
    }

    fn remove_where(&mut self, condition: impl Fn(&LegacySession) -> bool) -> bool {
        let before = self.rows.len();
        self.rows.retain(|_, row| !condition(&row.session));
        self.rows.len() < before
    }
}

#[async_trait]
impl LegacySessionStore for Memory {
    async fn create_legacy_session(&self, new: NewLegacySession) -> Result<bool, StoreError> {
        let NewLegacySession { session, refresh, used, proven, event } = new;
        let tables = &mut *self.tables();
        if tables.legacy_sessions.rows.contains_key(&session.id) {
            return Err(name_taken("session"));
        }
        if proven.is_some_and(|password| !tables.accounts.has_password(&session.account, &password)) {
            return Ok(false);
        }
        if let Some(access) = session.access.app_password() {
            if tables.app_passwords.find(access.id, session.created_at).is_none() {
                return Ok(false);
            }
            tables.app_passwords.touch(access.id, used);
        }
        let refreshes = refresh.iter().map(|refresh| (refresh.id, refresh.expires_at)).collect();
        tables.legacy_sessions.rows.insert(session.id, Row { session, refreshes });
        if let Some(event) = event {
            tables.security_events.note(event);
        }
        Ok(true)
    }

    async fn find_legacy_session(&self, id: LegacySessionId) -> Result<Option<LegacySession>, StoreError> {
        Ok(self.tables().legacy_sessions.rows.get(&id).map(|row| row.session.clone()))
    }

    async fn refresh_legacy_session(
        &self,
        refresh: RefreshLegacySession,
    ) -> Result<LegacyRefreshed, StoreError> {
        Ok(refresh_in(&mut self.tables(), refresh).unwrap_or(LegacyRefreshed::Gone))
    }

    async fn end_legacy_session(&self, id: LegacySessionId) -> Result<bool, StoreError> {
        Ok(self.tables().legacy_sessions.rows.remove(&id).is_some())
    }

    async fn list_legacy_sessions(&self, account: &Did) -> Result<Vec<LegacySession>, StoreError> {
        let tables = self.tables();
        let sessions = tables.legacy_sessions.rows.values().map(|row| &row.session);
        let mut listed: Vec<LegacySession> =
            sessions.filter(|session| session.account == *account).cloned().collect();
        listed.sort_by_key(|session| (Reverse(session.created_at), session.id));
        Ok(listed)
    }
}

/// `None` if there is nothing to refresh.
fn refresh_in(tables: &mut Tables, refresh: RefreshLegacySession) -> Option<LegacyRefreshed> {
    let RefreshLegacySession { id, presented, successor, granted, grace, used, now } = refresh;
    let row = tables.legacy_sessions.rows.get_mut(&id)?;
    let end = row.refreshes.get_mut(&presented).filter(|end| now < **end)?;
    if row.session.is_over(now) {
        return None;
    }
    *end = (*end).min(now.plus(grace));
    let expires_at = *row.refreshes.entry(successor.id).or_insert(successor.expires_at);
    if let LegacyAccess::AppPassword(access) = &mut row.session.access {
        access.granted = granted;
        tables.app_passwords.touch(access.id, used);
    }
    row.session.refreshed_at = now;
    row.session.ends_at = row.session.ends_at.max(expires_at);
    let successor = LegacyRefresh { id: successor.id, expires_at };
    Some(LegacyRefreshed::Refreshed(Box::new(row.session.clone()), successor))
}
