//! An installation: the authorization server and the record host in one process, on one origin and one store.
//!
//! `serve` and `dev` run it, `account` opens it for a moment.

mod accounts;
mod hosts;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::routing::get;
use gatewright_guard::{Guard, ServiceTokens, StoreTokens};
use gatewright_host::entryway::{Entryway, HostBehind};
use gatewright_host::operations::create_account::{CreateAccount, NewIdentity};
use gatewright_host::plc::HttpPlcDirectory;
use gatewright_host::proxy::Forwarding;
use gatewright_host::settings::{Settings as HostSettings, SignUpMode};
use gatewright_host::{Host, Keys as HostKeys};
use gatewright_protocol::crypto::PrivateKey;
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::random::Random;
use gatewright_protocol::secret::Password;
use gatewright_protocol::service_auth::Recipient;
use gatewright_protocol::syntax::{Development, Did, Handle};
use gatewright_protocol::time::Clock;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_resolve::{Network, Resolver};
use gatewright_server::AuthorizationServer;
use gatewright_server::accounts::StoreAccounts;
use gatewright_server::keys::KeyFile;
use gatewright_server::lexicons::Lexicons;
use gatewright_server::notices::Notices;
use gatewright_server::passwords::Passwords;
use gatewright_server::settings::Audience;
use gatewright_store::account::{Account, AccountStore, PasswordHash};
use gatewright_store::postgres::{Options as PostgresOptions, Postgres};
use gatewright_store::sqlite::{Options as SqliteOptions, Sqlite};
use gatewright_store::{HostStore, Store};
use http::StatusCode;
use ipnet::IpNet;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use crate::config::Config;
use crate::config::hosts::Host as HostConfig;
use crate::config::oauth::Oauth;
use crate::config::permission_sets::PermissionSets;
use crate::config::services::Services;
use crate::config::store::{Store as StoreConfig, Synchronous};
use crate::hint::Hint;
use crate::{metrics, rotation_key};
use accounts::HostedAccounts;

/// What an installation is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Where it is reached: the issuer, and the origin of the host.
    pub origin: String,
    /// Whether it is a network on one machine.
    pub development: bool,
    /// The folder of everything that is kept.
    pub data: PathBuf,
    /// The PLC directory.
    pub plc_url: Url,
    /// The endings of handles it gives out.
    pub handle_domains: Vec<String>,
    /// Who may make an account.
    pub sign_up: SignUpMode,
    /// The network that names belong to.
    pub network: Network,
    /// Where everything is kept but blobs and keys.
    pub store: StoreConfig,
    /// Whether requests are counted.
    pub rate_limits: bool,
    /// What people call it; "Gatewright" when absent.
    pub name: Option<String>,
    /// Lifetimes, trusted clients and what is tolerated.
    pub oauth: Oauth,
    /// Proxies whose word about an address is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How published permission sets are resolved and kept.
    pub permission_sets: PermissionSets,
    /// What sends mail, if anything does.
    pub notices: Option<Arc<dyn Notices>>,
    /// The largest blob, in bytes.
    pub blob_bytes: u64,
    /// Who answers what this installation does not.
    pub services: Services,
    /// Stock hosts behind this installation, which keep the records of its accounts.
    pub hosts: Vec<HostConfig>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

/// The file of the server's keys.
pub fn key_file(data: &Path) -> PathBuf {
    data.join("keys.json")
}

pub(crate) fn database_file(data: &Path) -> PathBuf {
    data.join("gatewright.sqlite")
}

