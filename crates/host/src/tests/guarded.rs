//! The routes behind the guard, as they are outside.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use gatewright_guard::{Guard, KeySource, Kind, StoreTokens, Table};
use gatewright_protocol::crypto::PublicKey;
use gatewright_protocol::dpop::nonce::Nonces;
use http::{Method, Request};
use tower::ServiceExt as _;

use super::support::{Network, TestClock};

struct NoKeys;

impl KeySource for NoKeys {
    fn find(&self, _: &str) -> Option<PublicKey> {
        None
    }
}

fn routes() -> BTreeSet<&'static str> {
    let table = include_str!("../http/router.rs");
    let paths = table.lines().filter_map(|line| line.trim().strip_prefix(".route(\"/xrpc/"));
    paths.filter_map(|rest| rest.split('"').next()).filter(|path| !path.contains('*')).collect()
}

/// What an authorization server answers beside a host.
const OF_THE_SERVER: [&str; 16] = [
    "com.atproto.server.confirmEmail",
    "com.atproto.server.createAccount",
    "com.atproto.server.createAppPassword",
    "com.atproto.server.createSession",
    "com.atproto.server.deleteAccount",
    "com.atproto.server.deleteSession",
    "com.atproto.server.listAppPasswords",
    "com.atproto.server.refreshSession",
    "com.atproto.server.requestAccountDelete",
    "com.atproto.server.requestEmailConfirmation",
    "com.atproto.server.requestEmailUpdate",
    "com.atproto.server.requestPasswordReset",
    "com.atproto.server.resetPassword",
    "com.atproto.server.revokeAppPassword",
    "com.atproto.server.updateEmail",
    "com.atproto.temp.dereferenceScope",
];

#[test]
fn every_route_has_its_row_and_every_answered_row_its_route() {
    let table = Table::atproto();
    let answered: BTreeSet<&str> = table.rows().filter(|row| row.answered).map(|row| row.nsid).collect();
    assert!(routes().len() > 15);
    // The methods about sessions are the authorization server's.
    let ours: BTreeSet<&str> = answered.into_iter().filter(|nsid| !OF_THE_SERVER.contains(nsid)).collect();
    assert_eq!(routes(), ours);
}

#[tokio::test]
async fn without_credentials_only_open_methods_are_answered() {
    let network = Network::new();
    let tokens = StoreTokens::new(Arc::new(NoKeys), network.store.clone());
    let origin = "https://host.example.com".parse().unwrap();
    let guard = Guard::builder(&origin, "did:web:host.example.com".parse().unwrap(), tokens).build(
        Arc::new(Nonces::new([3; 32])),
        network.store.clone(),
        Arc::new(TestClock::new()),
    );
    let router = network.host.router(&guard);
    let send = async |method: Method, path: &str| {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        router.clone().oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap()
    };
    let mut closed = 0;
    for nsid in routes() {
        let row = *Table::atproto().find(nsid).unwrap();
        for method in [Method::GET, Method::POST] {
            let answer = send(method, &format!("/xrpc/{nsid}")).await;
            assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{nsid}");
            if row.admits(Kind::Nobody) {
                assert!([200, 400, 405].contains(&answer.status().as_u16()), "{nsid}: {}", answer.status());
            } else {
                closed += 1;
                assert_eq!(answer.status(), 401, "{nsid}");
                assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("DPoP "));
            }
        }
    }
    assert_eq!(
        closed,
        2 * 18,
        "five writes, invite codes, the life and handle of an account, getSession, getServiceAuth, profiles and preferences"
    );
    assert_eq!(send(Method::GET, "/xrpc/_health").await.status(), 200);
    assert_eq!(send(Method::GET, "/xrpc/com.example.unknown").await.status(), 501);
    let metadata = send(Method::GET, "/.well-known/oauth-protected-resource").await;
    assert_eq!(metadata.status(), 200);
}
