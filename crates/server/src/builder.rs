//! Putting a server together.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use gatewright_guard::rate::Counter;
use gatewright_guard::{Guard, LegacySessions};
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::random::{Random, random_bytes};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::Clock;
use gatewright_resolve::Resolver;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_store::AuthorizationStore;

use crate::accounts::Accounts;
use crate::context::{Clients, Context};
use crate::http::app::{App, Parts};
use crate::http::limits::RateLimits;
use crate::http::loopbacks::Loopbacks;
use crate::i18n::Locale;
use crate::keys::{KeyFile, Keys};
use crate::notices::{LogNotices, Notices};
use crate::pages::brand::Look;
use crate::passkeys::Passkeys;
use crate::permission_sets::{NoSets, PermissionSets};
use crate::router::{router, xrpc};
use crate::settings::{Audience, InvalidIssuer, Issuer, Settings, Verification};
use crate::sign_ups::{NoSignUps, SignUpMode, SignUps};
use crate::tasks;

/// An authorization server, ready to be mounted.
///
/// ```no_run
/// use std::sync::Arc;
/// use gatewright_resolve::system::{SystemClock, SystemRandom};
/// use gatewright_protocol::time::Clock as _;
/// use gatewright_server::{AuthorizationServer, accounts::StoreAccounts, keys::KeyFile};
/// use gatewright_server::settings::{Audience, Verification};
/// use gatewright_store::memory::Memory;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Arc::new(Memory::new());
/// let accounts = Arc::new(StoreAccounts::new(store.clone(), Arc::new(SystemRandom)));
/// let keys = KeyFile::load_or_create("keys.json".as_ref(), &SystemRandom, SystemClock.now())?;
/// let server = AuthorizationServer::builder("https://auth.example.com", store, accounts)
///     .keys(&keys)
///     .audience(Audience {
///         origin: "https://pds.example.com".to_owned(),
///         service: "did:web:pds.example.com".parse()?,
///         verification: Verification::Jwks,
///     })
///     .build()?;
/// tokio::spawn(server.tasks());
/// let app = axum::Router::new().merge(server.router());
/// # let _ = app;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AuthorizationServer {
    app: App,
}

impl AuthorizationServer {
    /// A builder with the defaults of a production server. `issuer` is the public origin.
    pub fn builder(issuer: &str, store: Arc<dyn AuthorizationStore>, accounts: Arc<dyn Accounts>) -> Builder {
        Builder {
            issuer: issuer.to_owned(),
            store,
            accounts,
            // Replaced in `build`; only what is set through the builder's methods is taken from here.
            settings: Settings::new(Issuer::placeholder()),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            clients: None,
            permission_sets: None,
            notices: None,
            sign_ups: Arc::new(NoSignUps),
            keys: None,
            entryway: None,
            nonces: None,
        }
    }

    /// Its routes. Serve them with `into_make_service_with_connect_info::<SocketAddr>()`: without the address of the
    /// other end, all clients share one limit.
    pub fn router(&self) -> Router {
        router(self.app.clone())
    }

    /// The methods about password sessions and app passwords (`createSession` and its kin), behind the guard of the
    /// resource server whose sessions they are. That guard must know them: [`legacy_sessions`](Self::legacy_sessions).
    pub fn xrpc(&self, guard: &Guard) -> Router {
        xrpc(self.app.clone(), guard)
    }

    /// Its password sessions, for a guard in the same process.
    pub fn legacy_sessions(&self) -> LegacySessions {
        LegacySessions::new(self.app.ctx.keys.legacy_keys(), Arc::clone(&self.app.ctx.store) as _)
    }

    /// Its keys: where a guard in the same process finds the public ones.
    pub fn key_source(&self) -> Arc<Keys> {
        Arc::clone(&self.app.ctx.keys)
    }

    /// Its nonces, for a guard in the same process.
    pub fn nonces(&self) -> Arc<Nonces> {
        Arc::clone(&self.app.ctx.nonces)
    }

