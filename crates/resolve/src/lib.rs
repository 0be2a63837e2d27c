//! Fetching what strangers publish without being tricked into private networks.
//!
//! [`Resolver`] is the front: a handle to a DID, a DID to its document, a client id to the client's metadata and
//! keys, a host to its authorization server. Underneath is the one [`Fetcher`] that every request to an address of
//! somebody else's choosing goes through.
//!
//! | module | what it holds |
//! |---|---|
//! | [`fetch`] | requests with every limit: URL, address, size, time, type, number |
//! | [`address`] | which addresses are public |
//! | [`dns`] | names to TXT values and addresses |
//! | [`lexicon`] | published lexicons, with the proof that their author published them |
//! | [`client_metadata`], [`jwks`] | clients and keys, with the last good copy kept |
//! | [`development`] | what a developer's own network answers itself |
//! | [`system`] | the machine's clock and entropy, read nowhere else |
//!
//! What it trusts: the configuration (the PLC directory's URL) and nothing else. A DID document is believed about
//! its own DID, a handle only if the document claims it back, a client's document about the URL it was fetched from, a
//! lexicon only if the key of the account that its domain names has signed for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::jose::{Jwk, JwkSet};
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::oauth::client_metadata::{ClientMetadata, MetadataRules};
use gatewright_protocol::oauth::resource_metadata::ResourceMetadata;
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::syntax::{Development, Did, Handle, Nsid};
use gatewright_protocol::time::Clock;
use url::Url;

pub mod address;
mod cache;
pub mod client_metadata;
pub mod development;
mod did;
pub mod dns;
pub mod error;
pub mod fetch;
mod handle;
mod identity;
pub mod jwks;
pub mod lexicon;
mod limits;
mod protected_resource;
pub mod system;
#[cfg(test)]
mod test_host;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod url_rules;

pub use development::{DevNetwork, Network};
pub use error::{FetchError, ResolveError};
pub use fetch::Fetcher;
pub use identity::Identity;
pub use lexicon::Lexicon;
pub use limits::Peer;
pub use url_rules::UrlRules;

use cache::{Cache, Need};
use client_metadata::Client;
use dns::{Dns, SystemDns};
use jwks::JwksSource;

/// The public PLC directory.
pub const PLC_DIRECTORY: &str = "https://plc.directory";

/// Bytes of client documents and their keys that are kept.
const MOST_CLIENTS: usize = 16 << 20;
/// Bytes of DID documents that are kept.
const MOST_DOCUMENTS: usize = 8 << 20;
/// Bytes of handles that are kept.
const MOST_HANDLES: usize = 2 << 20;
/// Bytes of metadata of servers that are kept.
const MOST_SERVERS: usize = 2 << 20;

/// The front of this crate. Cheap to clone; all clones share one fetcher and one set of caches.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use gatewright_resolve::{Resolver, system::SystemClock};
/// # async fn example() -> Result<(), gatewright_resolve::ResolveError> {
/// let resolver = Resolver::builder(Arc::new(SystemClock)).build();
/// let identity = resolver.identity_by_handle(&"alice.example.net".parse()?).await?;
/// println!("{} keeps records at {:?}", identity.did, identity.pds);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Resolver {
    shared: Arc<Shared>,
    peer: Option<Peer>,
}

#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    dns: Arc<dyn Dns>,
    fetcher: Fetcher,
    network: Network,
    plc_url: Url,
    client_rules: MetadataRules,
    lexicon_authority: Option<Did>,
    handles: Cache<Handle, Did>,
    documents: Cache<Did, Arc<DidDocument>>,
    clients: Cache<ClientId, Arc<ClientMetadata>>,
    client_keys: Cache<Url, Arc<JwkSet>>,
    resources: Cache<String, Option<Arc<ResourceMetadata>>>,
    servers: Cache<String, Arc<ServerMetadata>>,
}

impl Resolver {
    /// A builder whose defaults are those of production.
    pub fn builder(clock: Arc<dyn Clock>) -> Builder {
        Builder::new(clock)
    }

    /// The same resolver, asking on behalf of `peer`: a peer has a bounded number of fetches under way.
    #[must_use]
    pub fn on_behalf_of(&self, peer: Peer) -> Self {
        Self { shared: Arc::clone(&self.shared), peer: Some(peer) }
    }

