//! A new account with its identity and an empty repository.

use std::collections::BTreeMap;

use gatewright_protocol::crypto::PrivateKey;
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::plc::{self, State};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_store::StoreError;
use gatewright_store::account::{Account, AccountCreated, AccountStatus, NewAccount, PasswordHash};
use gatewright_store::invite_code::InvitedAccountCreated;

use super::create_behind::{create_behind, undo_behind};
use crate::context::Context;
use crate::entryway::HostError;
use crate::identity::PlcError;
use crate::repo::desk::WriteError;
use crate::signing_key;

/// An account to be made.
#[derive(Clone, Debug)]
pub struct CreateAccount {
    /// Its name: one that this host gives away, or the host name of its `did:web`.
    pub handle: Handle,
    /// Its address.
    pub email: Option<String>,
    /// The hash of its password; none where it signs in elsewhere.
    pub password: Option<PasswordHash>,
    /// Who it shall be.
    pub identity: NewIdentity,
}

/// Who a new account shall be.
#[derive(Clone, Debug)]
pub enum NewIdentity {
    /// A new `did:plc`.
    Plc {
        /// A key of the owner's (`did:key`) that may undo what the host's does.
        recovery_key: Option<String>,
    },
    /// One that is moved here: its document names another host still, so the account rests until it is activated.
    Moved(Did),
    /// A `did:web` whose document its owner keeps, or this host if the name is its own.
    Web(Did),
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateAccountError {
    /// The DID is not one that an account here can have.
    #[error("{0} cannot be the DID of an account here")]
    Did(Did),
    /// The DID has an account here.
    #[error("the DID has an account here already")]
    DidTaken,
    /// The address belongs to another account.
    #[error("the e-mail address belongs to another account")]
    EmailTaken,
    /// The handle is not one that this host gives away, nor that of the `did:web`.
    #[error("{0} is not a handle that this host gives away")]
    Handle(Handle),
    /// The handle belongs to another account.
    #[error("the handle {0} is taken")]
    HandleTaken(Handle),
    /// A host behind this one did not make its part of the account.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The invite code is none, was withdrawn, or is used up.
    #[error("the invite code is not valid, or is used up")]
    InviteCode,
    /// No host behind this one takes new accounts.
    #[error("no host takes new accounts at present")]
    NoRoom,
    /// The directory did not take the identity.
    #[error(transparent)]
    Plc(#[from] PlcError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account was made, but not its repository; that is made up for at its first write.
    #[error("the repository of the account was not made")]
    Repo(#[source] WriteError),
}

/// Makes an account by the word of the operator: its keys, its identity, its row and its empty repository.
pub async fn create_account(context: &Context, new: CreateAccount) -> Result<Account, CreateAccountError> {
    check_handle(context, &new)?;
    make(context, new, None).await
}

/// The same once the handle is known to be one that may be had, and with an invite code that is used up for it.
pub(super) async fn make(
    context: &Context,
    new: CreateAccount,
    invite: Option<&InviteCode>,
) -> Result<Account, CreateAccountError> {
    if context.store.find_account_by_handle(&new.handle).await?.is_some() {
        return Err(CreateAccountError::HandleTaken(new.handle));
    }
    let email = new.email.map(|email| email.to_lowercase());
    if let Some(email) = &email
        && context.store.find_account_by_email(email).await?.is_some()
    {
        return Err(CreateAccountError::EmailTaken);
    }
    let status = match new.identity {
        NewIdentity::Moved(_) => AccountStatus::Deactivated,
        NewIdentity::Plc { .. } | NewIdentity::Web(_) => AccountStatus::Active,
    };
    let made = make_identity(context, &new.handle, new.identity).await?;
    let account = Account {
        did: made.did,
        handle: new.handle,
        email,
        email_confirmed: false,
        status,
        host: made.host,
        created_at: context.now(),
    };
    let row = NewAccount {
        account: account.clone(),
        password: new.password,
        sealed_signing_key: made.sealed_signing_key,
    };
    let kept = keep(context, row, invite).await;
    let Some(host) = &account.host else {
        kept?;
        return begin_repo(context, account).await;
    };
    if kept.is_err() {
        undo_behind(context, host, &account.did).await;
    }
    kept.map(|()| account)
}

/// Who a new account is, and where its signing key lies.
struct Made {
    did: Did,
    /// The host behind this one that keeps its records.
    host: Option<Did>,
    sealed_signing_key: Option<Vec<u8>>,
}

async fn make_identity(
    context: &Context,
    handle: &Handle,
    identity: NewIdentity,
) -> Result<Made, CreateAccountError> {
    let (did, key) = match (identity, &context.entryway) {
        (NewIdentity::Plc { recovery_key }, Some(entryway)) => {
            let (did, host) = create_behind(context, entryway, handle, recovery_key).await?;
            return Ok(Made { did, host: Some(host), sealed_signing_key: None });
        }
        // Stock hosts make no account behind an entryway without an operation of did:plc.
        (NewIdentity::Moved(did) | NewIdentity::Web(did), Some(_)) => {
            return Err(CreateAccountError::Did(did));
        }
        (NewIdentity::Moved(did) | NewIdentity::Web(did), None) => {
            (did, PrivateKey::generate(signing_key::CURVE, &*context.random))
        }
        (NewIdentity::Plc { recovery_key }, None) => {
            let key = PrivateKey::generate(signing_key::CURVE, &*context.random);
            (publish(context, handle, &key, recovery_key).await?, key)
        }
    };
    let sealed = signing_key::seal(&context.seal, &did, &key, &*context.random);
    Ok(Made { did, host: None, sealed_signing_key: Some(sealed) })
}

/// Keeps the row, if all its names are free still.
async fn keep(
    context: &Context,
    row: NewAccount,
    invite: Option<&InviteCode>,
) -> Result<(), CreateAccountError> {
    let handle = row.account.handle.clone();
    let created = match invite {
        None => context.store.create_account(row).await?,
        Some(code) => match context.store.create_invited_account(row, code).await? {
            InvitedAccountCreated::NoUse => return Err(CreateAccountError::InviteCode),
            InvitedAccountCreated::Outcome(created) => created,
        },
    };
    match created {
        AccountCreated::Created => Ok(()),
        AccountCreated::DidTaken => Err(CreateAccountError::DidTaken),
        AccountCreated::EmailTaken => Err(CreateAccountError::EmailTaken),
        AccountCreated::HandleTaken => Err(CreateAccountError::HandleTaken(handle)),
    }
}

/// The first commit of a new account.
async fn begin_repo(context: &Context, account: Account) -> Result<Account, CreateAccountError> {
    let did = account.did.clone();
    // An account of the same DID may have been here before, and was deleted.
    context.multikeys.invalidate(&did);
    context.desks.forget(&did);
    let rev = context.next_tid();
    // A write of nothing makes the first commit of an account that has a key and no repository.
    context.desks.write(context.means(&rev), &did, &[], None).await.map_err(CreateAccountError::Repo)?;
    Ok(account)
}

fn check_handle(context: &Context, new: &CreateAccount) -> Result<(), CreateAccountError> {
    let settings = &context.settings;
    let own = match &new.identity {
        NewIdentity::Moved(_) | NewIdentity::Plc { .. } => false,
        NewIdentity::Web(did) => {
            if did.web_origin(settings.development).is_none() {
                return Err(CreateAccountError::Did(did.clone()));
            }
            did.identifier() == new.handle.as_str()
        }
    };
    if new.handle.is_reserved(settings.development) || !(own || settings.gives_away(&new.handle)) {
        return Err(CreateAccountError::Handle(new.handle.clone()));
    }
    Ok(())
}

/// Makes a `did:plc` and hands its first operation in.
async fn publish(
    context: &Context,
    handle: &Handle,
    key: &PrivateKey,
    recovery_key: Option<String>,
) -> Result<Did, PlcError> {
    let host = context.rotation_key.public().to_did_key();
    let state = State {
        // The mightiest first: the owner's key can undo what the host did.
        rotation_keys: recovery_key.into_iter().chain([host]).collect(),
        verification_methods: BTreeMap::from([("atproto".to_owned(), key.public().to_did_key())]),
        also_known_as: vec![format!("at://{handle}")],
        services: BTreeMap::from([(
            "atproto_pds".to_owned(),
            plc::Service {
                kind: "AtprotoPersonalDataServer".to_owned(),
                endpoint: context.settings.origin(),
            },
        )]),
    };
    let (did, operation) = plc::genesis(state, &context.rotation_key);
    context.plc.submit(&did, &operation).await?;
    Ok(did)
}
