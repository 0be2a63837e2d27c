//! Service tokens: whose, for whom, for what, and once.

use gatewright_protocol::service_auth::{self, KeyName, Recipient};
use gatewright_resolve::{FetchError, Peer, ResolveError};

use super::*;

const NOTES: &str = "did:web:pds.example.com#notes";
const MODERATION: &str = "did:plc:44ybard66vv44zksje25o7dz";
const ADD: &str = "com.example.notes.add";
const LIST: &str = "com.example.notes.list";
const BOTH: &str = "com.example.notes.both";
const EVERYBODY: &str = "com.example.notes.everybody";
const MODERATE: &str = "com.example.notes.moderate";
const UPLOAD: &str = "com.atproto.repo.uploadBlob";

/// DID documents: what was looked up lately, and what they say now.
#[derive(Default)]
pub(super) struct Documents {
    lately: Mutex<HashMap<(String, KeyName), PublicKey>>,
    now: Mutex<HashMap<(String, KeyName), PublicKey>>,
    asked: Mutex<Vec<bool>>,
    failing: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl IssuerKeys for Arc<Documents> {
    async fn key(
        &self,
        issuer: &Did,
        key: KeyName,
        again: bool,
        _: Option<Peer>,
    ) -> Result<Option<PublicKey>, ResolveError> {
        self.asked.lock().push(again);
        if self.failing.load(Ordering::Relaxed) {
            return Err(ResolveError::Fetch { what: "DID document", source: FetchError::TimedOut });
        }
        let documents = if again { &self.now } else { &self.lately };
        let documents = documents.lock();
        if documents.keys().all(|(did, _)| *did != issuer.as_str()) {
            return Err(ResolveError::DidNotFound);
        }
        Ok(documents.get(&(issuer.to_string(), key)).cloned())
    }
}

impl Documents {
    pub(super) fn is_unasked(&self) -> bool {
        self.asked.lock().is_empty()
    }

    pub(super) fn set(&self, did: &str, name: KeyName, key: &PrivateKey) {
        self.lately.lock().insert((did.to_owned(), name), key.public().clone());
        self.now.lock().insert((did.to_owned(), name), key.public().clone());
    }
}

pub(super) fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_bytes(Curve::K256, &[seed; 32]).unwrap()
}

/// A world whose guard takes service tokens, with alice's key and those of the moderation service.
pub(super) fn world() -> (World, Arc<Documents>) {
    world_with(|tokens| tokens)
}

fn world_with(change: impl FnOnce(ServiceTokens) -> ServiceTokens) -> (World, Arc<Documents>) {
    let documents = Arc::new(Documents::default());
    documents.set(ALICE, KeyName::Account, &key(1));
    documents.set(MODERATION, KeyName::Account, &key(2));
    documents.set(MODERATION, KeyName::Label, &key(3));
    let mut world = World::new();
    let tokens = StoreTokens::new(Arc::new(OneKey(world.signing.public().clone())), world.rows.clone());
    let rows = [
        Row::new(ADD, &[Kind::ServiceToken], Rule::Forbidden).answered_here(),
        Row::new(LIST, &[Kind::ServiceToken], Rule::Forbidden).answered_here(),
        Row::new(BOTH, &[Kind::Full, Kind::OAuth, Kind::ServiceToken], Rule::Any).answered_here(),
        Row::new(EVERYBODY, &[Kind::Nobody, Kind::ServiceToken], Rule::Forbidden).answered_here(),
        Row::new(MODERATE, &[Kind::Admin, Kind::Moderation], Rule::Forbidden).answered_here(),
    ];
    let service_tokens = ServiceTokens::new(Arc::clone(&documents)).moderation(MODERATION.parse().unwrap());
    world.guard = Guard::builder(&ORIGIN.parse().unwrap(), SERVICE.parse().unwrap(), tokens)
        .accounts(world.memory.clone())
        .table(Table::atproto().with(rows))
        .service_tokens(change(service_tokens))
        .build(world.nonces.clone(), world.memory.clone(), world.clock.clone());
    world.app = Router::new()
        .route(
            "/xrpc/{*method}",
            axum::routing::any(async |caller: Caller| match caller {
                Caller::Service(service) => format!("{} as {:?}", service.issuer, service.kind),
                other => format!("{:?}", other.kind()),
            }),
        )
        .layer(GuardLayer::new(world.guard.clone()));
    (world, documents)
}

