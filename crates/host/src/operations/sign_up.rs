//! An account that somebody makes for themselves, where the operator lets them.

use gatewright_protocol::crypto::PublicKey;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::Peer;
use gatewright_store::StoreError;
use gatewright_store::account::Account;

use super::create_account::{CreateAccount, CreateAccountError, NewIdentity, make};
use crate::context::Context;
use crate::settings::SignUpMode;

/// An account that somebody wants.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// What it shall be.
    pub account: CreateAccount,
    /// The code they were given.
    pub invite: Option<InviteCode>,
    /// For whom others are asked.
    pub peer: Option<Peer>,
}

/// Why nobody gets an account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignUpError {
    /// The operator alone makes accounts.
    #[error("this host takes no new accounts")]
    Closed,
    /// As when the operator makes one.
    #[error(transparent)]
    Create(#[from] CreateAccountError),
    /// A code is asked for, and this is none that can be used.
    #[error("the invite code is not valid, or is used up")]
    InviteCode,
    /// The recovery key is no `did:key` of a kind that identities have, or the host's own.
    #[error("the recovery key is not a did:key that can change an identity")]
    RecoveryKey,
    /// The name is kept for the operator, or too short.
    #[error("the handle {0} is reserved")]
    Reserved(Handle),
    /// The DID that shall move here publishes no document.
    #[error("{0} does not resolve")]
    UnresolvableDid(Did),
    /// The handle of the account that moves here does not lead to it.
    #[error("the handle {0} does not resolve to the account's DID")]
    UnresolvedHandle(Handle),
}

impl From<StoreError> for SignUpError {
    fn from(error: StoreError) -> Self {
        Self::Create(error.into())
    }
}

/// Makes an account for somebody, and uses their invite code up with it.
pub async fn sign_up(context: &Context, new: SignUp) -> Result<Account, SignUpError> {
    let SignUp { account, invite, peer } = new;
    let invite = match context.settings.sign_up {
        SignUpMode::Closed => return Err(SignUpError::Closed),
        SignUpMode::Invite => Some(invite.ok_or(SignUpError::InviteCode)?),
        SignUpMode::Open => None,
    };
    check_handle(context, &account, peer).await?;
    if let NewIdentity::Plc { recovery_key: Some(key) } = &account.identity
        && (PublicKey::from_did_key(key).is_err() || *key == context.rotation_key.public().to_did_key())
    {
        return Err(SignUpError::RecoveryKey);
    }
    // Before an identity is published for nothing. Whether it is good still, the store says in the end.
    if let Some(code) = &invite
        && context.store.find_invitation(code).await?.is_none_or(|found| found.uses_left() == 0)
    {
        return Err(SignUpError::InviteCode);
    }
    let account = make(context, account, invite.as_ref()).await?;
    tracing::info!(account.did = %account.did, "account made by its owner");
    Ok(account)
}

/// A name that anybody may have, or, of an account that moves here, one that leads to it already.
async fn check_handle(context: &Context, new: &CreateAccount, peer: Option<Peer>) -> Result<(), SignUpError> {
    let (settings, handle) = (&context.settings, &new.handle);
    let moved = match &new.identity {
        NewIdentity::Moved(did) if did.is_atproto() => {
            let published = context.identities.document(did).await;
            published.ok_or_else(|| SignUpError::UnresolvableDid(did.clone()))?;
            Some(did)
        }
        NewIdentity::Moved(did) | NewIdentity::Web(did) => {
            return Err(CreateAccountError::Did(did.clone()).into());
        }
        NewIdentity::Plc { .. } => None,
    };
    if settings.gives_away(handle) && !handle.is_reserved(settings.development) {
        return if settings.is_for_anybody(handle) {
            Ok(())
        } else {
            Err(SignUpError::Reserved(handle.clone()))
        };
    }
    match moved {
        Some(did) if !settings.owns_domain_of(handle) && !handle.is_reserved(settings.development) => {
            if context.identities.resolve(handle, peer).await.as_ref() == Some(did) {
                Ok(())
            } else {
                Err(SignUpError::UnresolvedHandle(handle.clone()))
            }
        }
        _ => Err(CreateAccountError::Handle(handle.clone()).into()),
    }
}
