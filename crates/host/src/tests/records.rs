//! Writing and reading records.

use gatewright_protocol::syntax::{AtUri, Did};
use gatewright_store::repo::RepoStore as _;
use serde_json::{Value, json};

use super::support::{Answer, EVERYTHING, Network, refused};

const CREATE: &str = "com.atproto.repo.createRecord";
const PUT: &str = "com.atproto.repo.putRecord";
const DELETE: &str = "com.atproto.repo.deleteRecord";
const APPLY: &str = "com.atproto.repo.applyWrites";

async fn write(network: &Network, did: &Did, method: &str, body: Value) -> Answer {
    network.post_as(did, EVERYTHING, method, &body).await
}

async fn read(network: &Network, did: &Did, key: &str) -> Answer {
    let query = format!("repo={did}&collection=com.example.note&rkey={key}");
    network.get(&format!("/xrpc/com.atproto.repo.getRecord?{query}")).await
}

async fn head(network: &Network, did: &Did) -> Value {
    network.get(&format!("/xrpc/com.atproto.sync.getLatestCommit?did={did}")).await.ok()
}

fn note(did: &Did, key: &str, text: &str) -> Value {
    json!({"repo": did, "collection": "com.example.note", "rkey": key, "record": {"text": text}})
}

#[tokio::test]
async fn a_record_is_created_read_replaced_and_deleted() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let created = network.note(&did, "one", "first").await;
    assert_eq!(created["uri"], format!("at://{did}/com.example.note/one"));
    assert_eq!(created["validationStatus"], "unknown");
    assert_eq!(head(&network, &did).await, created["commit"]);
    let shown = read(&network, &did, "one").await.ok();
    assert_eq!(shown["value"], json!({"$type": "com.example.note", "text": "first"}));
    assert_eq!(shown["cid"], created["cid"]);

    let by_handle = json!({"repo": "Alice.test", "collection": "com.example.note", "rkey": "one",
        "record": {"$type": "com.example.note", "text": "second"}, "validate": false});
    let put = write(&network, &did, PUT, by_handle).await.ok();
    assert!(put.get("validationStatus").is_none());
    assert!(put["commit"]["rev"].as_str() > created["commit"]["rev"].as_str());
    assert_eq!(read(&network, &did, "one").await.ok()["value"]["text"], "second");

    let body = json!({"repo": did, "collection": "com.example.note", "rkey": "one"});
    let deleted = write(&network, &did, DELETE, body.clone()).await.ok();
    assert_eq!(head(&network, &did).await, deleted["commit"]);
    assert_eq!(read(&network, &did, "one").await.refusal(), refused(400, "RecordNotFound"));
    // What is not there needs no deleting, and no commit.
    assert!(write(&network, &did, DELETE, body).await.ok().get("commit").is_none());
    assert_eq!(head(&network, &did).await, deleted["commit"]);
}

#[tokio::test]
async fn a_record_without_a_key_gets_one_that_sorts_by_time() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let mut keys = Vec::new();
    for _ in 0..3 {
        let body = json!({"repo": did, "collection": "com.example.note", "record": {}});
        let uri = write(&network, &did, CREATE, body).await.ok()["uri"].as_str().unwrap().to_owned();
        keys.push(uri.parse::<AtUri>().unwrap().record_key().unwrap());
    }
    assert!(keys.is_sorted() && keys[0] != keys[1]);
}

#[tokio::test]
async fn the_same_value_again_makes_no_commit() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let created = network.note(&did, "one", "same").await;
    let put = write(&network, &did, PUT, note(&did, "one", "same")).await.ok();
    assert_eq!(put["cid"], created["cid"]);
    assert!(put.get("commit").is_none());
    assert_eq!(head(&network, &did).await, created["commit"]);
    assert_eq!(
        write(&network, &did, CREATE, note(&did, "one", "x")).await.refusal(),
        refused(400, "InvalidRequest")
    );
}

#[tokio::test]
async fn a_swap_that_does_not_hold_changes_nothing() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let first = network.note(&did, "one", "first").await;
    let second = network.note(&did, "two", "second").await;
    let stale = refused(400, "InvalidSwap");
    let with = |key: &str, swap: &str, value: &Value| {
        let mut body = note(&did, key, "new");
        body[swap] = value.clone();
        body
    };
    let old = &first["commit"]["cid"];
    assert_eq!(write(&network, &did, CREATE, with("three", "swapCommit", old)).await.refusal(), stale);
    assert_eq!(write(&network, &did, PUT, with("one", "swapCommit", old)).await.refusal(), stale);
    assert_eq!(write(&network, &did, DELETE, with("one", "swapCommit", old)).await.refusal(), stale);
    assert_eq!(write(&network, &did, PUT, with("one", "swapRecord", &second["cid"])).await.refusal(), stale);
    assert_eq!(write(&network, &did, PUT, with("one", "swapRecord", &Value::Null)).await.refusal(), stale);
    assert_eq!(
        write(&network, &did, DELETE, with("one", "swapRecord", &second["cid"])).await.refusal(),
        stale
    );
    assert_eq!(head(&network, &did).await, second["commit"]);

    write(&network, &did, PUT, with("three", "swapRecord", &Value::Null)).await.ok();
    write(&network, &did, PUT, with("one", "swapRecord", &first["cid"])).await.ok();
    let current = head(&network, &did).await["cid"].clone();
    write(&network, &did, DELETE, with("two", "swapCommit", &current)).await.ok();
}

