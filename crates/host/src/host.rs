//! A host, put together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use gatewright_guard::Guard;
use gatewright_protocol::crypto::{PrivateKey, SealKey};
use gatewright_protocol::random::Random;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::Clock;
use gatewright_store::account::Account;
use gatewright_store::{HostStore, StoreError};
use moka::sync::Cache;
use tokio::sync::{RwLock, Semaphore};

use crate::blobs::BlobFolder;
use crate::context::Context;
use crate::identity::{AccountDocument, HandleResolver, OwnHandlesOnly, PlcDirectory};
use crate::limits::RateLimits;
use crate::operations::create_account::{CreateAccount, CreateAccountError, create_account};
use crate::operations::describe_account::describe_account;
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
    handles: Arc<dyn HandleResolver>,
    forwarding: Option<Forwarding>,
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
        let handles = Arc::new(OwnHandlesOnly);
        Builder { settings, store, clock, random, keys, plc, handles, forwarding: None }
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

    /// Makes an account.
    ///
    /// # Errors
    /// The names are taken or not the host's to give, or the directory or the store failed.
    pub async fn create_account(&self, new: CreateAccount) -> Result<Account, CreateAccountError> {
        create_account(&self.context, new).await
    }
}

impl Builder {
    /// Who is asked for handles that are not the host's own. Nobody, otherwise.
    #[must_use]
    pub fn handles(mut self, handles: Arc<dyn HandleResolver>) -> Self {
        self.handles = handles;
        self
    }

    /// Calls that are not answered here go on to other services; where to, the guard says
    /// ([`GuardBuilder::forwarding`](gatewright_guard::GuardBuilder::forwarding)). They do not, otherwise.
    #[must_use]
    pub fn forwarding(mut self, forwarding: Forwarding) -> Self {
        self.forwarding = Some(forwarding);
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
            handles: self.handles,
            forwarding: self.forwarding,
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
