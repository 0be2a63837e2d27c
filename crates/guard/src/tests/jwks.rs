//! Access tokens of an authorization server elsewhere.

use std::sync::atomic::AtomicBool;

use gatewright_protocol::jose::Jwk;
use gatewright_resolve::ResolveError;

use super::*;

/// How often a key was asked for, or why there is none.
type Fetched = Arc<Mutex<Result<u32, ResolveError>>>;

struct Published {
    key: Jwk,
    fetched: Fetched,
    withdrawn: Arc<AtomicBool>,
}

#[async_trait]
impl PublishedKeys for Published {
    async fn key(&self, kid: &str) -> Result<Option<Jwk>, ResolveError> {
        let mut fetched = self.fetched.lock();
        *fetched = Ok(fetched.clone()? + 1);
        let is_published = kid == "k1" && !self.withdrawn.load(Ordering::Relaxed);
        Ok(is_published.then(|| self.key.clone()))
    }

    fn withdrawals(&self) -> u64 {
        self.withdrawn.load(Ordering::Relaxed).into()
    }
}

fn world() -> (World, Fetched) {
    let (world, fetched, _) = world_with_switch();
    (world, fetched)
}

/// The switch withdraws the key.
fn world_with_switch() -> (World, Fetched, Arc<AtomicBool>) {
    let (fetched, withdrawn) = (Arc::new(Mutex::new(Ok(0))), Arc::new(AtomicBool::new(false)));
    let shared = (Arc::clone(&fetched), Arc::clone(&withdrawn));
    let world = World::with(|keys, _| {
        let key = Jwk::new(keys.find("k1").unwrap(), "k1");
        JwksTokens::new(Published { key, fetched: shared.0, withdrawn: shared.1 }).into()
    });
    (world, fetched, withdrawn)
}

fn scoped(world: &World, scope: &str) -> String {
    let scope = scope.to_owned();
    world.token_with("atproto", |claims| claims["scope"] = scope.into())
}

#[tokio::test]
async fn the_token_says_what_it_grants() {
    let (world, fetched) = world();
    let token = scoped(&world, "atproto repo:com.example.note?action=create");
    for _ in 0..3 {
        assert_eq!(world.call("POST", CREATE, &token).await.status, 200);
    }
    assert_eq!(*fetched.lock(), Ok(1), "the signature of one token is checked once");
    let token = scoped(&world, "atproto repo:com.example.note?action=update include:com.example.auth");
    assert_eq!(world.call("POST", CREATE, &token).await.error(), (403, "ScopeMissingError"));
    world.pass(900);
    assert_eq!(world.call("POST", CREATE, &token).await.error(), (401, "invalid_token"));
}

#[tokio::test]
async fn a_withdrawn_key_takes_along_what_it_signed() {
    let (world, fetched, withdrawn) = world_with_switch();
    let token = scoped(&world, "atproto");
    assert_eq!(world.call("GET", SESSION, &token).await.status, 200);
    withdrawn.store(true, Ordering::Relaxed);
    assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"));
    // A thief took the key that is back now: what it signs is checked anew.
    withdrawn.store(false, Ordering::Relaxed);
    assert_eq!(world.call("GET", SESSION, &token).await.status, 200);
    assert_eq!(*fetched.lock(), Ok(3));
}

#[tokio::test]
async fn sec_27_a_token_that_lives_for_too_long_is_none() {
    for world in [World::new(), world().0] {
        let now = world.now().seconds();
        let with = |iat: Value, exp: i64| {
            world.token_with("atproto", |claims| {
                (claims["iat"], claims["exp"]) = (iat, exp.into());
                claims["scope"] = "atproto".into();
            })
        };
        for (token, is_good) in [
            (with(now.into(), now + 1800), true),
            (with(now.into(), now + 1801), false),
            (with((now - 1700).into(), now + 101), false),
            (with((now + 60).into(), now + 900), true),
            (with((now + 61).into(), now + 900), false),
            (with(Value::Null, now + 900), false),
            (with("now".into(), now + 900), false),
            (with(now.into(), i64::MAX), false),
        ] {
            let answer = world.call("GET", SESSION, &token).await;
            if is_good {
                assert_eq!(answer.status, 200, "{token}");
            } else {
                assert_eq!(answer.error(), (401, "invalid_token"), "{token}");
            }
        }
    }
}

#[tokio::test]
async fn a_token_without_scope_or_with_a_broken_one_is_refused() {
    let (world, _) = world();
    let silent = world.token("atproto");
    assert_eq!(world.call("GET", SESSION, &silent).await.error(), (401, "invalid_token"));
    for scope in ["", "repo:*", "atproto  repo:*"] {
        let token = scoped(&world, scope);
        assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"), "{scope:?}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_not_the_clients_fault() {
    let (world, fetched) = world();
    let known = scoped(&world, "atproto");
    assert_eq!(world.call("GET", SESSION, &known).await.status, 200);
    *fetched.lock() = Err(ResolveError::DidNotFound);
    assert_eq!(world.call("GET", SESSION, &known).await.status, 200);
    let other = scoped(&world, "atproto blob:*/*");
    let answer = world.call("GET", SESSION, &other).await;
    assert_eq!(answer.error(), (502, "UpstreamFailure"));
    assert_eq!(answer.header("www-authenticate"), "");
}

#[tokio::test]
async fn a_token_signed_by_another_key_of_the_same_name_is_refused() {
    let (mut world, _) = world();
    world.signing = PrivateKey::generate(Curve::P256, &world.random);
    let token = scoped(&world, "atproto");
    assert_eq!(world.call("GET", SESSION, &token).await.error(), (401, "invalid_token"));
}
