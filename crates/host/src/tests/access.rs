//! Who may do what.

use axum::body::Body;
use gatewright_store::account::{AccountStatus, AccountStore as _};
use http::Request;
use serde_json::{Value, json};

use super::support::{EVERYTHING, Network, caller, refused};

const APPLY: &str = "com.atproto.repo.applyWrites";

#[tokio::test]
async fn sec_41_a_scope_opens_its_collection_and_action_and_nothing_else() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    network.note(&did, "one", "x").await;
    let head = async || network.get(&format!("/xrpc/com.atproto.sync.getLatestCommit?did={did}")).await.ok();
    let before = head().await;
    let scope = "atproto repo:com.example.note?action=create";
    let note = json!({"repo": did, "collection": "com.example.note", "rkey": "one", "record": {}});
    let mut other = note.clone();
    other["collection"] = json!("com.example.other");
    let create = json!({"$type": format!("{APPLY}#create"), "collection": "com.example.note", "value": {}});
    let delete = json!({"$type": format!("{APPLY}#delete"), "collection": "com.example.note", "rkey": "one"});
    let refusals: [(&str, Value, &str); 5] = [
        ("com.atproto.repo.putRecord", note.clone(), "repo:com.example.note?action=update"),
        ("com.atproto.repo.deleteRecord", note.clone(), "repo:com.example.note?action=delete"),
        ("com.atproto.repo.createRecord", other.clone(), "repo:com.example.other?action=create"),
        (APPLY, json!({"repo": did, "writes": [create, delete]}), "repo:com.example.note?action=delete"),
        ("com.atproto.repo.putRecord", other, "repo:com.example.other?action=create"),
    ];
    for (method, body, missing) in refusals {
        let answer = network.post_as(&did, scope, method, &body).await;
        assert_eq!(answer.refusal(), refused(403, "ScopeMissingError"), "{method}");
        let message = format!("Missing required scope \"{missing}\"");
        assert_eq!(answer.json()["message"], message, "{method}");
    }
    assert_eq!(
        network.upload(&did, scope, "image/png", b"x").await.refusal(),
        refused(403, "ScopeMissingError")
    );
    assert_eq!(head().await, before);

    let mut free = note;
    free["rkey"] = json!("two");
    network.post_as(&did, scope, "com.atproto.repo.createRecord", &free).await.ok();
    let both = "atproto repo:com.example.note?action=create repo:com.example.note?action=update";
    network.post_as(&did, both, "com.atproto.repo.putRecord", &free).await.ok();
}

#[tokio::test]
async fn only_ones_own_repository_is_written_to() {
    let network = Network::new();
    let (alice, bob) = (network.account("alice").await.did, network.account("bob").await.did);
    for repo in [bob.as_str(), "bob.test", "nobody.test", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"] {
        let body = json!({"repo": repo, "collection": "com.example.note", "record": {}});
        let answer = network.post_as(&alice, EVERYTHING, "com.atproto.repo.createRecord", &body).await;
        assert_eq!(answer.refusal(), refused(401, "AuthenticationRequired"), "{repo}");
    }
}

#[tokio::test]
async fn sec_49_an_account_that_may_not_act_writes_nothing_from_the_next_request_on() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let note = json!({"repo": did, "collection": "com.example.note", "record": {}});
    for (status, write, read) in [
        (AccountStatus::TakenDown, "AccountTakedown", "RepoTakendown"),
        (AccountStatus::Deactivated, "AccountDeactivated", "RepoDeactivated"),
    ] {
        network.store.set_account_status(&did, status).await.unwrap();
        let create = network.post_as(&did, EVERYTHING, "com.atproto.repo.createRecord", &note).await;
        assert_eq!(create.refusal(), refused(401, write));
        let writes = json!({"repo": did, "writes": []});
        assert_eq!(network.post_as(&did, EVERYTHING, APPLY, &writes).await.refusal(), refused(401, write));
        assert_eq!(network.upload(&did, EVERYTHING, "image/png", b"x").await.refusal(), refused(401, write));
        // Others do not see it either; the owner still does.
        let repo = format!("/xrpc/com.atproto.sync.getRepo?did={did}");
        assert_eq!(network.get(&repo).await.refusal(), refused(400, read));
        assert_eq!(network.get_as(&did, "atproto", &repo).await.status, 200);
        let list = format!("/xrpc/com.atproto.repo.listRecords?repo={did}&collection=com.example.note");
        assert_eq!(network.get(&list).await.refusal(), refused(400, read));
    }
    network.store.set_account_status(&did, AccountStatus::Active).await.unwrap();
    network.post_as(&did, EVERYTHING, "com.atproto.repo.createRecord", &note).await.ok();
}

#[tokio::test]
async fn sec_48_the_address_is_shown_only_where_it_was_granted() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    for (scope, shown) in [
        ("atproto", false),
        ("atproto repo:*", false),
        ("atproto account:repo?action=manage", false),
        ("atproto account:email", true),
        ("atproto account:email?action=manage", true),
        ("atproto transition:email", true),
    ] {
        let session = network.get_as(&did, scope, "/xrpc/com.atproto.server.getSession").await.ok();
        assert_eq!(session["did"], did.as_str());
        assert_eq!(session["didDoc"]["id"], did.as_str());
        assert_eq!(session["active"], true);
        for field in ["email", "emailConfirmed", "emailAuthFactor"] {
            assert_eq!(session.get(field).is_some(), shown, "{field} under {scope}");
        }
    }
}

#[tokio::test]
async fn what_the_host_does_not_know_is_501_and_what_it_knows_otherwise_is_not() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let unknown = network.get_as(&did, EVERYTHING, "/xrpc/com.example.unknown").await;
    assert_eq!(unknown.refusal(), refused(501, "MethodNotImplemented"));
    let verb = network.get_as(&did, EVERYTHING, "/xrpc/com.atproto.repo.createRecord").await;
    assert_eq!(verb.refusal(), refused(405, "InvalidRequest"));
    let no_json = Request::post("/xrpc/com.atproto.repo.createRecord").extension(caller(&did, EVERYTHING));
    let answer = network.send(no_json.body(Body::from("{}")).unwrap()).await;
    assert_eq!(answer.refusal(), refused(400, "InvalidRequest"));
    let broken = network.post_as(&did, EVERYTHING, "com.atproto.repo.createRecord", &json!("x")).await;
    assert_eq!(broken.refusal(), refused(400, "InvalidRequest"));
    let long = json!("x".repeat(2 * 1024 * 1024));
    let answer = network.post_as(&did, EVERYTHING, "com.atproto.repo.createRecord", &long).await;
    assert_eq!(answer.refusal(), refused(413, "PayloadTooLarge"));
}
