//! Hosts behind this server: stock ones (`PDS_ENTRYWAY_URL`), which keep the records of accounts that sign in here.
//!
//! Such a host makes an account by the word of its entryway, checks tokens by itself, passes on here what is about
//! signing in, and is told by the operator's password there what became of an account.

mod call;

use std::fmt;

use gatewright_protocol::secret::AdminPassword;
use gatewright_protocol::syntax::Did;
use gatewright_resolve::fetch::Fetcher;
use gatewright_store::StoreError;
use gatewright_store::account::AccountStore;
use url::Url;

pub use call::HostError;

/// A host behind this server.
#[derive(Debug)]
pub struct HostBehind {
    /// Where it is reached: an origin.
    pub origin: Url,
    /// Who it is: the `aud` of access tokens for it.
    pub service: Did,
    /// The password of its operator (`PDS_ADMIN_PASSWORD`).
    pub admin_password: AdminPassword,
    /// It takes new accounts until it has so many; none says no number.
    pub accounts: Option<u64>,
}

impl HostBehind {
    /// Its origin as text, without a slash at its end: what the identities of its accounts say.
    pub fn origin(&self) -> String {
        self.origin.origin().ascii_serialization()
    }
}

/// The hosts behind this server, and how they are reached.
pub struct Entryway {
    hosts: Vec<HostBehind>,
    fetcher: Fetcher,
}

impl Entryway {
    /// These hosts. New accounts go to the first that has room.
    pub fn new(hosts: Vec<HostBehind>, fetcher: Fetcher) -> Self {
        Self { hosts, fetcher }
    }

    /// The host of this DID.
    pub(crate) fn find(&self, service: &Did) -> Option<&HostBehind> {
        self.hosts.iter().find(|host| host.service == *service)
    }

    /// How they are reached.
    pub(crate) const fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    /// The host that takes the next account, if any has room.
    pub(crate) async fn choose<S: AccountStore + ?Sized>(
        &self,
        store: &S,
    ) -> Result<Option<&HostBehind>, StoreError> {
        for host in &self.hosts {
            let has_room = match host.accounts {
                None => true,
                Some(most) => store.count_accounts(&host.service).await? < most,
            };
            if has_room {
                return Ok(Some(host));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Entryway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entryway").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}
