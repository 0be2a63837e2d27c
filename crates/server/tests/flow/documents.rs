//! What the server publishes about itself.

use axum::body::Body;
use gatewright_protocol::oauth::server_metadata::ServerMetadata;
use gatewright_protocol::syntax::Development;
use http::{Method, Request};

use crate::support::machine::{Reply, call};
use crate::support::{HOST, ISSUER, World};

async fn ask(world: &World, method: Method, path: &str) -> Reply {
    call(&world.router, Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_metadata_is_what_clients_of_the_profile_expect() {
    let world = World::new().await;
    let reply = ask(&world, Method::GET, "/.well-known/oauth-authorization-server").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    ServerMetadata::parse_profile(reply.text.as_bytes(), ISSUER, Development::Refused).unwrap();
    let json = reply.json();
    assert_eq!(json["protected_resources"], serde_json::json!([HOST]));
    assert_eq!(json["request_parameter_supported"], false);
    assert_eq!(json["request_uri_parameter_supported"], true);
    assert_eq!(json["require_request_uri_registration"], true);
}

#[tokio::test]
async fn the_key_set_has_public_keys_only() {
    let world = World::new().await;
    let reply = ask(&world, Method::GET, "/oauth/jwks").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let key = reply.json()["keys"][0].clone();
    assert_eq!(
        (key["kty"].as_str(), key["crv"].as_str(), key["alg"].as_str()),
        (Some("EC"), Some("P-256"), Some("ES256"))
    );
    assert!(key["kid"].is_string() && key["d"].is_null());
}

#[tokio::test]
async fn scripts_of_other_origins_may_ask_programs_endpoints_and_not_the_pages() {
    let world = World::new().await;
    for path in [
        "/oauth/par",
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/jwks",
        "/.well-known/oauth-authorization-server",
    ] {
        let reply = ask(&world, Method::OPTIONS, path).await;
        assert_eq!(reply.status, 204, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(reply.header("access-control-max-age"), Some("86400"), "{path}");
        let headers = reply.header("access-control-allow-headers").unwrap();
        assert!(
            ["Authorization", "Content-Type", "DPoP"].iter().all(|name| headers.contains(name)),
            "{path}"
        );
        assert!(reply.header("access-control-allow-credentials").is_none(), "{path}");
    }
    let page = ask(&world, Method::OPTIONS, "/oauth/authorize").await;
    assert!(page.header("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn other_methods_are_refused() {
    let world = World::new().await;
    for (method, path) in [
        (Method::GET, "/oauth/par"),
        (Method::PUT, "/oauth/token"),
        (Method::DELETE, "/oauth/revoke"),
        (Method::POST, "/oauth/authorize"),
        (Method::GET, "/oauth/authorize/consent"),
        (Method::POST, "/oauth/jwks"),
    ] {
        let reply = ask(&world, method, path).await;
        assert_eq!(reply.status, 405, "{path}");
        assert!(reply.header("allow").is_some(), "{path}");
    }
}
