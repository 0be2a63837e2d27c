//! Goes on with a password session (SESS-10, SESS-15 … SESS-17).

use gatewright_guard::rate::TooMany;
use gatewright_protocol::legacy::RefreshClaims;
use gatewright_protocol::scope::Scopes;
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;
use gatewright_store::app_password::AppPasswordUse;
use gatewright_store::legacy_session::{LegacyRefresh, LegacyRefreshed, LegacySession, RefreshLegacySession};
use gatewright_store::security_event::SecurityEventKind;

use super::create_session::refresh_end;
use super::note_event::note_event;
use super::session_tokens::{SessionClient, SessionTokens, audience, sign};
use super::{Before, ExpandScopesError, expand_scopes};
use crate::accounts::AccountsError;
use crate::context::Context;
use crate::counts::{SessionKind, session_refreshed};
use crate::permission_sets::Purpose;

/// Why nothing is refreshed. None of these ends a session that has not ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshSessionError {
    /// The session, its app password or this refresh token has ended.
    #[error("the session has ended")]
    Gone,
    /// The resource server of the account takes no password sessions.
    #[error("the host of the account takes no password sessions")]
    NotHere,
    /// The operator took the account down.
    #[error("the account was taken down")]
    TakenDown,
    /// Too often in too short a time.
    #[error("this session refreshes too often")]
    TooMany(TooMany),
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A permission set that the app password is scoped to could not be looked up.
    #[error(transparent)]
    Expand(#[from] ExpandScopesError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives the next pair of tokens. The same refresh token within its grace gives the same next one: several holders of
/// one session converge, and nobody loses it (SESS-16; unlike OAuth, AS-56).
///
/// # Errors
/// The session has ended, or something of ours failed; the presented token is good still, then.
pub async fn refresh_session(
    ctx: &Context,
    claims: &RefreshClaims,
    client: SessionClient,
) -> Result<SessionTokens, RefreshSessionError> {
    let now = ctx.now();
    if ctx.settings.limits.enabled {
        ctx.sessions.count(claims.session, now).map_err(RefreshSessionError::TooMany)?;
    }
    let account = ctx.accounts.find(&claims.account).await?.ok_or(RefreshSessionError::Gone)?;
    if account.status == AccountStatus::TakenDown {
        return Err(RefreshSessionError::TakenDown);
    }
    let found = ctx.store.find_legacy_session(claims.session).await?;
    let session = found.filter(|session| session.account == claims.account && !session.is_over(now));
    let session = session.ok_or(RefreshSessionError::Gone)?;
    let audience = audience(ctx, &account, &session.access).ok_or(RefreshSessionError::NotHere)?;
    let granted = granted(ctx, &session).await?;
    let moved = client.event(account.did.clone(), SecurityEventKind::NewNetwork, now);
    let lifetimes = &ctx.settings.lifetimes;
    let refresh = RefreshLegacySession {
        id: claims.session,
        presented: claims.id,
        successor: LegacyRefresh {
            id: claims.id.successor(ctx.keys.refresh_key(), claims.session),
            expires_at: refresh_end(&session.access, lifetimes.legacy_refresh, now),
        },
        granted,
        grace: lifetimes.legacy_grace,
        used: session.access.app_password().map(|_| AppPasswordUse {
            at: now,
            client: client.name,
            network: Some(client.place),
        }),
        now,
    };
    match ctx.store.refresh_legacy_session(refresh).await? {
        LegacyRefreshed::Gone => Err(RefreshSessionError::Gone),
        LegacyRefreshed::Refreshed(session, successor) => {
            session_refreshed(SessionKind::of(&session.access));
            note_event(ctx, moved.session(session.id)).await;
            Ok(sign(ctx, account, audience, &session, successor, now).await?)
        }
    }
}

/// What the session may do from now on: its permission sets are looked at anew. Where one has no good version any more, the
/// session goes on as it was (PS-18).
async fn granted(ctx: &Context, session: &LegacySession) -> Result<Option<Scopes>, ExpandScopesError> {
    let Some(access) = session.access.app_password() else { return Ok(None) };
    let Some(approved) = &access.approved else { return Ok(None) };
    match expand_scopes(ctx, approved, Before::default(), Purpose::RunningSession).await {
        Ok(expanded) => Ok(Some(expanded.scopes)),
        Err(error @ ExpandScopesError::Ours(_)) => Err(error),
        Err(_) => Ok(access.granted.clone()),
    }
}