impl Parts {
    /// What a configuration asks for.
    ///
    /// # Errors
    /// When the URL of the directory or of the server is none.
    pub fn of(config: &Config) -> Result<Self> {
        Ok(Self {
            origin: config.server.public_url.clone(),
            development: false,
            data: config.server.data.clone(),
            plc_url: Url::parse(&config.identity.plc_url).context("identity.plc_url is not a URL")?,
            handle_domains: config.identity.handle_domains.clone(),
            sign_up: config.sign_up.mode.into(),
            network: Network::Public,
            store: config.store.clone(),
            rate_limits: config.limits.rate_limits,
            name: Some(config.server.name()?),
            oauth: config.oauth.clone(),
            trusted_proxies: config.server.trusted_proxies.clone(),
            permission_sets: config.permission_sets.clone(),
            notices: config.mail.notices()?,
            blob_bytes: config.limits.blob_bytes,
            services: config.services.clone(),
            hosts: config.host.clone(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        })
    }

    fn service_did(&self) -> Result<Did> {
        let url = Url::parse(&self.origin).context("the public URL is none")?;
        let host = url.host_str().context("the public URL has no host")?;
        let did = match url.port() {
            Some(port) => format!("did:web:{host}%3A{port}"),
            None => format!("did:web:{host}"),
        };
        did.parse().with_context(|| format!("{did} is not a DID"))
    }

    fn proxies(&self) -> impl Iterator<Item = IpNet> {
        self.trusted_proxies.iter().map(|address| IpNet::from(*address))
    }

    fn development(&self) -> Development {
        if self.development { Development::Allowed } else { Development::Refused }
    }

    fn resolver(&self) -> Result<Resolver> {
        let mut resolver = Resolver::builder(Arc::clone(&self.clock))
            .plc_url(self.plc_url.clone())
            .network(self.network.clone())
            .native_assertions(self.oauth.confidential_native_clients);
        if let Some(authority) = self.permission_sets.authority()? {
            resolver = resolver.lexicon_authority(authority);
        }
        Ok(resolver.build())
    }
}

/// What a person reads who opens the origin in a browser.
const WHAT_THIS_IS: &str =
    "This is a host of the AT Protocol, run by Gatewright. Applications send you here to sign in.\n";

/// An installation, open.
pub struct Solo {
    server: AuthorizationServer,
    host: Host,
    store: Arc<dyn Store>,
    guard: Guard,
    parts: Parts,
    service_did: Did,
}

impl std::fmt::Debug for Solo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Solo").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl Solo {
    /// Opens the installation of a configuration.
    ///
    /// # Errors
    /// When its data or keys cannot be used.
    pub async fn open_installation(config: &Config) -> Result<Self> {
        Self::open(Parts::of(config)?).await
    }

    /// Opens the installation of a configuration, which must be there: a folder whose name is misspelt is not made.
    ///
    /// # Errors
    /// When something of it is missing, or its data or keys cannot be used.
    pub async fn open_existing(config: &Config) -> Result<Self> {
        let parts = Parts::of(config)?;
        let data = &parts.data;
        let database = parts.store.url.is_none().then(|| database_file(data));
        for file in database.into_iter().chain([key_file(data), rotation_key::file(data)]) {
            ensure!(
                file.is_file(),
                Hint::new(
                    format!("there is no installation in {}: {} is missing", data.display(), file.display()),
                    "is `server.data` right? `gatewright serve` and `gatewright account create` make an installation"
                )
            );
        }
        Self::open(parts).await
    }

    /// Opens an installation, or makes it in an empty folder.
    ///
    /// # Errors
    /// When its data or keys cannot be used.
    pub async fn open(parts: Parts) -> Result<Self> {
        std::fs::create_dir_all(&parts.data)
            .with_context(|| format!("cannot make {}", parts.data.display()))?;
        let store = open_store(&parts).await?;
        Self::open_over(parts, store, None)
    }

    /// The same installation by another configuration, over the store that is open. What is in the hands of people and
    /// programs stays good: rows, keys that the file still has, and the nonces of proofs.
    ///
    /// # Errors
    /// When the keys or the configuration cannot be used, or it is the configuration of another installation.
    pub fn reopen(&self, config: &Config) -> Result<Self> {
        let parts = Parts::of(config)?;
        for (what, stays) in [
            ("server.public_url", parts.origin == self.parts.origin),
            ("server.data", parts.data == self.parts.data),
            ("store", parts.store == self.parts.store),
        ] {
            ensure!(
                stays,
                Hint::new(
                    format!("{what} cannot change while the server runs"),
                    "restart it, or put it back"
                )
            );
        }
        Self::open_over(parts, Arc::clone(&self.store), Some(self.server.nonces()))
    }

    fn open_over(parts: Parts, store: Arc<dyn Store>, nonces: Option<Arc<Nonces>>) -> Result<Self> {
        let service_did = parts.service_did()?;
        let keys = KeyFile::load_or_create(&key_file(&parts.data), &*parts.random, parts.clock.now())
            .with_context(|| format!("cannot use {}", key_file(&parts.data).display()))?;
        // Nodes over one database remember proofs there, so they can have one nonce. What a single process remembers of
        // them ends with it, and so do its nonces.
        let shared = parts.store.url.is_some().then(|| Arc::new(Nonces::new(keys.nonce_secret())));
        let nonces = nonces.or(shared);
        let resolver = parts.resolver()?;
        let behind: Vec<HostBehind> = parts.hosts.iter().map(HostConfig::open).collect::<Result<_>>()?;
        let audiences = hosts::audiences(&parts, &service_did, &behind);
        let host = host(&parts, &service_did, &keys, Arc::clone(&store), &resolver, behind)?;
        let accounts = HostedAccounts {
            accounts: StoreAccounts::new(Arc::clone(&store) as _, Arc::clone(&parts.random)),
            host: host.clone(),
        };
        let hosts = audiences.iter().skip(1).map(|host| host.service.clone()).collect();
        let server = authorization_server(
            &parts,
            &service_did,
            audiences,
            &keys,
            Kept { store: Arc::clone(&store), nonces },
            resolver.clone(),
            accounts,
        )?;
        let tokens = StoreTokens::new(server.key_source(), Arc::clone(&store) as _);
        let guard = Guard::builder(&Url::parse(&parts.origin)?, service_did.clone(), tokens)
            .issuer(&parts.origin)
            .accounts(Arc::clone(&store) as _)
            .legacy_sessions(server.legacy_sessions())
            .security_events(Arc::clone(&store) as _)
            .service_tokens(service_tokens(&parts, &service_did, &resolver)?)
            .forwarding(parts.services.usual()?)
            .entryway_of(hosts)
            .build(server.nonces(), Arc::clone(&store) as _, Arc::clone(&parts.clock));
        Ok(Self { server, host, store, guard, parts, service_did })
    }

