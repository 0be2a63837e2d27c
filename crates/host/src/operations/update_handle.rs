//! `com.atproto.identity.updateHandle`.

use gatewright_guard::rate::TooMany;
use gatewright_protocol::plc::{Operation, State};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::Peer;
use gatewright_store::StoreError;
use gatewright_store::account::HandleReplaced;

use crate::context::Context;
use crate::entryway::HostError;
use crate::identity::PlcError;

/// Who wants the handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// The operator, who may give away every name under the host's domains.
    Operator,
    /// The owner of the account, for whom others are asked.
    Owner(Option<Peer>),
}

/// Why the account keeps its handle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateHandleError {
    /// The document of the account's `did:web` does not claim the handle, or cannot be fetched.
    #[error("the DID document of {0} does not claim the handle; its owner must add it there first")]
    Document(Did),
    /// The account has the handle, but the host behind this one that keeps its records does not know it.
    #[error("the handle was changed, but not told to the account's host; ask for it once more: {0}")]
    Host(#[from] HostError),
    /// The identity is not the host's to change: its keys are elsewhere, or it has ended.
    #[error(
        "this host holds no key that may change the identity; its owner must change the handle there first"
    )]
    NoKey,
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    NotFound,
    /// It is under one of the host's domains, and not one that it gives away.
    #[error("{0} is not a handle that this host gives away")]
    NotGiven(Handle),
    /// The directory did not take the new name, or cannot be asked.
    #[error(transparent)]
    Plc(#[from] PlcError),
    /// The name is kept for the operator, or too short.
    #[error("the handle {0} is reserved")]
    Reserved(Handle),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The handle belongs to another account.
    #[error("the handle {0} is taken")]
    Taken(Handle),
    /// Too many changes.
    #[error("{0}")]
    TooMany(TooMany),
    /// It is not under one of the host's domains and does not lead to the account.
    #[error("the handle {0} does not resolve to the account's DID")]
    Unresolved(Handle),
}

/// Gives an account another handle: it must lead to the account's DID, and the DID must claim it (ID-14). What a
/// `did:plc` claims is changed on the way, if this host holds a key for that.
pub async fn update_handle(
    context: &Context,
    did: &Did,
    handle: &Handle,
    asked_by: AskedBy,
) -> Result<(), UpdateHandleError> {
    if matches!(asked_by, AskedBy::Owner(_)) {
        context.limits.handle(did, context.now()).map_err(UpdateHandleError::TooMany)?;
    }
    let account = context.store.find_account(did).await?.ok_or(UpdateHandleError::NotFound)?;
    if account.handle != *handle {
        check_leads_here(context, did, handle, asked_by).await?;
    }
    let behind = context.behind(&account)?;
    let claimed = claim(context, did, handle).await?;
    match context.store.replace_handle(did, handle).await? {
        HandleReplaced::Replaced => {
            tracing::info!(account.did = %did, account.handle = %handle, "handle changed");
            // Whoever asks once more, because the host could not be told, has the handle already: it is told again.
            match behind {
                Some((entryway, host)) => Ok(entryway.update_handle(host, did, handle).await?),
                None => Ok(()),
            }
        }
        HandleReplaced::NoAccount => Err(UpdateHandleError::NotFound),
        HandleReplaced::Taken => {
            // Somebody else was faster. The identity goes back to the name that it still has here.
            if let Claimed::Now = claimed
                && let Err(error) = claim(context, did, &account.handle).await
            {
                tracing::error!(account.did = %did, %error, "an identity claims a handle that it did not get");
            }
            Err(UpdateHandleError::Taken(handle.clone()))
        }
    }
}

/// Whether the handle is the account's to have: the host gives it away, or it leads to the account already.
async fn check_leads_here(
    context: &Context,
    did: &Did,
    handle: &Handle,
    asked_by: AskedBy,
) -> Result<(), UpdateHandleError> {
    let settings = &context.settings;
    if context.store.find_account_by_handle(handle).await?.is_some() {
        return Err(UpdateHandleError::Taken(handle.clone()));
    }
    if handle.is_reserved(settings.development) {
        return Err(UpdateHandleError::NotGiven(handle.clone()));
    }
    if settings.owns_domain_of(handle) {
        return if !settings.gives_away(handle) {
            Err(UpdateHandleError::NotGiven(handle.clone()))
        } else if asked_by != AskedBy::Operator && !settings.is_for_anybody(handle) {
            Err(UpdateHandleError::Reserved(handle.clone()))
        } else {
            Ok(())
        };
    }
    let peer = match asked_by {
        AskedBy::Operator => None,
        AskedBy::Owner(peer) => peer,
    };
    // Whoever has the name of a `did:web` has both.
    let is_own_name = did.method() == "web" && did.identifier() == handle.as_str();
    if is_own_name || context.identities.resolve(handle, peer).await.as_ref() == Some(did) {
        Ok(())
    } else {
        Err(UpdateHandleError::Unresolved(handle.clone()))
    }
}

/// Since when the identity claims the handle.
enum Claimed {
    Already,
    Now,
}

/// Makes the identity claim the handle.
async fn claim(context: &Context, did: &Did, handle: &Handle) -> Result<Claimed, UpdateHandleError> {
    if did.method() != "plc" {
        let document = context.identities.document(did).await;
        let claims = document.is_some_and(|document| document.handle().as_ref() == Some(handle));
        return if claims { Ok(Claimed::Already) } else { Err(UpdateHandleError::Document(did.clone())) };
    }
    let last = context.plc.last(did).await?;
    let mut state = last.state().ok_or(UpdateHandleError::NoKey)?;
    if !rename(&mut state, handle) {
        return Ok(Claimed::Already);
    }
    if !state.rotation_keys.contains(&context.rotation_key.public().to_did_key()) {
        return Err(UpdateHandleError::NoKey);
    }
    let operation = Operation::update(state, Some(&last.cid()), &context.rotation_key);
    context.plc.submit(did, &operation).await?;
    Ok(Claimed::Now)
}

/// Puts the handle in the place of the one that counts, and leaves all other names; whether that changed anything.
fn rename(state: &mut State, handle: &Handle) -> bool {
    let name = format!("at://{handle}");
    let is_handle = |name: &str| name.strip_prefix("at://").is_some_and(|it| it.parse::<Handle>().is_ok());
    match state.also_known_as.iter_mut().find(|name| is_handle(name)) {
        Some(counts) if *counts == name => return false,
        Some(counts) => *counts = name,
        None => state.also_known_as.insert(0, name),
    }
    true
}
