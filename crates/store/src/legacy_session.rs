//! Legacy sessions: begun with a password, by bearer tokens, without OAuth (SESS-15 … SESS-21).

use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::legacy::{LegacyRefreshId, LegacyScope, LegacySessionId};
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::account::PasswordHash;
use crate::app_password::{AppPasswordId, AppPasswordUse};
use crate::security_event::SecurityEvent;

/// One session of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacySession {
    /// Its name.
    pub id: LegacySessionId,
    /// Whose.
    pub account: Did,
    /// What it may do.
    pub access: LegacyAccess,
    /// When it was begun.
    pub created_at: UnixTime,
    /// When it was last refreshed (or begun).
    pub refreshed_at: UnixTime,
    /// When nothing of it is good any more.
    pub ends_at: UnixTime,
}

/// What a session may do, by what it was begun with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegacyAccess {
    /// Begun with an app password.
    AppPassword(AppPasswordAccess),
    /// Begun with the password of the account.
    Full,
    /// The same, of an account that was taken down.
    TakenDown,
}

/// What a session that was begun with an app password may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPasswordAccess {
    /// Which app password: when it ends, the session does.
    pub id: AppPasswordId,
    /// Whether it opens direct messages too.
    pub privileged: bool,
    /// What the app password is scoped to, as it was asked for (`include:` unexpanded). `None`: it is not.
    pub approved: Option<Scopes>,
    /// What the session may do (expanded; never `include:`). `None`: everything that app passwords may.
    pub granted: Option<Scopes>,
    /// When the app password ends.
    pub expires_at: Option<UnixTime>,
}

impl LegacyAccess {
    /// What the tokens of the session say.
    pub const fn scope(&self) -> LegacyScope {
        match self {
            Self::AppPassword(AppPasswordAccess { privileged: false, .. }) => LegacyScope::AppPassword,
            Self::AppPassword(AppPasswordAccess { privileged: true, .. }) => {
                LegacyScope::PrivilegedAppPassword
            }
            Self::Full => LegacyScope::Full,
            Self::TakenDown => LegacyScope::TakenDown,
        }
    }

    /// The app password that it was begun with.
    pub const fn app_password(&self) -> Option<&AppPasswordAccess> {
        match self {
            Self::AppPassword(access) => Some(access),
            Self::Full | Self::TakenDown => None,
        }
    }
}

impl LegacySession {
    /// Whether the time of its app password has passed.
    pub fn is_over(&self, now: UnixTime) -> bool {
        self.access.app_password().and_then(|access| access.expires_at).is_some_and(|end| end <= now)
    }
}

/// A session to be begun.
#[derive(Clone, Debug)]
pub struct NewLegacySession {
    /// The session; `created_at` is now.
    pub session: LegacySession,
    /// Its first refresh token; none for one that cannot be refreshed (SESS-8).
    pub refresh: Option<LegacyRefresh>,
    /// The use of its app password.
    pub used: Option<AppPasswordUse>,
    /// The hash that the account's own password was checked against. The session begins only if that is its hash still
    /// (AS-62). `None` with an app password, and where the store does not keep the password.
    pub proven: Option<PasswordHash>,
    /// What the log of its owner says of it, noted with it.
    pub event: Option<SecurityEvent>,
}

/// A refresh token of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyRefresh {
    /// Which one.
    pub id: LegacyRefreshId,
    /// Until when it is good.
    pub expires_at: UnixTime,
}

/// A refresh.
#[derive(Clone, Debug)]
pub struct RefreshLegacySession {
    /// Of which session.
    pub id: LegacySessionId,
    /// The refresh token that was presented.
    pub presented: LegacyRefreshId,
    /// The one that follows it.
    pub successor: LegacyRefresh,
    /// What the session may do from now on, if it was begun with a scoped app password.
    pub granted: Option<Scopes>,
    /// How long the presented one is good still.
    pub grace: Duration,
    /// The use of its app password.
    pub used: Option<AppPasswordUse>,
    /// Now.
    pub now: UnixTime,
}

/// What became of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegacyRefreshed {
    /// The session, its app password or this refresh token has ended.
    Gone,
    /// This is the session now, and its refresh token: the successor, be it new or given before.
    Refreshed(Box<LegacySession>, LegacyRefresh),
}

/// Legacy sessions. Changing a password, taking down and deleting an account end them too
/// ([`AccountStore`](crate::account::AccountStore)).
#[async_trait]
pub trait LegacySessionStore: Send + Sync {
    /// Begins a session. False if the app password it is begun with is gone meanwhile, or the account's own password is
    /// another by now: one that was replaced after it was checked lets nobody in (AS-62). What the app password says never
    /// changes, so the session says the same.
    async fn create_legacy_session(&self, new: NewLegacySession) -> Result<bool, StoreError>;
    /// The session of this name. Asked for on every guarded request: answered from memory where the back end knows
    /// that memory is true.
    async fn find_legacy_session(&self, id: LegacySessionId) -> Result<Option<LegacySession>, StoreError>;
    /// Keeps the successor of a refresh token, if it is not kept yet, and lets the presented one end after its grace,
    /// if it does not end sooner. The same refresh again changes no more (SESS-15, SESS-16).
    async fn refresh_legacy_session(
        &self,
        refresh: RefreshLegacySession,
    ) -> Result<LegacyRefreshed, StoreError>;
    /// Ends a session. False if there was none.
    async fn end_legacy_session(&self, id: LegacySessionId) -> Result<bool, StoreError>;
    /// The sessions of an account, newest first.
    async fn list_legacy_sessions(&self, account: &Did) -> Result<Vec<LegacySession>, StoreError>;
}
