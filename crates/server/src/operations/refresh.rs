//! Exchanges a refresh token for the next pair (AS-55 … AS-59, AS-61).

use gatewright_guard::rate::TooMany;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::secret::RefreshToken;
use gatewright_protocol::time::UnixTime;
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;
use gatewright_store::token::{RotateToken, Rotation, Token, TokenId};

use super::mint::{TokenSet, access_expiry, mint};
use super::{ExpandScopesError, ProvenClient, expand_scopes};
use crate::accounts::AccountsError;
use crate::context::Context;

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
    let is_current = token.refresh.is_some_and(|current| current.matches(&hash));
    // A recovered answer is the one first given, so there is nothing to expand or narrow for it.
    let granted = if is_current { granted(ctx, &token, scope).await? } else { token.granted.clone() };
    let Some(access_expires_at) =
        access_expiry(ctx, &token.client, token.began_as(), &token.audience, token.created_at, now)
    else {
        return Err(refuse(ctx, &token, Refused::Expired).await?);
    };
    let successor = presented.successor(ctx.keys.refresh_key(), &token.id.0);
    let rotate = RotateToken {
        id: token.id,
        presented: hash,
        successor: successor.hash(),
        client_auth: client.auth.clone(),
        granted,
        access_expires_at,
        now,
        recovery: ctx.settings.lifetimes.recovery,
    };
    match ctx.store.rotate_token(rotate).await? {
        Rotation::Gone => Err(RefreshError::Unknown),
        Rotation::Replayed(token) => Err(RefreshError::Replayed { token: token.id }),
        Rotation::Recovered(token) if token.client_auth != client.auth => {
            Err(refuse(ctx, &token, Refused::Binding).await?)
        }
        Rotation::Recovered(token) | Rotation::Rotated(token) => Ok(mint(ctx, *token, Some(successor), now)),
    }
}

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

/// What the next access token may do: what was approved, or the part of it that is asked for (AS-51).
async fn granted(ctx: &Context, token: &Token, scope: Option<Scopes>) -> Result<Scopes, RefreshError> {
    let Some(scope) = scope else { return Ok(expand_scopes(ctx, &token.approved).await?) };
    let granted = expand_scopes(ctx, &token.approved).await?;
    if !scope.contains("atproto")
        || !scope.iter().all(|one| granted.contains(one) || token.approved.contains(one))
    {
        return Err(RefreshError::Scope);
    }
    Ok(expand_scopes(ctx, &scope).await?)
}