    /// What its operations use: to call them without HTTP.
    pub fn context(&self) -> Arc<Context> {
        Arc::clone(&self.app.ctx)
    }

    /// What has to happen now and then: deleting what has ended, ending what lost its key. Never completes; spawn it.
    pub fn tasks(&self) -> impl Future<Output = ()> + Send + 'static {
        tasks::run(self.context())
    }
}

/// Puts an [`AuthorizationServer`] together. Only keys and an audience have no default.
pub struct Builder {
    issuer: String,
    store: Arc<dyn AuthorizationStore>,
    accounts: Arc<dyn Accounts>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    clients: Option<Arc<dyn Clients>>,
    permission_sets: Option<Arc<dyn PermissionSets>>,
    notices: Option<Arc<dyn Notices>>,
    sign_ups: Arc<dyn SignUps>,
    keys: Option<KeyFile>,
    entryway: Option<PrivateKey>,
    nonces: Option<Arc<Nonces>>,
}

impl Builder {
    /// The keys to sign and derive with.
    #[must_use]
    pub fn keys(mut self, file: &KeyFile) -> Self {
        self.keys = Some(file.clone());
        self
    }

    /// Makes the server the entryway of its audiences with [`Verification::Entryway`]. `service` is its DID
    /// (`PDS_ENTRYWAY_DID` there), `key` what signs for them: on K-256, for they know no other kind.
    #[must_use]
    pub fn entryway(mut self, service: Did, key: PrivateKey) -> Self {
        self.settings.entryway = Some(service);
        self.entryway = Some(key);
        self
    }

    /// A resource server that tokens are made for. The first is the one of accounts that name none.
    #[must_use]
    pub fn audience(mut self, audience: Audience) -> Self {
        self.settings.audiences.push(audience);
        self
    }

    /// Allows what only a network on loopback needs: plain HTTP, client metadata on localhost.
    #[must_use]
    pub fn development(mut self, development: bool) -> Self {
        self.settings.development = development;
        self
    }

    /// Changes any other setting.
    #[must_use]
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Where client metadata comes from, in the place of a [`Resolver`] with its defaults.
    #[must_use]
    pub fn clients(mut self, clients: Arc<dyn Clients>) -> Self {
        self.clients = Some(clients);
        self
    }

    /// Where permission sets come from. Without it none resolves, and requests that include one are refused.
    #[must_use]
    pub fn permission_sets(mut self, sets: Arc<dyn PermissionSets>) -> Self {
        self.permission_sets = Some(sets);
        self
    }

    /// What people are told by mail. Without it, only the log knows that there was something to tell.
    #[must_use]
    pub fn notices(mut self, notices: Arc<dyn Notices>) -> Self {
        self.notices = Some(notices);
        self
    }

    /// Who makes new accounts. Without it, nobody can sign up.
    #[must_use]
    pub fn sign_ups(mut self, sign_ups: Arc<dyn SignUps>) -> Self {
        self.sign_ups = sign_ups;
        self
    }

    /// The time, in the place of the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Randomness, in the place of the machine's.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Nonces that several servers share, in the place of ones that end with the process.
    ///
    /// The store must share its replay memory then, too. With one that remembers proofs in the process, as those in
    /// memory and SQLite do, each server that shares the nonces takes the same proof once; and a proof of before a
    /// restart is taken again. Who shares nonces runs one server, or names a store that they all ask.
    #[must_use]
    pub fn nonces(mut self, nonces: Arc<Nonces>) -> Self {
        self.nonces = Some(nonces);
        self
    }