#[tokio::test]
async fn many_writes_are_one_commit_or_none() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    network.note(&did, "one", "first").await;
    let before = network.note(&did, "two", "second").await["commit"].clone();
    let create = |key: &str| json!({"$type": "com.atproto.repo.applyWrites#create", "collection": "com.example.note", "rkey": key, "value": {"text": key}});
    let update = |key: &str| json!({"$type": "com.atproto.repo.applyWrites#update", "collection": "com.example.note", "rkey": key, "value": {"text": "new"}});
    let delete = |key: &str| json!({"$type": "com.atproto.repo.applyWrites#delete", "collection": "com.example.note", "rkey": key});
    for bad in [create("one"), update("absent"), delete("absent")] {
        let body = json!({"repo": did, "writes": [create("three"), bad]});
        assert_eq!(write(&network, &did, APPLY, body).await.refusal(), refused(400, "InvalidRequest"));
        assert_eq!(head(&network, &did).await, before);
        assert_eq!(read(&network, &did, "three").await.refusal(), refused(400, "RecordNotFound"));
    }
    let body = json!({"repo": did, "writes": [create("three"), update("one"), delete("two")]});
    let applied = write(&network, &did, APPLY, body).await.ok();
    let kinds: Vec<_> = applied["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["$type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["createResult", "updateResult", "deleteResult"].map(|kind| format!("{APPLY}#{kind}")));
    assert_eq!(applied["results"][0]["validationStatus"], "unknown");
    assert_eq!(head(&network, &did).await, applied["commit"]);
    assert_eq!(read(&network, &did, "one").await.ok()["value"]["text"], "new");

    let many: Vec<_> = (0..201).map(|number| create(&format!("n{number}"))).collect();
    let body = |writes: &[Value]| json!({"repo": did, "writes": writes});
    assert_eq!(write(&network, &did, APPLY, body(&many)).await.refusal(), refused(400, "InvalidRequest"));
    let commit = write(&network, &did, APPLY, body(&many[..200])).await.ok()["commit"].clone();
    assert_eq!(head(&network, &did).await, commit);
}

#[tokio::test]
async fn what_is_not_a_record_is_refused_by_name() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let before = head(&network, &did).await;
    let record = |value: Value| json!({"repo": did, "collection": "com.example.note", "record": value});
    let deep = (0..100).fold(json!(1), |value, _| json!({"a": value}));
    for (value, said) in [
        (json!({"$type": "com.example.other"}), "com.example.note"),
        (json!([1]), "not an object"),
        (json!({"a": {"b": [1, 2.5]}}), "`/a/b/1`"),
        (json!({"a": {"$link": "bafy"}}), "`/a`"),
        (deep, "deeper"),
        (json!({"text": "x".repeat(1024 * 1024)}), "the most is"),
    ] {
        let answer = write(&network, &did, CREATE, record(value)).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRecord"));
        assert!(answer.json()["message"].as_str().unwrap().contains(said), "{:?}", answer.json());
    }
    for (field, value) in [
        ("rkey", json!("a/b")),
        ("rkey", json!("..")),
        ("collection", json!("note")),
        ("repo", json!("not a repo")),
        ("swapCommit", json!("x")),
        ("record", Value::Null),
    ] {
        let mut body = record(json!({}));
        body[field] = value;
        let answer = write(&network, &did, CREATE, body).await;
        assert_eq!(answer.status, 400, "{field}");
        assert!(answer.json()["message"].as_str().unwrap().contains(field), "{:?}", answer.json());
    }
    let mut body = record(json!({}));
    body["validate"] = json!(true);
    let answer = write(&network, &did, CREATE, body).await;
    assert_eq!(answer.refusal(), refused(400, "InvalidRequest"));
    assert!(answer.json()["message"].as_str().unwrap().contains("com.example.note"));
    assert_eq!(head(&network, &did).await, before);
}

#[tokio::test]
async fn what_stock_clients_want_validated_is_written_and_called_unknown() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let post =
        |value| json!({"repo": did, "collection": "app.bsky.feed.post", "validate": true, "record": value});
    let answer = write(&network, &did, CREATE, post(json!({"text": "hello"}))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["validationStatus"], "unknown");
    let answer = write(&network, &did, CREATE, post(json!({"$type": "com.example.note"}))).await;
    assert_eq!(answer.status, 400, "what every record has to be is checked all the same");
}

