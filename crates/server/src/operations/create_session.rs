//! Begins a session with a password, without OAuth (SESS-6 … SESS-8).

use std::time::Duration;

use gatewright_guard::rate::TooMany;
use gatewright_protocol::app_password::{AppPasswordName, AppPasswordSecret};
use gatewright_protocol::legacy::{LegacyRefreshId, LegacySessionId};
use gatewright_protocol::secret::{FactorCode, Password};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;
use gatewright_store::StoreError;
use gatewright_store::account::{AccountStatus, PasswordHash};
use gatewright_store::app_password::{AppPassword, AppPasswordUse};
use gatewright_store::legacy_session::{
    AppPasswordAccess, LegacyAccess, LegacyRefresh, LegacySession, NewLegacySession,
};
use gatewright_store::security_event::SecurityEventKind;
use tokio::time::Instant;

use super::check_factor::{FactorCheck, check_code, factor_ways};
use super::note_event::note_event;
use super::send_factor_code::send_factor_code;
use super::session_tokens::{SessionClient, SessionTokens, audience, sign};
use super::{Before, ExpandScopesError, expand_scopes};
use crate::accounts::{AccountsError, KnownAccount, ProvenAccount};
use crate::context::Context;
use crate::counts::{SessionKind, password_tried, session_begun};
use crate::permission_sets::Purpose;

/// What a client asks for.
#[derive(Debug)]
pub struct CreateSession {
    /// A handle, DID or e-mail address.
    pub identifier: String,
    /// The password of the account, or one of its app passwords.
    pub password: Password,
    /// What the second factor of the account asks for.
    pub factor: Option<FactorCode>,
    /// Whether a session is wanted even if the account was taken down.
    pub allow_taken_down: bool,
    /// Who asks.
    pub client: SessionClient,
}

