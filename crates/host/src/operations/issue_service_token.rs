//! `com.atproto.server.getServiceAuth`.

use std::time::Duration;

use gatewright_protocol::random::random_bytes;
use gatewright_protocol::secret::ServiceToken;
use gatewright_protocol::service_auth::{Claims, KeyName, MAX_LIFE, Recipient, USUAL_LIFE, sign};
use gatewright_protocol::syntax::{Did, Nsid};
use gatewright_protocol::time::UnixTime;
use gatewright_store::StoreError;

use super::access::{AccessError, writable};
use crate::context::Context;

/// The method with which an account moves to another host, whatever its state here.
const CREATE_ACCOUNT: &str = "com.atproto.server.createAccount";

/// A service token that is asked for.
#[derive(Clone, Debug)]
pub struct IssueServiceToken {
    /// Whom it is for.
    pub recipient: Recipient,
    /// The method that it opens there; none for all.
    pub method: Option<Nsid>,
    /// When it ends; a minute from now if nobody says.
    pub expires_at: Option<UnixTime>,
}

/// Why no service token is given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueServiceTokenError {
    /// The account may not act.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It would have ended already, or live too long.
    #[error("exp must be in the future, and no more than {} seconds from now", most.as_secs())]
    Expiration {
        /// The longest that such a token lives.
        most: Duration,
    },
    /// The account has no signing key here.
    #[error("the account has no signing key here")]
    NoKey,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs a token by which a service of the account's choosing is called in its name (SA-6). Whether the caller may have
/// it was checked by the guard.
pub async fn issue_service_token(
    context: &Context,
    caller: &Did,
    asked: IssueServiceToken,
) -> Result<ServiceToken, IssueServiceTokenError> {
    let now = context.now();
    let most = if asked.method.is_some() { MAX_LIFE } else { USUAL_LIFE };
    let expires_at = asked.expires_at.unwrap_or_else(|| now.plus(USUAL_LIFE));
    if expires_at <= now || expires_at > now.plus(most) {
        return Err(IssueServiceTokenError::Expiration { most });
    }
    let moves_away = asked.method.as_ref().is_some_and(|method| method.as_str() == CREATE_ACCOUNT);
    match writable(context, caller, None).await {
        Err(AccessError::Deactivated | AccessError::TakenDown) if moves_away => {}
        other => {
            other?;
        }
    }
    issue(context, caller, &asked.recipient, asked.method.as_ref(), expires_at)
        .await?
        .ok_or(IssueServiceTokenError::NoKey)
}

/// Signs with the key of the account; `None` if it has none here.
pub(super) async fn issue(
    context: &Context,
    account: &Did,
    recipient: &Recipient,
    method: Option<&Nsid>,
    expires_at: UnixTime,
) -> Result<Option<ServiceToken>, StoreError> {
    let Some(key) = context.signing_key(account).await? else { return Ok(None) };
    let claims = Claims {
        issuer: account,
        key: KeyName::Account,
        recipient,
        method,
        expires_at,
        jti: random_bytes(&*context.random),
        now: context.now(),
    };
    Ok(Some(sign(&key, &claims)))
}
