//! The authorization server on one origin, the API on another, and a person who signs in through the pages.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use gatewright_protocol::secret::Password;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::Clock;
use gatewright_resolve::system::SystemRandom;
use gatewright_server::AuthorizationServer;
use gatewright_server::accounts::{Accounts, AccountsError, KnownAccount, ProvenAccount};
use gatewright_server::keys::KeyFile;
use gatewright_server::settings::{Audience, Verification};
use gatewright_store::account::AccountStatus;
use gatewright_store::memory::Memory;
use gatewright_testkit::app::{App, Person};
use gatewright_testkit::clock::TestClock;
use gatewright_testkit::wire::Answer;
use tokio::net::TcpListener;

const API: &str = "did:web:api.example.com";
const OTHER: &str = "did:web:other.example.com";
const LIST: &str = "com.example.notes.list";
/// The scope for [`LIST`] at [`API`], in normal form.
const LIST_SCOPE: &str = "rpc:com.example.notes.list?aud=did:web:api.example.com%23notes";
const PASSWORD: &str = "a walk in the wood";

/// Alice's tokens are for the API, those of everybody else for another one.
#[derive(Debug)]
struct Everybody;

#[async_trait]
impl Accounts for Everybody {
    async fn check_password(
        &self,
        handle: &str,
        password: Password,
    ) -> Result<Option<ProvenAccount>, AccountsError> {
        let found = self.find_named(handle).await?;
        let proven = |account| ProvenAccount { account, password: None };
        Ok(found.filter(|_| password.expose() == PASSWORD).map(proven))
    }

    async fn find(&self, did: &Did) -> Result<Option<KnownAccount>, AccountsError> {
        let handle = did.as_str().trim_start_matches("did:web:").parse().unwrap();
        let audience = if did.as_str().contains("alice") { API } else { OTHER };
        let audience = Some(audience.parse().unwrap());
        let status = AccountStatus::Active;
        let did = did.clone();
        Ok(Some(KnownAccount { did, handle, status, audience, email: None, email_confirmed: false }))
    }

    async fn find_named(&self, identifier: &str) -> Result<Option<KnownAccount>, AccountsError> {
        self.find(&format!("did:web:{identifier}").parse().unwrap()).await
    }
}

struct World {
    issuer: String,
    api: String,
    clock: Arc<TestClock>,
}

impl World {
    async fn start() -> Self {
        let clock = Arc::new(TestClock::at(1_790_000_000));
        let (auth, issuer) = bind().await;
        let (listener, api) = bind().await;
        let audience = |service: &str, origin: &str| Audience {
            origin: origin.to_owned(),
            service: service.parse().unwrap(),
            verification: Verification::Jwks,
        };
        let server = AuthorizationServer::builder(&issuer, Arc::new(Memory::new()), Arc::new(Everybody))
            .keys(&KeyFile::generate(&SystemRandom, clock.now()))
            .audience(audience(API, &api))
            .audience(audience(OTHER, "https://other.example.com"))
            .development(true)
            .settings(|settings| settings.sign_in_floor = Duration::ZERO)
            .clock(clock.clone())
            .build()
            .unwrap();
        serve(auth, server.router());
        serve(listener, guard_an_api::app(&api, API.parse().unwrap(), &issuer, clock.clone()).unwrap());
        Self { issuer, api, clock }
    }

    /// An application that this person signed in to, with this scope.
    async fn signed_in(&self, handle: &str, scope: &str) -> App {
        let mut app = App::loopback(&self.issuer, scope).unwrap().with_clock(self.clock.clone());
        let person = Person {
            handle: handle.to_owned(),
            did: format!("did:web:{handle}"),
            password: PASSWORD.to_owned(),
        };
        app.sign_in(&person).await.unwrap();
        app
    }

    async fn list(&self, app: &mut App) -> Answer {
        app.query(&self.api, LIST, &[]).await.unwrap()
    }
}

async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    (listener, origin)
}