#[tokio::test]
async fn a_blob_that_was_not_uploaded_cannot_be_named() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let blob = json!({"$type": "blob", "mimeType": "image/png", "size": 3,
        "ref": {"$link": "bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity"}});
    let mut body = note(&did, "one", "x");
    body["record"]["image"] = blob;
    assert_eq!(write(&network, &did, CREATE, body).await.refusal(), refused(400, "BlobNotFound"));
    assert_eq!(read(&network, &did, "one").await.refusal(), refused(400, "RecordNotFound"));
}

#[tokio::test]
async fn records_are_listed_newest_first_page_by_page() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    for number in 0..5 {
        network.note(&did, &format!("k{number}"), "x").await;
    }
    let list = async |query: &str| {
        let query =
            format!("/xrpc/com.atproto.repo.listRecords?repo={did}&collection=com.example.note&{query}");
        let page = network.get(&query).await.ok();
        let keys: Vec<_> = page["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
            .collect();
        (keys.join(" "), page.get("cursor").and_then(Value::as_str).map(str::to_owned))
    };
    assert_eq!(list("limit=3").await, ("k4 k3 k2".into(), Some("k2".into())));
    assert_eq!(list("limit=3&cursor=k2").await, ("k1 k0".into(), None));
    assert_eq!(list("limit=2&reverse=true").await, ("k0 k1".into(), Some("k1".into())));
    assert_eq!(list("reverse=true&cursor=k3").await, ("k4".into(), None));
    for bad in ["limit=0", "limit=101", "limit=x", "reverse=2", "cursor=a/b", "limit=1&limit=2"] {
        let query =
            format!("/xrpc/com.atproto.repo.listRecords?repo={did}&collection=com.example.note&{bad}");
        assert_eq!(network.get(&query).await.refusal(), refused(400, "InvalidRequest"), "{bad}");
    }
}

#[tokio::test]
async fn many_at_once_all_get_their_commit() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let texts: Vec<_> = (0..50).map(|number| format!("r{number}")).collect();
    futures::future::join_all(texts.iter().map(|key| network.note(&did, key, key))).await;
    let page = format!("/xrpc/com.atproto.repo.listRecords?repo={did}&collection=com.example.note&limit=100");
    assert_eq!(network.get(&page).await.ok()["records"].as_array().unwrap().len(), 50);
}

/// Two hosts on one store, as two processes would be: what one has at hand, the other makes old.
#[tokio::test]
async fn a_head_that_moved_away_is_read_again() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let other = network.beside();
    for number in 0..20 {
        network.note(&did, &format!("a{number}"), "x").await;
        other.note(&did, &format!("b{number}"), "x").await;
    }
    let body = json!({"repo": did, "collection": "com.example.note", "rkey": "b3"});
    write(&network, &did, DELETE, body).await.ok();
    let page = format!("/xrpc/com.atproto.repo.listRecords?repo={did}&collection=com.example.note&limit=100");
    assert_eq!(other.get(&page).await.ok()["records"].as_array().unwrap().len(), 39);
    // Only the blocks of the tree as it is now are kept.
    let file = network.get(&format!("/xrpc/com.atproto.sync.getRepo?did={did}")).await;
    let head = network.store.find_repo(&did).await.unwrap().unwrap();
    assert!(file.body.windows(36).any(|window| window == head.commit.to_bytes()));
    let blocks = network.store.list_blocks(&did, None, 1000).await.unwrap();
    assert!(blocks.len() < 40, "{} blocks", blocks.len());
}

/// What is refused, and what changes nothing, is so by the head that the store has, and not by one that is at hand.
#[tokio::test]
async fn an_old_head_at_hand_answers_nothing() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let other = network.beside();
    // Both have the repository at hand; then one of them moves it on.
    other.note(&did, "first", "x").await;
    network.note(&did, "second", "x").await;
    other.note(&did, "third", "x").await;
    network.note(&did, "fourth", "x").await;
    let named = |key: &str| json!({"repo": did, "collection": "com.example.note", "rkey": key});
    write(&other, &did, DELETE, named("fourth")).await.ok();
    let gone = format!("/xrpc/com.atproto.repo.getRecord?repo={did}&collection=com.example.note&rkey=fourth");
    assert_eq!(network.get(&gone).await.status, 400, "it was deleted where it was not at hand");
    // The same name again, where it is still at hand.
    network.note(&did, "fourth", "again").await;
    let again = json!({
        "repo": did, "collection": "com.example.note", "rkey": "fourth", "record": {"text": "x"}
    });
    assert_eq!(write(&other, &did, CREATE, again).await.status, 400, "it is there");
}

#[tokio::test]
async fn bodies_and_what_is_in_them_are_objects() {
    let network = Network::new();
    let did = network.account("alice").await.did;
    let create = json!([did, "com.example.note", "one", false, {"text": "x"}, null]);
    let delete =
        json!({"repo": did, "writes": [["com.atproto.repo.applyWrites#delete", "com.example.note", "one"]]});
    for (method, body) in [(CREATE, create), (APPLY, delete), (APPLY, json!([did, false, [], null]))] {
        let answer = write(&network, &did, method, body.clone()).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRequest"), "{method} {body}");
    }
    assert_eq!(read(&network, &did, "one").await.refusal(), refused(400, "RecordNotFound"));
}
