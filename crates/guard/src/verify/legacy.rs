//! Legacy sessions: bearer tokens that the server signed for itself (RS-8, SESS-4).
//!
//! Checking the signature costs a microsecond, so nothing is remembered of a token. Whether its session goes on is asked
//! each time: revoking an app password, a new password and a takedown count on the next request.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use gatewright_protocol::jose::jws::Unverified;
use gatewright_protocol::legacy::{LegacyKeys, LegacyScope, LegacyTokenError};
use gatewright_protocol::scope::{Permissions, Scopes};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::legacy_session::{LegacySession, LegacySessionStore};
use parking_lot::Mutex;

use super::check_account;
use crate::guard::Inner;
use crate::permit::Holder;
use crate::table::{Kind, Row};
use crate::{Caller, Granted, GuardError};

/// Checks the tokens of legacy sessions against their rows.
pub struct LegacySessions {
    keys: Arc<LegacyKeys>,
    rows: Arc<dyn LegacySessionStore>,
    /// What scopes came to when they were last parsed.
    permissions: Mutex<HashMap<Scopes, Arc<Permissions>>>,
}

/// The most scopes whose meaning is remembered.
const REMEMBERED: usize = 256;

impl LegacySessions {
    /// Sessions in `rows`, whose tokens are signed with `keys`.
    pub fn new(keys: Arc<LegacyKeys>, rows: Arc<dyn LegacySessionStore>) -> Self {
        Self { keys, rows, permissions: Mutex::default() }
    }

    pub(super) async fn check(
        &self,
        guard: &Inner,
        row: &Row,
        token: &Unverified<'_>,
    ) -> Result<Caller, GuardError> {
        let now = guard.clock.now();
        if row.admits(Kind::Refresh) {
            return self.check_refresh(guard, row, token, now);
        }
        let claims = self.keys.verify_access(token, &guard.service, now)?;
        if !row.admits(kind_of(claims.scope)) {
            return Err(GuardError::LegacyScope);
        }
        let found = self.rows.find_legacy_session(claims.session).await?;
        let session = found.filter(|session| session.account == claims.account);
        let session = session.ok_or(GuardError::LegacyRevoked)?;
        if session.is_over(now) {
            return Err(GuardError::LegacyExpired);
        }
        let kind = kind_of(session.access.scope());
        if !row.admits(kind) {
            return Err(GuardError::LegacyScope);
        }
        check_account(guard, row, &session.account).await?;
        let granted = session.access.app_password().and_then(|access| access.granted.as_ref());
        let permissions = granted.map(|scopes| self.permissions(scopes));
        Ok(Caller::Legacy(Granted::of(Arc::new(session), kind, permissions)))
    }

    /// Whether the refresh token is a good one is for whoever refreshes: that is one step with using it up.
    fn check_refresh(
        &self,
        guard: &Inner,
        row: &Row,
        token: &Unverified<'_>,
        now: UnixTime,
    ) -> Result<Caller, GuardError> {
        let claims = self.keys.verify_refresh(token, &guard.service)?;
        if !row.admits_expired {
            claims.check_time(now)?;
        }
        Ok(Caller::Refresh(claims))
    }

    fn permissions(&self, scopes: &Scopes) -> Arc<Permissions> {
        let mut remembered = self.permissions.lock();
        if let Some(permissions) = remembered.get(scopes) {
            return Arc::clone(permissions);
        }
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        let permissions = Arc::new(Permissions::of(scopes));
        remembered.insert(scopes.clone(), Arc::clone(&permissions));
        permissions
    }
}

impl fmt::Debug for LegacySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacySessions").finish_non_exhaustive()
    }
}

impl Holder for LegacySession {
    fn account(&self) -> &Did {
        &self.account
    }

    /// A password session knows of no client.
    fn client(&self) -> &'static str {
        ""
    }
}

impl From<LegacyTokenError> for GuardError {
    fn from(error: LegacyTokenError) -> Self {
        match error {
            LegacyTokenError::Expired => Self::LegacyExpired,
            LegacyTokenError::MissingId => Self::LegacyTokenId,
            _ => Self::LegacyToken,
        }
    }
}

const fn kind_of(scope: LegacyScope) -> Kind {
    match scope {
        LegacyScope::AppPassword => Kind::AppPassword,
        LegacyScope::Full => Kind::Full,
        LegacyScope::PrivilegedAppPassword => Kind::PrivilegedAppPassword,
        LegacyScope::Refresh => Kind::Refresh,
        LegacyScope::SignupQueued => Kind::SignupQueued,
        LegacyScope::TakenDown => Kind::TakenDown,
    }
}