fn serve(listener: TcpListener, router: Router) {
    let served = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
    tokio::spawn(async { served.await.unwrap() });
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str, challenge: &str) {
    let body = answer.json().unwrap();
    let name = body.get("error").and_then(|name| name.as_str());
    assert_eq!((answer.status, name), (status, Some(error)), "{answer:?}");
    let first = answer.header("www-authenticate").unwrap_or_default();
    assert!(first.starts_with("DPoP ") && first.contains(challenge), "{first}");
}

#[tokio::test]
async fn a_token_with_the_scope_is_taken() {
    let world = World::start().await;
    let mut app = world.signed_in("alice.example.net", &format!("atproto {LIST_SCOPE}")).await;
    let answer = world.list(&mut app).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json().unwrap()["account"], "did:web:alice.example.net");

    let greeting = app.query(&world.api, "com.example.notes.greet", &[]).await.unwrap();
    assert_eq!(greeting.body, b"Hello, did:web:alice.example.net!");
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_which_one() {
    let world = World::start().await;
    let elsewhere = "rpc:com.example.notes.list?aud=did:web:other.example.com%23notes";
    let mut app = world.signed_in("alice.example.net", &format!("atproto {elsewhere}")).await;
    let answer = world.list(&mut app).await;
    assert_refused(&answer, 403, "ScopeMissingError", &format!("scope=\"{LIST_SCOPE}\""));
    assert_eq!(answer.json().unwrap()["missing"], LIST_SCOPE);
}

#[tokio::test]
async fn without_a_token_only_what_is_open_is_answered() {
    let world = World::start().await;
    let mut app = App::loopback(&world.issuer, "atproto").unwrap();
    let list = format!("{}/xrpc/{LIST}", world.api);
    let answer = app.send("GET", &list, &[], b"").await.unwrap();
    assert_refused(&answer, 401, "AuthMissing", "resource_metadata=");

    let greeting =
        app.send("GET", &format!("{}/xrpc/com.example.notes.greet", world.api), &[], b"").await.unwrap();
    assert_eq!(greeting.body, b"Hello!");
    let unknown =
        app.send("GET", &format!("{}/xrpc/com.example.notes.erase", world.api), &[], b"").await.unwrap();
    assert_eq!(unknown.status, 501);

    // The challenge leads to this document, and the document to the authorization server.
    let document = format!("{}/.well-known/oauth-protected-resource", world.api);
    let metadata = app.send("GET", &document, &[], b"").await.unwrap().json().unwrap();
    assert_eq!(metadata["resource"], world.api.as_str());
    assert_eq!(metadata["authorization_servers"][0], world.issuer.as_str());
}

#[tokio::test]
async fn sec_50_a_token_for_another_api_is_refused() {
    let world = World::start().await;
    let mut app = world.signed_in("bob.example.net", &format!("atproto {LIST_SCOPE}")).await;
    let answer = world.list(&mut app).await;
    assert_refused(&answer, 401, "invalid_token", "error=\"invalid_token\"");
}

#[tokio::test]
async fn a_token_without_its_key_is_refused() {
    let world = World::start().await;
    let scope = format!("atproto {LIST_SCOPE}");
    let app = world.signed_in("alice.example.net", &scope).await;
    let mut thief = App::loopback(&world.issuer, &scope).unwrap().with_clock(world.clock.clone());
    thief.tokens = app.tokens;
    let answer = world.list(&mut thief).await;
    assert_refused(&answer, 401, "invalid_token", "error=\"invalid_token\"");
}

#[tokio::test]
async fn a_revoked_token_ends_with_its_five_minutes() {
    let world = World::start().await;
    let mut app = world.signed_in("alice.example.net", &format!("atproto {LIST_SCOPE}")).await;
    let refresh = app.tokens.as_ref().unwrap().refresh.clone();
    assert_eq!(app.revoke(&refresh).await.unwrap().status, 200);
    assert_eq!(app.present(&refresh).await.unwrap().status, 400, "the session is over at its server");

    world.clock.advance(Duration::from_secs(5 * 60 - 1));
    assert_eq!(world.list(&mut app).await.status, 200, "the keys alone do not tell");
    world.clock.advance(Duration::from_secs(1));
    assert_refused(&world.list(&mut app).await, 401, "invalid_token", "error=\"invalid_token\"");
}
