//! What the tests of the client begin with.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use gatewright_client::sessions::file::FolderStore;
use gatewright_client::sessions::memory::Memory;
use gatewright_client::sessions::{KeyRing, SessionStore};
use gatewright_client::{
    BrowserSecret, Client, ClientDescription, Event, Finished, Session, Sessions, SignIn,
};
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_protocol::time::Clock;
use gatewright_resolve::system::{SystemClock, SystemRandom};
use gatewright_resolve::{DevNetwork, Network, Resolver};
use gatewright_testkit::app::Person;
use gatewright_testkit::form::Browser;
use gatewright_testkit::network::TestNetwork;
use gatewright_testkit::peer::Peer;
use gatewright_testkit::reference::Reference;
use parking_lot::Mutex;
use serde_json::Value;

pub(crate) const PING: &str = "com.example.ping";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:8125/callback";
pub(crate) const SCOPE: &str = "atproto repo:com.example.note?action=create blob:image/*";

/// What happened, by name.
pub(crate) type Told = Arc<Mutex<Vec<&'static str>>>;

pub(crate) fn ring() -> KeyRing {
    KeyRing::new([1; 32], [2; 32])
}

pub(crate) fn browser() -> BrowserSecret {
    BrowserSecret::generate(&SystemRandom)
}

pub(crate) fn memory() -> Arc<dyn SessionStore> {
    Arc::new(Memory::new())
}

pub(crate) fn folder(path: &std::path::Path) -> Arc<dyn SessionStore> {
    Arc::new(FolderStore::open(path).expect("the folder opens"))
}

/// Sessions over a store, as one process has them.
pub(crate) fn sessions_at(
    store: Arc<dyn SessionStore>,
    names: Arc<dyn DevNetwork>,
    plc: &str,
    clock: Arc<dyn Clock>,
) -> (Sessions, Told) {
    let resolver = Resolver::builder(Arc::clone(&clock))
        .network(Network::Development(names))
        .plc_url(plc.parse().expect("the directory has a URL"))
        .build();
    let told = Told::default();
    let tell = Arc::clone(&told);
    let sessions = Sessions::builder_shared(store, ring())
        .resolver(resolver)
        .clock(clock)
        .on_event(move |event: &Event| tell.lock().push(event.name()))
        .build();
    (sessions, told)
}

pub(crate) fn sessions_of(peer: &Peer, store: Arc<dyn SessionStore>) -> (Sessions, Told) {
    sessions_at(store, peer.names(), peer.origin(), Arc::new(SystemClock))
}

pub(crate) fn description() -> ClientDescription {
    ClientDescription::loopback()
        .redirect_uri("http://127.0.0.1/callback")
        .scope(SCOPE)
        .scope("repo:com.example.other")
        .permission_set("include:com.example.authNotes", "repo:com.example.list")
}

pub(crate) fn client(sessions: Sessions) -> Client {
    Client::new(description(), sessions).expect("the description is sound")
}

pub(crate) fn client_of(peer: &Peer) -> (Client, Told) {
    let (sessions, told) = sessions_of(peer, memory());
    (client(sessions), told)
}

pub(crate) fn at(identifier: &str) -> SignIn {
    SignIn::at(identifier).ask(SCOPE).redirect_uri(REDIRECT)
}

/// Signs in at a peer whose person approves.
pub(crate) async fn finished(client: &Client, peer: &Peer, sign_in: SignIn) -> Result<Finished> {
    let browser = browser();
    let started = client.start(sign_in, &browser).await?;
    Ok(client.finish(&peer.approve(&started.url), &browser).await?)
}

pub(crate) async fn signed_in(client: &Client, peer: &Peer) -> Result<Session> {
    Ok(finished(client, peer, at("alice.test")).await?.session)
}

pub(crate) async fn ping(session: &Session) -> Result<Value, gatewright_client::CallError> {
    session.query(PING, &[]).await
}

/// The names of a development network: its accounts, and the account that publishes its lexicons.
#[derive(Debug)]
struct People {
    people: Vec<Person>,
    lexicons: Option<Did>,
}

#[async_trait]
impl DevNetwork for People {
    async fn handle(&self, handle: &Handle) -> Option<Did> {
        self.people.iter().find(|person| person.handle == handle.as_str())?.did.parse().ok()
    }

    async fn txt(&self, name: &str) -> Vec<String> {
        let lexicons = self.lexicons.iter().filter(|_| name.starts_with("_lexicon."));
        lexicons.map(|did| format!("did={did}")).collect()
    }
}

/// Sessions that belong to a whole network.
pub(crate) async fn sessions_in(
    network: &TestNetwork,
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
) -> Result<(Sessions, Told)> {
    let plc = network.ready()["plc_url"].as_str().context("there is a directory")?.to_owned();
    let publisher = network.network().solo().kept().find_account_by_handle(&"lexicons.test".parse()?).await?;
    let lexicons = publisher.map(|account| account.did);
    Ok(sessions_at(store, Arc::new(People { people: network.people(), lexicons }), &plc, clock))
}

/// Sessions of accounts at the reference server.
pub(crate) fn sessions_at_reference(
    reference: &Reference,
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
) -> (Sessions, Told) {
    let names = Arc::new(People { people: reference.people(), lexicons: None });
    sessions_at(store, names, reference.plc_url(), clock)
}

/// Signs in through the pages of a whole network.
pub(crate) async fn through_pages(client: &Client, sign_in: SignIn, person: &Person) -> Result<Finished> {
    let secret = browser();
    let started = client.start(sign_in, &secret).await?;
    let url = started.url.as_str();
    let back = Browser::new().sign_in_and(url, &person.handle, &person.password, "approve").await?;
    Ok(client.finish(back.query().unwrap_or_default(), &secret).await?)
}