/// Why no session begins.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateSessionError {
    /// The password is right, and the account has a second factor.
    #[error("a second factor is required")]
    FactorRequired,
    /// The resource server of the account takes no password sessions, or none that may do less than others.
    #[error("the host of the account takes no password sessions of this kind")]
    NotHere,
    /// The password is right, and the operator took the account down.
    #[error("the account was taken down")]
    TakenDown,
    /// There were too many wrong codes of the second factor.
    #[error("too many wrong codes")]
    TooMany(TooMany),
    /// There is no such account, or this is none of its passwords, or the code of its second factor is wrong: all the same from outside.
    #[error("wrong identifier or password")]
    Wrong,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A permission set that the app password is scoped to does not resolve.
    #[error(transparent)]
    Expand(#[from] ExpandScopesError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins a session. The account's own password is tried first, then its app passwords (SESS-8). Takes as long whatever
/// comes of it (SESS-7).
///
/// # Errors
/// The password is not right, or more is needed than a password, or something of ours failed.
pub async fn create_session(ctx: &Context, new: CreateSession) -> Result<SessionTokens, CreateSessionError> {
    let start = Instant::now();
    let outcome = begin(ctx, new).await;
    match &outcome {
        Ok(_) => password_tried(true),
        Err(CreateSessionError::Wrong) => password_tried(false),
        Err(_) => {}
    }
    tokio::time::sleep_until(start + ctx.settings.sign_in_floor).await;
    outcome
}

async fn begin(ctx: &Context, new: CreateSession) -> Result<SessionTokens, CreateSessionError> {
    let CreateSession { identifier, password, factor, allow_taken_down, client } = new;
    let app_password = password.expose().parse::<AppPasswordSecret>().ok();
    if let Some(proven) = ctx.accounts.check_password(&identifier, password).await? {
        let ProvenAccount { account, password } = proven;
        let access = match account.status {
            AccountStatus::TakenDown if allow_taken_down => LegacyAccess::TakenDown,
            AccountStatus::TakenDown => return Err(CreateSessionError::TakenDown),
            AccountStatus::Active | AccountStatus::Deactivated => LegacyAccess::Full,
        };
        if let Some(ways) = factor_ways(ctx, &account.did).await? {
            let Some(code) = factor else {
                if ways.email {
                    // The programs of the field ask their person for what was sent, and come again with it.
                    send(ctx, &account.did).await;
                }
                return Err(CreateSessionError::FactorRequired);
            };
            match check_code(ctx, &account.did, &code).await? {
                FactorCheck::Right => {}
                FactorCheck::TooMany(too_many) => return Err(CreateSessionError::TooMany(too_many)),
                FactorCheck::Wrong => {
                    let kind = SecurityEventKind::FactorWrong;
                    note_event(ctx, client.event(account.did, kind, ctx.now())).await;
                    return Err(CreateSessionError::Wrong);
                }
            }
        }
        return keep(ctx, account, access, Proof::Password(password), client).await;
    }
    let Some(secret) = app_password else { return Err(CreateSessionError::Wrong) };
    let (account, row) = find(ctx, &identifier, &secret).await?.ok_or(CreateSessionError::Wrong)?;
    if account.status == AccountStatus::TakenDown {
        return Err(CreateSessionError::TakenDown);
    }
    let granted = match &row.scope {
        Some(scope) => Some(expand_scopes(ctx, scope, Before::default(), Purpose::NewSession).await?.scopes),
        None => None,
    };
    let name = row.name;
    let access = AppPasswordAccess {
        id: row.id,
        privileged: row.privileged,
        approved: row.scope,
        granted,
        expires_at: row.expires_at,
    };
    keep(ctx, account, LegacyAccess::AppPassword(access), Proof::AppPassword(name), client).await
}

/// Sends the code that is asked for. Whoever gets none is asked for it all the same: another factor may do.
async fn send(ctx: &Context, account: &Did) {
    if let Err(error) = send_factor_code(ctx, account, None).await {
        tracing::warn!(account.did = %account, %error, "a sign-in code was not sent");
    }
}

/// The account and the app password of it that this is.
async fn find(
    ctx: &Context,
    identifier: &str,
    secret: &AppPasswordSecret,
) -> Result<Option<(KnownAccount, AppPassword)>, CreateSessionError> {
    let Some(account) = ctx.accounts.find_named(identifier).await? else { return Ok(None) };
    let hash = secret.hash(ctx.keys.app_password_key(), &account.did);
    let row = ctx.store.find_app_password(&account.did, &hash).await?;
    Ok(row.filter(|row| !row.is_over(ctx.now())).map(|row| (account, row)))
}

/// What a session is begun with.
pub(super) enum Proof {
    /// An app password of this name.
    AppPassword(AppPasswordName),
    /// The account's own password, and the hash it was checked against where the store keeps it.
    Password(Option<PasswordHash>),
}

/// Keeps a session of an account that proved itself, and signs its tokens.
pub(super) async fn keep(
    ctx: &Context,
    account: KnownAccount,
    access: LegacyAccess,
    proof: Proof,
    client: SessionClient,
) -> Result<SessionTokens, CreateSessionError> {
    let audience = audience(ctx, &account, &access).ok_or(CreateSessionError::NotHere)?;
    let now = ctx.now();
    let refresh = LegacyRefresh {
        id: LegacyRefreshId::generate(&*ctx.random),
        expires_at: refresh_end(&access, ctx.settings.lifetimes.legacy_refresh, now),
    };
    // Whoever was taken down is to move away now: what they get cannot be refreshed.
    let is_kept = access != LegacyAccess::TakenDown;
    let access_end = now.plus(ctx.settings.lifetimes.legacy_access);
    let session = LegacySession {
        id: LegacySessionId::generate(&*ctx.random),
        account: account.did.clone(),
        access,
        created_at: now,
        refreshed_at: now,
        ends_at: if is_kept { refresh.expires_at } else { access_end },
    };
    let (used, proven, event) = match proof {
        Proof::AppPassword(name) => {
            let event = client.event(account.did.clone(), SecurityEventKind::AppPasswordUsed, now);
            let used = AppPasswordUse { at: now, client: client.name, network: Some(client.place) };
            (Some(used), None, event.subject(name.as_str()))
        }
        Proof::Password(password) => {
            (None, password, client.event(account.did.clone(), SecurityEventKind::PasswordSession, now))
        }
    };
    let event = Some(event.session(session.id));
    let refreshed = is_kept.then_some(refresh);
    let new = NewLegacySession { session: session.clone(), refresh: refreshed, used, proven, event };
    if !ctx.store.create_legacy_session(new).await? {
        return Err(CreateSessionError::Wrong);
    }
    session_begun(SessionKind::of(&session.access));
    tracing::info!(account.did = %account.did, session.scope = %session.access.scope(), "password session begun");
    Ok(sign(ctx, account, audience, &session, refresh, now).await?)
}

/// Until when a refresh token made now is good: never longer than the app password.
pub(super) fn refresh_end(access: &LegacyAccess, lifetime: Duration, now: UnixTime) -> UnixTime {
    let end = access.app_password().and_then(|access| access.expires_at);
    let usual = now.plus(lifetime);
    end.map_or(usual, |end| usual.min(end))
}
