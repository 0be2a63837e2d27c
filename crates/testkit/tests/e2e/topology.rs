//! The authorization server and the host on different origins: tokens cross between them by the key set alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use gatewright::dev::plc::Directory;
use gatewright::listen;
use gatewright_guard::{Guard, JwksTokens};
use gatewright_host::operations::create_account::{CreateAccount, NewIdentity};
use gatewright_host::plc::HttpPlcDirectory;
use gatewright_host::{Host, Keys, settings::Settings};
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::dpop::nonce::Nonces;
use gatewright_protocol::random::random_bytes;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::{Development, Did, Handle};
use gatewright_protocol::time::Clock;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_resolve::{DevNetwork, Network, Resolver};
use gatewright_server::AuthorizationServer;
use gatewright_server::accounts::StoreAccounts;
use gatewright_server::keys::KeyFile;
use gatewright_server::passwords::Passwords;
use gatewright_server::settings::{Audience, Verification};
use gatewright_store::memory::Memory;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::clock::TestClock;
use serde_json::json;
use tokio::sync::watch;
use url::Url;

const SCOPE: &str = "atproto repo:com.example.note?action=create";

#[derive(Debug)]
struct NoNames;

#[async_trait]
impl DevNetwork for NoNames {
    async fn handle(&self, _: &Handle) -> Option<Did> {
        None
    }

    async fn txt(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// An authorization server and a host, each with a store and an origin of its own.
struct Apart {
    issuer: String,
    host: String,
    alice: Person,
    clock: Arc<TestClock>,
    _stop: watch::Sender<bool>,
}

async fn apart() -> Result<Apart> {
    let bind = || listen::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
    let (directory, issuer, host) = (bind().await?, bind().await?, bind().await?);
    let url = |listener: &tokio::net::TcpListener| {
        anyhow::Ok(format!("http://localhost:{}", listener.local_addr()?.port()))
    };
    let (directory_url, issuer_url, host_url) = (url(&directory)?, url(&issuer)?, url(&host)?);
    let service: Did =
        format!("did:web:{}", host_url.trim_start_matches("http://").replace(':', "%3A")).parse()?;
    let clock = Arc::new(TestClock::at(SystemClock.now().seconds()));
    let random = Arc::new(SystemRandom);
    let (stop, stopped) = watch::channel(false);
    let folder = tempfile::tempdir()?.keep();

    let plc = Directory::open(&folder.join("plc.jsonl"), clock.clone())?;
    tokio::spawn(listen::serve(directory, plc.router(), 64, stopped.clone()));
    let resolver = Resolver::builder(clock.clone())
        .plc_url(Url::parse(&directory_url)?)
        .network(Network::Development(Arc::new(NoNames)))
        .build();

    let keys = KeyFile::generate(&*random, clock.now());
    let people = Arc::new(Memory::new());
    let server = AuthorizationServer::builder(
        &issuer_url,
        people.clone(),
        Arc::new(StoreAccounts::new(people.clone(), random.clone())),
    )
    .keys(&keys)
    .audience(Audience {
        origin: host_url.clone(),
        service: service.clone(),
        verification: Verification::Jwks,
    })
    .development(true)
    .clients(Arc::new(resolver.clone()))
    .clock(clock.clone())
    .build()?;
    tokio::spawn(listen::serve(issuer, server.router(), 64, stopped.clone()));

    let records = Arc::new(Memory::new());
    let mut settings = Settings::new(Url::parse(&host_url)?, service.clone(), folder.join("blobs"));
    settings.handle_domains = vec![".test".to_owned()];
    settings.development = Development::Allowed;
    let plc = HttpPlcDirectory::new(resolver.fetcher().clone(), Url::parse(&directory_url)?);
    let secrets = Keys { seal: keys.seal_key(), rotation: PrivateKey::generate(Curve::K256, &*random) };
    let keeper =
        Host::builder(settings, records.clone(), secrets, Arc::new(plc), clock.clone(), random.clone())
            .build()?;
    let tokens = JwksTokens::new(resolver.jwks(Url::parse(&format!("{issuer_url}/oauth/jwks"))?));
    let guard = Guard::builder(&Url::parse(&host_url)?, service, tokens)
        .issuer(&issuer_url)
        .accounts(records.clone())
        .build(Arc::new(Nonces::new(random_bytes(&*random))), records, clock.clone());
    tokio::spawn(listen::serve(host, keeper.router(&guard), 64, stopped));

    // The account lives at the host; the authorization server knows its password.
    let handle: Handle = "alice.test".parse()?;
    let new = CreateAccount {
        handle,
        email: None,
        password: None,
        identity: NewIdentity::Plc { recovery_key: None },
    };
    let account = keeper.create_account(new).await?;
    let password = "correct horse battery staple";
    let hash = Passwords::new(random).hash(Password::parse(password).expect("short")).await?;
    let known = gatewright_store::account::NewAccount {
        account: account.clone(),
        password: Some(hash),
        sealed_signing_key: None,
    };
    gatewright_store::account::AccountStore::create_account(&*people, known).await?;
    let alice = Person {
        handle: "alice.test".to_owned(),
        did: account.did.to_string(),
        password: password.to_owned(),
    };
    Ok(Apart { issuer: issuer_url, host: host_url, alice, clock, _stop: stop })
}

#[tokio::test]
async fn a_token_crosses_from_one_origin_to_the_other() -> Result<()> {
    let apart = apart().await?;
    let mut app = App::loopback(&apart.issuer, SCOPE)?.with_clock(apart.clock.clone());
    app.sign_in(&apart.alice).await?;
    let record = |collection: &str| json!({"repo": apart.alice.did, "collection": collection, "record": {"$type": collection}});
    let created =
        app.procedure(&apart.host, "com.atproto.repo.createRecord", &record("com.example.note")).await?;
    assert_eq!(created.status, 200, "{:?}", created.json());
    let other =
        app.procedure(&apart.host, "com.atproto.repo.createRecord", &record("com.example.other")).await?;
    assert_eq!((other.status, other.json()?["error"].as_str()), (403, Some("ScopeMissingError")));

    // The authorization server is no resource server, and the token is not for it.
    let elsewhere = app.query(&apart.issuer, "com.atproto.server.getSession", &[]).await?;
    assert_eq!(elsewhere.status, 404);

    // Such a guard sees a revocation only when the token ends, so tokens end after five minutes.
    let access = app.tokens.as_ref().expect("signed in").access.clone();
    assert_eq!(app.revoke(&access).await?.status, 200);
    apart.clock.advance(Duration::from_mins(4));
    assert_eq!(app.query(&apart.host, "com.atproto.server.getSession", &[]).await?.status, 200);
    apart.clock.advance(Duration::from_secs(61));
    let ended = app.query(&apart.host, "com.atproto.server.getSession", &[]).await?;
    assert_eq!((ended.status, ended.json()?["error"].as_str()), (401, Some("invalid_token")));
    Ok(())
}

#[tokio::test]
async fn sec_50_a_token_for_another_host_is_refused() -> Result<()> {
    let (one, other) = (apart().await?, apart().await?);
    let mut app = App::loopback(&one.issuer, SCOPE)?.with_clock(one.clock.clone());
    app.sign_in(&one.alice).await?;
    let answer = app.query(&other.host, "com.atproto.server.getSession", &[]).await?;
    assert_eq!((answer.status, answer.json()?["error"].as_str()), (401, Some("invalid_token")));
    Ok(())
}