    /// Every route of the installation.
    pub fn router(&self) -> Router {
        let store = Arc::clone(&self.store);
        let ready = get(move || async move {
            match store.list_accounts(None, 1).await {
                Ok(_) => (StatusCode::OK, "ready"),
                Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer"),
            }
        });
        let health = Router::new().route("/health/ready", ready).route("/", get(async || WHAT_THIS_IS));
        let sessions = self.server.xrpc(&self.guard);
        metrics::counted(
            self.server.router().merge(sessions).merge(self.host.router(&self.guard)).merge(health),
        )
    }

    /// Starts what has to happen now and then, until `stop` changes.
    pub fn spawn_tasks(&self, running: &mut JoinSet<()>, mut stop: watch::Receiver<bool>) {
        let tasks = futures::future::join3(self.server.tasks(), self.host.tasks(), metrics::upkeep());
        running.spawn(async move {
            tokio::select! {
                _ = tasks => {}
                _ = stop.changed() => {}
            }
        });
    }

    /// Who the record host is.
    pub fn service_did(&self) -> &Did {
        &self.service_did
    }

    /// The key that signs operations of did:plc for the accounts.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn rotation_key(&self) -> Result<PrivateKey> {
        rotation_key::load_or_create(&self.parts.data, &*self.parts.random)
    }

    /// What a stock host behind this installation is told in its environment.
    ///
    /// # Errors
    /// When the file of a key cannot be read or made.
    pub fn host_environment(&self) -> Result<Vec<(&'static str, String)>> {
        hosts::environment(&self.parts, &self.service_did, &self.rotation_key()?)
    }

    /// What the host keeps: accounts and their records.
    pub fn kept(&self) -> Arc<dyn HostStore> {
        Arc::clone(&self.store) as _
    }

    /// The accounts.
    pub fn accounts(&self) -> Arc<dyn AccountStore> {
        Arc::clone(&self.store) as _
    }

    /// The record host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The authorization server.
    pub fn server(&self) -> &AuthorizationServer {
        &self.server
    }

    /// Makes an account with a new did:plc identity and an empty repository.
    ///
    /// # Errors
    /// When the handle is not one to be had here, or the PLC directory does not take the identity.
    pub async fn create_account(&self, handle: &str, email: Option<&str>, password: &str) -> Result<Did> {
        self.create_account_of(NewIdentity::Plc { recovery_key: None }, handle, email, password).await
    }

    /// Makes an account with this identity and an empty repository.
    ///
    /// # Errors
    /// When the DID or the handle is not one to be had here, or the PLC directory does not take the identity.
    pub async fn create_account_of(
        &self,
        identity: NewIdentity,
        handle: &str,
        email: Option<&str>,
        password: &str,
    ) -> Result<Did> {
        let handle: Handle = handle.parse().with_context(|| format!("`{handle}` is not a handle"))?;
        let password = self.hash(password).await?;
        let new =
            CreateAccount { handle, email: email.map(str::to_lowercase), password: Some(password), identity };
        Ok(self.host.create_account(new).await?.did)
    }

    /// The account of a handle or DID.
    ///
    /// # Errors
    /// When the text is neither, or the store fails.
    pub async fn find_account(&self, name: &str) -> Result<Option<Account>> {
        if let Ok(did) = name.parse::<Did>() {
            return Ok(self.store.find_account(&did).await?);
        }
        let handle: Handle =
            name.parse().with_context(|| format!("`{name}` is neither a handle nor a DID"))?;
        Ok(self.store.find_account_by_handle(&handle).await?)
    }

    /// Up to `limit` accounts after this one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_accounts(&self, after: Option<&Did>, limit: usize) -> Result<Vec<Account>> {
        Ok(self.store.list_accounts(after, limit).await?)
    }

    /// Sets a new password, which ends every session and sign-in of the account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn replace_password(&self, did: &Did, password: &str) -> Result<bool> {
        let hash = self.hash(password).await?;
        Ok(self.store.replace_password(did, hash).await?)
    }

    async fn hash(&self, password: &str) -> Result<PasswordHash> {
        let password = Password::parse(password).context("the password is too long")?;
        Ok(Passwords::new(Arc::clone(&self.parts.random)).hash(password).await?)
    }
}

