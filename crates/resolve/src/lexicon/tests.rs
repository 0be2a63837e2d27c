use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::crypto::{Curve, PrivateKey, PublicKey};
use gatewright_protocol::repo_proof::testing::{Repository, SPOILED, Spoiled};
use gatewright_protocol::repo_proof::{MAX_RECORD, Part};
use gatewright_protocol::syntax::Handle;
use serde_json::json;

use super::*;
use crate::test_host::{Reply, TestHost, World};
use crate::{DevNetwork, Network};

const AUTHOR: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const MALLORY: &str = "did:plc:44ybard66vv44zksje25o7dz";
const NSID: &str = "com.example.music.authBasic";
const TXT: &str = "_lexicon.music.example.com";
const RECORD: &str = "com.atproto.lexicon.schema/com.example.music.authBasic";

/// The internet with an author's host, and the author's DID document.
struct Stage {
    world: World,
    plc: TestHost,
    host: TestHost,
    repository: Repository,
}

fn key(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(Curve::K256, &[number; 32]).unwrap()
}

fn set() -> Value {
    json!({"$type": COLLECTION, "lexicon": 1, "id": NSID, "defs": {"main": {"type": "permission-set"}}})
}

impl Stage {
    async fn set() -> Self {
        let world = World::new();
        let plc = world.host("plc.directory.net").await;
        let host = world.host("host.people.net").await;
        world.names.set_txt(TXT, &[&format!("did={AUTHOR}")]);
        let mut repository =
            Repository::new(AUTHOR.parse().unwrap(), key(1), "3jzfcijpj2z2a".parse().unwrap());
        repository.put(RECORD, &set());
        let stage = Self { world, plc, host, repository };
        stage.identify("https://host.people.net", stage.repository.key.public());
        stage.serve(None);
        stage
    }

    fn identify(&self, host: &str, key: &PublicKey) {
        let document = DidDocument::new(AUTHOR.parse().unwrap()).with_key("atproto", key).with_pds(host);
        self.plc.set(&format!("/{AUTHOR}"), Reply::json(document.to_json()));
    }

    fn serve(&self, spoiled: Option<Spoiled>) {
        self.answer(car(self.repository.file(RECORD, spoiled)));
    }

    fn answer(&self, reply: Reply) {
        self.host.set(&path(AUTHOR), reply);
    }

    async fn lexicon(&self) -> Result<Lexicon, ResolveError> {
        self.world.resolver.lexicon(&NSID.parse().unwrap()).await
    }
}

fn path(did: &str) -> String {
    let did = did.replace(':', "%3A");
    format!("/xrpc/com.atproto.sync.getRecord?did={did}&collection={COLLECTION}&rkey={NSID}")
}

fn car(file: Vec<u8>) -> Reply {
    Reply::new(200, file).header("content-type", "application/vnd.ipld.car")
}

#[tokio::test]
async fn a_lexicon_comes_from_the_account_that_its_domain_names() {
    let stage = Stage::set().await;
    let lexicon = stage.lexicon().await.unwrap();
    assert_eq!((lexicon.nsid.as_str(), lexicon.did.as_str()), (NSID, AUTHOR));
    assert_eq!(lexicon.rev, stage.repository.rev);
    assert_eq!(lexicon.document, set());
    stage.lexicon().await.unwrap();
    assert_eq!(stage.host.requests(), 2, "nothing is kept here");
    let upper: Nsid = "Com.EXAMPLE.music.authBasic".parse().unwrap();
    assert_eq!(txt_name(&upper), TXT, "a domain has no case");
}