    /// Whether what only a developer's own network may do is allowed.
    pub fn development(&self) -> Development {
        self.shared.network.development()
    }

    /// The guarded fetcher underneath.
    pub fn fetcher(&self) -> &Fetcher {
        &self.shared.fetcher
    }

    /// The rules that documents of clients are checked by.
    pub fn client_rules(&self) -> MetadataRules {
        self.shared.client_rules
    }

    /// The PLC directory in use.
    pub fn plc_url(&self) -> &Url {
        &self.shared.plc_url
    }

    /// The TXT values of `name`; in development those of `.test` names, and of `_lexicon` names that it knows, come from
    /// the running network.
    ///
    /// # Errors
    /// The name servers gave no answer. No values is not an error.
    pub async fn txt(&self, name: &str) -> Result<Vec<String>, ResolveError> {
        handle::txt(self, name).await
    }

    /// The DID that is published for a handle (ID-3 … ID-8). Only half of an identity: whether the DID's document
    /// claims the handle back is for [`identity_by_handle`](Self::identity_by_handle).
    ///
    /// # Errors
    /// [`ReservedHandle`](ResolveError::ReservedHandle), [`AmbiguousHandle`](ResolveError::AmbiguousHandle),
    /// [`HandleNotFound`](ResolveError::HandleNotFound), [`UnsupportedDid`](ResolveError::UnsupportedDid).
    pub async fn handle(&self, handle: &Handle) -> Result<Did, ResolveError> {
        handle::resolve(self, handle, Need::Fresh).await
    }

    /// The document of a DID, at most five minutes old (ID-9 … ID-11, ID-16).
    ///
    /// # Errors
    /// [`UnsupportedDid`](ResolveError::UnsupportedDid), [`DidNotFound`](ResolveError::DidNotFound), or a document
    /// that cannot be fetched or is not of this DID.
    pub async fn did(&self, did: &Did) -> Result<Arc<DidDocument>, ResolveError> {
        did::resolve(self, did, Need::Fresh).await
    }

    /// The document of a DID, fetched now: for checking the `sub` of a token response (CL-16).
    ///
    /// # Errors
    /// As [`did`](Self::did).
    pub async fn did_now(&self, did: &Did) -> Result<Arc<DidDocument>, ResolveError> {
        did::resolve(self, did, Need::YoungerThan(Duration::ZERO)).await
    }

    /// The document of a DID, fetched again unless that was done within the last half minute: for a key that may have
    /// changed (SA-7). However many signatures are wrong, its publisher is asked twice a minute at most.
    ///
    /// # Errors
    /// As [`did`](Self::did).
    pub async fn did_again(&self, did: &Did) -> Result<Arc<DidDocument>, ResolveError> {
        did::resolve(self, did, Need::YoungerThan(jwks::REFETCH)).await
    }

    /// Who a DID is: its document, its host, and its handle if that leads back to it.
    ///
    /// # Errors
    /// As [`did`](Self::did). A handle that does not lead back is no error, but no handle.
    pub async fn identity(&self, did: &Did) -> Result<Identity, ResolveError> {
        identity::of_did(self, did).await
    }

    /// Who a handle is, checked both ways (ID-14).
    ///
    /// # Errors
    /// As [`handle`](Self::handle) and [`did`](Self::did), and [`HandleMismatch`](ResolveError::HandleMismatch).
    pub async fn identity_by_handle(&self, handle: &Handle) -> Result<Identity, ResolveError> {
        identity::of_handle(self, handle).await
    }

    /// A client by its id: its checked metadata, fetched within the last ten minutes, or the last good copy for up to
    /// a day while its publisher cannot be reached (CM-8, CM-32). Loopback clients need no fetch.
    ///
    /// # Errors
    /// [`ClientId`](ResolveError::ClientId): an id that is never loaded. [`ClientMetadata`](ResolveError::ClientMetadata):
    /// a document that breaks a rule. [`Fetch`](ResolveError::Fetch): no document;
    /// [`is_transient`](ResolveError::is_transient) tells whether it is worth another try.
    pub async fn client(&self, id: &ClientId) -> Result<Client, ResolveError> {
        client_metadata::client(self, id, Need::Fresh, client_metadata::DISPLAY_GRACE).await
    }

