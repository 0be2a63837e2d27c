use serde_json::{Value, json};

use super::*;
use crate::test_host::{Reply, TestHost, World};

const HOST: &str = "https://host.people.net";
const ISSUER: &str = "https://issuer.people.net";

fn server(issuer: &str) -> Value {
    serde_json::to_value(ServerMetadata::of(issuer, None)).unwrap()
}

struct Setup {
    world: World,
    host: TestHost,
    issuer: TestHost,
}

impl Setup {
    async fn new() -> Self {
        let world = World::new();
        let host = world.host("host.people.net").await;
        let issuer = world.host("issuer.people.net").await;
        host.set(
            resource_metadata::PATH,
            Reply::json(json!({"resource": HOST, "authorization_servers": [ISSUER]})),
        );
        issuer.set(server_metadata::PATH, Reply::json(server(ISSUER)));
        Self { world, host, issuer }
    }

    async fn of_host(&self) -> Result<String, ResolveError> {
        self.world.clock.advance(FRESH);
        self.world.resolver.authorization_server_of(HOST).await.map(|server| server.issuer.clone())
    }
}

#[tokio::test]
async fn a_host_leads_to_its_authorization_server() {
    let setup = Setup::new().await;
    assert_eq!(setup.of_host().await.unwrap(), ISSUER);
    setup.world.resolver.authorization_server_of(HOST).await.unwrap();
    assert_eq!((setup.host.requests(), setup.issuer.requests()), (1, 1), "kept for a minute");
    assert_eq!(setup.world.resolver.authorization_server_at(HOST).await.unwrap().issuer, ISSUER);
    assert_eq!(setup.world.resolver.authorization_server_at(ISSUER).await.unwrap().issuer, ISSUER);
}

#[tokio::test]
async fn a_host_without_metadata_is_its_own_server() {
    let setup = Setup::new().await;
    setup.host.set(resource_metadata::PATH, Reply::new(404, ""));
    setup.host.set(server_metadata::PATH, Reply::json(server(HOST)));
    assert_eq!(setup.of_host().await.unwrap(), HOST);
    setup.host.set(resource_metadata::PATH, Reply::new(500, ""));
    assert!(setup.of_host().await.unwrap_err().is_transient(), "only 404 means that there is none");
}

#[tokio::test]
async fn sec_52_metadata_of_hosts_that_is_refused() {
    let setup = Setup::new().await;
    for (what, document) in [
        ("two servers", json!({"resource": HOST, "authorization_servers": [ISSUER, HOST]})),
        ("no server", json!({"resource": HOST, "authorization_servers": []})),
        ("another host", json!({"resource": ISSUER, "authorization_servers": [ISSUER]})),
        ("a slash", json!({"resource": format!("{HOST}/"), "authorization_servers": [ISSUER]})),
        ("a server with a path", json!({"resource": HOST, "authorization_servers": [format!("{ISSUER}/a")]})),
        ("a server with a slash", json!({"resource": HOST, "authorization_servers": [format!("{ISSUER}/")]})),
        ("an inner server", json!({"resource": HOST, "authorization_servers": ["https://10.0.0.1"]})),
    ] {
        setup.host.set(resource_metadata::PATH, Reply::json(document));
        assert!(setup.of_host().await.is_err(), "{what}");
    }
    setup.host.set(resource_metadata::PATH, Reply::redirect("/elsewhere"));
    assert!(setup.of_host().await.is_err());
}

#[tokio::test]
async fn sec_52_metadata_of_servers_that_is_refused() {
    let setup = Setup::new().await;
    for (field, value) in [
        ("issuer", json!("https://other.people.net")),
        ("issuer", json!(format!("{ISSUER}/"))),
        ("pushed_authorization_request_endpoint", Value::Null),
        ("require_pushed_authorization_requests", json!(false)),
        ("authorization_response_iss_parameter_supported", json!(false)),
        ("code_challenge_methods_supported", json!(["plain"])),
        ("dpop_signing_alg_values_supported", json!(["RS256"])),
        ("protected_resources", json!(["https://other.people.net"])),
    ] {
        let mut document = server(ISSUER);
        document[field] = value.clone();
        setup.issuer.set(server_metadata::PATH, Reply::json(&document));
        assert!(setup.of_host().await.is_err(), "{field}: {value}");
    }
    let mut listed = server(ISSUER);
    listed["protected_resources"] = json!([HOST]);
    setup.issuer.set(server_metadata::PATH, Reply::json(listed));
    assert_eq!(setup.of_host().await.unwrap(), ISSUER);
}

#[tokio::test]
async fn servers_are_named_as_origins() {
    let setup = Setup::new().await;
    for origin in
        ["http://host.people.net", "https://host.people.net/", "https://host.people.net:443", "host", ""]
    {
        assert!(setup.world.resolver.authorization_server_at(origin).await.is_err(), "{origin}");
    }
    assert_eq!(setup.host.requests(), 0);
}
