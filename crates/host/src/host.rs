//! A host, put together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use gatewright_guard::Guard;
use gatewright_protocol::crypto::{PrivateKey, SealKey};
use gatewright_protocol::invite_code::InviteCode;
use gatewright_protocol::random::Random;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_protocol::time::Clock;
use gatewright_store::account::{Account, AccountStatus};
use gatewright_store::{HostStore, StoreError};
use moka::sync::Cache;
use tokio::sync::{RwLock, Semaphore};

use crate::blobs::BlobFolder;
use crate::context::Context;
use crate::entryway::{Entryway, HostError};
use crate::identity::{AccountDocument, IdentityResolver, OwnHandlesOnly, PlcDirectory};
use crate::limits::RateLimits;
use crate::operations::create_account::{CreateAccount, CreateAccountError, create_account};
use crate::operations::create_invite_codes::{
    CreateInviteCodes, CreateInviteCodesError, create_invite_codes,
};
use crate::operations::describe_account::describe_account;
use crate::operations::sign_up::{SignUp, SignUpError, sign_up};
use crate::operations::update_handle::{AskedBy, UpdateHandleError, update_handle};
use crate::proxy::Forwarding;
use crate::repo::desk::Desks;
use crate::settings::Settings;
use crate::tasks;
use crate::tids::Tids;

/// Public keys that are remembered: a hundred bytes each.
const MAX_MULTIKEYS: u64 = 10_000;
/// Files of whole repositories that are being read at one time.
const MAX_EXPORTS: usize = 64;
const MULTIKEY_IDLE: Duration = Duration::from_mins(30);

/// A record host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Host {
    context: Arc<Context>,
}

/// What a host is made of.
pub struct Builder {
    settings: Settings,
    store: Arc<dyn HostStore>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    keys: Keys,
    plc: Arc<dyn PlcDirectory>,
    identities: Arc<dyn IdentityResolver>,
    forwarding: Option<Forwarding>,
    entryway: Option<Entryway>,
}

/// The secrets of a host.
#[derive(Debug)]
pub struct Keys {
    /// Seals the signing keys of accounts in their rows.
    pub seal: SealKey,
    /// Signs operations of `did:plc` for accounts.
    pub rotation: PrivateKey,
}

/// Why a host does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The folder of blobs cannot be used.
    #[error("the folder of blobs {0} cannot be used")]
    BlobFolder(std::path::PathBuf, #[source] std::io::Error),
}