    /// The key `kid` of a confidential client. An unknown one makes the keys be fetched once more, twice a minute at
    /// most (CM-33). `None` means that a copy that counts does not have it: sessions bound to it end (CM-31).
    ///
    /// # Errors
    /// As [`client`](Self::client), but a last good copy serves for an hour only, and never to say that a key is gone.
    pub async fn client_key(&self, id: &ClientId, kid: &str) -> Result<Option<Jwk>, ResolveError> {
        client_metadata::key(self, id, kid).await
    }

    /// All keys of a confidential client, under the rules of [`client_key`](Self::client_key).
    ///
    /// # Errors
    /// As [`client_key`](Self::client_key).
    pub async fn client_keys(&self, id: &ClientId) -> Result<Arc<JwkSet>, ResolveError> {
        client_metadata::all_keys(self, id, client_metadata::Sure::No).await
    }

    /// The same, fetched again unless that was done within the last half minute: a key that is not among these is gone
    /// for certain (CM-31), so a last good copy is an error.
    ///
    /// # Errors
    /// As [`client_key`](Self::client_key).
    pub async fn client_keys_again(&self, id: &ClientId) -> Result<Arc<JwkSet>, ResolveError> {
        client_metadata::all_keys(self, id, client_metadata::Sure::Yes).await
    }

    /// The keys that an authorization server of our configuration publishes at `url`, kept and refreshed.
    pub fn jwks(&self, url: Url) -> JwksSource {
        JwksSource::new(self.clone(), url)
    }

    /// The authorization server of the host at `origin`, its metadata checked in full, at most a minute old
    /// (ID-17 … ID-23).
    ///
    /// # Errors
    /// One of the two documents cannot be fetched or breaks a rule, or they do not name each other.
    pub async fn authorization_server_of(&self, origin: &str) -> Result<Arc<ServerMetadata>, ResolveError> {
        protected_resource::server_of_host(self, origin, Need::Fresh).await
    }

    /// The authorization server that a person means by naming `origin`: that of the host there, or the server there
    /// itself (ID-2).
    ///
    /// # Errors
    /// There is neither.
    pub async fn authorization_server_at(&self, origin: &str) -> Result<Arc<ServerMetadata>, ResolveError> {
        protected_resource::server_at(self, origin).await
    }

    /// The authorization server whose name is `issuer`, its metadata checked in full (ID-20, ID-23).
    ///
    /// # Errors
    /// The document cannot be fetched or breaks a rule.
    pub async fn authorization_server(&self, issuer: &str) -> Result<Arc<ServerMetadata>, ResolveError> {
        protected_resource::server(self, issuer, Need::Fresh).await
    }

    /// Where the account of a DID is kept and which authorization server guards it, every document on the way fetched
    /// now: what a token response and each refresh are checked against (CL-16, CL-27).
    ///
    /// # Errors
    /// As [`did`](Self::did) and [`authorization_server_of`](Self::authorization_server_of), or the document names no
    /// host.
    pub async fn account_now(&self, did: &Did) -> Result<AccountServer, ResolveError> {
        let document = self.did_now(did).await?;
        let host = document
            .pds(self.development())
            .ok_or_else(|| ResolveError::document("DID document", "it names no host for the account"))?;
        let now = Need::YoungerThan(Duration::ZERO);
        let server = protected_resource::server_of_host(self, &host, now).await?;
        Ok(AccountServer { host, server })
    }

    /// A lexicon, fetched now from the account that its domain names, with the proof that this account published it
    /// (PS-10 … PS-14). Nothing is kept here: how long a version is good for is for whoever asks.
    ///
    /// # Errors
    /// [`NoLexiconAuthority`](ResolveError::NoLexiconAuthority), [`AmbiguousLexicon`](ResolveError::AmbiguousLexicon):
    /// what the domain says. [`LexiconNotFound`](ResolveError::LexiconNotFound): the account does not publish it.
    /// [`Proof`](ResolveError::Proof): what its host answered proves nothing. Otherwise a document on the way that
    /// cannot be fetched or is not what it should be.
    pub async fn lexicon(&self, nsid: &Nsid) -> Result<Lexicon, ResolveError> {
        lexicon::resolve(self, nsid).await
    }

