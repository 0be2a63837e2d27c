//! Profiles of the accounts of this host.

use gatewright_store::account::{AccountStatus, AccountStore as _};
use serde_json::{Value, json};

use super::support::{EVERYTHING, Network, refused};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

fn of(actor: &str) -> String {
    format!("/xrpc/app.bsky.actor.getProfile?actor={actor}")
}

#[tokio::test]
async fn a_profile_is_what_the_account_says_of_itself() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let bare = network.get_as(&did, EVERYTHING, &of("alice.test")).await.ok();
    assert_eq!((&bare["did"], &bare["handle"]), (&json!(did), &json!("alice.test")));
    for field in ["displayName", "description", "avatar", "banner"] {
        assert_eq!(bare.get(field), None, "{field}");
    }
    assert_eq!((&bare["labels"], &bare["viewer"]["muted"]), (&json!([]), &json!(false)));

    let avatar = network.upload(&did, EVERYTHING, "image/png", PNG).await.ok()["blob"].clone();
    let record = json!({"displayName": "Alice", "description": "Makes notes.", "avatar": avatar});
    let body = json!({"repo": did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": record});
    network.post_as(&did, EVERYTHING, "com.atproto.repo.putRecord", &body).await.ok();
    let bob = network.account("bob").await.did;
    let full = network.get_as(&bob, EVERYTHING, &of(did.as_str())).await.ok();
    assert_eq!((&full["displayName"], &full["description"]), (&json!("Alice"), &json!("Makes notes.")));
    let url = full["avatar"].as_str().unwrap().strip_prefix("https://host.example.com").unwrap();
    assert_eq!(network.get(url).await.body, PNG);
}

#[tokio::test]
async fn a_record_of_odd_values_is_no_fault_of_ours() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    for record in [
        json!({"displayName": 7, "description": null, "avatar": "me.png"}),
        json!({"avatar": {"ref": "x"}, "banner": {}}),
    ] {
        let body =
            json!({"repo": did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": record});
        network.post_as(&did, EVERYTHING, "com.atproto.repo.putRecord", &body).await.ok();
        let shown = network.get_as(&did, EVERYTHING, &of("alice.test")).await.ok();
        assert_eq!((shown.get("displayName"), shown.get("avatar")), (None, None));
    }
}

#[tokio::test]
async fn accounts_of_other_hosts_are_not_known_here() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    for actor in ["nobody.test", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"] {
        let answer = network.get_as(&did, EVERYTHING, &of(actor)).await;
        assert_eq!(answer.refusal(), refused(501, "MethodNotImplemented"), "{actor}");
    }
    for actor in ["", "no%20name"] {
        let answer = network.get_as(&did, EVERYTHING, &of(actor)).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRequest"), "{actor}");
    }
}

#[tokio::test]
async fn several_profiles_come_at_once() {
    let network = Network::new();
    let alice = network.account("alice").await.did;
    let bob = network.account("bob").await.did;
    let ask = async |query: &str| {
        network.get_as(&alice, EVERYTHING, &format!("/xrpc/app.bsky.actor.getProfiles?{query}")).await
    };
    let handles = |answer: Value| {
        let listed = answer["profiles"].as_array().unwrap().clone();
        listed.iter().map(|row| row["handle"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both = format!("actors=bob.test&actors={alice}");
    assert_eq!(handles(ask(&both).await.ok()), ["bob.test", "alice.test"]);
    network.store.set_account_status(&bob, AccountStatus::TakenDown).await.unwrap();
    assert_eq!(handles(ask(&both).await.ok()), ["alice.test"]);
    let elsewhere = ask("actors=alice.test&actors=nobody.test").await;
    assert_eq!(elsewhere.refusal(), refused(501, "MethodNotImplemented"));
    let many = vec!["actors=alice.test"; 26].join("&");
    for query in ["", "actors=x", &many] {
        assert_eq!(ask(query).await.refusal(), refused(400, "InvalidRequest"), "{query}");
    }
}

#[tokio::test]
async fn a_profile_of_an_account_that_may_not_act_is_for_itself() {
    let network = Network::new();
    let alice = network.account("alice").await.did;
    let bob = network.account("bob").await.did;
    for (status, error) in
        [(AccountStatus::Deactivated, "AccountDeactivated"), (AccountStatus::TakenDown, "AccountTakedown")]
    {
        network.store.set_account_status(&alice, status).await.unwrap();
        let answer = network.get_as(&bob, EVERYTHING, &of("alice.test")).await;
        assert_eq!(answer.refusal(), refused(400, error));
        network.get_as(&alice, EVERYTHING, &of("alice.test")).await.ok();
    }
}
