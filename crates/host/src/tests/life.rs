//! Accounts that are put to rest and come back.

use gatewright_protocol::syntax::Did;
use gatewright_store::account::{AccountStatus, AccountStore as _};
use serde_json::{Value, json};

use super::support::{EVERYTHING, Network, refused};

const ACTIVATE: &str = "com.atproto.server.activateAccount";
const CHECK: &str = "/xrpc/com.atproto.server.checkAccountStatus";
const DEACTIVATE: &str = "com.atproto.server.deactivateAccount";

async fn status(network: &Network, did: &Did) -> Value {
    network.get(&format!("/xrpc/com.atproto.sync.getRepoStatus?did={did}")).await.ok()
}

#[tokio::test]
async fn sess_19_an_account_is_put_to_rest_and_comes_back() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    network.note(&did, "one", "x").await;
    let wish = json!({"deleteAfter": "2030-01-01T00:00:00Z"});
    for body in [json!({}), wish] {
        let answer = network.post_as(&did, EVERYTHING, DEACTIVATE, &body).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "the body is empty: {answer:?}");
        assert_eq!(
            status(&network, &did).await,
            json!({"did": did, "active": false, "status": "deactivated"})
        );
    }
    let wrong = network.post_as(&did, EVERYTHING, DEACTIVATE, &json!({"deleteAfter": "tomorrow"})).await;
    assert_eq!(wrong.refusal(), refused(400, "InvalidRequest"));
    let session = network.get_as(&did, EVERYTHING, "/xrpc/com.atproto.server.getSession").await.ok();
    assert_eq!((&session["active"], &session["status"]), (&json!(false), &json!("deactivated")));
    assert_eq!(network.get_as(&did, EVERYTHING, CHECK).await.ok()["activated"], false);

    for _ in 0..2 {
        let answer = network.post_bare_as(&did, EVERYTHING, ACTIVATE).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{answer:?}");
        assert_eq!(status(&network, &did).await["active"], true);
    }
    network.note(&did, "two", "x").await;
}

#[tokio::test]
async fn an_account_is_only_activated_where_its_did_leads_here_with_its_key() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    network.post_as(&did, EVERYTHING, DEACTIVATE, &json!({})).await;
    let plain = network.publishes(&did).await;
    let other = gatewright_protocol::crypto::PrivateKey::generate(
        gatewright_protocol::crypto::Curve::K256,
        &super::support::TestRandom::default(),
    );
    let empty = gatewright_protocol::did_document::DidDocument::new(did.clone());
    let elsewhere = empty.clone().with_pds("https://other.example.com");
    let key = plain.signing_key().expect("it has one");
    for (document, why) in [
        (None, "cannot be fetched"),
        (Some(empty.clone().with_key("atproto", &key)), "does not name this host"),
        (Some(elsewhere.with_key("atproto", &key)), "does not name this host"),
        (Some(empty.clone().with_pds("https://host.example.com")), "signing key"),
        (Some(empty.with_pds("https://host.example.com").with_key("atproto", other.public())), "signing key"),
    ] {
        network.publish(&did, document).await;
        let answer = network.post_bare_as(&did, EVERYTHING, ACTIVATE).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRequest"), "{why}");
        let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(why), "{message}");
        assert_eq!(network.get_as(&did, EVERYTHING, CHECK).await.ok()["validDid"], false, "{why}");
        assert_eq!(status(&network, &did).await["active"], false);
    }
    network.publish(&did, Some(plain)).await;
    assert_eq!(network.post_bare_as(&did, EVERYTHING, ACTIVATE).await.status, 200);
}

#[tokio::test]
async fn what_the_operator_took_down_its_owner_neither_activates_nor_rests() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    network.store.set_account_status(&did, AccountStatus::TakenDown).await.unwrap();
    let answer = network.post_bare_as(&did, EVERYTHING, ACTIVATE).await;
    assert_eq!(answer.refusal(), refused(401, "AccountTakedown"));
    assert_eq!(network.post_as(&did, EVERYTHING, DEACTIVATE, &json!({})).await.status, 200);
    assert_eq!(status(&network, &did).await["status"], "takendown");
}

#[tokio::test]
async fn how_far_an_account_is_can_be_seen() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    network.note(&did, "one", "x").await;
    network.note(&did, "two", "x").await;
    let blob = network.upload(&did, EVERYTHING, "image/png", b"x").await.ok();
    network.upload(&did, EVERYTHING, "image/png", b"y").await.ok();
    let note = json!({"repo": did, "collection": "com.example.note", "record": {"image": blob["blob"]}});
    let made = network.post_as(&did, EVERYTHING, "com.atproto.repo.createRecord", &note).await.ok();
    let seen = network.get_as(&did, "atproto", CHECK).await.ok();
    assert_eq!(seen["repoCommit"], made["commit"]["cid"]);
    assert_eq!(seen["repoRev"], made["commit"]["rev"]);
    for (field, expected) in [
        ("activated", json!(true)),
        ("validDid", json!(true)),
        ("indexedRecords", json!(3)),
        ("privateStateValues", json!(0)),
        ("expectedBlobs", json!(1)),
        ("importedBlobs", json!(2)),
    ] {
        assert_eq!(seen[field], expected, "{field}");
    }
    assert!(seen["repoBlocks"].as_u64().is_some_and(|blocks| blocks >= 4), "{seen}");
}

