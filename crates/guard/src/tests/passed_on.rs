//! What the hosts behind an entryway pass on.

use gatewright_protocol::service_auth::KeyName;

use super::service_tokens::{Documents, key, token, world as world_of_tokens};
use super::*;

const HOST: &str = "did:web:host.example.com";
const CREATE: &str = "com.atproto.server.createAppPassword";
const SESSION: &str = "com.atproto.server.getSession";
const BOB: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";

/// A world whose guard is that of an entryway: alice is kept at the host, bob beside the guard.
async fn world() -> (World, Arc<Documents>) {
    let (mut world, documents) = world_of_tokens();
    documents.set(BOB, KeyName::Account, &key(4));
    for (did, handle, host) in
        [(ALICE, "alice.test", Some(HOST.parse().unwrap())), (BOB, "bob.test", None::<Did>)]
    {
        let account = Account {
            did: did.parse().unwrap(),
            handle: handle.parse().unwrap(),
            email: None,
            email_confirmed: false,
            status: AccountStatus::Active,
            host,
            created_at: world.now(),
        };
        let new = NewAccount { account, password: None, sealed_signing_key: None };
        world.memory.create_account(new).await.unwrap();
    }
    world.put_behind(&documents, vec![HOST.parse().unwrap()]);
    (world, documents)
}

impl World {
    fn put_behind(&mut self, documents: &Arc<Documents>, hosts: Vec<Did>) {
        let tokens = StoreTokens::new(Arc::new(OneKey(self.signing.public().clone())), self.rows.clone());
        self.guard = Guard::builder(&ORIGIN.parse().unwrap(), SERVICE.parse().unwrap(), tokens)
            .accounts(self.memory.clone())
            .legacy_sessions(LegacySessions::new(Arc::new(LegacyKeys::new(SECRET, [])), self.memory.clone()))
            .service_tokens(ServiceTokens::new(Arc::clone(documents)))
            .entryway_of(hosts)
            .build(self.nonces.clone(), self.memory.clone(), self.clock.clone());
        let who = async |caller: Caller| match caller {
            Caller::Host(granted) => format!("{} as {:?}", granted.account(), granted.kind()),
            other => format!("{:?}", other.kind()),
        };
        self.app = Router::new()
            .route("/xrpc/{*method}", axum::routing::any(who))
            .layer(GuardLayer::new(self.guard.clone()));
    }

    async fn pass_on(&self, verb: &str, method: &str, token: &str) -> Answer {
        self.send(verb, &format!("/xrpc/{method}"), &[("authorization", &format!("Bearer {token}"))]).await
    }
}

#[tokio::test]
async fn the_word_of_the_host_is_worth_the_password_once() {
    let (world, _) = world().await;
    for (verb, method) in [("POST", CREATE), ("GET", SESSION)] {
        let once = token(&world, method, |_| ());
        let answer = world.pass_on(verb, method, &once).await;
        assert_eq!(answer.body, format!("{ALICE} as Full"), "{method}");
        assert_eq!(world.pass_on(verb, method, &once).await.error(), (401, "BadJwt"), "{method}");
    }
}

#[tokio::test]
async fn what_is_for_another_or_signed_by_another_is_not_passed_on() {
    let (world, _) = world().await;
    for (token, name) in [
        (token(&world, SESSION, |_| ()), "BadJwtLexiconMethod"),
        (token(&world, CREATE, |parts| parts.method = None), "BadJwtLexiconMethod"),
        (token(&world, CREATE, |parts| parts.recipient = HOST), "BadJwtAudience"),
        (token(&world, CREATE, |parts| parts.key = key(9)), "BadJwtSignature"),
        (token(&world, CREATE, |parts| parts.name = KeyName::Label), "BadJwtIss"),
    ] {
        assert_eq!(world.pass_on("POST", CREATE, &token).await.error(), (401, name));
    }
    let late = token(&world, CREATE, |_| ());
    world.pass(70);
    assert_eq!(world.pass_on("POST", CREATE, &late).await.error(), (401, "JwtExpired"));
}

/// SEC-45: a protected method opens to no service token of an account that is kept here, or anywhere but behind this server.
#[tokio::test]
async fn sec_45_only_known_hosts_pass_protected_methods_on() {
    let (mut world, documents) = world().await;
    let of_bob = |world: &World| {
        token(world, CREATE, |parts| {
            parts.issuer = BOB;
            parts.key = key(4);
        })
    };
    let unknown = token(&world, CREATE, |parts| parts.issuer = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb");
    for refused in [of_bob(&world), unknown] {
        assert_eq!(world.pass_on("POST", CREATE, &refused).await.error(), (401, "UntrustedIss"));
    }
    assert!(documents.is_unasked(), "nothing is looked up for them");
    // What is not in the rows is not passed on: the account's own host answers it.
    let deactivate = "com.atproto.server.deactivateAccount";
    let answer = world.pass_on("POST", deactivate, &token(&world, deactivate, |_| ())).await;
    assert_eq!(answer.error(), (400, "InvalidToken"));
    for hosts in [vec![], vec!["did:web:other.example.com".parse().unwrap()]] {
        world.put_behind(&documents, hosts);
        let answer = world.pass_on("POST", CREATE, &token(&world, CREATE, |_| ())).await;
        assert!(answer.status >= 400, "{:?}", answer.body);
    }
}
