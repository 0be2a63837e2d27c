use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::test_host::{Reply, World};
use crate::{DevNetwork, Network, Peer};

const ALICE: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const MALLORY: &str = "did:plc:44ybard66vv44zksje25o7dz";
const PATH: &str = "/.well-known/atproto-did";

fn handle(text: &str) -> Handle {
    text.parse().unwrap()
}

async fn resolved(world: &World, name: &str) -> Result<String, ResolveError> {
    world.resolver.handle(&handle(name)).await.map(|did| did.to_string())
}

#[tokio::test]
async fn dns_or_https_names_the_did_and_dns_wins() {
    let world = World::new();
    let host = world.host("alice.people.net").await;
    assert_eq!(resolved(&world, "alice.people.net").await, Err(ResolveError::HandleNotFound));

    host.set(PATH, Reply::new(200, format!("\n {ALICE} \r\n")));
    assert_eq!(
        resolved(&world, "alice.people.net").await.unwrap(),
        ALICE,
        "by HTTPS, without a content type"
    );

    world.names.set_txt("_atproto.bob.people.net", &["v=spf1 -all", &format!("did={ALICE}")]);
    assert_eq!(resolved(&world, "bob.people.net").await.unwrap(), ALICE, "by DNS");

    let host = world.host("both.people.net").await;
    host.set(PATH, Reply::new(200, MALLORY));
    world.names.set_txt("_atproto.both.people.net", &[&format!("did={ALICE}")]);
    assert_eq!(resolved(&world, "both.people.net").await.unwrap(), ALICE);
}

#[tokio::test]
async fn sec_56_two_did_records_are_none() {
    let world = World::new();
    let host = world.host("alice.people.net").await;
    host.set(PATH, Reply::new(200, ALICE));
    for values in [[ALICE, MALLORY], [ALICE, ALICE]] {
        let values = values.map(|did| format!("did={did}"));
        world.names.set_txt("_atproto.alice.people.net", &[&values[0], &values[1]]);
        assert_eq!(resolved(&world, "alice.people.net").await, Err(ResolveError::AmbiguousHandle));
    }
    for malformed in
        ["did= did:plc:ewvi7nxzyoun6zhxrhs64oiz", "did=", "did=did:plc:ewvi7nxzyoun6zhxrhs64oiz "]
    {
        world.names.set_txt("_atproto.alice.people.net", &[malformed]);
        assert!(resolved(&world, "alice.people.net").await.is_err(), "{malformed:?} is not trimmed");
    }
}

#[tokio::test]
async fn sec_55_a_handle_leads_to_no_other_kind_of_did() {
    let world = World::new();
    let key = "did:key:zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo";
    for did in [key, "did:web:a.net:path", "did:web:a.net%3A8080", "did:plc:short"] {
        world.names.set_txt("_atproto.alice.people.net", &[&format!("did={did}")]);
        assert_eq!(resolved(&world, "alice.people.net").await, Err(ResolveError::UnsupportedDid), "{did}");
    }
}

#[tokio::test]
async fn reserved_domains_never_resolve() {
    let world = World::new();
    for name in ["alice.test", "alice.local", "alice.localhost", "alice.invalid", "alice.internal", "a.onion"]
    {
        world.names.set_txt(&format!("_atproto.{name}"), &[&format!("did={ALICE}")]);
        assert_eq!(resolved(&world, name).await, Err(ResolveError::ReservedHandle), "{name}");
    }
}

#[tokio::test]
async fn https_answers_are_limited_in_size_and_redirects() {
    let world = World::new();
    let host = world.host("alice.people.net").await;
    host.set(PATH, Reply::new(200, format!("{ALICE}{}", " ".repeat(MOST_BYTES))));
    let error = resolved(&world, "alice.people.net").await.unwrap_err();
    assert_eq!(error, ResolveError::Fetch { what: "handle", source: FetchError::TooLarge });
    host.set(PATH, Reply::redirect("https://alice.people.net/did"));
    host.set("/did", Reply::new(200, ALICE));
    assert_eq!(resolved(&world, "alice.people.net").await.unwrap(), ALICE);
    let looping = world.host("bob.people.net").await;
    looping.set(PATH, Reply::redirect(PATH));
    let error = resolved(&world, "bob.people.net").await.unwrap_err();
    assert_eq!(error, ResolveError::Fetch { what: "handle", source: FetchError::Redirected });
    assert_eq!(looping.requests(), 4, "the first and three redirects");
}

