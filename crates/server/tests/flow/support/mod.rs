//! One server in memory with a clock that tests move, clients that it knows from a table, and a browser.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod clients;
pub(crate) mod log;
pub(crate) mod machine;
pub(crate) mod notices;
pub(crate) mod passkey;
pub(crate) mod registrar;
pub(crate) mod session;
pub(crate) mod sets;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use gatewright_guard::{Guard, StoreTokens};
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::random::Random;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::{Clock, UnixTime};
use gatewright_server::AuthorizationServer;
use gatewright_server::accounts::{Accounts, AccountsError, KnownAccount, ProvenAccount, StoreAccounts};
use gatewright_server::keys::KeyFile;
use gatewright_server::passwords::Passwords;
use gatewright_server::settings::{Audience, Settings, Verification};
use gatewright_server::sign_ups::SignUpMode;
use gatewright_store::account::{Account, AccountStatus, AccountStore, NewAccount, PasswordHash};
use gatewright_store::limits::Limits;
use gatewright_store::memory::Memory;

use clients::Table;
use notices::Outbox;
use registrar::Registrar;
use sets::Sets;

pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const HOST: &str = "https://pds.example.com";
pub(crate) const ALICE: &str = "did:plc:alicealicealicealicealic";
pub(crate) const BOB: &str = "did:plc:bobbobbobbobbobbobbobbob";
pub(crate) const ALICE_EMAIL: &str = "alice@example.net";
pub(crate) const ALICE_PASSWORD: &str = "correct horse battery staple";
pub(crate) const BOB_PASSWORD: &str = "another long password";

/// Time that stands still until a test moves it.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn back(&self, by: i64) {
        self.0.fetch_sub(by * 1000, Ordering::SeqCst);
    }

    pub(crate) fn seconds(&self, by: u64) {
        self.advance(Duration::from_secs(by));
    }
}

/// Bytes that are the same in every run, and never the same twice in one.
#[derive(Debug, Default)]
pub(crate) struct TestRandom(AtomicU64);

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&sha256(&number.to_be_bytes())[..chunk.len()]);
        }
    }
}

/// A server, and everything around it.
pub(crate) struct World {
    pub(crate) server: AuthorizationServer,
    pub(crate) router: Router,
    pub(crate) store: Arc<Memory>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) random: Arc<TestRandom>,
    pub(crate) clients: Arc<Table>,
    pub(crate) sets: Arc<Sets>,
    pub(crate) notices: Arc<Outbox>,
    /// Makes everything that has to do with accounts fail.
    pub(crate) faults: Arc<AtomicBool>,
    /// Replaces alice's password whenever one was checked, before the sign-in is kept.
    pub(crate) replaced_meanwhile: Arc<AtomicBool>,
}

/// Accounts that can be made to fail, or to get a new password while the old one is checked.
struct Faulty(Arc<StoreAccounts>, Arc<AtomicBool>, Arc<AtomicBool>, Arc<Memory>);

