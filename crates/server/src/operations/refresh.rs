//! Exchanges a refresh token for the next pair (AS-55 … AS-59, AS-61).

use gatewright_guard::rate::TooMany;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::RefreshToken;
use gatewright_protocol::time::UnixTime;
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};
use gatewright_store::set_change::{ReplaceSets, SetChange, SetOutcome};
use gatewright_store::token::{RotateToken, Rotation, Token, TokenId};

use super::expand_scopes::{includes, replace_includes};
use super::mint::{TokenSet, access_expiry, mint};
use super::note_event::{note_event, note_set_changes};
use super::tell_set_growth::tell_set_growth;
use super::{Before, ExpandScopesError, ProvenClient, expand_scopes};
use crate::accounts::AccountsError;
use crate::context::Context;
use crate::counts::{SessionKind, session_refreshed};
use crate::permission_sets::Purpose;
use crate::settings::SetChanges;

/// Why nothing is refreshed. The first four end the session; a failure of ours never does (AS-58).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The account may not act, or is gone; the session is ended.
    #[error("the account is not active; the session is ended")]
    Account {
        /// Of which session.
        token: TokenId,
    },
    /// Another client, key, or way of proving who the client is; the session is ended.
    #[error("the refresh token belongs to another client or key; the session is ended")]
    Binding {
        /// Of which session.
        token: TokenId,
    },
    /// The session or its refresh token is too old; the session is ended.
    #[error("the session has expired")]
    Expired {
        /// Which session.
        token: TokenId,
    },
    /// The refresh token was used before; the session is ended.
    #[error("the refresh token was used before; the session is ended")]
    Replayed {
        /// Which session.
        token: TokenId,
    },
    /// Others changed the session all the time; nothing was done.
    #[error("the session is changed by others at the moment")]
    Busy,
    /// The client does not refresh (any more).
    #[error("the client does not use refresh tokens")]
    NotAllowed,
    /// What is asked for is more than was granted.
    #[error("the scope is wider than what was granted")]
    Scope,
    /// Too often in too short a time.
    #[error("this session refreshes too often")]
    TooMany(TooMany),
    /// There is no such refresh token.
    #[error("there is no such refresh token")]
    Unknown,
    /// The accounts could not be asked.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A permission set does not resolve.
    #[error(transparent)]
    Expand(#[from] ExpandScopesError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Exchanges a refresh token for the next pair.
///
/// The token just rotated is answered with the same successor again for a minute, to the same client with the same keys,
/// as long as the successor was not used: the answer may have been lost (AS-57). A successor that was presented and
/// refused, because it came too often, asked for too much or something of ours failed, counts as not used: nothing was
/// given out for it, so there is still one pair. The successor is derived from the presented token with a key outside the
/// database, so nothing is kept in clear for that.
///
/// # Errors
/// The token is not good for this caller, or something of ours failed.
pub async fn refresh(
    ctx: &Context,
    client: &ProvenClient,
    presented: RefreshToken,
    scope: Option<Scopes>,
) -> Result<TokenSet, RefreshError> {
    if !client.metadata.refreshes {
        return Err(RefreshError::NotAllowed);
    }
    let hash = presented.hash();
    let token = ctx.store.find_token_by_refresh(&hash).await?.ok_or(RefreshError::Unknown)?;
    let now = ctx.now();
    if ctx.settings.limits.enabled {
        ctx.sessions.count(token.id, now).map_err(RefreshError::TooMany)?;
    }
    if let Err(why) = judge(ctx, client, &token, now).await {
        return Err(refuse(ctx, &token, why).await?);
    }
    let Some(access_expires_at) =
        access_expiry(ctx, &token.client, token.began_as(), &token.audience, token.created_at, now)
    else {
        return Err(refuse(ctx, &token, Refused::Expired).await?);
    };
    let successor = presented.successor(ctx.keys.refresh_key(), &token.id.0);
    for _ in 0..ATTEMPTS {
        // A recovered answer is the one first given, so there is nothing to expand or narrow for it.
        let is_current = token.refresh.is_some_and(|current| current.matches(&hash));
        let granted = if is_current {
            granted(ctx, &token, scope.as_ref(), now).await?
        } else {
            Granted { scopes: token.granted.clone(), sets: None }
        };
        let changes = granted.sets.as_ref().map(|sets| sets.changes.clone()).unwrap_or_default();
        let rotate = RotateToken {
            id: token.id,
            presented: hash,
            successor: successor.hash(),
            client_auth: client.auth.clone(),
            granted: granted.scopes,
            sets: granted.sets,
            access_expires_at,
            now,
            recovery: ctx.settings.lifetimes.recovery,
        };
        return match ctx.store.rotate_token(rotate).await? {
            Rotation::Gone => Err(RefreshError::Unknown),
            Rotation::Replayed(token) => Err(RefreshError::Replayed { token: token.id }),
            Rotation::Recovered(token) if token.client_auth != client.auth => {
                Err(refuse(ctx, &token, Refused::Binding).await?)
            }
            Rotation::Recovered(token) => Ok(mint(ctx, *token, Some(successor), now).await),
            Rotation::Rotated(token) => {
                session_refreshed(SessionKind::OAuth);
                tell(ctx, &changes).await;
                let event = SecurityEvent::new(token.account.clone(), SecurityEventKind::NewNetwork, now);
                let event = event.session(token.id).client(token.client.as_str());
                note_event(ctx, event.place(client.place.as_str())).await;
                Ok(mint(ctx, *token, Some(successor), now).await)
            }
            Rotation::SetsChanged => continue,
        };
    }
    Err(RefreshError::Busy)
}

/// How often it is tried while somebody else changes what the sets of the session give.
const ATTEMPTS: usize = 3;

/// Why the caller is refused: the session ends with it.
enum Refused {
    Account,
    Binding,
    Expired,
    Ours(AccountsError),
}

/// Whether the session is this caller's, young enough, and its account may act.
async fn judge(ctx: &Context, client: &ProvenClient, token: &Token, now: UnixTime) -> Result<(), Refused> {
    let is_bound = token.client == client.metadata.client_id
        && token.dpop_jkt == client.jkt
        && token.client_auth.admits(&client.auth);
    if !is_bound {
        return Err(Refused::Binding);
    }
    let lifetime = ctx.settings.session(&token.client, token.began_as());
    if now.since(token.created_at) > lifetime.session || now.since(token.rotated_at) > lifetime.refresh {
        return Err(Refused::Expired);
    }
    match ctx.accounts.find(&token.account).await {
        Ok(Some(account)) if account.status == AccountStatus::Active => Ok(()),
        Ok(_) => Err(Refused::Account),
        Err(error) => Err(Refused::Ours(error)),
    }
}

async fn refuse(ctx: &Context, token: &Token, why: Refused) -> Result<RefreshError, StoreError> {
    let ended = match why {
        Refused::Ours(error) => return Ok(RefreshError::Accounts(error)),
        Refused::Account => RefreshError::Account { token: token.id },
        Refused::Binding => RefreshError::Binding { token: token.id },
        Refused::Expired => RefreshError::Expired { token: token.id },
    };
    ctx.store.revoke_token(token.id).await?;
    Ok(ended)
}

/// What the next access token may do, and what changes with it.
struct Granted {
    scopes: Scopes,
    sets: Option<ReplaceSets>,
}

/// What the next access token may do: what was approved, or the part of it that is asked for (AS-51). Permission sets
/// are looked at anew.
async fn granted(
    ctx: &Context,
    token: &Token,
    scope: Option<&Scopes>,
    now: UnixTime,
) -> Result<Granted, RefreshError> {
    let has_sets = !includes(&token.approved).is_empty();
    let before = if has_sets { ctx.store.find_sets(token.id).await? } else { Vec::new() };
    // Who holds what is new lets a later approval of the same client count for its other sessions too.
    let holds = has_sets && ctx.settings.set_changes == SetChanges::Hold;
    let consent = if holds { ctx.store.find_consent(&token.account, &token.client).await? } else { None };
    let since = consent.filter(|consent| consent.decided_at > token.created_at);
    let since = since.map(|consent| consent.sets).unwrap_or_default();
    let before_all = Before { sets: &before, approved_since: &since };
    let expanded = expand_scopes(ctx, &token.approved, before_all, Purpose::RunningSession).await?;
    let scopes = match scope {
        None => expanded.scopes,
        Some(asked) => {
            let has = |one: &str| expanded.scopes.contains(one) || token.approved.contains(one);
            if !asked.contains("atproto") || !asked.iter().all(has) {
                return Err(RefreshError::Scope);
            }
            replace_includes(asked, &expanded.sets)
        }
    };
    let changes = expanded.drifts.into_iter();
    let changes =
        changes.map(|drift| drift.of_session(token.id, &token.account, &token.client, now)).collect();
    let replaced = ReplaceSets { before, after: expanded.sets, changes };
    let sets = (replaced.before != replaced.after || !replaced.changes.is_empty()).then_some(replaced);
    Ok(Granted { scopes, sets })
}

/// Notes what changed in the log, and tells the person by mail what their application may do now, where the operator
/// wants that.
async fn tell(ctx: &Context, changes: &[SetChange]) {
    for change in changes {
        tracing::info!(
            token.id = %change.token,
            account.did = %change.account,
            client.id = %change.client,
            set.include = change.include,
            set.from = change.from,
            set.to = change.to,
            set.added = %change.added,
            set.removed = %change.removed,
            set.outcome = ?change.outcome,
            "a permission set changed what `{}` may do",
            change.client,
        );
    }
    note_set_changes(ctx, changes).await;
    let grew = |change: &&SetChange| change.outcome == SetOutcome::Applied && !change.added.is_empty();
    let grown: Vec<&SetChange> = changes.iter().filter(grew).collect();
    if ctx.settings.set_changes != SetChanges::Notify || grown.is_empty() {
        return;
    }
    if let Err(error) = tell_set_growth(ctx, &grown).await {
        // The session goes on, and the account page tells it too.
        tracing::error!(%error, "a person could not be told that a permission set grew");
    }
}