    /// The server.
    ///
    /// # Errors
    /// The issuer is none, or keys or audiences are missing.
    pub fn build(self) -> Result<AuthorizationServer, BuildError> {
        let Self {
            issuer,
            store,
            accounts,
            mut settings,
            clock,
            random,
            clients,
            permission_sets,
            notices,
            sign_ups,
            keys,
            entryway,
            nonces,
        } = self;
        settings.issuer = Issuer::parse(&issuer, settings.development)?;
        if settings.audiences.is_empty() {
            return Err(BuildError::NoAudience);
        }
        let keys = keys.ok_or(BuildError::NoKeys)?;
        let keys = keys_of(&keys, entryway.as_ref(), &settings)?;
        let origins = settings.audiences.iter().map(|audience| audience.origin.clone()).collect();
        let mut metadata = ServerMetadata::of(settings.issuer.as_str(), Some(origins));
        if sign_ups.mode() == SignUpMode::Closed
            && let Some(prompts) = &mut metadata.prompt_values_supported
        {
            prompts.retain(|prompt| prompt != "create");
        }
        metadata.ui_locales_supported = Some(Locale::languages().map(str::to_owned).collect());
        let parts = Parts {
            limits: RateLimits::new(&settings.limits),
            loopbacks: Loopbacks::default(),
            look: Look::new(&settings.brand),
            metadata: serde_json::to_vec(&metadata).map_err(BuildError::Metadata)?.into(),
            ctx: Arc::new(Context {
                store,
                clients: clients.unwrap_or_else(|| Arc::new(resolver(&settings, &clock))),
                permission_sets: permission_sets.unwrap_or_else(|| Arc::new(NoSets)),
                notices: notices.unwrap_or_else(|| Arc::new(LogNotices)),
                accounts,
                sign_ups,
                keys: Arc::new(keys),
                nonces: nonces.unwrap_or_else(|| Arc::new(Nonces::new(random_bytes(&*random)))),
                clock,
                random,
                passkeys: Passkeys::new(&settings.issuer, &settings.brand.name),
                sessions: Counter::of_known_keys(settings.limits.session),
                factor_tries: Counter::of_known_keys(settings.limits.wrong_codes),
                settings,
            }),
        };
        Ok(AuthorizationServer { app: App::new(parts) })
    }
}

/// The keys, and what hosts behind an entryway know of them.
fn keys_of(file: &KeyFile, entryway: Option<&PrivateKey>, settings: &Settings) -> Result<Keys, BuildError> {
    let behind = settings.audiences.iter().filter(|it| it.verification == Verification::Entryway);
    let hosts: Vec<Did> = behind.map(|audience| audience.service.clone()).collect();
    let keys = match entryway {
        Some(key) if key.curve() == Curve::K256 => Keys::of_entryway(file, key, hosts),
        None if hosts.is_empty() => Keys::new(file),
        None | Some(_) => return Err(BuildError::EntrywayKey),
    };
    keys.map_err(|_| BuildError::NoKeys)
}

/// What is asked about clients where the embedder names nobody else.
fn resolver(settings: &Settings, clock: &Arc<dyn Clock>) -> Resolver {
    Resolver::builder(Arc::clone(clock)).native_assertions(settings.confidential_native_clients).build()
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why a server cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is an audience behind this entryway, and nothing to sign for it with.
    #[error("hosts behind an entryway need a key on K-256: name one with `Builder::entryway`")]
    EntrywayKey,
    /// The issuer is none.
    #[error(transparent)]
    Issuer(#[from] InvalidIssuer),
    /// The metadata cannot be written.
    #[error("the metadata cannot be written")]
    Metadata(#[source] serde_json::Error),
    /// Tokens are made for nobody.
    #[error("no audience was named: which resource server are the tokens for?")]
    NoAudience,
    /// There is nothing to sign with.
    #[error("no usable keys were given")]
    NoKeys,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidential_native_clients_are_taken_where_the_operator_says_so() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mut settings = Settings::new(Issuer::placeholder());
        assert!(!resolver(&settings, &clock).client_rules().native_assertions);
        settings.confidential_native_clients = true;
        assert!(resolver(&settings, &clock).client_rules().native_assertions);
    }
}
