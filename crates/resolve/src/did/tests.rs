use async_trait::async_trait;
use gatewright_protocol::syntax::Handle;
use serde_json::json;

use super::*;
use crate::test_host::{Reply, TestHost, World};
use crate::{DevNetwork, Network};

const PLC: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

async fn resolved(world: &World, did: &str) -> Result<Arc<DidDocument>, ResolveError> {
    world.resolver.did(&did.parse().unwrap()).await
}

#[tokio::test]
async fn documents_come_from_the_directory_or_from_the_host() {
    let world = World::new();
    let plc = world.host("plc.directory.net").await;
    plc.set(
        &format!("/{PLC}"),
        Reply::json(json!({"id": PLC})).header("content-type", "application/did+ld+json"),
    );
    assert_eq!(resolved(&world, PLC).await.unwrap().id().as_str(), PLC);
    let web = world.host("alice.people.net").await;
    web.set("/.well-known/did.json", Reply::json(json!({"id": "did:web:alice.people.net"})));
    assert!(resolved(&world, "did:web:alice.people.net").await.is_ok());
}

#[tokio::test]
async fn sec_55_dids_and_documents_that_are_refused() {
    let world = World::new();
    let plc = world.host("plc.directory.net").await;
    for did in [
        "did:key:zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo",
        "did:web:people.net:alice",
        "did:web:people.net%3A8080",
        "did:web:localhost%3A2583",
        "did:web:localhost",
        "did:web:10.0.0.1",
        "did:web:alice.test",
        "did:web:intranet",
        "did:plc:UPPERcaseisnotplcUPPERca",
    ] {
        assert_eq!(resolved(&world, did).await.unwrap_err(), ResolveError::UnsupportedDid, "{did}");
    }
    assert_eq!(plc.requests(), 0);

    assert_eq!(resolved(&world, PLC).await.unwrap_err(), ResolveError::DidNotFound);
    let refused = |reason: &str| ResolveError::document("DID document", reason);
    for (reply, expected) in [
        (
            Reply::json(json!({"id": "did:plc:44ybard66vv44zksje25o7dz"})),
            refused("the document is about another DID"),
        ),
        (Reply::json("[]"), refused("not a DID document")),
        (
            Reply::new(200, json!({"id": PLC}).to_string()).header("content-type", "text/html"),
            ResolveError::Fetch { what: "DID document", source: FetchError::ContentType },
        ),
        (
            Reply::redirect("/other"),
            ResolveError::Fetch { what: "DID document", source: FetchError::Redirected },
        ),
    ] {
        plc.set(&format!("/{PLC}"), reply);
        assert_eq!(resolved(&world, PLC).await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn sec_55_a_host_endpoint_with_a_path_is_no_host() {
    let world = World::new();
    let plc = world.host("plc.directory.net").await;
    for (endpoint, expected) in [
        ("https://host.people.net", Some("https://host.people.net")),
        ("https://host.people.net/pds", None),
        ("http://host.people.net", None),
        ("https://name@host.people.net", None),
    ] {
        let service =
            json!([{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint}]);
        plc.set(&format!("/{PLC}"), Reply::json(json!({"id": PLC, "service": service})));
        world.clock.advance(FRESH);
        let identity = world.resolver.identity(&PLC.parse().unwrap()).await.unwrap();
        assert_eq!(identity.pds.as_deref(), expected, "{endpoint}");
    }
}

#[tokio::test]
async fn a_document_can_be_asked_for_past_the_cache() {
    let world = World::new();
    let plc = world.host("plc.directory.net").await;
    plc.set(&format!("/{PLC}"), Reply::json(json!({"id": PLC})));
    resolved(&world, PLC).await.unwrap();
    resolved(&world, PLC).await.unwrap();
    assert_eq!(plc.requests(), 1);
    world.resolver.did_now(&PLC.parse().unwrap()).await.unwrap();
    assert_eq!(plc.requests(), 1);
}

#[derive(Debug)]
struct Empty;

#[async_trait]
impl DevNetwork for Empty {
    async fn handle(&self, _: &Handle) -> Option<Did> {
        None
    }

    async fn txt(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::test]
async fn a_development_service_is_asked_at_its_port_without_tls() {
    let host = TestHost::start().await;
    let did = format!("did:web:localhost%3A{}", host.socket.port());
    host.set("/.well-known/did.json", Reply::json(json!({"id": did})));
    let development = World::on(Network::Development(Arc::new(Empty)));
    assert!(resolved(&development, &did).await.is_ok());
    assert_eq!(resolved(&World::new(), &did).await.unwrap_err(), ResolveError::UnsupportedDid);
}
