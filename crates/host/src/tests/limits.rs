//! How much may be sent.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use gatewright_guard::rate::Rate;
use http::Request;
use serde_json::{Value, json};

use super::support::{Answer, EVERYTHING, Network, refused};

const APPLY: &str = "com.atproto.repo.applyWrites";
const DESCRIBE: &str = "/xrpc/com.atproto.server.describeServer";

const fn per_hour(count: u32) -> Rate {
    Rate { count, window: Duration::from_hours(1) }
}

async fn get_from(network: &Network, address: &str, path: &str, forwarded: Option<&str>) -> Answer {
    let connection: SocketAddr = address.parse().unwrap();
    let mut request = Request::get(path).extension(ConnectInfo(connection));
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    network.send(request.body(Body::empty()).unwrap()).await
}

fn create(key: &str) -> Value {
    json!({"$type": format!("{APPLY}#create"), "collection": "com.example.note", "rkey": key, "value": {}})
}

#[tokio::test]
async fn sec_72_requests_of_one_network_are_counted_whatever_they_ask_for() {
    let network = Network::with(|settings| {
        settings.limits.requests = per_hour(4);
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    });
    let unknown = "/xrpc/com.example.unknown";
    for path in [DESCRIBE, unknown, "/xrpc/com.atproto.server.getSession", DESCRIBE] {
        assert_ne!(get_from(&network, "192.0.2.1:5", path, None).await.status, 429, "{path}");
    }
    for path in [DESCRIBE, unknown] {
        let answer = get_from(&network, "192.0.2.1:6", path, Some("198.51.100.7")).await;
        assert_eq!(answer.refusal(), refused(429, "RateLimitExceeded"), "{path}");
        assert_eq!(answer.headers["ratelimit-limit"], "4");
        assert_eq!(answer.headers["ratelimit-remaining"], "0");
        assert_eq!(answer.headers["ratelimit-policy"], "4;w=3600");
        let wait: i64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        let reset: i64 = answer.headers["ratelimit-reset"].to_str().unwrap().parse().unwrap();
        assert!((1..=2 * 3600).contains(&wait) && (reset - 1_700_000_000 - wait).abs() < 5, "{wait} {reset}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "a browser can read it");
    }
    assert_eq!(get_from(&network, "192.0.2.1:5", "/xrpc/_health", None).await.status, 200);
    assert_eq!(get_from(&network, "192.0.2.2:5", DESCRIBE, None).await.status, 200, "somebody else");
    // Behind a proxy of ours, who it is for counts.
    assert_eq!(get_from(&network, "10.0.0.1:5", DESCRIBE, Some("198.51.100.7")).await.status, 200);
    assert_eq!(get_from(&network, "10.0.0.1:5", DESCRIBE, Some("192.0.2.1")).await.status, 429);

    network.clock.advance(Duration::from_hours(2));
    assert_eq!(get_from(&network, "192.0.2.1:5", DESCRIBE, None).await.status, 200);
}

#[tokio::test]
async fn whole_repositories_are_counted_apart() {
    let network = Network::with(|settings| {
        settings.limits.requests = per_hour(1);
        settings.limits.exports = per_hour(2);
    });
    let did = network.account("alice").await.did;
    let repo = format!("/xrpc/com.atproto.sync.getRepo?did={did}");
    for status in [200, 200, 429] {
        assert_eq!(get_from(&network, "192.0.2.1:5", &repo, None).await.status, status);
    }
    for status in [200, 429] {
        assert_eq!(get_from(&network, "192.0.2.1:5", DESCRIBE, None).await.status, status);
    }
}

#[tokio::test]
async fn writes_have_a_budget_and_what_passes_it_changes_nothing() {
    let network = Network::with(|settings| settings.limits.writes = per_hour(10));
    let (did, other) = (network.account("alice").await.did, network.account("bob").await.did);
    let head = async || network.get(&format!("/xrpc/com.atproto.sync.getLatestCommit?did={did}")).await.ok();
    let post = async |method: &str, body: &Value| network.post_as(&did, EVERYTHING, method, body).await;
    let apply = async |writes: Value| post(APPLY, &json!({"repo": did, "writes": writes})).await;
    let note = |key: &str| json!({"repo": did, "collection": "com.example.note", "rkey": key, "record": {}});

    let mut invalid = note("one");
    invalid["record"] = json!({"number": 1.5});
    for _ in 0..5 {
        let answer = post("com.atproto.repo.createRecord", &invalid).await;
        assert_eq!(answer.refusal(), refused(400, "InvalidRecord"), "it costs nothing");
    }
    apply(json!([create("one"), create("two")])).await.ok();
    post("com.atproto.repo.putRecord", &note("three")).await.ok();
    let before = head().await;
    let delete = json!({"$type": format!("{APPLY}#delete"), "collection": "com.example.note", "rkey": "one"});
    let answer = apply(json!([delete, create("four")])).await;
    assert_eq!(answer.refusal(), refused(429, "RateLimitExceeded"), "8 + 1 + 3 points");
    assert_eq!(answer.headers["ratelimit-remaining"], "2");
    assert_eq!(answer.headers["ratelimit-policy"], "10;w=3600");
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(head().await, before);
    for key in ["one", "two"] {
        post("com.atproto.repo.deleteRecord", &note(key)).await.ok();
    }
    for method in ["createRecord", "putRecord", "deleteRecord"] {
        let answer = post(&format!("com.atproto.repo.{method}"), &note("three")).await;
        assert_eq!(answer.refusal(), refused(429, "RateLimitExceeded"), "{method}");
    }
    network.note(&other, "one", "another account has its own").await;
    network.clock.advance(Duration::from_hours(2));
    post("com.atproto.repo.createRecord", &note("five")).await.ok();
}

#[tokio::test]
async fn writes_have_a_budget_for_the_day_too() {
    let network = Network::with(|settings| {
        settings.limits.writes_daily = Rate { count: 7, window: Duration::from_hours(24) };
    });
    let did = network.account("alice").await.did;
    for key in ["one", "two"] {
        network.note(&did, key, "text").await;
        network.clock.advance(Duration::from_mins(61));
    }
    let note = json!({"repo": did, "collection": "com.example.note", "record": {}});
    let answer = network.post_as(&did, EVERYTHING, "com.atproto.repo.createRecord", &note).await;
    assert_eq!(answer.refusal(), refused(429, "RateLimitExceeded"));
    assert_eq!(answer.headers["ratelimit-policy"], "7;w=86400");
}

#[tokio::test]
async fn uploads_are_counted() {
    let network = Network::with(|settings| settings.limits.uploads = per_hour(2));
    let did = network.account("alice").await.did;
    for bytes in [b"one", b"two"] {
        network.upload(&did, EVERYTHING, "image/png", bytes).await.ok();
    }
    let answer = network.upload(&did, EVERYTHING, "image/png", b"three").await;
    assert_eq!(answer.refusal(), refused(429, "RateLimitExceeded"));
    assert_eq!(network.files(), 2);
}

#[tokio::test]
async fn nothing_is_counted_where_the_operator_says_so() {
    let network = Network::with(|settings| {
        let none = per_hour(0);
        let limits = &mut settings.limits;
        (limits.requests, limits.exports, limits.writes) = (none, none, none);
        (limits.writes_daily, limits.uploads, limits.enabled) = (none, none, false);
    });
    let did = network.account("alice").await.did;
    network.note(&did, "one", "text").await;
    network.upload(&did, EVERYTHING, "image/png", b"one").await.ok();
    network.get(&format!("/xrpc/com.atproto.repo.describeRepo?repo={did}")).await.ok();
    let repo = network.get(&format!("/xrpc/com.atproto.sync.getRepo?did={did}")).await;
    assert_eq!(repo.status, 200);
}
