//! Ends sessions for other reasons than a client's word: their owner's, or a key that is gone (CM-31).

use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::secret::RefreshToken;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::token::TokenId;

use crate::context::{ClientsError, Context};

/// Why a session could not be ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndSessionError {
    /// What the client publishes could not be asked; nothing was ended.
    #[error(transparent)]
    Clients(#[from] ClientsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends a session of an account because its owner said so. False if the account has no such session.
///
/// # Errors
/// The store failed.
pub async fn end_session(ctx: &Context, account: &Did, token: TokenId) -> Result<bool, EndSessionError> {
    match ctx.store.find_token(token).await? {
        Some(found) if found.account == *account => Ok(ctx.store.revoke_token(token).await?),
        _ => Ok(false),
    }
}

/// Ends the session of a refresh token if the key that it is bound to is not among the client's any more. Asked when an
/// assertion could not be checked with a published key. What the assertion says counts for nothing here: neither a made
/// up name nor a wrong signature ends a session whose key is published.
///
/// # Errors
/// The client's keys could not be asked, or the store failed. Nothing was ended then (CM-32).
pub async fn end_removed_key(
    ctx: &Context,
    client: &ClientId,
    presented: &RefreshToken,
) -> Result<bool, EndSessionError> {
    let Some(token) = ctx.store.find_token_by_refresh(&presented.hash()).await? else { return Ok(false) };
    let Some(bound) = token.client_auth.thumbprint() else { return Ok(false) };
    if token.client != *client {
        return Ok(false);
    }
    let published = ctx.clients.keys_again(client, None).await?;
    if published.usable().any(|key| key.thumbprint() == *bound) {
        return Ok(false);
    }
    Ok(ctx.store.revoke_token(token.id).await?)
}
