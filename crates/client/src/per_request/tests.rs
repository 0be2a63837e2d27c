//! Over an internet of the test's own: what goes where, what tokens are taken, what a session at hand costs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Json, Router};
use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::did_document::DidDocument;
use gatewright_protocol::dpop::proof;
use gatewright_protocol::jose::{Jwk, JwkSet, Thumbprint, jws};
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::{Clock as _, UnixTime};
use gatewright_resolve::Resolver;
use gatewright_resolve::system::SystemRandom;
use gatewright_resolve::testing::{Scripted, TestClock};
use http::{HeaderMap, HeaderValue, Method, Uri};
use serde_json::{Value, json};

use super::cache::{Begun, Cache};
use super::counters::Counters;
use super::*;
use crate::record::{AppPasswordGrant, Grant, Record, SessionId, Tokens};
use crate::session::Session;
use crate::sessions::KeyRing;
use crate::sessions::memory::Memory;

const ALICE: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const SECRET: &str = "abcd-efgh-2345-mnop";

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Alice at `pds.client.net`, and `pds.foreign.net`, which counts what reaches it.
struct World {
    names: Arc<Scripted>,
    clock: Arc<TestClock>,
    sessions: Sessions,
    own: Arc<AtomicUsize>,
    foreign: Arc<AtomicUsize>,
}