async fn open_store(parts: &Parts) -> Result<Arc<dyn Store>> {
    if let Some(url) = parts.store.postgres()? {
        let options = PostgresOptions { connections: parts.store.connections, ..PostgresOptions::default() };
        let store = Postgres::connect(&url, options).await.context("cannot use the database of store.url")?;
        return Ok(Arc::new(store));
    }
    let synchronous = match parts.store.synchronous {
        Synchronous::Full => gatewright_store::sqlite::Synchronous::Full,
        Synchronous::Normal => gatewright_store::sqlite::Synchronous::Normal,
    };
    let file = database_file(&parts.data);
    let options = SqliteOptions { synchronous, ..SqliteOptions::default() };
    Ok(Arc::new(Sqlite::open(&file, options).with_context(|| format!("cannot use {}", file.display()))?))
}

/// Service tokens for the record host, by either of its names.
fn service_tokens(parts: &Parts, service_did: &Did, resolver: &Resolver) -> Result<ServiceTokens> {
    let tokens = ServiceTokens::new(resolver.clone())
        .recipient(Recipient::Did(service_did.clone()))
        .recipient(format!("{service_did}#atproto_pds").parse()?);
    Ok(match parts.services.moderator()? {
        Some(did) => tokens.moderation(did),
        None => tokens,
    })
}

/// What outlives a configuration: the store, and the nonces where there are some already.
struct Kept {
    store: Arc<dyn Store>,
    nonces: Option<Arc<Nonces>>,
}

fn authorization_server(
    parts: &Parts,
    service_did: &Did,
    audiences: Vec<Audience>,
    keys: &KeyFile,
    Kept { store, nonces }: Kept,
    resolver: Resolver,
    accounts: HostedAccounts,
) -> Result<AuthorizationServer> {
    let trusted = parts.oauth.trusted()?;
    let sets = Lexicons::new(
        Arc::new(resolver.clone()),
        Arc::clone(&store) as _,
        Arc::clone(&parts.clock),
        parts.permission_sets.freshness(),
    );
    let accounts = Arc::new(accounts);
    let mut server = AuthorizationServer::builder(&parts.origin, store, Arc::clone(&accounts) as _)
        .sign_ups(accounts)
        .keys(keys)
        .development(parts.development)
        .clients(Arc::new(resolver))
        .permission_sets(Arc::new(sets))
        .clock(Arc::clone(&parts.clock))
        .random(Arc::clone(&parts.random))
        .settings(|settings| {
            settings.limits.enabled = parts.rate_limits;
            parts.oauth.apply(settings);
            settings.audiences = audiences;
            settings.set_changes = parts.permission_sets.changes.into();
            settings.trusted_clients.extend(trusted);
            settings.trusted_proxies.extend(parts.proxies());
            if let Some(name) = &parts.name {
                settings.brand.name.clone_from(name);
            }
        });
    if let Some(notices) = &parts.notices {
        server = server.notices(Arc::clone(notices));
    }
    if let Some(nonces) = nonces {
        server = server.nonces(nonces);
    }
    if !parts.hosts.is_empty() {
        let key = rotation_key::entryway(&parts.data, &*parts.random)?;
        server = server.entryway(service_did.clone(), key);
    }
    Ok(server.build()?)
}

fn host(
    parts: &Parts,
    service_did: &Did,
    keys: &KeyFile,
    store: Arc<dyn Store>,
    resolver: &Resolver,
    behind: Vec<HostBehind>,
) -> Result<Host> {
    let mut settings =
        HostSettings::new(Url::parse(&parts.origin)?, service_did.clone(), parts.data.join("blobs"));
    settings.handle_domains.clone_from(&parts.handle_domains);
    settings.blob_limit = parts.blob_bytes;
    settings.limits.enabled = parts.rate_limits;
    settings.trusted_proxies.extend(parts.proxies());
    settings.development = parts.development();
    settings.sign_up = parts.sign_up;
    let keys = HostKeys {
        seal: keys.seal_key(),
        rotation: rotation_key::load_or_create(&parts.data, &*parts.random)?,
    };
    let plc = Arc::new(HttpPlcDirectory::new(resolver.fetcher().clone(), parts.plc_url.clone()));
    let mut host =
        Host::builder(settings, store, keys, plc, Arc::clone(&parts.clock), Arc::clone(&parts.random));
    if !behind.is_empty() {
        host = host.entryway(Entryway::new(behind, resolver.fetcher().clone()));
    }
    let forwarding =
        Forwarding { resolver: resolver.clone(), recipient: parts.services.token_audience.into() };
    Ok(host.identities(Arc::new(resolver.clone())).forwarding(forwarding).build()?)
}

#[cfg(test)]
mod tests;