/// Why a host behind this one was not told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TellError {
    /// It did not do what it was told.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Host {
    /// Begins a host that keeps its state in `store` and hands identities in at `plc`.
    pub fn builder(
        settings: Settings,
        store: Arc<dyn HostStore>,
        keys: Keys,
        plc: Arc<dyn PlcDirectory>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Builder {
        let identities = Arc::new(OwnHandlesOnly);
        Builder { settings, store, clock, random, keys, plc, identities, forwarding: None, entryway: None }
    }

    /// Its routes, behind this guard.
    pub fn router(&self, guard: &Guard) -> Router {
        crate::http::router(Arc::clone(&self.context), guard)
    }

    #[cfg(test)]
    pub(crate) fn unguarded(&self) -> Router {
        crate::http::unguarded(Arc::clone(&self.context))
    }

    /// What has to happen now and then, for ever: to be spawned beside the listener.
    pub fn tasks(&self) -> impl Future<Output = ()> + Send + 'static {
        tasks::run(Arc::clone(&self.context))
    }

    /// What its operations use.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What its operator decided.
    pub fn settings(&self) -> &Settings {
        &self.context.settings
    }

    /// The DID document of an account as this host knows it. `None` if it is not here, or has no signing key here.
    ///
    /// # Errors
    /// The store failed.
    pub async fn did_document(&self, did: &Did) -> Result<Option<AccountDocument>, StoreError> {
        match self.context.store.find_account(did).await? {
            Some(account) => describe_account(&self.context, &account).await,
            None => Ok(None),
        }
    }

    /// Gives an account another handle, by the word of the operator.
    ///
    /// # Errors
    /// The handle is taken, or does not lead to the account, or the account's identity cannot be made to claim it.
    pub async fn update_handle(&self, did: &Did, handle: &Handle) -> Result<(), UpdateHandleError> {
        update_handle(&self.context, did, handle, AskedBy::Operator).await
    }

    /// Deletes the records of an account that a host behind this one keeps, before the account is deleted here. Does nothing
    /// where they are kept here.
    ///
    /// # Errors
    /// The store failed, or the host did not do it.
    pub async fn delete_behind(&self, did: &Did) -> Result<(), TellError> {
        let Some(account) = self.context.store.find_account(did).await? else { return Ok(()) };
        match self.context.behind(&account)? {
            Some((entryway, host)) => Ok(entryway.delete_account(host, did).await?),
            None => Ok(()),
        }
    }

    /// Takes an account down, or restores it, also at the host behind this one that keeps its records. False, and nothing
    /// changed, if an account that shall be restored is not taken down.
    ///
    /// # Errors
    /// The store failed, or the host did not do it: then the account is taken down here, and nobody signs in to it.
    pub async fn take_down(&self, account: &Account, taken_down: bool) -> Result<bool, TellError> {
        let (did, store) = (&account.did, &self.context.store);
        let behind = self.context.behind(account)?;
        if taken_down {
            store.set_account_status(did, AccountStatus::TakenDown).await?;
        } else if account.status != AccountStatus::TakenDown {
            return Ok(false);
        }
        if let Some((entryway, host)) = behind {
            entryway.set_taken_down(host, did, taken_down).await?;
        }
        if taken_down {
            return Ok(true);
        }
        let (from, to) = (AccountStatus::TakenDown, AccountStatus::Active);
        Ok(store.change_account_status(did, from, to).await?)
    }

    /// Makes an account for somebody who asks for one.
    ///
    /// # Errors
    /// The operator does not let them, the names are taken or not to be had, or the directory or the store failed.
    pub async fn sign_up(&self, new: SignUp) -> Result<Account, SignUpError> {
        sign_up(&self.context, new).await
    }

    /// Makes invite codes.
    ///
    /// # Errors
    /// They are too many, for an account that is not here, or the store failed.
    pub async fn create_invite_codes(
        &self,
        new: CreateInviteCodes,
    ) -> Result<Vec<(Option<Did>, Vec<InviteCode>)>, CreateInviteCodesError> {
        create_invite_codes(&self.context, new).await
    }

    /// Makes an account.
    ///
    /// # Errors
    /// The names are taken or not the host's to give, or the directory or the store failed.
    pub async fn create_account(&self, new: CreateAccount) -> Result<Account, CreateAccountError> {
        create_account(&self.context, new).await
    }
}

impl Builder {
    /// Who is asked for handles that are not the host's own, and for documents of DIDs. Nobody, otherwise.
    #[must_use]
    pub fn identities(mut self, identities: Arc<dyn IdentityResolver>) -> Self {
        self.identities = identities;
        self
    }

    /// Calls that are not answered here go on to other services; where to, the guard says
    /// ([`GuardBuilder::forwarding`](gatewright_guard::GuardBuilder::forwarding)). They do not, otherwise.
    #[must_use]
    pub fn forwarding(mut self, forwarding: Forwarding) -> Self {
        self.forwarding = Some(forwarding);
        self
    }

    /// New accounts are made at hosts behind this one, whose entryway it is. They are made here, otherwise.
    #[must_use]
    pub fn entryway(mut self, entryway: Entryway) -> Self {
        self.entryway = Some(entryway);
        self
    }

    /// Puts the host together.
    ///
    /// # Errors
    /// The folder of blobs cannot be made or swept.
    pub fn build(self) -> Result<Host, StartError> {
        let folder = self.settings.blob_folder.clone();
        let blobs =
            BlobFolder::open(folder.clone()).map_err(|error| StartError::BlobFolder(folder, error))?;
        let context = Context {
            tids: Tids::new(&*self.random),
            limits: RateLimits::new(&self.settings.limits),
            settings: self.settings,
            store: self.store,
            clock: self.clock,
            random: self.random,
            seal: self.keys.seal,
            rotation_key: self.keys.rotation,
            plc: self.plc,
            identities: self.identities,
            forwarding: self.forwarding,
            entryway: self.entryway,
            desks: Desks::default(),
            blobs,
            uploads: RwLock::default(),
            exports: Arc::new(Semaphore::new(MAX_EXPORTS)),
            multikeys: Cache::builder().max_capacity(MAX_MULTIKEYS).time_to_idle(MULTIKEY_IDLE).build(),
        };
        Ok(Host { context: Arc::new(context) })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