impl World {
    async fn new() -> Self {
        let (names, clock) = (Arc::new(Scripted::new()), Arc::new(TestClock::new()));
        let (own, foreign) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let did: Did = ALICE.parse().unwrap();
        let document = DidDocument::new(did)
            .with_handle(&"alice.client.net".parse().unwrap())
            .with_pds("https://pds.client.net")
            .to_json();
        let directory = Router::new().route("/{did}", get(move || async move { Json(document) }));
        names.set_server("plc.directory", serve(directory).await);
        names.set_txt("_atproto.alice.client.net", &[&format!("did={ALICE}")]);
        let count = Arc::clone(&own);
        let host = Router::new().route(
            "/xrpc/com.atproto.server.createSession",
            post(move || async move {
                count.fetch_add(1, Ordering::SeqCst);
                Json(json!({"accessJwt": "access", "refreshJwt": "refresh", "did": ALICE, "handle": "alice.client.net"}))
            }),
        );
        names.set_server("pds.client.net", serve(host).await);
        let count = Arc::clone(&foreign);
        let other = Router::new().fallback(move || async move {
            count.fetch_add(1, Ordering::SeqCst);
        });
        names.set_server("pds.foreign.net", serve(other).await);
        let resolver = Resolver::builder(Arc::clone(&clock) as _).scripted(Arc::clone(&names)).build();
        let sessions = Sessions::builder(Memory::new(), KeyRing::new([1; 32], [2; 32]))
            .resolver(resolver)
            .clock(Arc::clone(&clock) as _)
            .build();
        Self { names, clock, sessions, own, foreign }
    }
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

async fn ask(per_request: &PerRequest, pairs: &[(&'static str, &str)]) -> Result<Caller, Refused> {
    per_request.caller(&headers(pairs), &Method::GET, &Uri::from_static("/me")).await
}

#[tokio::test]
async fn sec_47_nothing_is_sent_to_a_host_that_is_not_the_identitys_own() {
    let world = World::new().await;
    let per_request = PerRequest::builder(world.sessions.clone()).app_passwords().build();
    let with = |host| [(HANDLE, "alice.client.net"), (PASSWORD, SECRET), (HOST, host)];
    for host in
        ["https://pds.foreign.net", "https://PDS.foreign.net/xrpc", "https://pds.client.net.foreign.net"]
    {
        let refused = ask(&per_request, &with(host)).await;
        assert!(matches!(refused, Err(Refused::ForeignHost)), "{host} {refused:?}");
    }
    // Public by its name, private by its address.
    world.names.set_addresses("pds.client.net", &["10.0.0.1".parse().unwrap()]);
    let refused = ask(&per_request, &with("https://pds.client.net")).await;
    assert!(matches!(refused, Err(Refused::PrivateHost)), "{refused:?}");
    assert_eq!((world.own.load(Ordering::SeqCst), world.foreign.load(Ordering::SeqCst)), (0, 0));
    world.names.set_addresses("pds.client.net", &["9.9.9.9".parse().unwrap()]);
    let caller = ask(&per_request, &with("https://pds.client.net/")).await.unwrap();
    assert_eq!(caller.account().map(Did::as_str), Some(ALICE));
    assert_eq!((world.own.load(Ordering::SeqCst), world.foreign.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test]
async fn a_session_that_made_room_comes_back_without_a_sign_in() {
    let world = World::new().await;
    let per_request = PerRequest::builder(world.sessions.clone()).app_passwords().most(1).build();
    for name in ["alice.client.net", ALICE, "Alice.client.net", ALICE] {
        let caller = ask(&per_request, &[(HANDLE, name), (PASSWORD, SECRET)]).await.unwrap();
        assert_eq!(caller.account().map(Did::as_str), Some(ALICE));
        assert!(per_request.at_hand() <= 1);
    }
    world.clock.advance(Duration::from_hours(2));
    ask(&per_request, &[(HANDLE, ALICE), (PASSWORD, SECRET)]).await.unwrap();
    // Another process over the same store.
    let other = PerRequest::builder(world.sessions.clone()).app_passwords().build();
    ask(&other, &[(HANDLE, ALICE), (PASSWORD, SECRET)]).await.unwrap();
    assert_eq!(world.own.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_is_not_switched_on_is_refused_and_never_anonymous() {
    let world = World::new().await;
    let per_request = PerRequest::builder(world.sessions).build();
    let off = |caller| match caller {
        Err(Refused::SwitchedOff(credential)) => credential,
        other => panic!("{other:?}"),
    };
    assert!(matches!(ask(&per_request, &[]).await, Ok(Caller::Anonymous)));
    let pair = [(HANDLE, "alice.client.net"), (PASSWORD, SECRET)];
    assert_eq!(off(ask(&per_request, &pair).await), Credential::AppPassword);
    assert_eq!(off(ask(&per_request, &[("authorization", "DPoP a.b.c")]).await), Credential::AccessToken);
    let jwt = |typ, claims: &Value| {
        let header = jws::SignHeader { typ, ..Default::default() };
        format!("Bearer {}", jws::sign_hs256(b"a key", &header, claims))
    };
    let token = jwt("at+jwt", &json!({"scope": "com.atproto.appPass"}));
    assert_eq!(off(ask(&per_request, &[("authorization", &token)]).await), Credential::SessionToken);
    let token = jwt("JWT", &json!({"iss": ALICE, "aud": ALICE}));
    assert_eq!(off(ask(&per_request, &[("authorization", &token)]).await), Credential::ServiceToken);
    let bound = jwt("at+jwt", &json!({"cnf": {"jkt": "x"}}));
    let refused = ask(&per_request, &[("authorization", &bound)]).await;
    assert!(matches!(refused, Err(Refused::TokenNeedsProof)), "{refused:?}");
    let counts = per_request.counts();
    assert_eq!((counts.anonymous, counts.malformed), (1, 1));
    assert_eq!(counts.of(Credential::AppPassword), KindCounts { accepted: 0, refused: 1 });
}

/// A service, the authorization server that it trusts, and a client of that.
struct Bound {
    per_request: PerRequest,
    signing: PrivateKey,
    client: PrivateKey,
    now: UnixTime,
}

impl Bound {
    async fn new() -> Self {
        let world = World::new().await;
        let signing = PrivateKey::generate(Curve::P256, &SystemRandom);
        let keys = serde_json::to_value(JwkSet::new([Jwk::new(signing.public().clone(), "one")])).unwrap();
        let router = Router::new().route("/jwks", get(move || async move { Json(keys) }));
        world.names.set_server("auth.client.net", serve(router).await);
        let keys = world.sessions.resolver().jwks("https://auth.client.net/jwks".parse().unwrap());
        let audience = "did:web:api.client.net".parse().unwrap();
        let (origin, issuer) = ("https://api.client.net", "https://auth.client.net");
        let tokens = AccessTokens::new(&world.sessions, origin, audience, issuer, keys).unwrap();
        let now = world.clock.now();
        let per_request = PerRequest::builder(world.sessions).access_tokens(tokens).build();
        Self { per_request, signing, client: PrivateKey::generate(Curve::P256, &SystemRandom), now }
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let jkt = Thumbprint::of(self.client.public());
        let mut claims = json!({
            "iss": "https://auth.client.net", "sub": ALICE, "aud": "did:web:api.client.net", "jti": "x",
            "client_id": "https://app.client.net/client.json", "scope": "atproto repo:com.example.note",
            "iat": self.now.seconds(), "exp": self.now.seconds() + 900, "cnf": {"jkt": jkt},
        });
        change(&mut claims);
        jws::sign(
            &self.signing,
            &jws::SignHeader { typ: "at+jwt", kid: Some("one"), ..Default::default() },
            &claims,
        )
    }

    fn proof(&self, token: &str, nonce: Option<&str>, jti: u8) -> String {
        let claims = proof::Claims {
            method: "GET",
            url: "https://api.client.net/me",
            access_token: Some(token),
            nonce,
            jti: [jti; 16],
            now: self.now,
        };
        proof::build(&self.client, &claims)
    }

    async fn send(&self, token: &str, proof: &str) -> Result<Caller, Refused> {
        ask(&self.per_request, &[("authorization", &format!("DPoP {token}")), ("dpop", proof)]).await
    }
}

#[tokio::test]
async fn sec_50_access_tokens_are_for_this_service_and_for_whoever_has_the_key() {
    let bound = Bound::new().await;
    let token = bound.token(|_| {});
    let first = bound.send(&token, &bound.proof(&token, None, 1)).await.expect_err("it has no nonce");
    let nonce = bound.per_request.nonce().unwrap();
    let answer = first.answer(Some(&nonce));
    assert_eq!((answer.status().as_u16(), first.name()), (401, "use_dpop_nonce"));
    assert_eq!(answer.headers().get("dpop-nonce").unwrap(), nonce.as_str());
    let challenge = answer.headers().get("www-authenticate").unwrap().to_str().unwrap();
    assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"use_dpop_nonce\""), "{challenge}");
    let good = bound.proof(&token, Some(&nonce), 2);
    let caller = bound.send(&token, &good).await.unwrap();
    assert_eq!(caller.account().map(Did::as_str), Some(ALICE));
    assert!(caller.session().is_none() && caller.scopes().is_some());
    assert!(matches!(bound.send(&token, &good).await, Err(Refused::Proof(_))), "it came before");

    let mut jti = 3;
    let mut refused = async |change: fn(&mut Value)| {
        let token = bound.token(change);
        jti += 1;
        bound.send(&token, &bound.proof(&token, Some(&nonce), jti)).await.expect_err("it is refused")
    };
    assert!(matches!(
        refused(|claims| claims["aud"] = "did:web:pds.client.net".into()).await,
        Refused::Audience
    ));
    assert!(matches!(refused(|claims| claims["iss"] = "https://other.net".into()).await, Refused::Token));
    assert!(matches!(refused(|claims| claims["exp"] = claims["iat"].clone()).await, Refused::TokenExpired));
    assert!(matches!(refused(|claims| claims["cnf"] = Value::Null).await, Refused::Token));
    let others = Thumbprint::of(PrivateKey::generate(Curve::P256, &SystemRandom).public());
    let stolen = bound.token(|claims| claims["cnf"] = json!({"jkt": others}));
    let proof = bound.proof(&stolen, Some(&nonce), 99);
    assert!(matches!(bound.send(&stolen, &proof).await, Err(Refused::Token)), "bound to another key");
}

fn begun(sessions: &Sessions, number: u32) -> Begun {
    let now = sessions.now();
    let jwt = |length: usize| format!("{number:0>length$}").as_str().into();
    let tokens = Tokens { access: jwt(360), refresh: Some(jwt(420)), obtained: now, expires: None };
    let id = SessionId::of_caller(&gatewright_protocol::crypto::sha256(&number.to_be_bytes()));
    let host = "https://morel.us-east.host.example.net".to_owned();
    let grant = Grant::AppPassword(AppPasswordGrant { tokens });
    let mut record = Record::new(id, ALICE.parse().unwrap(), host, now, grant);
    record.handle = Some("somebody.example.net".parse().unwrap());
    let session = Session::share_app_password(sessions, record, None);
    Begun { session, until: now.plus(Duration::from_hours(1)) }
}

#[cfg(target_os = "linux")]
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_session_at_hand_takes_less_than_four_kilobytes() {
    const MANY: u32 = 10_000;
    let world = World::new().await;
    let cache = Cache::new(world.sessions.clone(), Arc::new(Counters::default()), MANY as usize);
    let key = |number: u32| gatewright_protocol::crypto::sha256(&number.to_be_bytes());
    let before = resident();
    for number in 0..MANY {
        let sessions = world.sessions.clone();
        cache.session(key(number), || async move { Ok(begun(&sessions, number)) }).await.unwrap();
    }
    let each = resident().saturating_sub(before) / MANY as usize;
    assert_eq!(cache.len(), MANY as usize);
    assert!(each < 4096, "{each} bytes");
    // Who was not seen for longest makes room.
    cache.session(key(0), || async { Err(Refused::Token) }).await.unwrap();
    let sessions = world.sessions.clone();
    cache.session(key(MANY), || async move { Ok(begun(&sessions, MANY)) }).await.unwrap();
    assert_eq!(cache.len(), MANY as usize);
    assert!(cache.session(key(0), || async { Err(Refused::Token) }).await.is_ok());
    assert!(cache.session(key(1), || async { Err(Refused::Token) }).await.is_err());
}

#[tokio::test]
async fn a_sign_in_that_panics_leaves_nothing_behind() {
    let world = World::new().await;
    let cache = Cache::new(world.sessions.clone(), Arc::new(Counters::default()), 10);
    let broken = cache.session([1; 32], || async { panic!("on purpose") }).await;
    assert!(matches!(broken, Err(Refused::Unavailable(_))), "{broken:?}");
    let sessions = world.sessions.clone();
    assert!(cache.session([1; 32], || async move { Ok(begun(&sessions, 1)) }).await.is_ok());
}