const RENAME: &str = "com.atproto.identity.updateHandle";

async fn rename(network: &Network, did: &Did, handle: &str) -> super::support::Answer {
    network.post_as(did, EVERYTHING, RENAME, &json!({"handle": handle})).await
}

#[tokio::test]
async fn a_handle_is_changed_here_and_in_the_identity() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let answer = rename(&network, &did, "Alicia.test").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{answer:?}");
    let (_, operation) = network.plc.0.lock().await.last().unwrap().clone();
    let state = operation.state().unwrap();
    assert_eq!(state.also_known_as, ["at://alicia.test"]);
    assert!(state.services.contains_key("atproto_pds"), "nothing else was changed: {state:?}");
    let session = network.get_as(&did, "atproto", "/xrpc/com.atproto.server.getSession").await.ok();
    assert_eq!(session["handle"], "alicia.test");
    assert_eq!(session["didDoc"]["alsoKnownAs"], json!(["at://alicia.test"]));
    let resolve = async |handle: &str| {
        network.get(&format!("/xrpc/com.atproto.identity.resolveHandle?handle={handle}")).await
    };
    assert_eq!(resolve("alicia.test").await.ok()["did"], did.as_str());
    assert_eq!(resolve("alice.test").await.status, 400, "the former is free");
    assert_eq!(network.plc.0.lock().await.len(), 2);
    assert_eq!(rename(&network, &did, "alicia.test").await.status, 200, "the same again");
    assert_eq!(network.plc.0.lock().await.len(), 2, "and the identity is left as it is");
}

#[tokio::test]
async fn only_a_handle_that_leads_to_the_account_is_taken() {
    let network = Network::new();
    let (alice, bob) = (network.account("alice").await.did, network.account("bob").await.did);
    network.publish_handle("bob.example.org", &bob).await;
    for (handle, error) in [
        ("x", "InvalidHandle"),
        ("bob.test", "HandleNotAvailable"),
        ("admin.test", "HandleNotAvailable"),
        ("al.test", "HandleNotAvailable"),
        ("a.b.test", "InvalidHandle"),
        ("alice.invalid", "InvalidHandle"),
        ("alice.example.org", "InvalidHandle"),
        ("bob.example.org", "InvalidHandle"),
    ] {
        assert_eq!(rename(&network, &alice, handle).await.refusal(), refused(400, error), "{handle}");
    }
    assert_eq!(network.plc.0.lock().await.len(), 2, "no identity was changed");
    network.publish_handle("alice.example.org", &alice).await;
    assert_eq!(rename(&network, &alice, "alice.example.org").await.status, 200);
    assert_eq!(
        network.store.find_account(&alice).await.unwrap().unwrap().handle.as_str(),
        "alice.example.org"
    );
    // What is kept for the operator, the operator may give.
    network.host.update_handle(&alice, &"admin.test".parse().unwrap()).await.unwrap();
}

#[tokio::test]
async fn an_identity_that_is_not_the_hosts_to_change_must_claim_the_handle_itself() {
    use gatewright_protocol::did_document::DidDocument;

    use crate::operations::create_account::{CreateAccount, NewIdentity};

    let network = Network::new();
    let did: Did = "did:web:carol.example.org".parse().unwrap();
    let new = CreateAccount {
        handle: "carol.test".parse().unwrap(),
        email: None,
        password: None,
        identity: NewIdentity::Web(did.clone()),
    };
    network.host.create_account(new).await.unwrap();
    let refusal = rename(&network, &did, "caroline.test").await.refusal();
    assert_eq!(refusal, refused(400, "InvalidRequest"));
    let claims = |handle: &str| Some(DidDocument::new(did.clone()).with_handle(&handle.parse().unwrap()));
    network.publish(&did, claims("carol.test")).await;
    let refusal = rename(&network, &did, "caroline.test").await.refusal();
    assert_eq!(refusal, refused(400, "InvalidRequest"));
    network.publish(&did, claims("carol.example.org")).await;
    assert_eq!(rename(&network, &did, "carol.example.org").await.status, 200, "its own name");
    let found = network.store.find_account(&did).await.unwrap().unwrap();
    assert_eq!(found.handle.as_str(), "carol.example.org");
}

#[tokio::test]
async fn handles_are_changed_ten_times_in_five_minutes_and_fifty_a_day() {
    let network = Network::new();
    let (alice, bob) = (network.account("alice").await.did, network.account("bob").await.did);
    let mut taken = 0;
    for _ in 0..6 {
        let mut statuses = Vec::new();
        for number in 0..11 {
            statuses.push(rename(&network, &alice, &format!("alice{number}.test")).await.status.as_u16());
        }
        taken += statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(statuses.last(), Some(&429));
        network.clock.advance(std::time::Duration::from_mins(10));
    }
    assert_eq!(taken, 50);
    assert_eq!(rename(&network, &bob, "robert.test").await.status, 200, "each account has its own");
}
