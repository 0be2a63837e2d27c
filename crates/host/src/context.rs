//! What operations may use.

use std::fmt;
use std::sync::Arc;

use gatewright_protocol::crypto::{PrivateKey, SealKey};
use gatewright_protocol::random::Random;
use gatewright_protocol::syntax::{Did, Tid};
use gatewright_protocol::time::{Clock, UnixTime};
use gatewright_store::account::Account;
use gatewright_store::{HostStore, StoreError};
use moka::sync::Cache;
use tokio::sync::{RwLock, Semaphore};

use crate::blobs::BlobFolder;
use crate::entryway::{Entryway, HostBehind, HostError};
use crate::identity::{IdentityResolver, PlcDirectory};
use crate::limits::RateLimits;
use crate::proxy::Forwarding;
use crate::repo::desk::{Desks, Means};
use crate::settings::Settings;
use crate::signing_key;
use crate::tids::Tids;

/// What operations may use.
pub struct Context {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<dyn HostStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) seal: SealKey,
    pub(crate) rotation_key: PrivateKey,
    pub(crate) plc: Arc<dyn PlcDirectory>,
    pub(crate) identities: Arc<dyn IdentityResolver>,
    pub(crate) desks: Desks,
    pub(crate) blobs: BlobFolder,
    /// Shared by uploads that get their name and their row; held alone while files are removed.
    pub(crate) uploads: RwLock<()>,
    pub(crate) limits: RateLimits,
    pub(crate) tids: Tids,
    /// Places for files of whole repositories that are being read.
    pub(crate) exports: Arc<Semaphore>,
    /// The hosts behind this one; none where it keeps all records itself.
    pub(crate) entryway: Option<Entryway>,
    /// How calls go on to other services; they do not where there is none.
    pub(crate) forwarding: Option<Forwarding>,
    /// The public signing keys of accounts, as Multikeys: every `getSession` shows one.
    pub(crate) multikeys: Cache<Did, Arc<str>>,
}

impl Context {
    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    pub(crate) fn next_tid(&self) -> Tid {
        self.tids.next(self.now())
    }

    pub(crate) fn means<'a>(&'a self, rev: &'a Tid) -> Means<'a> {
        Means { store: &*self.store, seal: &self.seal, rev }
    }

    /// The host behind this one that keeps the records of an account. `None` if they are kept here.
    ///
    /// # Errors
    /// The host is not one of those that this server is the entryway of, or not any more: nothing is done by halves then.
    pub(crate) fn behind(&self, account: &Account) -> Result<Option<(&Entryway, &HostBehind)>, HostError> {
        let Some(host) = &account.host else { return Ok(None) };
        let found = self.entryway.as_ref().and_then(|entryway| Some((entryway, entryway.find(host)?)));
        found.map(Some).ok_or_else(|| HostError::Unknown { host: host.clone() })
    }

    /// The signing key of an account. `None` if it has no key here that opens.
    pub(crate) async fn signing_key(&self, did: &Did) -> Result<Option<PrivateKey>, StoreError> {
        let Some(sealed) = self.store.find_signing_key(did).await? else { return Ok(None) };
        let key = signing_key::open(&self.seal, did, &sealed);
        if key.is_none() {
            tracing::error!(account.did = %did, "the signing key of an account cannot be opened");
        }
        Ok(key)
    }

    /// The public signing key of an account. `None` if it has no key here that opens.
    pub(crate) async fn multikey(&self, did: &Did) -> Result<Option<Arc<str>>, StoreError> {
        if let Some(multikey) = self.multikeys.get(did) {
            return Ok(Some(multikey));
        }
        let Some(key) = self.signing_key(did).await? else { return Ok(None) };
        let multikey: Arc<str> = key.public().to_multikey().into();
        self.multikeys.insert(did.clone(), Arc::clone(&multikey));
        Ok(Some(multikey))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}