/// What alice's host makes for a call of hers, with one thing changed.
pub(super) fn token(world: &World, method: &str, change: impl FnOnce(&mut Parts)) -> String {
    let mut parts = Parts {
        issuer: ALICE,
        key: key(1),
        name: KeyName::Account,
        recipient: SERVICE,
        method: Some(method.to_owned()),
        jti: [0; 16],
    };
    world.random.fill(&mut parts.jti);
    change(&mut parts);
    let method = parts.method.map(|method| method.parse().unwrap());
    let claims = service_auth::Claims {
        issuer: &parts.issuer.parse().unwrap(),
        key: parts.name,
        recipient: &parts.recipient.parse::<Recipient>().unwrap(),
        method: method.as_ref(),
        expires_at: world.now().plus(Duration::from_mins(1)),
        jti: parts.jti,
        now: world.now(),
    };
    service_auth::sign(&parts.key, &claims).expose().to_owned()
}

pub(super) struct Parts {
    pub(super) issuer: &'static str,
    pub(super) key: PrivateKey,
    pub(super) name: KeyName,
    pub(super) recipient: &'static str,
    pub(super) method: Option<String>,
    pub(super) jti: [u8; 16],
}

async fn bearer(world: &World, verb: &str, method: &str, token: &str) -> Answer {
    world.send(verb, &format!("/xrpc/{method}"), &[("authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn a_good_token_says_who_calls() {
    let (world, documents) = world();
    for method in [ADD, LIST, BOTH, EVERYBODY] {
        let answer = bearer(&world, "POST", method, &token(&world, method, |_| ())).await;
        assert_eq!(answer.body, format!("{ALICE} as ServiceToken"), "{method}");
    }
    assert_eq!(*documents.asked.lock(), [false; 4], "what was looked up lately will do");
}

#[tokio::test]
async fn each_fault_has_its_name() {
    let (world, _) = world();
    let missing = world.send("POST", &format!("/xrpc/{ADD}"), &[]).await;
    assert_eq!(missing.error(), (401, "MissingJwt"));
    assert_eq!(world.send("POST", &format!("/xrpc/{EVERYBODY}"), &[]).await.body, "Nobody");
    assert_eq!(world.send("POST", &format!("/xrpc/{MODERATE}"), &[]).await.error(), (401, "AuthMissing"));
    let strange = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
    for (token, name) in [
        ("nonsense".to_owned(), "BadJwt"),
        (token(&world, ADD, |parts| parts.recipient = NOTES), "BadJwtAudience"),
        (token(&world, ADD, |parts| parts.recipient = "did:web:other.example.com"), "BadJwtAudience"),
        (token(&world, LIST, |_| ()), "BadJwtLexiconMethod"),
        (token(&world, ADD, |parts| parts.method = None), "BadJwtLexiconMethod"),
        (token(&world, ADD, |parts| parts.issuer = strange), "BadJwtIss"),
        (token(&world, ADD, |parts| parts.key = key(9)), "BadJwtSignature"),
        (token(&world, ADD, |parts| parts.name = KeyName::Label), "BadJwtIss"),
    ] {
        let answer = bearer(&world, "POST", ADD, &token).await;
        assert_eq!(answer.error(), (401, name));
        assert_eq!(answer.all("www-authenticate"), ["Bearer"]);
    }
    let late = token(&world, ADD, |_| ());
    world.pass(70);
    assert_eq!(bearer(&world, "POST", ADD, &late).await.error(), (401, "JwtExpired"));
}

#[tokio::test]
async fn a_refusal_for_the_recipient_names_both_forms() {
    let (world, _) =
        world_with(|tokens| tokens.recipient(SERVICE.parse().unwrap()).recipient(NOTES.parse().unwrap()));
    for recipient in [SERVICE, NOTES] {
        let good = token(&world, LIST, |parts| parts.recipient = recipient);
        assert_eq!(bearer(&world, "GET", LIST, &good).await.status, 200, "{recipient}");
    }
    let other = token(&world, LIST, |parts| parts.recipient = "did:web:pds.example.com#other");
    let answer = bearer(&world, "GET", LIST, &other).await;
    assert_eq!(
        answer.body["message"],
        "the service token is for did:web:pds.example.com#other; this is did:web:pds.example.com or did:web:pds.example.com#notes"
    );
    let (world, _) = world_with(|tokens| tokens.recipient(NOTES.parse().unwrap()));
    let bare = token(&world, LIST, |_| ());
    assert_eq!(bearer(&world, "GET", LIST, &bare).await.error(), (401, "BadJwtAudience"));
}

#[tokio::test]
async fn what_changes_something_is_done_once_for_a_token() {
    let (world, _) = world();
    let read = token(&world, LIST, |_| ());
    for _ in 0..3 {
        assert_eq!(bearer(&world, "GET", LIST, &read).await.status, 200);
    }
    let write = token(&world, ADD, |_| ());
    assert_eq!(bearer(&world, "POST", ADD, &write).await.status, 200);
    let again = bearer(&world, "POST", ADD, &write).await;
    assert_eq!(again.error(), (401, "BadJwt"));
    assert_eq!(again.body["message"], "the service token was used before");
    assert_eq!(bearer(&world, "POST", ADD, &token(&world, ADD, |_| ())).await.status, 200);

    let claims = json!({"iss": ALICE, "aud": SERVICE, "lxm": ADD, "exp": world.now().seconds() + 60});
    let unnamed = jws::sign(&key(1), &SignHeader { typ: "JWT", ..Default::default() }, &claims);
    assert_eq!(bearer(&world, "POST", ADD, &unnamed).await.error(), (401, "BadJwt"));
}

#[tokio::test]
async fn a_key_that_changed_is_found_and_one_that_did_not_is_asked_for_once_more() {
    let (world, documents) = world();
    documents.now.lock().insert((ALICE.to_owned(), KeyName::Account), key(4).public().clone());
    let new = token(&world, LIST, |parts| parts.key = key(4));
    assert_eq!(bearer(&world, "GET", LIST, &new).await.status, 200);
    assert_eq!(*documents.asked.lock(), [false, true]);
    documents.asked.lock().clear();
    let wrong = token(&world, LIST, |parts| parts.key = key(5));
    assert_eq!(bearer(&world, "GET", LIST, &wrong).await.error(), (401, "BadJwtSignature"));
    assert_eq!(*documents.asked.lock(), [false, true]);
    documents.now.lock().clear();
    documents.now.lock().insert((ALICE.to_owned(), KeyName::Label), key(4).public().clone());
    assert_eq!(
        bearer(&world, "GET", LIST, &wrong).await.error(),
        (401, "BadJwtIss"),
        "it has no such key now"
    );

    documents.failing.store(true, Ordering::Relaxed);
    let answer = bearer(&world, "GET", LIST, &token(&world, LIST, |_| ())).await;
    assert_eq!(answer.error(), (502, "UpstreamFailure"), "not the client's fault");
    documents.asked.lock().clear();
    let other = token(&world, ADD, |_| ());
    assert_eq!(bearer(&world, "GET", LIST, &other).await.error(), (401, "BadJwtLexiconMethod"));
    assert!(documents.asked.lock().is_empty(), "nothing is looked up for a token that will not do");
}

#[tokio::test]
async fn only_the_moderation_service_moderates() {
    let (world, _) = world();
    let label = |parts: &mut Parts| {
        (parts.issuer, parts.key, parts.name) = (MODERATION, key(3), KeyName::Label);
    };
    let account = |parts: &mut Parts| (parts.issuer, parts.key) = (MODERATION, key(2));
    for good in [token(&world, MODERATE, label), token(&world, MODERATE, account)] {
        let answer = bearer(&world, "POST", MODERATE, &good).await;
        assert_eq!(answer.body, format!("{MODERATION} as Moderation"));
    }
    let alice = token(&world, MODERATE, |_| ());
    assert_eq!(bearer(&world, "POST", MODERATE, &alice).await.error(), (401, "UntrustedIss"));
    // With its account's key it is somebody like everybody else.
    let elsewhere = bearer(&world, "POST", ADD, &token(&world, ADD, account)).await;
    assert_eq!(elsewhere.body, format!("{MODERATION} as ServiceToken"));
}

#[tokio::test]
async fn sec_50_sessions_and_service_tokens_do_not_pass_for_each_other() {
    let (world, _) = world();
    let access = world.token("atproto");
    for method in [ADD, EVERYBODY] {
        assert_eq!(bearer(&world, "POST", method, &access).await.error(), (401, "BadJwtType"), "{method}");
    }
    assert_eq!(bearer(&world, "POST", BOTH, &access).await.error(), (401, "invalid_token"), "RS-2");
    let claims = json!({"iss": ALICE, "aud": SERVICE, "lxm": ADD, "sub": ALICE, "scope": "com.atproto.access",
        "jti": "one", "exp": world.now().seconds() + 60});
    for typ in ["at+jwt", "refresh+jwt", "dpop+jwt"] {
        let signed = jws::sign(&key(1), &SignHeader { typ, ..Default::default() }, &claims);
        assert_eq!(bearer(&world, "POST", ADD, &signed).await.error(), (401, "BadJwtType"), "{typ}");
    }
    let legacy = jws::sign_hs256(&[1; 32], &SignHeader { typ: "JWT", ..Default::default() }, &claims);
    assert_eq!(bearer(&world, "POST", ADD, &legacy).await.error(), (401, "BadJwt"));
    assert_eq!(
        bearer(&world, "POST", BOTH, &legacy).await.error(),
        (400, "InvalidToken"),
        "a session's rules"
    );

    // And the reverse: where a session is expected.
    let session = "com.atproto.server.getSession";
    let service = token(&world, session, |_| ());
    assert_eq!(bearer(&world, "GET", session, &service).await.error(), (400, "InvalidToken"));
    let answer = world.call("GET", SESSION, &service).await;
    assert_eq!(answer.error(), (401, "invalid_token"), "with a proof");
}

#[tokio::test]
async fn sec_49_an_upload_for_an_account_that_was_taken_down_is_refused() {
    let (world, _) = world();
    let upload = async || bearer(&world, "POST", UPLOAD, &token(&world, UPLOAD, |_| ())).await;
    assert_eq!(upload().await.error(), (403, "AccountNotFound"));
    let did = world.create_account().await;
    assert_eq!(upload().await.body, format!("{ALICE} as ServiceToken"));
    world.memory.set_account_status(&did, AccountStatus::TakenDown).await.unwrap();
    assert_eq!(upload().await.error(), (401, "AccountTakedown"));
}

#[tokio::test]
async fn tokens_without_a_method_are_for_those_who_want_them() {
    let (world, _) = world_with(ServiceTokens::without_method);
    let bare = token(&world, LIST, |parts| parts.method = None);
    assert_eq!(bearer(&world, "GET", LIST, &bare).await.status, 200);
}

#[tokio::test]
async fn without_a_way_to_look_keys_up_no_service_token_is_taken() {
    let world = World::new();
    let answer = bearer(&world, "POST", UPLOAD, &token(&world, UPLOAD, |_| ())).await;
    assert_eq!(answer.error(), (400, "InvalidToken"));
}
