//! Preferences, and who may see and set which.

use gatewright_protocol::syntax::Did;
use gatewright_store::preference::PreferenceStore as _;
use serde_json::{Value, json};

use super::support::{EVERYTHING, Network, refused};
use crate::operations::find_preferences::find_preferences;
use crate::operations::preferences::Access;
use crate::operations::put_preferences::put_preferences;

const GET: &str = "/xrpc/app.bsky.actor.getPreferences";
const PUT: &str = "app.bsky.actor.putPreferences";

fn content() -> Value {
    json!({"$type": "app.bsky.actor.defs#adultContentPref", "enabled": true})
}

fn personal() -> Value {
    json!({"$type": "app.bsky.actor.defs#personalDetailsPref", "birthDate": "1990-05-05T00:00:00.000Z"})
}

fn age() -> Value {
    json!({
        "$type": "app.bsky.actor.defs#declaredAgePref",
        "isOverAge13": true, "isOverAge16": true, "isOverAge18": true,
    })
}

async fn owner_sees(network: &Network, did: &Did) -> Vec<Value> {
    find_preferences(network.host.context(), did, Access::Owner).await.unwrap()
}

#[tokio::test]
async fn preferences_are_kept_as_they_were_put() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    assert_eq!(network.get_as(&did, EVERYTHING, GET).await.ok(), json!({"preferences": []}));
    let odd = json!({"$type": "app.bsky.actor.defs#newPref", "nested": {"list": [1, null, "x"]}});
    let put = json!({"preferences": [content(), odd, content()]});
    let answer = network.post_as(&did, EVERYTHING, PUT, &put).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(network.get_as(&did, EVERYTHING, GET).await.ok(), put);
    network.post_as(&did, EVERYTHING, PUT, &json!({"preferences": []})).await;
    assert_eq!(network.get_as(&did, EVERYTHING, GET).await.ok(), json!({"preferences": []}));
}

#[tokio::test]
async fn sec_48_personal_details_are_for_the_owners_own_sessions() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let context = network.host.context();
    put_preferences(context, &did, Access::Owner, vec![personal(), content()]).await.unwrap();
    assert_eq!(owner_sees(&network, &did).await, [personal(), content(), age()]);
    // Others see what follows from them, and no more.
    let seen = network.get_as(&did, EVERYTHING, GET).await.ok();
    assert_eq!(seen, json!({"preferences": [content(), age()]}));
    // Nor can they set them, or lose them by not sending them.
    let refused_put = network.post_as(&did, EVERYTHING, PUT, &json!({"preferences": [personal()]})).await;
    assert_eq!(refused_put.refusal(), refused(400, "InvalidRequest"));
    assert_eq!(owner_sees(&network, &did).await, [personal(), content(), age()]);
    // What was read is sent back whole.
    let answer = network.post_as(&did, EVERYTHING, PUT, &seen).await;
    assert_eq!(answer.status, 200);
    assert_eq!(owner_sees(&network, &did).await, [personal(), content(), age()]);
}

#[tokio::test]
async fn the_declared_age_is_never_set() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let context = network.host.context();
    put_preferences(context, &did, Access::Owner, vec![age()]).await.unwrap();
    assert!(owner_sees(&network, &did).await.is_empty());
    assert!(network.store.list_preferences(&did).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_preferences_of_this_name_are_kept() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    for preference in [
        json!({"$type": "com.example.pref"}),
        json!({"$type": "app.bskyx.pref"}),
        json!({"$type": 7}),
        json!({}),
        json!([]),
        json!("x"),
    ] {
        let body = json!({"preferences": [content(), preference]});
        let answer = network.post_as(&did, EVERYTHING, PUT, &body).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRequest"), "{body}");
    }
    let many = json!({"preferences": vec![content(); 501]});
    assert_eq!(network.post_as(&did, EVERYTHING, PUT, &many).await.refusal(), refused(400, "InvalidRequest"));
    let large = json!({"$type": "app.bsky.actor.defs#x", "text": "x".repeat(200_000)});
    let large = network.post_as(&did, EVERYTHING, PUT, &json!({"preferences": [large]})).await;
    assert_eq!(large.refusal(), refused(413, "PayloadTooLarge"));
    assert!(owner_sees(&network, &did).await.is_empty());
}

#[tokio::test]
async fn somebody_who_is_not_here_has_no_preferences() {
    let network = Network::new();
    let nobody: Did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
    let seen = network.get_as(&nobody, EVERYTHING, GET).await;
    assert_eq!(seen.refusal(), refused(403, "AccountNotFound"));
    let put = network.post_as(&nobody, EVERYTHING, PUT, &json!({"preferences": []})).await;
    assert_eq!(put.refusal(), refused(403, "AccountNotFound"));
}