#[tokio::test]
async fn sec_53_a_handle_that_its_account_does_not_claim_is_refused() {
    let world = World::new();
    let plc = world.host("plc.directory.net").await;
    let document = |names: &[&str]| {
        let service = json!([{
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": "https://host.people.net",
        }]);
        Reply::json(json!({"id": ALICE, "alsoKnownAs": names, "service": service}))
    };
    plc.set(&format!("/{ALICE}"), document(&["at://alice.people.net"]));
    for name in ["alice.people.net", "mallory.people.net"] {
        world.names.set_txt(&format!("_atproto.{name}"), &[&format!("did={ALICE}")]);
    }
    let refused = world.resolver.identity_by_handle(&handle("mallory.people.net")).await.unwrap_err();
    assert_eq!(refused, ResolveError::HandleMismatch);

    let identity = world.resolver.identity_by_handle(&handle("Alice.People.net")).await.unwrap();
    assert_eq!((identity.did.as_str(), identity.handle), (ALICE, Some(handle("alice.people.net"))));
    assert_eq!(identity.pds.as_deref(), Some("https://host.people.net"));
}

#[tokio::test]
async fn sec_53_a_claimed_handle_that_leads_elsewhere_is_not_shown() {
    let world = World::new();
    let plc = world.host("plc.directory.net").await;
    plc.set(
        &format!("/{MALLORY}"),
        Reply::json(json!({"id": MALLORY, "alsoKnownAs": ["at://alice.people.net"]})),
    );
    world.names.set_txt("_atproto.alice.people.net", &[&format!("did={ALICE}")]);
    let identity = world.resolver.identity(&MALLORY.parse().unwrap()).await.unwrap();
    assert_eq!((identity.handle, identity.pds), (None, None));
}

#[derive(Debug)]
struct Village;

#[async_trait]
impl DevNetwork for Village {
    async fn handle(&self, handle: &Handle) -> Option<Did> {
        (handle.as_str() == "alice.test").then(|| ALICE.parse().unwrap())
    }

    async fn txt(&self, name: &str) -> Vec<String> {
        vec![format!("did={name}")]
    }
}

#[tokio::test]
async fn a_development_network_answers_its_own_names_and_no_others() {
    let world = World::on(Network::Development(Arc::new(Village)));
    assert_eq!(resolved(&world, "alice.test").await.unwrap(), ALICE);
    assert_eq!(resolved(&world, "bob.test").await, Err(ResolveError::HandleNotFound));
    assert_eq!(world.resolver.txt("_lexicon.notes.test").await.unwrap(), ["did=_lexicon.notes.test"]);
    world.names.set_txt("_atproto.alice.people.net", &[&format!("did={MALLORY}")]);
    assert_eq!(resolved(&world, "alice.people.net").await.unwrap(), MALLORY);
    assert_eq!(resolved(&world, "alice.localhost").await, Err(ResolveError::ReservedHandle));
    assert_eq!(world.resolver.txt("_atproto.people.net").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn handles_are_kept_for_five_minutes() {
    let world = World::new();
    world.names.set_txt("_atproto.alice.people.net", &[&format!("did={ALICE}")]);
    resolved(&world, "alice.people.net").await.unwrap();
    world.names.set_txt("_atproto.alice.people.net", &[&format!("did={MALLORY}")]);
    world.clock.advance(Duration::from_secs(299));
    assert_eq!(resolved(&world, "alice.people.net").await.unwrap(), ALICE);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(resolved(&world, "alice.people.net").await.unwrap(), MALLORY);
}

#[tokio::test]
async fn sec_72_who_waits_for_many_slow_hosts_keeps_nobody_else_waiting() {
    let world = World::new();
    // Slow enough for all of them to be under way at once.
    let resolver =
        Resolver::builder(Arc::clone(&world.clock) as _).scripted(Arc::clone(&world.names)).build();
    let slow = world.host("slow0.people.net").await;
    slow.set(PATH, Reply::new(200, "").dripping());
    let busy = Peer::new("198.51.100.7".parse().unwrap());
    let mut waiting = Vec::new();
    for number in 0..16 {
        world.names.set_server(&format!("slow{number}.people.net"), slow.socket);
        let resolver = resolver.on_behalf_of(busy);
        let name = handle(&format!("slow{number}.people.net"));
        waiting.push(tokio::spawn(async move { resolver.handle(&name).await }));
    }
    let mut asked = 0;
    while asked < 16 {
        asked += slow.requests();
        tokio::task::yield_now().await;
    }
    let host = world.host("alice.people.net").await;
    host.set(PATH, Reply::new(200, ALICE));
    let alice = handle("alice.people.net");
    let refused = resolver.on_behalf_of(busy).handle(&alice).await;
    assert_eq!(refused, Err(ResolveError::fetching("handle")(FetchError::Busy)));
    let other = Peer::new("198.51.100.8".parse().unwrap());
    assert_eq!(resolver.on_behalf_of(other).handle(&alice).await.unwrap().as_str(), ALICE);
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}