#[tokio::test]
async fn sec_56_two_did_records_are_none() {
    let stage = Stage::set().await;
    let values = |values: &[&str]| {
        let values: Vec<String> = values.iter().map(|did| format!("did={did}")).collect();
        stage.world.names.set_txt(TXT, &values.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let ambiguous = ResolveError::AmbiguousLexicon { name: TXT.to_owned() };
    for both in [[AUTHOR, MALLORY], [AUTHOR, AUTHOR]] {
        values(&both);
        assert_eq!(stage.lexicon().await, Err(ambiguous.clone()));
    }
    values(&[]);
    let none = ResolveError::NoLexiconAuthority { name: TXT.to_owned() };
    assert_eq!(stage.lexicon().await, Err(none.clone()));
    stage.world.names.set_txt(TXT, &["v=spf1 -all", AUTHOR, "DID=did:plc:ewvi7nxzyoun6zhxrhs64oiz"]);
    assert_eq!(stage.lexicon().await, Err(none.clone()));
    values(&["alice.example.com"]);
    assert!(matches!(stage.lexicon().await, Err(ResolveError::Syntax(_))));
    values(&["did:key:zDnaembgSGUhZULN2Caob4HLJPaxBh92N7rtH21TErzqf8HQo"]);
    assert_eq!(stage.lexicon().await, Err(ResolveError::UnsupportedDid));
    // The domain above says nothing about this group.
    stage.world.names.set_txt(TXT, &[]);
    stage.world.names.set_txt("_lexicon.example.com", &[&format!("did={AUTHOR}")]);
    assert_eq!(stage.lexicon().await, Err(none));
    assert_eq!(stage.host.requests(), 0);
}

#[tokio::test]
async fn sec_59_what_does_not_prove_the_set_is_not_resolved() {
    let stage = Stage::set().await;
    for spoiled in SPOILED {
        stage.serve(Some(spoiled));
        let error = stage.lexicon().await.unwrap_err();
        let expected = match spoiled {
            Spoiled::ExtraRoot => ProofFault::Roots,
            Spoiled::HighS => ProofFault::HighS,
            Spoiled::MissingNode => ProofFault::BlockMissing(Part::Node),
            Spoiled::MissingRecord => ProofFault::BlockMissing(Part::Record),
            Spoiled::OtherAccount => ProofFault::OtherAccount,
            Spoiled::OtherRecord => {
                assert_eq!(error, ResolveError::LexiconNotFound { did: AUTHOR.parse().unwrap() });
                continue;
            }
            Spoiled::TamperedBlock => ProofFault::BlockTampered,
            Spoiled::WrongSignature => ProofFault::Signature,
        };
        assert_eq!(error, ResolveError::Proof(expected), "{spoiled:?}");
        assert!(!error.is_transient(), "{spoiled:?}");
    }
    stage.serve(None);
    assert!(stage.lexicon().await.is_ok());
}

#[tokio::test]
async fn sec_59_a_record_that_is_no_lexicon_of_this_name() {
    let mut stage = Stage::set().await;
    for (change, reason) in [
        (json!({"$type": "com.example.note"}), "its `$type` is not `com.atproto.lexicon.schema`"),
        (json!({"$type": false}), "its `$type` is not `com.atproto.lexicon.schema`"),
        (json!({"lexicon": 2}), "`lexicon` is not 1"),
        (json!({"lexicon": "1"}), "`lexicon` is not 1"),
        (json!({"id": "com.example.music.authOther"}), "its `id` is another name"),
        (json!({"id": 1}), "its `id` is another name"),
        (json!({"defs": []}), "it has no `defs`"),
    ] {
        let mut record = set();
        for (key, value) in change.as_object().unwrap() {
            record[key] = value.clone();
        }
        stage.repository.put(RECORD, &record);
        stage.serve(None);
        assert_eq!(stage.lexicon().await, Err(ResolveError::document("lexicon", reason)), "{record}");
    }
    stage.repository.put(RECORD, &json!({"$type": COLLECTION, "note": "x".repeat(MAX_RECORD)}));
    stage.serve(None);
    assert_eq!(stage.lexicon().await, Err(ProofFault::TooLarge(Part::Record).into()));
}

#[tokio::test]
async fn sec_59_hosts_that_answer_badly() {
    let stage = Stage::set().await;
    let good = stage.repository.file(RECORD, None);
    let fetch = |source| Err(ResolveError::Fetch { what: "lexicon", source });
    let not_found = Err(ResolveError::LexiconNotFound { did: AUTHOR.parse().unwrap() });
    for (reply, expected) in [
        (Reply::new(404, ""), not_found.clone()),
        (Reply::json("{\"error\":\"RecordNotFound\"}").status(400), not_found.clone()),
        (Reply::new(503, ""), fetch(FetchError::Status(503))),
        (Reply::new(200, good.clone()), fetch(FetchError::ContentType)),
        (car(good.clone()).header("content-type", "application/json"), fetch(FetchError::ContentType)),
        (Reply::redirect("/elsewhere"), fetch(FetchError::Redirected)),
        (car(vec![0; MAX_FILE + 1]), fetch(FetchError::TooLarge)),
        (car(good.clone()).dripping(), fetch(FetchError::TimedOut)),
    ] {
        stage.answer(reply);
        assert_eq!(stage.lexicon().await, expected);
    }
    // A host may answer with the proof that there is no such record.
    let mut stage = stage;
    stage.repository.delete(RECORD);
    stage.serve(None);
    assert_eq!(stage.lexicon().await, not_found);
}

#[tokio::test]
async fn sec_59_an_account_without_host_or_key_publishes_nothing() {
    let stage = Stage::set().await;
    let key = stage.repository.key.public();
    for host in
        ["http://host.people.net", "https://host.people.net/pds", "https://10.0.0.1", "https://a.test"]
    {
        stage.identify(host, key);
        stage.world.clock.advance(Duration::from_mins(10));
        assert!(stage.lexicon().await.is_err(), "{host}");
    }
    let document = DidDocument::new(AUTHOR.parse().unwrap()).with_pds("https://host.people.net");
    stage.plc.set(&format!("/{AUTHOR}"), Reply::json(document.to_json()));
    stage.world.clock.advance(Duration::from_mins(10));
    let error = stage.lexicon().await.unwrap_err();
    assert!(error.to_string().contains("it has no key"), "{error}");
    assert_eq!(stage.host.requests(), 0);
}

#[tokio::test]
async fn an_account_that_moved_or_changed_its_key_is_looked_up_again() {
    let mut stage = Stage::set().await;
    stage.lexicon().await.unwrap();
    let new = stage.world.host("new.people.net").await;
    stage.repository.key = key(2);
    new.set(&path(AUTHOR), car(stage.repository.file(RECORD, None)));
    stage.answer(Reply::new(404, ""));
    stage.identify("https://new.people.net", stage.repository.key.public());
    stage.world.clock.advance(Duration::from_secs(2));
    assert!(stage.lexicon().await.is_ok(), "another host");
    stage.repository.key = key(3);
    new.set(&path(AUTHOR), car(stage.repository.file(RECORD, None)));
    stage.identify("https://new.people.net", stage.repository.key.public());
    stage.world.clock.advance(Duration::from_secs(2));
    assert!(stage.lexicon().await.is_ok(), "another key");
}

#[tokio::test]
async fn an_operator_may_name_the_account() {
    let stage = Stage::set().await;
    let world = World::with(|builder| builder.lexicon_authority(AUTHOR.parse().unwrap()));
    world.names.set_server("plc.directory.net", stage.plc.socket);
    world.names.set_server("host.people.net", stage.host.socket);
    world.names.set_txt(TXT, &[&format!("did={MALLORY}")]);
    assert_eq!(world.resolver.lexicon(&NSID.parse().unwrap()).await.unwrap().did.as_str(), AUTHOR);
}

/// Knows the lexicons of one domain.
#[derive(Debug)]
struct Own;

#[async_trait]
impl DevNetwork for Own {
    async fn handle(&self, _: &Handle) -> Option<Did> {
        None
    }

    async fn txt(&self, name: &str) -> Vec<String> {
        if name == TXT { vec![format!("did={AUTHOR}")] } else { Vec::new() }
    }
}

#[tokio::test]
async fn a_development_network_answers_for_the_lexicons_it_knows() {
    let world = World::on(Network::Development(Arc::new(Own)));
    world.names.set_txt(TXT, &[&format!("did={MALLORY}")]);
    world.names.set_txt("_lexicon.example.org", &["did=did:plc:44ybard66vv44zksje25o7dz"]);
    let txt = async |name| world.resolver.txt(name).await.unwrap();
    assert_eq!(txt(TXT).await, [format!("did={AUTHOR}")]);
    assert_eq!(txt("_lexicon.example.org").await, [format!("did={MALLORY}")], "the public network's");
    assert!(txt("_lexicon.music.test").await.is_empty());
}
