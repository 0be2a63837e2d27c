use gatewright_protocol::crypto::{Curve, PrivateKey};
use gatewright_protocol::jose::Jwk;
use serde_json::{Value, json};

use super::*;
use crate::error::FetchError;
use crate::system::SystemRandom;
use crate::test_host::{Reply, TestHost, World};

const ID: &str = "https://app.client.net/oauth-client-metadata.json";
const PATH: &str = "/oauth-client-metadata.json";
const MINUTE: Duration = Duration::from_mins(1);

fn id(text: &str) -> ClientId {
    text.parse().unwrap()
}

fn public() -> Value {
    json!({
        "client_id": ID,
        "redirect_uris": ["https://app.client.net/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": "atproto",
        "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": true,
    })
}

fn confidential(keys: &Value) -> Value {
    let mut document = public();
    let fields = document.as_object_mut().unwrap();
    fields.insert("token_endpoint_auth_method".to_owned(), json!("private_key_jwt"));
    fields.insert("token_endpoint_auth_signing_alg".to_owned(), json!("ES256"));
    for (name, value) in keys.as_object().unwrap() {
        fields.insert(name.clone(), value.clone());
    }
    document
}

fn jwks(kids: &[&str]) -> Value {
    let key = |kid: &&str| Jwk::new(PrivateKey::generate(Curve::P256, &SystemRandom).public().clone(), kid);
    json!({"keys": kids.iter().map(key).collect::<Vec<_>>()})
}

async fn world() -> (World, TestHost) {
    let world = World::new();
    let host = world.host("app.client.net").await;
    host.set(PATH, Reply::json(public()));
    (world, host)
}

#[tokio::test]
async fn a_client_is_loaded_once_in_ten_minutes_or_as_its_publisher_says() {
    let (world, host) = world().await;
    for _ in 0..3 {
        let client = world.resolver.client(&id(ID)).await.unwrap();
        assert_eq!((client.metadata.client_id.as_str(), client.stale), (ID, false));
    }
    world.clock.advance(Duration::from_secs(599));
    world.resolver.client(&id(ID)).await.unwrap();
    assert_eq!(host.requests(), 1);
    host.set(PATH, Reply::json(public()).header("cache-control", "max-age=60"));
    world.clock.advance(Duration::from_secs(1));
    world.resolver.client(&id(ID)).await.unwrap();
    world.clock.advance(MINUTE);
    world.resolver.client(&id(ID)).await.unwrap();
    assert_eq!(host.requests(), 2, "after ten minutes, then after the minute that was said");
    host.set(PATH, Reply::json(public()).header("cache-control", "max-age=86400"));
    world.clock.advance(MINUTE);
    world.resolver.client(&id(ID)).await.unwrap();
    world.clock.advance(10 * MINUTE);
    world.resolver.client(&id(ID)).await.unwrap();
    assert_eq!(host.requests(), 2, "never longer than ten minutes");
}

#[tokio::test]
async fn a_loopback_client_is_fetched_from_nowhere() {
    let world = World::new();
    let client = world.resolver.client(&id("http://localhost?scope=atproto")).await.unwrap();
    assert!(client.metadata.client_id.is_loopback());
    assert_eq!(world.names.lookups(), 0);
}

#[tokio::test]
async fn sec_51_documents_that_are_refused_and_never_kept() {
    let fetched = |source| ResolveError::Fetch { what: "client's metadata", source };
    let mut other = public();
    other["client_id"] = json!("https://app.client.net/oauth-client-metadata.json?");
    for (what, reply, expected) in [
        ("redirect", Reply::redirect("/elsewhere.json"), Some(fetched(FetchError::Redirected))),
        ("404", Reply::new(404, public().to_string()), Some(fetched(FetchError::Status(404)))),
        (
            "HTML",
            Reply::json(public()).header("content-type", "text/html"),
            Some(fetched(FetchError::ContentType)),
        ),
        ("large", Reply::json(" ".repeat(600 << 10)), Some(fetched(FetchError::TooLarge))),
        ("drip", Reply::json("{").dripping(), Some(fetched(FetchError::TimedOut))),
        ("another client", Reply::json(other), None),
        ("not JSON", Reply::json("secret"), None),
    ] {
        let (world, host) = world().await;
        host.set("/elsewhere.json", Reply::json(public()));
        host.set(PATH, reply);
        for _ in 0..2 {
            let error = world.resolver.client(&id(ID)).await.unwrap_err();
            match &expected {
                Some(expected) => assert_eq!(error, *expected, "{what}"),
                None => assert!(matches!(error, ResolveError::ClientMetadata(_)), "{what}: {error:?}"),
            }
        }
        assert_eq!(host.requests(), 2, "{what}: asked again, nothing was kept");
        assert_eq!(world.resolver.shared.clients.len(), 0, "{what}");
    }
}

#[tokio::test]
async fn sec_51_clients_that_are_not_even_asked_for() {
    let (world, host) = world().await;
    let with_port = id("https://app.client.net:8443/oauth-client-metadata.json");
    assert!(matches!(world.resolver.client(&with_port).await.unwrap_err(), ResolveError::ClientId(_)));
    for text in [
        "https://10.0.0.1/client.json",
        "https://[::1]/client.json",
        "https://app.client.net/client.json#part",
        "https://app.client.net/client/",
        "https://app.client.net/",
        "https://name@app.client.net/client.json",
        "https://app.client.net/a/../client.json",
        "http://app.client.net/client.json",
        "http://localhost:2583/client.json",
    ] {
        assert!(text.parse::<ClientId>().is_err(), "{text}");
    }
    world.names.set_addresses("app.client.net", &["192.168.0.10".parse().unwrap()]);
    let error = world.resolver.client(&id(ID)).await.unwrap_err();
    assert_eq!(error, ResolveError::Fetch { what: "client's metadata", source: FetchError::NotPublic });
    assert!(!error.is_transient());
    assert_eq!(host.requests(), 0);
}

#[tokio::test]
async fn sec_29_a_client_outlives_its_host_by_a_day_and_its_keys_by_an_hour() {
    let (world, host) = world().await;
    host.set(PATH, Reply::json(confidential(&json!({"jwks_uri": "https://app.client.net/jwks.json"}))));
    host.set("/jwks.json", Reply::json(jwks(&["one"])));
    assert!(world.resolver.client_key(&id(ID), "one").await.unwrap().is_some());

    host.set(PATH, Reply::new(503, ""));
    host.set("/jwks.json", Reply::new(500, ""));
    world.clock.advance(59 * MINUTE);
    assert!(world.resolver.client_key(&id(ID), "one").await.unwrap().is_some());
    let unknown = world.resolver.client_key(&id(ID), "two").await.unwrap_err();
    assert!(unknown.is_transient(), "that a key is gone is not concluded from an old copy: {unknown:?}");

    world.clock.advance(2 * MINUTE);
    assert!(world.resolver.client_key(&id(ID), "one").await.unwrap_err().is_transient());
    assert!(world.resolver.client(&id(ID)).await.unwrap().stale, "for display");
    world.clock.advance(22 * 60 * MINUTE);
    assert!(world.resolver.client(&id(ID)).await.is_ok());
    world.clock.advance(61 * MINUTE);
    assert!(world.resolver.client(&id(ID)).await.unwrap_err().is_transient());

    host.set(PATH, Reply::json(confidential(&json!({"jwks_uri": "https://app.client.net/jwks.json"}))));
    host.set("/jwks.json", Reply::json(jwks(&["one"])));
    assert!(!world.resolver.client(&id(ID)).await.unwrap().stale);
    assert!(world.resolver.client_key(&id(ID), "one").await.unwrap().is_some());
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_more_but_not_for_everybody_who_asks() {
    let (world, host) = world().await;
    host.set(PATH, Reply::json(confidential(&json!({"jwks_uri": "https://app.client.net/jwks.json"}))));
    host.set("/jwks.json", Reply::json(jwks(&["one"])));
    world.resolver.client_key(&id(ID), "one").await.unwrap().unwrap();
    host.requests();

    host.set("/jwks.json", Reply::json(jwks(&["one", "two"])));
    assert!(world.resolver.client_key(&id(ID), "two").await.unwrap().is_none(), "fetched a moment ago");
    assert_eq!(host.requests(), 0);
    world.clock.advance(REFETCH);
    assert!(world.resolver.client_key(&id(ID), "two").await.unwrap().is_some());
    host.requests();
    for n in 0..20 {
        assert!(world.resolver.client_key(&id(ID), &format!("k{n}")).await.unwrap().is_none());
    }
    assert_eq!(host.requests(), 0);
}

#[tokio::test]
async fn a_key_that_is_taken_away_is_gone_with_the_next_copy() {
    let (world, host) = world().await;
    for remote in [true, false] {
        let set = |kids: &[&str]| {
            if remote {
                host.set(
                    PATH,
                    Reply::json(confidential(&json!({"jwks_uri": "https://app.client.net/jwks.json"}))),
                );
                host.set("/jwks.json", Reply::json(jwks(kids)));
            } else {
                host.set(PATH, Reply::json(confidential(&json!({"jwks": jwks(kids)}))));
            }
        };
        world.clock.advance(FRESH);
        set(&["one", "two"]);
        assert!(world.resolver.client_key(&id(ID), "one").await.unwrap().is_some());
        set(&["two"]);
        world.clock.advance(FRESH);
        assert!(world.resolver.client_key(&id(ID), "one").await.unwrap().is_none(), "remote: {remote}");
        assert!(world.resolver.client_key(&id(ID), "two").await.unwrap().is_some(), "remote: {remote}");
    }
}

#[tokio::test]
async fn a_public_client_has_no_keys() {
    let (world, _host) = world().await;
    assert!(world.resolver.client_key(&id(ID), "one").await.unwrap().is_none());
}

#[tokio::test]
async fn the_keys_of_an_issuer_are_kept_and_looked_at_again() {
    let world = World::new();
    let host = world.host("issuer.people.net").await;
    host.set("/oauth/jwks", Reply::json(jwks(&["one"])));
    let source = world.resolver.jwks("https://issuer.people.net/oauth/jwks".parse().unwrap());
    assert!(source.key("one").await.unwrap().is_some());
    assert!(source.key("one").await.unwrap().is_some());
    assert!(source.key("two").await.unwrap().is_none());
    assert_eq!(host.requests(), 1);
    host.set("/oauth/jwks", Reply::json(jwks(&["two"])));
    world.clock.advance(REFETCH);
    assert!(source.key("two").await.unwrap().is_some());
    assert!(source.key("one").await.unwrap().is_none());
    host.set("/oauth/jwks", Reply::new(502, ""));
    world.clock.advance(KEY_GRACE);
    assert!(source.key("two").await.unwrap().is_some());
    world.clock.advance(MINUTE);
    assert!(source.key("two").await.unwrap_err().is_transient());
}

#[tokio::test]
async fn a_key_that_is_missing_in_the_next_set_is_withdrawn() {
    let world = World::new();
    let host = world.host("issuer.people.net").await;
    let one = jwks(&["one"]);
    let more = |kid: &str| {
        let mut set = one.clone();
        set["keys"].as_array_mut().unwrap().push(jwks(&[kid])["keys"][0].clone());
        set
    };
    let source = world.resolver.jwks("https://issuer.people.net/oauth/jwks".parse().unwrap());
    // A key more; another one instead of that; the same name for another key.
    for (set, withdrawals) in [(one.clone(), 0), (more("two"), 0), (more("three"), 1), (jwks(&["one"]), 2)] {
        host.set("/oauth/jwks", Reply::json(set));
        world.clock.advance(FRESH);
        assert!(source.key("one").await.unwrap().is_some());
        assert!(source.key("one").await.unwrap().is_some());
        assert_eq!(source.withdrawals(), withdrawals);
    }
    host.set("/oauth/jwks", Reply::new(502, ""));
    world.clock.advance(FRESH);
    assert!(source.key("one").await.unwrap().is_some());
    assert_eq!(source.withdrawals(), 2, "who cannot be asked withdraws nothing");
}

#[tokio::test]
async fn keys_that_must_not_be_kept_are_still_not_fetched_twice_for_one_question() {
    let (world, host) = world().await;
    host.set(PATH, Reply::json(confidential(&json!({"jwks_uri": "https://app.client.net/jwks.json"}))));
    host.set("/jwks.json", Reply::json(jwks(&["one"])).header("cache-control", "no-store"));
    assert!(world.resolver.client_key(&id(ID), "two").await.unwrap().is_none());
    assert_eq!(host.requests(), 2, "the document and the keys");
}