    /// The bytes of the document behind a client id, fetched now and unchecked: for saying all that is wrong with it.
    ///
    /// # Errors
    /// The URL is not one that is fetched, or the fetch failed.
    pub async fn fetch_client_document(&self, url: &Url) -> Result<Bytes, ResolveError> {
        client_metadata::fetch(self, url).await.map(|document| document.bytes)
    }
}

/// Where an account is kept, and who guards it.
#[derive(Clone, Debug)]
pub struct AccountServer {
    /// The origin of the host that keeps its records.
    pub host: String,
    /// The host's authorization server.
    pub server: Arc<ServerMetadata>,
}

/// Makes a [`Resolver`].
#[derive(Debug)]
pub struct Builder {
    clock: Arc<dyn Clock>,
    network: Network,
    plc_url: Url,
    native_assertions: bool,
    lexicon_authority: Option<Did>,
    timeout: Duration,
    #[cfg(any(test, feature = "testing"))]
    scripted: Option<Arc<testing::Scripted>>,
}

impl Builder {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            network: Network::Public,
            plc_url: Url::parse(PLC_DIRECTORY).expect("the constant is a URL"),
            native_assertions: false,
            lexicon_authority: None,
            timeout: fetch::TIMEOUT,
            #[cfg(any(test, feature = "testing"))]
            scripted: None,
        }
    }

    /// The PLC directory. Default: [`PLC_DIRECTORY`].
    #[must_use]
    pub fn plc_url(mut self, url: Url) -> Self {
        self.plc_url = url;
        self
    }

    /// The PLC directory as somebody names it to a program. One over plain HTTP, such as `gatewright dev` has, makes hosts
    /// on this machine count too.
    #[must_use]
    pub fn directory(mut self, url: Url) -> Self {
        if url.scheme() == "http" {
            self.network = Network::Development(Arc::new(()));
        }
        self.plc_url(url)
    }

    /// The network that names belong to. Default: the public one.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Whether native apps may authenticate by a server of their own (CM-12). Default: no.
    #[must_use]
    pub fn native_assertions(mut self, allowed: bool) -> Self {
        self.native_assertions = allowed;
        self
    }

    /// The account that publishes every lexicon, whatever domains say: for closed deployments (PS-16). Default: the one
    /// that a lexicon's domain names.
    #[must_use]
    pub fn lexicon_authority(mut self, did: Did) -> Self {
        self.lexicon_authority = Some(did);
        self
    }

    /// The most time that one document may take. Default, and most: [`fetch::TIMEOUT`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(fetch::TIMEOUT);
        self
    }

    /// Names, addresses and sockets of a test's own making. Compiled with the feature `testing` only.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn scripted(mut self, scripted: Arc<testing::Scripted>) -> Self {
        self.scripted = Some(scripted);
        self
    }

    /// The resolver. Nothing is looked up, opened or read before the first question.
    pub fn build(self) -> Resolver {
        let development = self.network.development();
        let (dns, fetcher) = self.wire(development);
        let clock = self.clock;
        let shared = Shared {
            handles: Cache::new(Arc::clone(&clock), MOST_HANDLES),
            documents: Cache::new(Arc::clone(&clock), MOST_DOCUMENTS),
            clients: Cache::new(Arc::clone(&clock), MOST_CLIENTS),
            client_keys: Cache::new(Arc::clone(&clock), MOST_CLIENTS),
            resources: Cache::new(Arc::clone(&clock), MOST_SERVERS),
            servers: Cache::new(Arc::clone(&clock), MOST_SERVERS),
            clock,
            dns,
            fetcher,
            network: self.network,
            plc_url: self.plc_url,
            lexicon_authority: self.lexicon_authority,
            client_rules: MetadataRules { development, native_assertions: self.native_assertions },
        };
        Resolver { shared: Arc::new(shared), peer: None }
    }

    fn wire(&self, development: Development) -> (Arc<dyn Dns>, Fetcher) {
        #[cfg(any(test, feature = "testing"))]
        if let Some(scripted) = &self.scripted {
            let fetcher = Fetcher::scripted(Arc::clone(scripted), development, self.timeout);
            return (Arc::clone(scripted) as Arc<dyn Dns>, fetcher);
        }
        let dns: Arc<dyn Dns> = Arc::new(SystemDns::new());
        (Arc::clone(&dns), Fetcher::new(dns, development, self.timeout))
    }
}
