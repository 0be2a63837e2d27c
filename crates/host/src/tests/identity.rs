//! Accounts, their names, and what the host says about itself.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::ConnectInfo;
use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::Peer;
use gatewright_store::account::{AccountStatus, AccountStore as _};
use http::Request;
use serde_json::json;
use tokio::sync::Mutex;

use super::support::{Network, refused};
use crate::identity::IdentityResolver;
use crate::operations::create_account::{CreateAccount, CreateAccountError as E, NewIdentity};

#[tokio::test]
async fn an_account_has_an_identity_and_an_empty_repository() {
    let network = Network::new();
    let account = network.account("alice").await;
    let (did, operation) = network.plc.0.lock().await[0].clone();
    assert_eq!(did, account.did);
    let state = operation.state().unwrap();
    assert_eq!(state.also_known_as, ["at://alice.test"]);
    assert_eq!(state.services["atproto_pds"].endpoint, "https://host.example.com");
    let described = network.get("/xrpc/com.atproto.repo.describeRepo?repo=alice.test").await.ok();
    assert_eq!(described["did"], account.did.as_str());
    assert_eq!(described["collections"], json!([]));
    assert_eq!(described["handleIsCorrect"], true);
    let method = &described["didDoc"]["verificationMethod"][0];
    let multikey = method["publicKeyMultibase"].as_str().unwrap();
    assert_eq!(state.verification_methods["atproto"], format!("did:key:{multikey}"));
    network.note(&did, "one", "x").await;
    let described = network.get(&format!("/xrpc/com.atproto.repo.describeRepo?repo={did}")).await.ok();
    assert_eq!(described["collections"], json!(["com.example.note"]));
}

#[tokio::test]
async fn names_that_are_taken_or_not_ours_make_no_account() {
    let network = Network::new();
    network.account("alice").await;
    let create = async |handle: &str, email: &str, identity: NewIdentity| {
        let new = CreateAccount {
            handle: handle.parse().unwrap(),
            email: Some(email.into()),
            password: None,
            identity,
        };
        network.host.create_account(new).await
    };
    let plc = || NewIdentity::Plc { recovery_key: None };
    let web = |did: &str| NewIdentity::Web(did.parse().unwrap());
    assert!(matches!(create("alice.test", "x@example.com", plc()).await, Err(E::HandleTaken(_))));
    assert!(matches!(create("bob.test", "Alice@example.com", plc()).await, Err(E::EmailTaken)));
    for handle in ["bob.example.org", "a.bob.test", "host.example"] {
        assert!(matches!(create(handle, "b@example.com", plc()).await, Err(E::Handle(_))), "{handle}");
    }
    assert!(matches!(create("bob.test", "b@example.com", web("did:web:a.com:path")).await, Err(E::Did(_))));
    assert_eq!(network.plc.0.lock().await.len(), 1);
    let own = create("bob.example.org", "b@example.com", web("did:web:bob.example.org")).await.unwrap();
    assert_eq!(own.did.as_str(), "did:web:bob.example.org");
    network.note(&own.did, "one", "x").await;
}

#[tokio::test]
async fn handles_are_answered_for_by_query_and_by_name() {
    let network = Network::new();
    let account = network.account("alice").await;
    let resolve = async |handle: &str| {
        network.get(&format!("/xrpc/com.atproto.identity.resolveHandle?handle={handle}")).await
    };
    assert_eq!(resolve("Alice.test").await.ok()["did"], account.did.as_str());
    let unknown = resolve("nobody.test").await;
    assert_eq!(unknown.refusal(), refused(400, "InvalidRequest"));
    assert_eq!(unknown.json()["message"], "Unable to resolve handle");
    assert_eq!(resolve("x").await.refusal(), refused(400, "InvalidRequest"));

    let well_known = async |path: &str, host: &str| {
        network.send(Request::get(path).header("host", host).body(Body::empty()).unwrap()).await
    };
    let did = well_known("/.well-known/atproto-did", "ALICE.test:2583").await;
    assert_eq!((did.status.as_u16(), &did.body[..]), (200, account.did.as_str().as_bytes()));
    assert!(did.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(did.headers["access-control-allow-origin"], "*");
    for host in ["nobody.test", "host.example.com", "", "///"] {
        let answer = well_known("/.well-known/atproto-did", host).await;
        assert_eq!(answer.status, 404, "{host}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
    }
    let document = well_known("/.well-known/did.json", "host.example.com").await;
    assert_eq!(document.ok()["id"], "did:web:host.example.com");
    assert_eq!(document.json()["service"][0]["serviceEndpoint"], "https://host.example.com");
    assert_eq!(document.headers["access-control-allow-origin"], "*");
    assert_eq!(well_known("/.well-known/did.json", "alice.test").await.status, 404);

    for path in ["/.well-known/atproto-did", "/.well-known/did.json"] {
        let asked = Request::builder().method("OPTIONS").uri(path).header("host", "alice.test");
        let asked = asked.header("access-control-request-headers", "x-own").body(Body::empty()).unwrap();
        let answer = network.send(asked).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}");
        assert_eq!(answer.headers["access-control-allow-headers"], "x-own", "{path}");
    }

    network.store.set_account_status(&account.did, AccountStatus::TakenDown).await.unwrap();
    assert_eq!(well_known("/.well-known/atproto-did", "alice.test").await.status, 404);
}

/// Notes on whose behalf it is asked.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<Option<Peer>>>);

#[async_trait]
impl IdentityResolver for Noting {
    async fn resolve(&self, _: &Handle, peer: Option<Peer>) -> Option<Did> {
        self.0.lock().await.push(peer);
        None
    }
}

#[tokio::test]
async fn sec_72_others_are_asked_on_behalf_of_who_asks() {
    let noting = Arc::new(Noting::default());
    let network = Network::asking(Arc::clone(&noting) as _, |settings| {
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    });
    let handle = "/xrpc/com.atproto.identity.resolveHandle?handle=carol.example.org";
    for (connection, forwarded, peer) in [
        ("192.0.2.1:5", None, "192.0.2.1"),
        ("192.0.2.1:5", Some("198.51.100.7"), "192.0.2.1"),
        ("10.0.0.1:5", Some("198.51.100.7"), "198.51.100.7"),
        ("192.0.2.2:5", None, "192.0.2.2"),
    ] {
        let connection: SocketAddr = connection.parse().unwrap();
        let mut asked = Request::get(handle).extension(ConnectInfo(connection));
        if let Some(forwarded) = forwarded {
            asked = asked.header("x-forwarded-for", forwarded);
        }
        network.send(asked.body(Body::empty()).unwrap()).await;
        let noted = noting.0.lock().await.pop().expect("it was asked");
        assert_eq!(noted, Some(Peer::new(peer.parse().unwrap())), "{connection} {forwarded:?}");
    }
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let network = Network::new();
    let described = network.get("/xrpc/com.atproto.server.describeServer").await.ok();
    assert_eq!(described["did"], "did:web:host.example.com");
    assert_eq!(described["availableUserDomains"], json!([".test"]));
    assert!(network.get("/xrpc/_health").await.ok()["version"].is_string());
}