impl Faulty {
    fn check(&self) -> Result<(), AccountsError> {
        if self.1.load(Ordering::SeqCst) { Err(AccountsError::Elsewhere("injected".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Accounts for Faulty {
    async fn check_password(
        &self,
        name: &str,
        password: Password,
    ) -> Result<Option<ProvenAccount>, AccountsError> {
        self.check()?;
        let proven = self.0.check_password(name, password).await?;
        if self.2.load(Ordering::SeqCst) {
            let (store, did) = (&self.3, ALICE.parse().unwrap());
            store.replace_password(&did, PasswordHash("another".to_owned())).await?;
        }
        Ok(proven)
    }

    async fn find(&self, did: &Did) -> Result<Option<KnownAccount>, AccountsError> {
        self.check()?;
        self.0.find(did).await
    }

    async fn find_named(&self, name: &str) -> Result<Option<KnownAccount>, AccountsError> {
        self.check()?;
        self.0.find_named(name).await
    }

    fn kept_passwords(&self) -> Option<&Passwords> {
        self.0.kept_passwords()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(ISSUER, change).await
    }

    pub(crate) async fn at(issuer: &str, change: impl FnOnce(&mut Settings)) -> Self {
        Self::over(Memory::new(), Nonces::new([7; 32]), issuer, change).await
    }

    /// One whose store takes no more than this.
    pub(crate) async fn limited(limits: Limits) -> Self {
        Self::over(Memory::with_limits(limits), Nonces::new([7; 32]), ISSUER, |_| ()).await
    }

    /// One where people make accounts for themselves.
    pub(crate) async fn signing_up(mode: SignUpMode) -> Self {
        Self::made(Memory::new(), Nonces::new([7; 32]), ISSUER, mode, |_| ()).await
    }

    pub(crate) async fn over(
        store: Memory,
        nonces: Nonces,
        issuer: &str,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::made(store, nonces, issuer, SignUpMode::Closed, change).await
    }

    async fn made(
        store: Memory,
        nonces: Nonces,
        issuer: &str,
        mode: SignUpMode,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_750_000_000_000)));
        let random = Arc::new(TestRandom::default());
        let store = Arc::new(store);
        let accounts = Arc::new(StoreAccounts::new(store.clone(), random.clone()));
        let faults = Arc::new(AtomicBool::new(false));
        let replaced_meanwhile = Arc::new(AtomicBool::new(false));
        for (did, handle, password) in
            [(ALICE, "alice.example.net", ALICE_PASSWORD), (BOB, "bob.example.net", BOB_PASSWORD)]
        {
            create_account(&store, &accounts, did, handle, password, clock.now()).await;
        }
        let clients = Arc::new(Table::default());
        let (sets, notices) = (Arc::new(Sets::default()), Arc::new(Outbox::default()));
        let sign_ups =
            Registrar { mode, store: store.clone(), accounts: accounts.clone(), clock: clock.clone() };
        let server = AuthorizationServer::builder(
            issuer,
            store.clone(),
            Arc::new(Faulty(accounts, faults.clone(), replaced_meanwhile.clone(), store.clone())),
        )
        .keys(&KeyFile::generate(&*random, clock.now()))
        .audience(Audience {
            origin: HOST.to_owned(),
            service: "did:web:pds.example.com".parse().unwrap(),
            verification: Verification::Shared,
        })
        .settings(|settings| {
            settings.sign_in_floor = Duration::ZERO;
            change(settings);
        })
        .clients(clients.clone())
        .permission_sets(sets.clone())
        .notices(notices.clone())
        .sign_ups(Arc::new(sign_ups))
        .nonces(Arc::new(nonces))
        .clock(clock.clone())
        .random(random.clone())
        .build()
        .unwrap();
        let guard = Guard::builder(
            &HOST.parse().unwrap(),
            "did:web:pds.example.com".parse().unwrap(),
            StoreTokens::new(server.key_source(), store.clone()),
        )
        .issuer(issuer)
        .accounts(store.clone())
        .legacy_sessions(server.legacy_sessions())
        .security_events(Arc::clone(&store) as _)
        .build(server.nonces(), store.clone(), clock.clone());
        let router = server.router().merge(server.xrpc(&guard));
        Self { server, router, store, clock, random, clients, sets, notices, faults, replaced_meanwhile }
    }

    /// The nonce to prove with now.
    pub(crate) fn nonce(&self) -> String {
        self.server.nonces().next(self.clock.now()).to_string()
    }
}

async fn create_account(
    store: &Memory,
    accounts: &StoreAccounts,
    did: &str,
    handle: &str,
    password: &str,
    now: UnixTime,
) {
    let did: Did = did.parse().unwrap();
    let password = accounts.passwords().hash(Password::parse(password).unwrap()).await.unwrap();
    let account = Account {
        did: did.clone(),
        handle: handle.parse().unwrap(),
        email: (did.as_str() == ALICE).then(|| ALICE_EMAIL.to_owned()),
        email_confirmed: false,
        status: AccountStatus::Active,
        host: None,
        created_at: now,
    };
    let new = NewAccount { account, password: Some(password), sealed_signing_key: None };
    store.create_account(new).await.unwrap();
}
